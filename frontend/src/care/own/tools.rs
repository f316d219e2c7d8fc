//! What stands at the right of every page of the patient: larger text, light or dark, the way out.

use wasm_bindgen_futures::spawn_local;
use yew::{Html, component, html, use_state_eq};

use crate::{
    api::session,
    ui::{icon::Icon, theme_switch::ThemeSwitch},
};

#[component(Tools)]
pub fn tools() -> Html {
    html! {
        <>
            <LargerText /><ThemeSwitch />
            <a class="button quiet" href="/security" title="Security: what you sign in with" aria-label="Security"><Icon name="key" /></a>
            <SignOut />
        </>
    }
}

#[component(LargerText)]
fn larger_text() -> Html {
    let larger = use_state_eq(|| gloo::utils::document_element().has_attribute("data-text"));
    let toggle = {
        let larger = larger.clone();
        move |_| {
            show_larger(!*larger);
            larger.set(!*larger);
        }
    };
    html! {
        <button type="button" class="tool" aria-pressed={larger.to_string()} aria-label="Larger text" onclick={toggle}>
            <Icon name="text-size" />
        </button>
    }
}

fn show_larger(larger: bool) {
    use gloo::storage::{LocalStorage, Storage};
    let html = gloo::utils::document_element();
    let storage = LocalStorage::raw();
    // Private windows may refuse to remember; the text still grows.
    let _ = if larger {
        html.set_attribute("data-text", "larger")
            .and(storage.set_item("text", "larger"))
    } else {
        html.remove_attribute("data-text")
            .and(storage.remove_item("text"))
    };
}

#[component(SignOut)]
fn sign_out() -> Html {
    let failed = use_state_eq(|| false);
    let press = {
        let failed = failed.clone();
        move |_| {
            let failed = failed.clone();
            spawn_local(async move {
                match session::sign_out().await {
                    Err(error) if !error.needs_sign_in() => failed.set(true),
                    _ => session::go_to_sign_in(),
                }
            });
        }
    };
    html! {
        <>
            if *failed { <span role="alert" class="small">{ "Not signed out" }</span> }
            <button type="button" class="tool" aria-label="Sign out" title="Sign out" onclick={press}><Icon name="sign-out" /></button>
        </>
    }
}
