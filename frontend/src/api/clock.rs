//! The portal's clock is the server's: a ward PC may be minutes off, and ages must not be.
//!
//! Local time is only used as a stopwatch between two things the server said.

use fleetward_common::time::Instant;
use std::cell::RefCell;

/// What the server's clock shows, told from what it said last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerClock {
    /// Server time minus stopwatch, in microseconds, as the quickest of the last messages told it.
    offsets: Vec<i64>,
}

/// Later messages push out earlier ones, so that a drifting stopwatch is followed.
const REMEMBERED: usize = 24;

impl ServerClock {
    /// The server said `server_time`, and it was heard at `stopwatch` (µs).
    pub fn heard(&mut self, server_time: Instant, stopwatch: i64) {
        if self.offsets.len() >= REMEMBERED {
            self.offsets.remove(0);
        }
        self.offsets.push(server_time.micros().saturating_sub(stopwatch));
    }

    /// After sleep the stopwatch may have stood still: nothing heard before counts any more.
    pub fn forget(&mut self) {
        self.offsets.clear();
    }

    /// `None` until the server has spoken.
    pub fn now(&self, stopwatch: i64) -> Option<Instant> {
        // Travelling takes time and never less than none, so the greatest offset is the truest.
        let offset = self.offsets.iter().max()?;
        Some(Instant::from_micros(stopwatch.saturating_add(*offset)))
    }
}

thread_local! {
    static CLOCK: RefCell<ServerClock> = RefCell::default();
}

/// Microseconds since the page began; never jumps.
pub fn stopwatch() -> i64 {
    let millis = gloo::utils::window()
        .performance()
        .map_or(0.0, |performance| performance.now());
    (millis * 1_000.0) as i64
}

pub fn heard(server_time: Instant) {
    CLOCK.with_borrow_mut(|clock| clock.heard(server_time, stopwatch()));
}

pub fn forget() {
    CLOCK.with_borrow_mut(ServerClock::forget);
}

/// The server's time; the computer's own only before the server has said anything.
pub fn now() -> Instant {
    CLOCK
        .with_borrow(|clock| clock.now(stopwatch()))
        .unwrap_or_else(|| Instant::from_millis(js_sys::Date::now() as i64))
}

/// The computer's own clock, which goes on through sleep: only good for noticing that it slept.
pub fn wall_millis() -> f64 {
    js_sys::Date::now()
}

/// A number between 0 and 1, to spread reconnects.
pub fn chance() -> f64 {
    js_sys::Math::random()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_quickest_message_tells_the_time() {
        let mut clock = ServerClock::default();
        clock.heard(Instant::from_micros(1_000_000), 300_000);
        clock.heard(Instant::from_micros(2_000_000), 1_250_000);
        assert_eq!(clock.now(2_250_000), Some(Instant::from_micros(3_000_000)));
    }

    #[test]
    fn after_sleep_the_clock_waits_for_the_server() {
        let mut clock = ServerClock::default();
        clock.heard(Instant::from_micros(1_000_000), 0);
        clock.forget();
        assert_eq!(clock.now(5), None);
    }
}
