//! An invitation on its way: whether the message left, until when the link works, sending it again,
//! taking it back.

use fleetward_common::{
    id::InvitationId,
    people::{InvitationState, InvitationView, OrganisationView},
};
use std::rc::Rc;
use yew::prelude::*;
use yew_router::prelude::*;

use super::{
    parts::{AskFirst, ProofFirst, use_deed},
    words::{delivery_words, invitation_words},
};
use crate::{
    api::{ApiError, clock, people},
    hooks::{use_query, use_refresh, use_session},
    shell::staff::StaffRoute,
    ui::{async_view::AsyncView, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct InvitationPageProps {
    pub invitation: InvitationId,
}

#[component(InvitationPage)]
pub fn invitation_page(props: &InvitationPageProps) -> Html {
    let organisation_id = use_session().map(|session| session.organisation);
    let organisation = use_query(organisation_id, |id| async move {
        people::organisation(id.ok_or(ApiError::NoAnswer)?).await
    });
    let invitation = use_query(props.invitation, people::invitation);
    use_refresh(invitation.reload.clone(), 5_000);
    let (reload, of) = (invitation.reload.clone(), organisation.ready().cloned());
    let ready = Callback::from(move |invitation: Rc<InvitationView>| {
        html! { <Invitation {invitation} organisation={of.clone()} reload={reload.clone()} /> }
    });
    html! {
        <>
            <p class="way-up"><Link<StaffRoute> to={StaffRoute::People}>{ "People" }</Link<StaffRoute>></p>
            <AsyncView<InvitationView> of={invitation} what="this invitation" {ready} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct InvitationProps {
    invitation: Rc<InvitationView>,
    organisation: Option<Rc<OrganisationView>>,
    reload: Callback<()>,
}

#[component(Invitation)]
fn invitation(props: &InvitationProps) -> Html {
    let view = &props.invitation;
    let deed = use_deed();
    let asked = use_state_eq(|| false);
    let navigator = use_navigator();
    let (now, zone, id) = (clock::now(), Zone::of_viewer(), view.id);
    let send_again = {
        let (deed, reload) = (deed.clone(), props.reload.clone());
        Callback::from(move |_: MouseEvent| {
            let reload = reload.clone();
            let then = Callback::from(move |_: InvitationView| reload.emit(()));
            deed.send(
                move || people::send_again(id),
                "A new link is on its way. The old one opens nothing.",
                then,
            );
        })
    };
    let take_back = {
        let (deed, asked) = (deed.clone(), asked.clone());
        Callback::from(move |()| {
            asked.set(false);
            let navigator = navigator.clone();
            let then = Callback::from(move |()| {
                if let Some(navigator) = &navigator {
                    navigator.push(&StaffRoute::People);
                }
            });
            deed.send(move || people::take_back_invitation(id), "Taken back.", then);
        })
    };
    let ask = {
        let asked = asked.clone();
        Callback::from(move |_: MouseEvent| asked.set(true))
    };
    let stop = {
        let asked = asked.clone();
        Callback::from(move |()| asked.set(false))
    };
    let open = matches!(view.state, InvitationState::Open | InvitationState::Expired);
    let names: Vec<String> = view
        .units
        .iter()
        .filter_map(|grant| {
            let organisation = props.organisation.as_ref()?;
            let mut units = organisation.sites.iter().flat_map(|site| &site.units);
            units
                .find(|unit| unit.id == grant.unit)
                .map(|unit| unit.name.clone())
        })
        .collect();
    let demo_mail = props
        .organisation
        .as_ref()
        .and_then(|organisation| organisation.demo_mail.clone());
    html! {
        <>
            <div class="page-head">
                <div><h1>{ &view.name }</h1><p class="muted">{ &view.email }</p></div>
                <div class="end"><span class="chip watch">{ "Invited" }</span></div>
            </div>
            { deed.say() }
            <ProofFirst deed={deed.clone()} waiting={deed.proof()} />
            <section class="panel invitation" aria-label="Invitation">
                <dl class="facts">
                    <div><dt>{ "Role" }</dt><dd>{ view.role.title() }</dd></div>
                    <div><dt>{ "Units" }</dt><dd>{ if names.is_empty() { "none".to_owned() } else { names.join(", ") } }</dd></div>
                    <div><dt>{ "Access until" }</dt><dd>{ view.until.map_or_else(|| "no end".to_owned(), |until| zone.date(until)) }</dd></div>
                    <div><dt>{ "Invited" }</dt><dd>{ zone.moment(view.invited_at, now) }{ " by " }{ &view.invited_by }</dd></div>
                    <div><dt>{ "State" }</dt><dd>{ invitation_words(view.state) }</dd></div>
                    <div><dt>{ "Message" }</dt><dd>{ delivery_words(view.delivery) }</dd></div>
                    <div><dt>{ "Link works" }</dt><dd>{ "until " }{ zone.moment(view.expires_at, now) }</dd></div>
                </dl>
                if open {
                    <div class="person-go">
                        <button type="button" class="button" disabled={deed.is_sending()} onclick={send_again}>{ "Send the link again" }</button>
                        <button type="button" class="button" disabled={deed.is_sending()} onclick={ask}>{ "Take it back…" }</button>
                    </div>
                }
                if let Some(mail) = demo_mail {
                    <p class="caption demo-mail">{ "This demo sends no mail. " }<a href={mail}>{ "Read the message" }</a></p>
                }
            </section>
            <AskFirst open={*asked} title={format!("Take back the invitation of {}?", view.name)} deed="Take it back" on_yes={take_back} on_no={stop}>
                <p>{ "The link opens nothing from then on. You can invite them again." }</p>
            </AskFirst>
        </>
    }
}
