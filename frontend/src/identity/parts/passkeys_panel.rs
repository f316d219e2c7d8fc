//! Passkeys: add, rename, remove. Several are better than one: a lost phone then keeps nobody out.

use fleetward_common::{credentials::PasskeyView, id::PasskeyId};
use web_sys::HtmlInputElement;
use yew::{Callback, Html, Properties, SubmitEvent, component, html, use_state_eq};

use super::step_up_dialog::Needs;
use crate::{
    api::{PasskeyError, clock, credentials},
    hooks::use_text,
    identity::use_deed,
    ui::{icon::Icon, name_form::NameForm, panel::Panel, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct PasskeysPanelProps {
    pub passkeys: Vec<PasskeyView>,
    pub reload: Callback<()>,
}

#[component(PasskeysPanel)]
pub fn passkeys_panel(props: &PasskeysPanelProps) -> Html {
    html! {
        <Panel title="Passkeys">
            <div class="body">
                if props.passkeys.is_empty() {
                    <p>{ "You have none yet. A passkey replaces the password: your finger, face or PIN unlocks it, and no false page can steal it." }</p>
                } else {
                    <ul class="passkeys">
                        { for props.passkeys.iter().map(|passkey| html! {
                            <PasskeyRow key={passkey.id.to_string()} passkey={passkey.clone()} reload={props.reload.clone()} />
                        }) }
                    </ul>
                }
                if props.passkeys.len() == 1 {
                    <p class="hint">{ "Add a second one on another device, so that a lost one never keeps you out." }</p>
                }
                <AddPasskey reload={props.reload.clone()} />
            </div>
        </Panel>
    }
}

#[derive(Properties, PartialEq)]
struct PasskeyRowProps {
    passkey: PasskeyView,
    reload: Callback<()>,
}

#[component(PasskeyRow)]
fn passkey_row(props: &PasskeyRowProps) -> Html {
    let deed = use_deed(Needs::OwnBest);
    let renaming = use_state_eq(|| false);
    let removing = use_state_eq(|| false);
    let passkey = &props.passkey;
    let (zone, now) = (Zone::of_viewer(), clock::now());

    let rename = {
        let (deed, renaming) = (deed.clone(), renaming.clone());
        let (id, reload) = (passkey.id, props.reload.clone());
        Callback::from(move |name: String| {
            let (renaming, reload) = (renaming.clone(), reload.clone());
            deed.run(move || renamed(id, name.clone(), renaming.clone(), reload.clone()));
        })
    };
    let leave = {
        let renaming = renaming.clone();
        Callback::from(move |()| renaming.set(false))
    };
    let remove = {
        let (deed, id, reload) = (deed.clone(), passkey.id, props.reload.clone());
        move |_| {
            let reload = reload.clone();
            deed.run(move || {
                let reload = reload.clone();
                async move {
                    credentials::remove_passkey(id).await?;
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    let open = |state: &yew::UseStateHandle<bool>, to: bool| {
        let state = state.clone();
        move |_| state.set(to)
    };
    let used = match passkey.last_used_at {
        Some(at) => format!("used {}", zone.moment(at, now)),
        None => "never used".to_owned(),
    };
    html! {
        <li>
            <Icon name="key" />
            <div class="what">
                if *renaming {
                    <NameForm label="Name of the passkey" name={passkey.name.clone()} longest=60 disabled={deed.is_sending()} on_save={rename} on_leave={leave} />
                } else {
                    <b>{ &passkey.name }</b>
                }
                <span class="muted">{ format!("Made {}, {used}", zone.moment(passkey.created_at, now)) }</span>
                if let Some(at) = passkey.switched_off_at {
                    <span class="deed-trouble">{ format!("Switched off {}: a copy of it may exist. Remove it and make a new one.", zone.moment(at, now)) }</span>
                }
            </div>
            if *removing {
                <div class="actions" role="group" aria-label={format!("Remove {}?", passkey.name)}>
                    <span>{ "It opens nothing any more, and you are signed out everywhere else." }</span>
                    <button type="button" class="button primary" disabled={deed.is_sending()} onclick={remove}>{ "Remove it" }</button>
                    <button type="button" class="button" onclick={open(&removing, false)}>{ "Keep it" }</button>
                </div>
            } else if !*renaming {
                <div class="actions">
                    <button type="button" class="button" aria-label={format!("Rename {}", passkey.name)} onclick={open(&renaming, true)}>{ "Rename" }</button>
                    <button type="button" class="button" aria-label={format!("Remove {}", passkey.name)} onclick={open(&removing, true)}>{ "Remove" }</button>
                </div>
            }
            { deed.outcome() }
        </li>
    }
}

async fn renamed(
    id: PasskeyId,
    name: String,
    renaming: yew::UseStateHandle<bool>,
    reload: Callback<()>,
) -> Result<(), PasskeyError> {
    credentials::rename_passkey(id, name).await?;
    renaming.set(false);
    reload.emit(());
    Ok(())
}

#[derive(Properties, PartialEq)]
struct AddPasskeyProps {
    reload: Callback<()>,
}

#[component(AddPasskey)]
fn add_passkey(props: &AddPasskeyProps) -> Html {
    let deed = use_deed(Needs::OwnBest);
    let field = use_text("My passkey".to_owned());
    let add = {
        let (deed, field, reload) = (deed.clone(), field.clone(), props.reload.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(name) = field.cast::<HtmlInputElement>().map(|input| input.value()) else {
                return;
            };
            let reload = reload.clone();
            deed.run(move || {
                let (name, reload) = (name.clone(), reload.clone());
                async move {
                    credentials::add_passkey(name).await?;
                    reload.emit(());
                    Ok(())
                }
            });
        }
    };
    html! {
        <form class="add" onsubmit={add}>
            <div class="field">
                <label for="new-passkey">{ "Name of a new passkey" }</label>
                <input id="new-passkey" ref={field} maxlength="60" required=true aria-describedby="new-passkey-hint" />
                <p class="hint" id="new-passkey-hint">{ "Such as the device it will be on. At a PC that others use too, keep it on your phone or a security key." }</p>
            </div>
            <button type="submit" class="button primary" disabled={deed.is_sending()}>
                <Icon name="key" />{ if deed.is_sending() { "Waiting for your device …" } else { "Add a passkey" } }
            </button>
            { deed.outcome() }
        </form>
    }
}
