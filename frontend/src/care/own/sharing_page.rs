//! What I share: each choice in a sentence, and stopping it is as easy as giving it.

use fleetward_common::{
    id::ConsentId,
    sharing::{ConsentPurpose, GiveConsent, SharedWith, Sharing, SharingChoice},
};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::{
    Callback, Html, Properties, SubmitEvent, component, html, use_effect_with, use_node_ref, use_state,
    use_state_eq,
};
use yew_router::prelude::*;

use super::{OwnRoute, page::OwnPageFrame, spoken::spoken_moment};
use crate::{
    api::{ApiError, session, sharing},
    hooks::use_query,
    ui::{async_view::AsyncView, icon::Icon, zone::Zone},
};

#[component(SharingPage)]
pub fn sharing_page() -> Html {
    let answer = use_query((), |()| sharing::sharing());
    let ready = Callback::from(|first: Rc<Sharing>| html! { <Choices {first} /> });
    html! {
        <OwnPageFrame title="What I share">
            <AsyncView<Sharing> of={answer} what="what you share" {ready} />
        </OwnPageFrame>
    }
}

/// What was pressed. Nothing is shown as done before the server has said so.
#[derive(Clone, PartialEq)]
enum Change {
    Give(GiveConsent),
    Withdraw(ConsentId),
}

impl Change {
    async fn send(&self) -> Result<Sharing, ApiError> {
        match self {
            Change::Give(consent) => sharing::give(consent).await,
            Change::Withdraw(id) => sharing::withdraw(*id).await,
        }
    }
}

#[derive(Properties, PartialEq)]
struct ChoicesProps {
    first: Rc<Sharing>,
}

#[component(Choices)]
fn choices(props: &ChoicesProps) -> Html {
    let shown = use_state(|| props.first.clone());
    {
        let shown = shown.clone();
        use_effect_with(props.first.clone(), move |first| shown.set(first.clone()));
    }
    let sending = use_state_eq(|| None::<Change>);
    let said = use_state_eq(String::new);
    let refused = use_state_eq(|| None::<String>);
    let change = {
        let (shown, sending, said, refused) = (shown.clone(), sending.clone(), said.clone(), refused.clone());
        Callback::from(move |change: Change| {
            if sending.is_some() {
                return;
            }
            sending.set(Some(change.clone()));
            refused.set(None);
            said.set("Sending …".to_owned());
            let (shown, sending, said, refused) =
                (shown.clone(), sending.clone(), said.clone(), refused.clone());
            spawn_local(async move {
                match change.send().await {
                    Ok(now) => {
                        said.set(done(&change).to_owned());
                        shown.set(Rc::new(now));
                    }
                    Err(error) if error.needs_sign_in() => session::go_to_sign_in(),
                    Err(ApiError::Refused(body)) => {
                        said.set(String::new());
                        refused.set(Some(body.message));
                    }
                    Err(_) => {
                        said.set(String::new());
                        refused.set(Some(
                            "The portal does not answer. Nothing was changed.".to_owned(),
                        ));
                    }
                }
                sending.set(None);
            });
        })
    };
    let page = &*shown;
    let zone = Zone::new(&page.time_zone);
    let busy = sending.is_some();
    html! {
        <>
            <div class="greeting">
                <h1>{ if page.yours { "What I share".to_owned() } else { format!("What {} shares", page.given_name) } }</h1>
                <p>{ "Your care team always sees what it needs. This is about everyone else. It is your choice, and you can change it at any time." }</p>
            </div>
            <p class="said" role="status">{ (*said).clone() }</p>
            if let Some(refusal) = &*refused {
                <p class="trouble" role="alert"><Icon name="fault" />{ refusal }</p>
            }
            { for page.choices.iter().map(|choice| one_choice(choice, page, &zone, busy, &change)) }
            <section class="card">
                <h2>{ "Share with one person" }</h2>
                <p class="small">{ "A doctor, nurse or family member you choose sees your name, your device and your measurements." }</p>
                if page.people.is_empty() {
                    <p>{ "You share with no one person." }</p>
                } else {
                    <ul class="shared">{ for page.people.iter().map(|person| one_person(person, page, &zone, busy, &change)) }</ul>
                }
                <NamePerson {busy} change={change.clone()} />
            </section>
            <section class="card rows">
                <ul><li><Icon name="people" /><span><b><Link<OwnRoute> to={OwnRoute::WhoSaw}>{ "Who saw my data" }</Link<OwnRoute>></b>
                    <small>{ "Every look is on that list, also those you allow here." }</small></span></li></ul>
            </section>
        </>
    }
}

fn done(change: &Change) -> &'static str {
    match change {
        Change::Give(_) => "Done. You share this now.",
        Change::Withdraw(_) => "Done. You share this no longer, from this moment on.",
    }
}

/// Heading and sentence of a choice.
fn words(choice: &SharingChoice) -> (String, String) {
    let name = &choice.organisation_name;
    match choice.purpose {
        ConsentPurpose::ManufacturerSupport => (
            format!("Help from {name}"),
            format!(
                "{name} makes your device. When it needs help, its support may see your measurements for a short time, \
                 each time only after your clinic opened it. Never your name."
            ),
        ),
        ConsentPurpose::Research | ConsentPurpose::NamedPerson => (
            "Research".to_owned(),
            format!(
                "Doctors of {name} may use your earlier measurements for research, to treat others better."
            ),
        ),
    }
}

fn one_choice(
    choice: &SharingChoice,
    page: &Sharing,
    zone: &Zone,
    busy: bool,
    change: &Callback<Change>,
) -> Html {
    let (title, sentence) = words(choice);
    let wanted = match (&choice.given, choice.purpose) {
        (Some(given), _) => Change::Withdraw(given.id),
        (None, ConsentPurpose::ManufacturerSupport) => Change::Give(GiveConsent::ManufacturerSupport {
            organisation: choice.organisation,
        }),
        (None, _) => Change::Give(GiveConsent::Research {}),
    };
    let press = {
        let change = change.clone();
        move |_| change.emit(wanted.clone())
    };
    let label = if choice.given.is_some() {
        format!("Stop sharing: {title}")
    } else {
        format!("Share: {title}")
    };
    html! {
        <section class="card choice" data-purpose={choice.purpose.as_str()}>
            <h2>{ &title }</h2>
            <p>{ sentence }</p>
            <p class="state">
                if let Some(given) = &choice.given {
                    <Icon name="check" />{ "You share this, since " }{ spoken_moment(given.since, zone, page.server_time) }
                } else {
                    <Icon name="no-person" />{ "You do not share this" }
                }
            </p>
            <button type="button" class="button wide" aria-label={label} disabled={busy} onclick={press}>
                { if choice.given.is_some() { "Stop sharing" } else { "Share" } }
            </button>
        </section>
    }
}

fn one_person(
    person: &SharedWith,
    page: &Sharing,
    zone: &Zone,
    busy: bool,
    change: &Callback<Change>,
) -> Html {
    let press = {
        let (change, id) = (change.clone(), person.consent.id);
        move |_| change.emit(Change::Withdraw(id))
    };
    let place = [person.role.as_str(), person.organisation_name.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        <li>
            <span><b>{ &person.name }</b><small>{ place }</small>
                <small>{ "Since " }{ spoken_moment(person.consent.since, zone, page.server_time) }</small></span>
            <button type="button" class="button" aria-label={format!("Stop sharing with {}", person.name)}
                disabled={busy} onclick={press}>{ "Stop sharing" }</button>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct NamePersonProps {
    busy: bool,
    change: Callback<Change>,
}

#[component(NamePerson)]
fn name_person(props: &NamePersonProps) -> Html {
    let field = use_node_ref();
    let name = {
        let (field, change) = (field.clone(), props.change.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(input) = field.cast::<HtmlInputElement>() {
                let login = input.value();
                if !login.trim().is_empty() {
                    change.emit(Change::Give(GiveConsent::NamedPerson { login }));
                    input.set_value("");
                }
            }
        }
    };
    html! {
        <form class="name-person" onsubmit={name}>
            <label for="person">{ "How they sign in" }</label>
            <p class="small" id="person-hint">{ "Ask them: it is their e-mail or staff number." }</p>
            <input ref={field} id="person" type="text" autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-describedby="person-hint" />
            <button type="submit" class="button wide" disabled={props.busy}>{ "Share with this person" }</button>
        </form>
    }
}
