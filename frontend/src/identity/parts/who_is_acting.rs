//! The window that asks who is acting, over a board that goes on: names, then a password.
//!
//! Not modal: what the board announces is still heard. The keyboard stays inside until it is closed.

use fleetward_common::{
    access::Role,
    error::ErrorCode,
    identity::{DemoPerson, SessionView, SignIn},
    sessions::RecentPerson,
};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent, SubmitEvent};
use yew::{
    AttrValue, Callback, Html, NodeRef, Properties, classes, component, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use crate::{
    api::{ApiError, clock, session, stations},
    care::ward::Corner,
    hooks::{use_query, use_session_desk},
    ui::{age::age_text, icon::Icon},
};

/// Of the names that one press chooses.
const MOST_NAMES: usize = 5;

#[derive(Properties, PartialEq)]
pub struct WhoIsActingProps {
    pub session: Rc<SessionView>,
    /// After `to`: "open bed 7".
    pub action: AttrValue,
    pub corner: Corner,
    /// Labels of the beds that lie under the window.
    pub covered: AttrValue,
    pub on_proven: Callback<()>,
    pub on_cancel: Callback<()>,
}

/// Someone who can be chosen by one press.
#[derive(Debug, Clone, PartialEq)]
struct Name {
    name: String,
    login: String,
    role: Role,
    acted: Option<String>,
    /// Known in the demo only, where every name is one press.
    password: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Names,
    /// Of whom; `None`: someone who types their name too.
    Password(Option<Name>),
    /// The password was right, and a code is asked for.
    Code {
        login: String,
        password: String,
    },
}

#[component(WhoIsActing)]
pub fn who_is_acting(props: &WhoIsActingProps) -> Html {
    let dialog = use_node_ref();
    let step = use_state_eq(|| Step::Names);
    let wrong = use_state_eq(|| None::<String>);
    let sending = use_state_eq(|| false);
    let desk = use_session_desk();
    let organisation = props.session.organisation_name.clone();
    let is_screen = props.session.station.is_some();
    let oneself = (!is_screen).then(|| props.session.name.clone());
    let names = use_query((), move |()| names(organisation.clone(), oneself.clone()));
    let names: Vec<Name> = names.ready().map(|names| names.to_vec()).unwrap_or_default();

    use_effect_with(((*step).clone(), names.len()), {
        let dialog = dialog.clone();
        move |_| {
            if let Some(element) = dialog.cast::<HtmlDialogElement>()
                && !element.open()
            {
                element.show();
            }
            focus_first(&dialog);
        }
    });

    let prove = {
        let (wrong, sending, step) = (wrong.clone(), sending.clone(), step.clone());
        let (on_proven, look_again) = (props.on_proven.clone(), desk.look_again.clone());
        Callback::from(move |proof: SignIn| {
            sending.set(true);
            wrong.set(None);
            let (wrong, sending, step) = (wrong.clone(), sending.clone(), step.clone());
            let (on_proven, look_again) = (on_proven.clone(), look_again.clone());
            spawn_local(async move {
                match session::sign_in(proof.clone()).await {
                    Ok(_) => {
                        look_again.emit(());
                        on_proven.emit(());
                    }
                    Err(error) if error.code() == Some(ErrorCode::SecondFactorRequired) => {
                        sending.set(false);
                        step.set(Step::Code {
                            login: proof.login,
                            password: proof.password,
                        });
                    }
                    Err(error) => {
                        sending.set(false);
                        wrong.set(Some(match error {
                            ApiError::Refused(body) => body.message,
                            _ => "The portal does not answer. Look at the bedside monitors.".to_owned(),
                        }));
                        if *step == Step::Names {
                            step.set(Step::Password(None));
                        }
                    }
                }
            });
        })
    };
    let by_passkey = {
        let (wrong, sending) = (wrong.clone(), sending.clone());
        let (on_proven, look_again) = (props.on_proven.clone(), desk.look_again.clone());
        move |_: web_sys::MouseEvent| {
            sending.set(true);
            wrong.set(None);
            let (wrong, sending) = (wrong.clone(), sending.clone());
            let (on_proven, look_again) = (on_proven.clone(), look_again.clone());
            spawn_local(async move {
                match session::sign_in_with_passkey().await {
                    Ok(_) => {
                        look_again.emit(());
                        on_proven.emit(());
                    }
                    Err(error) => {
                        sending.set(false);
                        wrong.set(Some(error.words()));
                    }
                }
            });
        }
    };
    let choose = {
        let (step, prove) = (step.clone(), prove.clone());
        Callback::from(move |name: Option<Name>| match name {
            Some(Name {
                login,
                password: Some(password),
                ..
            }) => prove.emit(SignIn {
                login,
                password,
                code: None,
            }),
            name => step.set(Step::Password(name)),
        })
    };
    let on_key = {
        let (dialog, names, choose, step) = (dialog.clone(), names.clone(), choose.clone(), step.clone());
        let on_cancel = props.on_cancel.clone();
        Callback::from(move |event: KeyboardEvent| {
            // The board's own keys rest while this window is open.
            event.stop_propagation();
            let key = event.key();
            let chosen = key.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            match (key.as_str(), &*step) {
                ("Escape", Step::Names) => on_cancel.emit(()),
                ("Escape", Step::Password(_) | Step::Code { .. }) => step.set(Step::Names),
                ("Tab", _) => keep_inside(&dialog, &event),
                ("/", Step::Names) => {
                    event.prevent_default();
                    choose.emit(None);
                }
                (_, Step::Names) => {
                    if let Some(name) = chosen.and_then(|at| names.get(at)) {
                        event.prevent_default();
                        choose.emit(Some(name.clone()));
                    }
                }
                _ => {}
            }
        })
    };
    let cancel = props.on_cancel.clone();
    html! {
        <dialog class={classes!("switch", props.corner.class())} ref={dialog} aria-labelledby="switch-title" onkeydown={on_key}>
            <header>
                <h2 id="switch-title">{ "Who is acting?" }</h2>
                <p class="switch-for"><span>{ "to " }</span><b>{ &props.action }</b></p>
                <button type="button" class="button quiet" onclick={move |_| cancel.emit(())}>{ "Back to the board " }<kbd>{ "Esc" }</kbd></button>
            </header>
            <div class="switch-body">
                { match &*step {
                    Step::Names => html! {
                        <>
                            <button type="button" class="button tall passkey" disabled={*sending} onclick={by_passkey}>{ "Passkey or security key" }</button>
                            { name_list(&names, &choose, *sending) }
                        </>
                    },
                    Step::Password(name) => password_form(name.as_ref(), &prove, &step, *sending),
                    Step::Code { login, password } => code_form(login, password, &prove, *sending),
                } }
                if let Some(wrong) = &*wrong { <p class="error-words" role="alert">{ wrong }</p> }
            </div>
            <footer>
                <p><Icon name="clock" /><span>{ if is_screen {
                    "You act until 2 min after your last touch, then the screen is read only again."
                } else {
                    "Nobody has touched this board for a while. It stays up; whoever acts says who they are."
                } }</span></p>
                <p><Icon name="info" /><span>{ format!("Covers beds {}. It moves away from a lost signal.", props.covered) }</span></p>
            </footer>
        </dialog>
    }
}

/// Who acted here lately; in the demo also everyone who could.
async fn names(organisation: String, oneself: Option<String>) -> Result<Vec<Name>, ApiError> {
    let recent = stations::acted_lately().await?;
    let demo: Vec<DemoPerson> = session::demo_people().await.unwrap_or_default();
    Ok(listed(
        &recent,
        &demo,
        &organisation,
        oneself.as_deref(),
        clock::now(),
    ))
}

fn listed(
    recent: &[RecentPerson],
    demo: &[DemoPerson],
    organisation: &str,
    oneself: Option<&str>,
    now: fleetward_common::time::Instant,
) -> Vec<Name> {
    let password = |login: &str| {
        demo.iter()
            .find(|person| person.login == login)
            .map(|person| person.password.clone())
    };
    let acted = recent.iter().map(|person| Name {
        name: person.name.clone(),
        login: person.login.clone(),
        role: person.role,
        acted: Some(format!("acted {} ago", age_text(now.since(person.acted_at)))),
        password: password(&person.login),
    });
    let mut names: Vec<Name> = acted.collect();
    let mut others: Vec<&DemoPerson> = demo
        .iter()
        .filter(|person| person.organisation == organisation)
        .filter(|person| matches!(person.role, Role::Nurse | Role::ChargeNurse | Role::Physician))
        .filter(|person| names.iter().all(|name| name.login != person.login))
        .collect();
    // Whose board it is stands first.
    others.sort_by_key(|person| Some(person.name.as_str()) != oneself);
    names.extend(others.into_iter().map(|person| Name {
        name: person.name.clone(),
        login: person.login.clone(),
        role: person.role,
        acted: None,
        password: Some(person.password.clone()),
    }));
    names.truncate(MOST_NAMES);
    names
}

fn name_list(names: &[Name], choose: &Callback<Option<Name>>, sending: bool) -> Html {
    let someone_else = {
        let choose = choose.clone();
        move |_| choose.emit(None)
    };
    html! {
        <ul class="switch-names" aria-label="Choose your name">
            { for names.iter().enumerate().map(|(at, name)| {
                let (choose, chosen) = (choose.clone(), name.clone());
                html! {
                    <li key={name.login.clone()}>
                        <button type="button" class="who-row" disabled={sending} onclick={move |_| choose.emit(Some(chosen.clone()))}>
                            <span class="initials" aria-hidden="true">{ initials(&name.name) }</span>
                            <span><b>{ &name.name }</b><span>{ name.role.title() }{ for name.acted.iter().map(|acted| html! { { format!(", {acted}") } }) }</span></span>
                            <kbd>{ at + 1 }</kbd>
                        </button>
                    </li>
                }
            }) }
            <li>
                <button type="button" class="who-row" disabled={sending} onclick={someone_else}>
                    <span class="initials" aria-hidden="true"><Icon name="search" /></span>
                    <span><b>{ "Someone else" }</b><span>{ "Name or staff number" }</span></span>
                    <kbd>{ "/" }</kbd>
                </button>
            </li>
        </ul>
    }
}

fn password_form(
    name: Option<&Name>,
    prove: &Callback<SignIn>,
    step: &yew::UseStateHandle<Step>,
    sending: bool,
) -> Html {
    let submit = {
        let prove = prove.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            prove.emit(SignIn {
                login: typed(&event, "[name=login]"),
                password: typed(&event, "[name=password]"),
                code: None,
            });
        })
    };
    let back = {
        let step = step.clone();
        move |_| step.set(Step::Names)
    };
    html! {
        <form class="switch-password" onsubmit={submit}>
            if let Some(name) = name {
                <p><b>{ &name.name }</b>{ ", " }{ name.role.title() }</p>
                <input type="hidden" name="login" value={name.login.clone()} />
            } else {
                <div class="field">
                    <label for="switch-login">{ "E-mail or staff number" }</label>
                    <input id="switch-login" name="login" autocomplete="off" autocapitalize="none" spellcheck="false" required={true} />
                </div>
            }
            <div class="field">
                <label for="switch-password">{ "Password" }</label>
                <input id="switch-password" name="password" type="password" autocomplete="off" required={true} />
            </div>
            <div class="actions">
                <button type="submit" class="button primary" disabled={sending}>{ if sending { "Sending …" } else { "Act" } }</button>
                <button type="button" class="button" onclick={back}>{ "Other names" }</button>
            </div>
        </form>
    }
}

fn code_form(login: &str, password: &str, prove: &Callback<SignIn>, sending: bool) -> Html {
    let submit = {
        let (login, password, prove) = (login.to_owned(), password.to_owned(), prove.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            prove.emit(SignIn {
                login: login.clone(),
                password: password.clone(),
                code: Some(typed(&event, "[name=code]")),
            });
        })
    };
    html! {
        <form class="switch-password" onsubmit={submit}>
            <div class="field">
                <label for="switch-code">{ "Code of the authenticator app" }</label>
                <input id="switch-code" name="code" inputmode="numeric" autocomplete="one-time-code" required={true} />
            </div>
            <div class="actions"><button type="submit" class="button primary" disabled={sending}>{ if sending { "Sending …" } else { "Act" } }</button></div>
        </form>
    }
}

/// What stands in a field of the form that is sent.
fn typed(event: &SubmitEvent, selector: &str) -> String {
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|form| form.query_selector(selector).ok().flatten())
        .and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
        .map(|field| field.value())
        .unwrap_or_default()
}

fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect()
}

const FOCUSABLE: &str = "button:not([disabled]), input:not([type=hidden])";

fn focusable(dialog: &NodeRef) -> Vec<HtmlElement> {
    let found = dialog
        .cast::<Element>()
        .and_then(|dialog| dialog.query_selector_all(FOCUSABLE).ok());
    let Some(found) = found else { return Vec::new() };
    (0..found.length())
        .filter_map(|at| found.item(at))
        .filter_map(|node| node.dyn_into::<HtmlElement>().ok())
        .collect()
}

/// The first that is not the way out.
fn focus_first(dialog: &NodeRef) {
    let elements = focusable(dialog);
    if let Some(first) = elements.get(1).or(elements.first()) {
        // An element that can't take focus just doesn't.
        let _ = first.focus();
    }
}

fn keep_inside(dialog: &NodeRef, event: &KeyboardEvent) {
    let elements = focusable(dialog);
    let (Some(first), Some(last)) = (elements.first(), elements.last()) else {
        return;
    };
    let active = gloo::utils::document().active_element();
    let is_active = |element: &HtmlElement| active.as_ref() == Some(element.as_ref());
    let to = match event.shift_key() {
        true if is_active(first) => last,
        false if is_active(last) => first,
        _ => return,
    };
    event.prevent_default();
    let _ = to.focus();
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{id::PersonId, time::Instant};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn demo(name: &str, role: Role, organisation: &str) -> DemoPerson {
        DemoPerson {
            login: name.to_lowercase().replace(' ', "."),
            password: "made up".to_owned(),
            name: name.to_owned(),
            role,
            organisation: organisation.to_owned(),
            sees: String::new(),
            one_time_code_secret: None,
        }
    }

    #[test]
    fn who_acted_last_stands_first_and_nobody_twice() {
        let recent = [RecentPerson {
            person: PersonId::from_bytes([1; 16]),
            name: "Rashida Amadi".to_owned(),
            role: Role::Nurse,
            login: "rashida.amadi".to_owned(),
            acted_at: Instant::EPOCH,
        }];
        let people = [
            demo("Louise Brandt", Role::ChargeNurse, "Northgate General"),
            demo("Rashida Amadi", Role::Nurse, "Northgate General"),
            demo("Ivo Lang", Role::Nurse, "St Anne’s Hospital"),
            demo("Daniel Brooks", Role::BiomedicalEngineer, "Northgate General"),
        ];
        let names = listed(&recent, &people, "Northgate General", None, Instant::EPOCH);
        let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(names, ["Rashida Amadi", "Louise Brandt"]);
        assert!(
            listed(&recent, &[], "Northgate General", None, Instant::EPOCH)[0]
                .password
                .is_none()
        );
    }

    #[test]
    fn initials_are_two_letters_at_most() {
        assert_eq!(initials("Louise Brandt"), "LB");
        assert_eq!(initials("van der Meer"), "vd");
    }
}
