//! How long an emergency access still lasts, in figures and, now and then, in words. Pure.

use fleetward_common::time::Instant;

/// `12:41`; never below nought.
pub fn left(closes_at: Instant, now: Instant) -> String {
    let seconds = seconds_left(closes_at, now);
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// A second that has begun still counts.
pub fn seconds_left(closes_at: Instant, now: Instant) -> u64 {
    let micros = u64::try_from(closes_at.since(now).as_micros()).unwrap_or(u64::MAX);
    micros.div_ceil(1_000_000)
}

/// What a screen reader is told: seldom, and more often towards the end.
pub fn spoken(closes_at: Instant, now: Instant) -> Option<&'static str> {
    match seconds_left(closes_at, now) {
        0 => Some("Emergency access has closed."),
        1..=60 => Some("Emergency access closes in less than a minute."),
        61..=300 => Some("Emergency access closes in less than five minutes."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_second_that_has_begun_is_shown_until_it_is_over() {
        assert_eq!(left(at(900_000), at(0)), "15:00");
        assert_eq!(left(at(900_000), at(1)), "15:00");
        assert_eq!(left(at(900_000), at(139_000)), "12:41");
        assert_eq!(left(at(900_000), at(900_000)), "00:00");
        assert_eq!(left(at(900_000), at(999_000)), "00:00");
    }

    #[test]
    fn the_end_is_told_ahead_and_not_all_the_time() {
        assert_eq!(spoken(at(900_000), at(0)), None);
        assert!(spoken(at(900_000), at(700_000)).is_some_and(|words| words.contains("five minutes")));
        assert!(spoken(at(900_000), at(860_000)).is_some_and(|words| words.contains("a minute")));
        assert!(spoken(at(900_000), at(900_000)).is_some_and(|words| words.contains("has closed")));
    }
}
