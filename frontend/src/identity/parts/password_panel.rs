//! The password, as a second way in. Length counts, kinds of letters don't.

use fleetward_common::credentials::PasswordView;
use web_sys::HtmlInputElement;
use yew::{AttrValue, Callback, Html, Properties, SubmitEvent, component, html, use_node_ref, use_state_eq};

use super::step_up_dialog::Needs;
use crate::{
    api::{clock, credentials},
    identity::use_deed,
    ui::{panel::Panel, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct PasswordPanelProps {
    pub password: Option<PasswordView>,
    pub login: AttrValue,
    pub shortest: u32,
    pub reload: Callback<()>,
}

#[component(PasswordPanel)]
pub fn password_panel(props: &PasswordPanelProps) -> Html {
    let deed = use_deed(Needs::OwnBest);
    let field = use_node_ref();
    let shown = use_state_eq(|| false);
    let done = use_state_eq(|| false);
    let change = {
        let (deed, field, done, reload) = (deed.clone(), field.clone(), done.clone(), props.reload.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = field.cast::<HtmlInputElement>() else {
                return;
            };
            done.set(false);
            let (done, reload) = (done.clone(), reload.clone());
            deed.run(move || {
                let (input, done, reload) = (input.clone(), done.clone(), reload.clone());
                async move {
                    credentials::change_password(input.value()).await?;
                    input.set_value("");
                    done.set(true);
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    let toggle = {
        let shown = shown.clone();
        move |_| shown.set(!*shown)
    };
    let zone = Zone::of_viewer();
    let state = match &props.password {
        None => "You have none: you sign in with a passkey.".to_owned(),
        Some(password) if password.disabled => {
            "It was disabled after too many failures in a row. Set a new one to use it again.".to_owned()
        }
        Some(password) => format!("Last changed {}.", zone.moment(password.changed_at, clock::now())),
    };
    html! {
        <Panel title="Password">
            <div class="body">
                <p>{ state }</p>
                <form class="add" onsubmit={change}>
                    <input class="hidden" type="text" autocomplete="username" value={props.login.clone()} tabindex="-1" aria-hidden="true" readonly=true />
                    <div class="field">
                        <label for="new-password">{ "New password" }</label>
                        <div class="inset">
                            <input id="new-password" ref={field} type={if *shown { "text" } else { "password" }} autocomplete="new-password"
                                required=true aria-describedby="new-password-hint" />
                            <button type="button" class="button" aria-pressed={shown.to_string()} onclick={toggle}>{ "Show" }</button>
                        </div>
                        <p class="hint" id="new-password-hint">
                            { format!("At least {} characters. A few words that you can remember are good; spaces count, paste works.", props.shortest) }
                        </p>
                    </div>
                    <button type="submit" class="button" disabled={deed.is_sending()}>
                        { if deed.is_sending() { "Changing …" } else { "Change the password" } }
                    </button>
                    <p class="deed-done" role="status">{ if *done { "Changed. Every other session of yours has ended." } else { "" } }</p>
                    { deed.outcome() }
                </form>
            </div>
        </Panel>
    }
}
