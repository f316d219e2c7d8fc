//! Whether a media query holds, and again whenever that changes.

use gloo::events::EventListener;
use yew::{hook, use_effect_with, use_state_eq};

#[hook]
pub fn use_media(query: &'static str) -> bool {
    let holds = use_state_eq(|| matches(query));
    {
        let holds = holds.clone();
        use_effect_with((), move |()| {
            let listener = EventListener::new(&gloo::utils::window(), "resize", move |_| {
                holds.set(matches(query));
            });
            move || drop(listener)
        });
    }
    *holds
}

fn matches(query: &str) -> bool {
    gloo::utils::window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}
