//! Asks again every so often, and at once when the tab comes back to the front.

use gloo::{events::EventListener, timers::callback::Interval};
use yew::{Callback, hook, use_effect_with};

#[hook]
pub fn use_refresh(reload: Callback<()>, every_millis: u32) {
    use_effect_with((reload, every_millis), |(reload, every_millis)| {
        let is_hidden = || gloo::utils::document().hidden();
        let interval = {
            let reload = reload.clone();
            Interval::new(*every_millis, move || {
                if !is_hidden() {
                    reload.emit(());
                }
            })
        };
        let reload = reload.clone();
        let wake = EventListener::new(&gloo::utils::document(), "visibilitychange", move |_| {
            if !is_hidden() {
                reload.emit(());
            }
        });
        move || drop((interval, wake))
    });
}
