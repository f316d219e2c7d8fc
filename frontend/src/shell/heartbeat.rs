//! Tells `watchdog.js` once a second that this program still runs, and at once when it stopped.

use gloo::timers::callback::Interval;

const BEAT: &str = "data-beat";
const STOPPED: &str = "data-stopped";

pub fn begin() {
    // The message of a panic may hold what was on the page, so only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |place| format!("{}:{}", place.file(), place.line()));
        let _ = gloo::utils::document_element().set_attribute(STOPPED, &place);
    }));
    let mut beats = 0_u32;
    let mut beat = move || {
        beats = beats.wrapping_add(1);
        let _ = gloo::utils::document_element().set_attribute(BEAT, &beats.to_string());
    };
    beat();
    Interval::new(1_000, beat).forget();
}
