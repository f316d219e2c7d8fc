//! What a night was. Pure.
//!
//! A night runs noon to noon in the device's own zone, so that going to bed after midnight, or a
//! clock change, moves nothing into another night.

use fleetward_common::{
    care::{Night, Sentence, Tone},
    metric::{MetricCode, codes},
    time::Instant,
    unit::Decimal,
};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

/// The last value of one minute: a summary sent in the morning, a pressure taken at noon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinuteReading {
    pub metric: MetricCode,
    pub at: Instant,
    pub value: Decimal,
}

/// Usage from which a night counts as one with therapy, as payers count it.
const GOAL_MINUTES: u32 = 240;
/// Litres a minute at the 95th percentile; above it a mask is said to leak.
const LEAK_LIMIT: i64 = 24;

/// The date on which the night that holds `at` began.
fn night_of(at: Instant, zone: &TimeZone) -> Option<Date> {
    let local = Timestamp::from_microsecond(at.micros())
        .ok()?
        .to_zoned_datetime(zone.clone())
        .datetime();
    local
        .checked_sub(Span::new().hours(12))
        .ok()
        .map(|noon| noon.date())
}

/// The last `count` nights, oldest first. A night without data is there, and says so. The night that is
/// going on counts from the moment its summary is here: in the morning it is last night.
pub fn nights(readings: &[MinuteReading], now: Instant, zone: &TimeZone, count: usize) -> Vec<Night> {
    let Some(tonight) = night_of(now, zone) else {
        return Vec::new();
    };
    let mut nights: Vec<Night> = (0..=count)
        .filter_map(|back| {
            let days = i64::try_from(back).ok()?;
            let date = tonight.checked_sub(Span::new().days(days)).ok()?;
            let night = night(readings, date, zone);
            (back > 0 || night.usage_minutes.is_some()).then_some(night)
        })
        .take(count)
        .collect();
    nights.reverse();
    nights
}

fn night(readings: &[MinuteReading], date: Date, zone: &TimeZone) -> Night {
    let newest = |metric: MetricCode| {
        readings
            .iter()
            .filter(|reading| reading.metric == metric && night_of(reading.at, zone) == Some(date))
            .max_by_key(|reading| reading.at)
            .map(|reading| reading.value)
    };
    Night {
        date: date.to_string(),
        usage_minutes: newest(codes::CPAP_USAGE)
            .and_then(|usage| u32::try_from(usage.to_f64().round() as i64).ok()),
        ahi: newest(codes::CPAP_AHI),
        leak_p95: newest(codes::CPAP_LEAK_P95),
    }
}

/// Whom a sentence speaks of: the reader, or the patient whom the reader acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    Yours,
    Of(&'a str),
}

impl Whose<'_> {
    fn slept(&self) -> String {
        match self {
            Whose::Yours => "You slept with your device".to_owned(),
            Whose::Of(name) => format!("{name} slept with the device"),
        }
    }

    pub fn possessive(&self) -> String {
        match self {
            Whose::Yours => "Your".to_owned(),
            Whose::Of(name) => format!("{name}’s"),
        }
    }
}

/// Last night in one sentence, or since when nothing has come.
pub fn sentence(nights: &[Night], heard: Heard, zone: &TimeZone, whose: Whose<'_>) -> Sentence {
    match nights.last() {
        Some(Night {
            usage_minutes: Some(minutes),
            leak_p95,
            ahi,
            ..
        }) => Sentence {
            text: format!("{} for {}.", whose.slept(), hours(*minutes)),
            detail: last_night_detail(*leak_p95, *ahi),
            tone: if *minutes >= GOAL_MINUTES {
                Tone::Good
            } else {
                Tone::Plain
            },
        },
        _ => no_data(heard, zone),
    }
}

fn last_night_detail(leak: Option<Decimal>, ahi: Option<Decimal>) -> Option<String> {
    let leaks = leak.map(|leak| leak.compare(Decimal::whole(LEAK_LIMIT)).is_gt());
    let mask = leaks.map(|leaks| {
        if leaks {
            "The mask let some air out."
        } else {
            "The mask fitted well."
        }
    });
    let breathing = ahi.map(|ahi| format!("{ahi} breathing pauses an hour."));
    match (mask, breathing) {
        (None, None) => None,
        (mask, breathing) => Some(
            [mask.map(str::to_owned), breathing]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        ),
    }
}

/// When a device last said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// The newest measurement.
    pub data: Option<Instant>,
    /// The newest sign of life.
    pub line: Option<Instant>,
}

/// "No data", with the day of the last measurement. Never zero hours.
pub fn no_data(heard: Heard, zone: &TimeZone) -> Sentence {
    let local = |at: Instant| {
        let at = Timestamp::from_microsecond(at.micros()).ok()?;
        Some(at.to_zoned_datetime(zone.clone()))
    };
    let text = match heard.data.and_then(local) {
        Some(data) => format!("No data since {}.", data.strftime("%A %-d %B")),
        None => "No data has arrived yet.".to_owned(),
    };
    let newest = match (heard.data.and_then(local), heard.line.and_then(local)) {
        (Some(data), _) => format!(" The newest measurement is from {}.", data.strftime("%A, %H:%M")),
        (None, Some(line)) => format!(" The device was last heard {}.", line.strftime("%A, %H:%M")),
        (None, None) => String::new(),
    };
    let detail = format!("The treatment works without a connection too.{newest}");
    Sentence {
        text,
        detail: Some(detail),
        tone: Tone::NoData,
    }
}

fn hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    fn at(text: &str) -> Instant {
        let timestamp: Timestamp = text.parse().unwrap();
        Instant::from_micros(timestamp.as_microsecond())
    }

    fn usage(at_text: &str, minutes: i64) -> MinuteReading {
        MinuteReading {
            metric: codes::CPAP_USAGE,
            at: at(at_text),
            value: Decimal::whole(minutes),
        }
    }

    #[test]
    fn a_morning_belongs_to_the_night_that_began_the_day_before() {
        let readings = [usage("2026-11-24T05:42:00Z", 400)];
        let nights = nights(&readings, at("2026-11-24T13:00:00Z"), &london(), 2);
        let dates: Vec<_> = nights.iter().map(|night| night.date.as_str()).collect();
        assert_eq!(dates, ["2026-11-22", "2026-11-23"]);
        assert_eq!(nights[1].usage_minutes, Some(400));
        assert_eq!(nights[0].usage_minutes, None);
    }

    #[test]
    fn going_to_bed_after_midnight_makes_no_new_night() {
        let readings = [
            usage("2026-11-24T00:10:00Z", 10),
            usage("2026-11-24T06:10:00Z", 300),
        ];
        let nights = nights(&readings, at("2026-11-24T13:00:00Z"), &london(), 1);
        assert_eq!(nights[0].usage_minutes, Some(300));
    }

    #[test]
    fn the_night_of_a_clock_change_is_one_night() {
        // 29 March 2026, 01:00 UTC: London goes from 01:00 to 02:00.
        let readings = [usage("2026-03-29T05:30:00Z", 380)];
        let nights = nights(&readings, at("2026-03-29T12:00:00Z"), &london(), 1);
        assert_eq!(nights[0].date, "2026-03-28");
        assert_eq!(nights[0].usage_minutes, Some(380));
    }

    #[test]
    fn in_the_morning_last_night_is_there_as_soon_as_the_mask_is_off() {
        let readings = [usage("2026-11-24T05:42:00Z", 400)];
        let nights = nights(&readings, at("2026-11-24T07:30:00Z"), &london(), 2);
        let dates: Vec<_> = nights.iter().map(|night| night.date.as_str()).collect();
        assert_eq!(dates, ["2026-11-22", "2026-11-23"]);
        assert_eq!(nights[1].usage_minutes, Some(400));
    }

    #[test]
    fn in_the_small_hours_the_last_night_is_the_one_before() {
        let readings = [usage("2026-11-23T06:00:00Z", 410)];
        let nights = nights(&readings, at("2026-11-24T02:00:00Z"), &london(), 1);
        assert_eq!(nights[0].date, "2026-11-22");
        assert_eq!(nights[0].usage_minutes, Some(410));
    }

    #[test]
    fn alan_hears_how_long_he_slept() {
        let mut readings = vec![usage("2026-11-24T05:42:00Z", 400)];
        readings.push(MinuteReading {
            metric: codes::CPAP_LEAK_P95,
            at: at("2026-11-24T05:42:00Z"),
            value: "11.4".parse().unwrap(),
        });
        let nights = nights(&readings, at("2026-11-24T13:00:00Z"), &london(), 7);
        let sentence = sentence(&nights, Heard::default(), &london(), Whose::Yours);
        assert_eq!(sentence.text, "You slept with your device for 6 h 40 min.");
        assert_eq!(sentence.detail.as_deref(), Some("The mask fitted well."));
        assert_eq!(sentence.tone, Tone::Good);
    }

    #[test]
    fn joan_hears_since_when_there_is_nothing_and_no_zero() {
        let nights = nights(&[], at("2026-11-25T13:00:00Z"), &london(), 7);
        let heard = Heard {
            data: Some(at("2026-11-21T06:02:00Z")),
            line: Some(at("2026-11-21T07:12:00Z")),
        };
        let sentence = sentence(&nights, heard, &london(), Whose::Yours);
        assert_eq!(sentence.text, "No data since Saturday 21 November.");
        let detail = sentence.detail.unwrap();
        assert!(
            detail.ends_with("The newest measurement is from Saturday, 06:02."),
            "{detail}"
        );
        assert_eq!(sentence.tone, Tone::NoData);
    }
}
