//! Keys for a whole page. Silent while someone types, while a dialog is open, and with Ctrl, Alt or
//! Meta held: those belong to the browser.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::{Callback, hook, use_effect_with};

#[hook]
pub fn use_keys(on_key: Callback<KeyboardEvent>) {
    use_effect_with(on_key, |on_key| {
        let on_key = on_key.clone();
        // Arrows and Enter would also scroll and press.
        let options = EventListenerOptions::enable_prevent_default();
        let window = gloo::utils::window();
        let listener = EventListener::new_with_options(&window, "keydown", options, move |event| {
            if let Some(event) = event.dyn_ref::<KeyboardEvent>()
                && !event.ctrl_key()
                && !event.alt_key()
                && !event.meta_key()
                && !is_typing(event)
            {
                on_key.emit(event.clone());
            }
        });
        move || drop(listener)
    });
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let into_field = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
    let dialog_open = gloo::utils::document()
        .query_selector("dialog[open]")
        .ok()
        .flatten()
        .is_some();
    into_field || dialog_open
}
