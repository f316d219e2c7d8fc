//! Makes this browser the screen of a ward.

use fleetward_common::{id::UnitId, text::StationName};
use web_sys::{HtmlDialogElement, HtmlInputElement, SubmitEvent};
use yew::{
    AttrValue, Callback, Html, Properties, component, html, use_effect_with, use_node_ref, use_state_eq,
};

use super::step_up_dialog::Needs;
use crate::{
    api::{session, stations},
    hooks::use_text,
    identity::use_deed::use_deed,
};

#[derive(Properties, PartialEq)]
pub struct EnrolDialogProps {
    pub unit: UnitId,
    pub ward: AttrValue,
    pub on_close: Callback<()>,
}

#[component(EnrolDialog)]
pub fn enrol_dialog(props: &EnrolDialogProps) -> Html {
    let (dialog, name) = (use_node_ref(), use_text("Desk 1".to_owned()));
    let wrong = use_state_eq(|| None::<String>);
    let deed = use_deed(Needs::OwnBest);
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                // Fails only for a dialog that is not in the page.
                let _ = dialog.show_modal();
            }
        });
    }
    let submit = {
        let (unit, name, wrong, deed) = (props.unit, name.clone(), wrong.clone(), deed.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let typed = name
                .cast::<HtmlInputElement>()
                .map(|input| input.value())
                .unwrap_or_default();
            let Ok(name) = StationName::parse(&typed) else {
                wrong.set(Some(
                    "Give the screen a name of at most 60 characters.".to_owned(),
                ));
                return;
            };
            wrong.set(None);
            deed.run(move || {
                let name = name.clone();
                async move {
                    stations::enrol(unit, name).await?;
                    // The page begins anew as what this browser is now.
                    session::reload();
                    Ok(())
                }
            });
        })
    };
    let (on_close, cancel) = (props.on_close.clone(), props.on_close.clone());
    html! {
        <dialog class="session-warning" ref={dialog} aria-labelledby="enrol-title" onclose={move |_| on_close.emit(())}>
            <h2 id="enrol-title">{ "Make this browser a ward screen" }</h2>
            <p>{ "It shows the board of " }<b>{ &props.ward }</b>{ " day and night, and nothing else. You are signed out of it. \
                  Whoever wants to do something on it says who they are first, and acts until two minutes after their last touch." }</p>
            <form onsubmit={submit}>
                <div class="field">
                    <label for="station-name">{ "Name of the screen" }</label>
                    <input id="station-name" ref={name} maxlength="60" required={true} />
                </div>
                if let Some(wrong) = &*wrong { <p class="error-words" role="alert">{ wrong }</p> }
                <div class="actions">
                    <button type="submit" class="button primary" disabled={deed.is_sending()}>{ "Make it a ward screen" }</button>
                    <button type="button" class="button" onclick={move |_| cancel.emit(())}>{ "Cancel" }</button>
                </div>
            </form>
            { deed.outcome() }
        </dialog>
    }
}
