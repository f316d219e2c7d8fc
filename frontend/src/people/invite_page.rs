//! Inviting somebody: who, as what, where, until when, and what that will open.

use fleetward_common::people::{InvitationView, NewInvitation, OrganisationView, RolePreview};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;
use yew_router::prelude::*;

use super::parts::{AccessForm, Preview, ProofFirst, Wanted, use_deed};
use crate::{
    api::{ApiError, people},
    hooks::{use_query, use_session},
    shell::staff::StaffRoute,
    ui::async_view::AsyncView,
};

#[component(InvitePage)]
pub fn invite_page() -> Html {
    let organisation_id = use_session().map(|session| session.organisation);
    let organisation = use_query(organisation_id, |id| async move {
        people::organisation(id.ok_or(ApiError::NoAnswer)?).await
    });
    let ready = Callback::from(|organisation: Rc<OrganisationView>| html! { <InviteForm {organisation} /> });
    html! {
        <>
            <p class="way-up"><Link<StaffRoute> to={StaffRoute::People}>{ "People" }</Link<StaffRoute>></p>
            <div class="page-head"><div>
                <h1>{ "Invite someone" }</h1>
                <p class="muted">{ "They get a link by mail. It works once, for 72 hours." }</p>
            </div></div>
            <AsyncView<OrganisationView> of={organisation} what="the roles and units" {ready} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct InviteFormProps {
    organisation: Rc<OrganisationView>,
}

#[component(InviteForm)]
fn invite_form(props: &InviteFormProps) -> Html {
    let id = props.organisation.id;
    let deed = use_deed();
    let navigator = use_navigator();
    let name = use_state_eq(String::new);
    let email = use_state_eq(String::new);
    let wanted = {
        let role = props.organisation.roles.first().copied();
        use_state_eq(move || {
            role.map(|role| Wanted {
                role,
                units: Vec::new(),
                until: None,
            })
        })
    };
    let key = wanted.as_ref().map(|wanted| (wanted.role, wanted.unit_ids()));
    let preview = use_query(key, move |key| async move {
        let (role, units) = key.ok_or(ApiError::NoAnswer)?;
        people::preview(id, role, &units).await
    });
    let set = {
        let wanted = wanted.clone();
        Callback::from(move |next: Wanted| wanted.set(Some(next)))
    };
    let typed = |field: &UseStateHandle<String>| {
        let field = field.clone();
        move |event: InputEvent| field.set(event.target_unchecked_into::<HtmlInputElement>().value())
    };
    let (on_name, on_email) = (typed(&name), typed(&email));
    let send = {
        let (deed, name, email, wanted) = (deed.clone(), name.clone(), email.clone(), wanted.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(wanted) = (*wanted).clone() else {
                return;
            };
            let invitation = NewInvitation {
                name: (*name).clone(),
                email: (*email).clone(),
                role: wanted.role,
                units: wanted.units,
                until: wanted.until,
            };
            let navigator = navigator.clone();
            let then = Callback::from(move |sent: InvitationView| {
                if let Some(navigator) = &navigator {
                    navigator.push(&StaffRoute::Invitation { invitation: sent.id });
                }
            });
            deed.send(
                move || {
                    let invitation = invitation.clone();
                    async move { people::invite(id, &invitation).await }
                },
                "Invited.",
                then,
            );
        }
    };
    let Some(form) = (*wanted).clone() else {
        return html! {};
    };
    let sending = deed.is_sending();
    let shown = if name.is_empty() {
        "them".to_owned()
    } else {
        (*name).clone()
    };
    let ready =
        Callback::from(move |wanted: Rc<RolePreview>| html! { <Preview name={shown.clone()} {wanted} /> });
    html! {
        <section class="panel person-access" aria-label="Invitation">
            <form onsubmit={send}>
                <div class="person-fields">
                    <div class="field"><label for="name">{ "Name" }</label>
                        <input id="name" required=true autocomplete="off" value={(*name).clone()} oninput={on_name} disabled={sending} /></div>
                    <div class="field"><label for="email">{ "Mail address" }</label>
                        <input id="email" type="email" required=true autocomplete="off" spellcheck="false" value={(*email).clone()} oninput={on_email} disabled={sending} /></div>
                </div>
                <AccessForm organisation={props.organisation.clone()} wanted={form} on_change={set} disabled={sending} />
                <AsyncView<RolePreview> of={preview} what="what this opens" {ready} />
                { deed.say() }
                <div class="person-go">
                    <button type="submit" class="button primary tall" disabled={sending}>{ "Send the invitation" }</button>
                    <p class="caption">{ "Recorded with your name. You can take it back until they have joined." }</p>
                </div>
            </form>
            <ProofFirst deed={deed.clone()} waiting={deed.proof()} />
        </section>
    }
}
