//! The last seven nights as bars and as a sentence. Pure. A night without data is not a night of 0 h.

use fleetward_common::care::Night;

use crate::ui::age::length_text;

/// Four hours: what counts as a night of therapy in the common rule of use.
pub const GOAL_MINUTES: u32 = 240;
const NIGHTS: usize = 7;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// `Tuesday`: the day on which the night began.
    pub weekday: &'static str,
    /// `None`: nothing arrived.
    pub minutes: Option<u32>,
}

impl Bar {
    pub fn short(&self) -> &str {
        self.weekday.get(..3).unwrap_or(self.weekday)
    }

    pub fn words(&self) -> String {
        match self.minutes {
            None => "no data".to_owned(),
            Some(0) => "not used".to_owned(),
            Some(minutes) => length_text(minutes),
        }
    }

    /// `6h12`: fits above a bar.
    pub fn above(&self) -> Option<String> {
        let minutes = self.minutes.filter(|minutes| *minutes > 0)?;
        Some(format!("{}h{:02}", minutes / 60, minutes % 60))
    }
}

/// The last seven, oldest first.
pub fn bars(nights: &[Night]) -> Vec<Bar> {
    let skip = nights.len().saturating_sub(NIGHTS);
    nights
        .iter()
        .skip(skip)
        .map(|night| Bar {
            weekday: weekday(&night.date).unwrap_or("Night"),
            minutes: night.usage_minutes,
        })
        .collect()
}

/// `5 nights met your goal. Friday: no data.`
pub fn sentence(bars: &[Bar]) -> String {
    let met = bars
        .iter()
        .filter(|bar| bar.minutes.is_some_and(|minutes| minutes >= GOAL_MINUTES))
        .count();
    let met = match met {
        1 => "1 night met your goal.".to_owned(),
        met => format!("{met} nights met your goal."),
    };
    let missing: Vec<&str> = bars
        .iter()
        .filter(|bar| bar.minutes.is_none())
        .map(|bar| bar.weekday)
        .collect();
    match missing.as_slice() {
        [] => met,
        [only] => format!("{met} {only}: no data."),
        many => format!("{met} {} nights have no data.", many.len()),
    }
}

/// Of an ISO date, by the rule of Sakamoto. `None` for what is no date.
fn weekday(date: &str) -> Option<&'static str> {
    const NAMES: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    const SHIFTS: [i64; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let shift = SHIFTS.get(usize::try_from(month - 1).ok()?)?;
    let year = if month < 3 { year - 1 } else { year };
    let day = (year + year / 4 - year / 100 + year / 400 + shift + day).rem_euclid(7);
    NAMES.get(usize::try_from(day).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn night(date: &str, usage_minutes: Option<u32>) -> Night {
        Night {
            date: date.into(),
            usage_minutes,
            ahi: None,
            leak_p95: None,
        }
    }

    fn week_of_alan_reed() -> Vec<Bar> {
        bars(&[
            night("2026-11-16", Some(1)),
            night("2026-11-17", Some(372)),
            night("2026-11-18", Some(305)),
            night("2026-11-19", Some(214)),
            night("2026-11-20", None),
            night("2026-11-21", Some(396)),
            night("2026-11-22", Some(421)),
            night("2026-11-23", Some(400)),
        ])
    }

    #[test]
    fn seven_nights_are_shown_and_named_by_their_evening() {
        let week = week_of_alan_reed();
        let days: Vec<_> = week.iter().map(Bar::short).collect();
        assert_eq!(days, ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]);
        assert_eq!(week[0].above().as_deref(), Some("6h12"));
    }

    #[test]
    fn a_night_without_data_is_named_and_does_not_count() {
        assert_eq!(
            sentence(&week_of_alan_reed()),
            "5 nights met your goal. Friday: no data."
        );
    }

    #[test]
    fn a_device_that_was_on_and_not_used_is_no_gap() {
        let bar = Bar {
            weekday: "Monday",
            minutes: Some(0),
        };
        assert_eq!((bar.words().as_str(), bar.above()), ("not used", None));
    }

    #[test]
    fn weekdays_hold_over_leap_years_and_text_is_refused() {
        assert_eq!(weekday("2024-02-29"), Some("Thursday"));
        assert_eq!(weekday("2000-01-01"), Some("Saturday"));
        assert_eq!(weekday("tomorrow"), None);
        assert_eq!(weekday("2026-13-01"), None);
    }
}
