//! A component that shows time or ages draws itself anew every so often.

use gloo::timers::callback::Interval;
use yew::{hook, use_effect_with, use_force_update};

#[hook]
pub fn use_pulse(millis: u32) {
    let update = use_force_update();
    use_effect_with(millis, move |millis| {
        let interval = Interval::new(*millis, move || update.force_update());
        move || drop(interval)
    });
}
