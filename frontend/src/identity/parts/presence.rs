//! That someone is in front of this page. The page's own fetches don't say so.

use gloo::{
    events::{EventListener, EventListenerOptions},
    timers::callback::Interval,
};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;
use yew::{Callback, hook, use_effect_with, use_mut_ref};

use crate::api::{clock, session};

const TOUCHES: [&str; 4] = ["pointerdown", "pointermove", "keydown", "wheel"];
const LOOK_EVERY: u32 = 5_000;

/// Tells the server of touches while the session is `somebodys`, at most once in `every_seconds`; then
/// `told`.
#[hook]
pub fn use_presence(somebodys: bool, every_seconds: u32, told: Callback<()>) {
    let last_told = use_mut_ref(|| i64::MIN / 2);
    use_effect_with(
        (somebodys, every_seconds, told),
        move |(somebodys, every_seconds, told)| {
            let somebodys = *somebodys;
            let touched = Rc::new(Cell::new(false));
            let listeners = TOUCHES.map(|touch| {
                let touched = touched.clone();
                EventListener::new_with_options(
                    &gloo::utils::window(),
                    touch,
                    EventListenerOptions::run_in_capture_phase(),
                    move |_| touched.set(true),
                )
            });
            let every = i64::from(*every_seconds) * 1_000_000;
            let told = told.clone();
            let tell = Interval::new(LOOK_EVERY, move || {
                let now = clock::stopwatch();
                if !somebodys || now - *last_told.borrow() < every || !touched.replace(false) {
                    return;
                }
                *last_told.borrow_mut() = now;
                let told = told.clone();
                spawn_local(async move {
                    // Whether it was heard or the session is over, the next look at the session says.
                    let _ = session::present().await;
                    told.emit(());
                });
            });
            move || drop((listeners, tell))
        },
    );
}
