//! Who is signed in, and the way out.

use wasm_bindgen_futures::spawn_local;
use yew::{Html, component, html, use_state_eq};

use super::memberships::MembershipSwitch;
use crate::{api::session, hooks::use_session, ui::icon::Icon};

#[component(PersonMenu)]
pub fn person_menu() -> Html {
    let failed = use_state_eq(|| false);
    let Some(person) = use_session() else {
        return html! {};
    };
    let sign_out = {
        let failed = failed.clone();
        move |_| {
            let failed = failed.clone();
            spawn_local(async move {
                match session::sign_out().await {
                    Ok(()) => session::go_to_sign_in(),
                    Err(error) if error.needs_sign_in() => session::go_to_sign_in(),
                    // Someone who thinks to be signed out and is not is worse off than one who knows.
                    Err(_) => failed.set(true),
                }
            });
        }
    };
    html! {
        <div class="person">
            <MembershipSwitch />
            // Where there is no room for the name, the key alone leads there.
            <a class="who" href="/security" title="Security: what you sign in with">
                <Icon name="key" /><b>{ &person.name }</b><span>{ person.role.title() }</span>
            </a>
            <button type="button" class="button quiet" onclick={sign_out} title="Sign out" aria-label="Sign out">
                <Icon name="sign-out" />
            </button>
            if *failed { <p class="person-failed" role="alert">{ "Not signed out: the portal does not answer." }</p> }
        </div>
    }
}
