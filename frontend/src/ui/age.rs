//! How long ago, in the words of this portal.

use std::time::Duration;

/// `8 s`, `4 min`, `2 h 19 min`, `4 d 3 h`: two units at most.
pub fn age_text(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) if minutes % 60 == 0 => format!("{hours} h"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} d"),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// As on a stop-watch: `0:07`, `3:32`, `1:02:11`.
pub fn stopwatch_text(age: Duration) -> String {
    let seconds = age.as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    if hours == 0 {
        format!("{minutes}:{:02}", seconds % 60)
    } else {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    }
}

/// `6 h 40 min`, for times a person slept or waited.
pub fn length_text(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn ages_use_two_units_at_most() {
        let text = |seconds| age_text(Duration::from_secs(seconds));
        assert_eq!(text(8), "8 s");
        assert_eq!(text(4 * 60 + 59), "4 min");
        assert_eq!(text(2 * 3_600 + 19 * 60), "2 h 19 min");
        assert_eq!(text(3_600), "1 h");
        assert_eq!(text(4 * 86_400 + 3 * 3_600 + 1), "4 d 3 h");
    }

    #[test]
    fn a_stopwatch_shows_seconds_always() {
        let text = |seconds| stopwatch_text(Duration::from_secs(seconds));
        assert_eq!(
            (text(7), text(212), text(3_731)),
            ("0:07".into(), "3:32".into(), "1:02:11".into())
        );
    }
}
