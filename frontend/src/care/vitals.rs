//! How one measured value may be shown now. Every number on every page passes through here.

use fleetward_common::{
    devices::{ChannelState, Reading, Signal, Value, link::NoValue},
    metric::{Freshness, FreshnessBudget},
    time::Instant,
};
use std::time::Duration;

/// A value as a person may see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Nothing that measures this is on the line.
    NotMeasured,
    /// It is to be measured here, and was not yet.
    Never,
    Value {
        text: String,
        /// Printed beside it: always for a spot value, otherwise only when it is late.
        age: Option<Duration>,
        stale: bool,
        /// On the screen, but not yet on the disk.
        unrecorded: bool,
    },
    /// `---`, with what was last known beneath.
    Void { why: Why, last: Option<LastKnown> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    TooOld,
    Absent(NoValue),
    /// Outside what a living body gives: kept, never shown as a value.
    Implausible,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LastKnown {
    pub text: String,
    pub at: Instant,
}

impl Why {
    pub fn words(self) -> &'static str {
        match self {
            Why::TooOld => "too old",
            Why::Absent(NoValue::SensorOff) => "sensor off",
            Why::Absent(NoValue::Unreadable) => "unreadable",
            Why::Absent(NoValue::NotMeasuring) => "not measuring",
            Why::Absent(NoValue::Disconnected) => "disconnected",
            Why::Implausible => "implausible",
        }
    }
}

impl Shown {
    /// For a reader and for a table: the number, or why there is none.
    pub fn spoken(&self) -> String {
        match self {
            Shown::NotMeasured => "not measured".to_owned(),
            Shown::Never => "none yet".to_owned(),
            Shown::Value {
                text, stale: true, ..
            } => format!("{text}, old"),
            Shown::Value { text, .. } => text.clone(),
            Shown::Void { why, .. } => format!("none, {}", why.words()),
        }
    }
}

/// What a reading says once its age is judged.
struct Judged {
    freshness: Freshness,
    age: Duration,
}

fn judge(reading: &Reading, budget: FreshnessBudget, now: Instant) -> Judged {
    let age = now.since(reading.at);
    Judged {
        freshness: budget.of_age(age),
        age,
    }
}

/// `gone`: the device's line is broken, so nothing it said is current however young it is.
pub fn shown(channel: Option<&ChannelState>, now: Instant, gone: bool) -> Shown {
    let Some((channel, budget)) = channel.and_then(|channel| Some((channel, budget_of(channel)?))) else {
        return Shown::NotMeasured;
    };
    let Some(latest) = channel.latest else {
        return Shown::Never;
    };
    let last = || channel.last_known.as_ref().and_then(known_of);
    match latest.value {
        Value::Absent(reason) => Shown::Void {
            why: Why::Absent(reason),
            last: last(),
        },
        Value::Implausible(_) => Shown::Void {
            why: Why::Implausible,
            last: last(),
        },
        Value::Known(value) => present(value.to_string(), &latest, budget, now, gone),
    }
}

/// Systolic over diastolic, when both were taken together.
pub fn pressure(
    systolic: Option<&ChannelState>,
    diastolic: Option<&ChannelState>,
    now: Instant,
    gone: bool,
) -> Shown {
    let pair = systolic.zip(diastolic);
    let Some((systolic, diastolic)) = pair else {
        return Shown::NotMeasured;
    };
    let (Some(budget), Some(high), Some(low)) = (budget_of(systolic), systolic.latest, diastolic.latest)
    else {
        return Shown::Never;
    };
    match (high.value, low.value) {
        (Value::Known(over), Value::Known(under)) if high.at == low.at => {
            present(format!("{over}/{under}"), &high, budget, now, gone)
        }
        (Value::Absent(reason), _) | (_, Value::Absent(reason)) => Shown::Void {
            why: Why::Absent(reason),
            last: last_pair(systolic, diastolic),
        },
        (Value::Implausible(_), _) | (_, Value::Implausible(_)) => Shown::Void {
            why: Why::Implausible,
            last: last_pair(systolic, diastolic),
        },
        // Two halves of two cuffs make no blood pressure; the second half is on its way.
        (Value::Known(_), Value::Known(_)) => Shown::Void {
            why: Why::Absent(NoValue::NotMeasuring),
            last: None,
        },
    }
}

fn last_pair(systolic: &ChannelState, diastolic: &ChannelState) -> Option<LastKnown> {
    let (high, low) = systolic.last_known.zip(diastolic.last_known)?;
    match (high.value, low.value) {
        (Value::Known(over), Value::Known(under)) if high.at == low.at => Some(LastKnown {
            text: format!("{over}/{under}"),
            at: high.at,
        }),
        _ => None,
    }
}

fn present(text: String, reading: &Reading, budget: FreshnessBudget, now: Instant, gone: bool) -> Shown {
    let Judged { freshness, age } = judge(reading, budget, now);
    if freshness == Freshness::Void {
        return Shown::Void {
            why: Why::TooOld,
            last: Some(LastKnown { text, at: reading.at }),
        };
    }
    let stale = freshness == Freshness::Stale || (gone && !budget.is_spot());
    Shown::Value {
        text,
        age: (budget.is_spot() || stale).then_some(age),
        stale,
        unrecorded: reading.unrecorded,
    }
}

fn budget_of(channel: &ChannelState) -> Option<FreshnessBudget> {
    match channel.signal {
        Signal::Numeric { budget } => Some(budget),
        Signal::Wave { .. } => None,
    }
}

fn known_of(reading: &Reading) -> Option<LastKnown> {
    match reading.value {
        Value::Known(value) => Some(LastKnown {
            text: value.to_string(),
            at: reading.at,
        }),
        Value::Implausible(_) | Value::Absent(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        metric::{MetricCode, codes},
        unit::Decimal,
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Instant = Instant::from_millis(1_764_000_000_000);

    fn ago(seconds: u64) -> Instant {
        NOW - Duration::from_secs(seconds)
    }

    fn reading(value: Value, at: Instant) -> Reading {
        Reading {
            at,
            value,
            unrecorded: false,
        }
    }

    fn known(value: i64, at: Instant) -> Reading {
        reading(Value::Known(Decimal::whole(value)), at)
    }

    fn channel(metric: MetricCode, seconds: u64, latest: Reading) -> ChannelState {
        ChannelState {
            metric,
            unit: None,
            signal: Signal::Numeric {
                budget: FreshnessBudget::every(Duration::from_secs(seconds)),
            },
            latest: Some(latest),
            last_known: None,
        }
    }

    fn heart_rate(latest: Reading) -> ChannelState {
        channel(codes::HEART_RATE, 1, latest)
    }

    #[test]
    fn a_fresh_heart_rate_stands_alone() {
        assert_eq!(
            shown(Some(&heart_rate(known(72, ago(1)))), NOW, false),
            Shown::Value {
                text: "72".into(),
                age: None,
                stale: false,
                unrecorded: false
            }
        );
    }

    #[test]
    fn after_5_seconds_it_is_grey_and_says_its_age() {
        assert_eq!(
            shown(Some(&heart_rate(known(97, ago(8)))), NOW, false),
            Shown::Value {
                text: "97".into(),
                age: Some(Duration::from_secs(8)),
                stale: true,
                unrecorded: false
            }
        );
    }

    #[test]
    fn after_15_seconds_it_is_void_with_the_last_value_beneath() {
        let at = ago(15);
        assert_eq!(
            shown(Some(&heart_rate(known(76, at))), NOW, false),
            Shown::Void {
                why: Why::TooOld,
                last: Some(LastKnown {
                    text: "76".into(),
                    at
                })
            }
        );
    }

    #[test]
    fn a_value_of_a_device_that_is_gone_is_never_fresh() {
        let shown = shown(Some(&heart_rate(known(84, ago(1)))), NOW, true);
        assert!(matches!(
            shown,
            Shown::Value {
                stale: true,
                age: Some(_),
                ..
            }
        ));
    }

    #[test]
    fn a_lead_that_fell_off_voids_at_once_and_remembers() {
        let mut lead_off = heart_rate(reading(Value::Absent(NoValue::SensorOff), ago(1)));
        lead_off.last_known = Some(known(76, ago(212)));
        assert_eq!(
            shown(Some(&lead_off), NOW, false),
            Shown::Void {
                why: Why::Absent(NoValue::SensorOff),
                last: Some(LastKnown {
                    text: "76".into(),
                    at: ago(212)
                })
            }
        );
    }

    #[test]
    fn an_implausible_number_is_never_printed() {
        let wild = heart_rate(reading(Value::Implausible(Decimal::whole(900)), ago(1)));
        let shown = shown(Some(&wild), NOW, false);
        assert_eq!(shown.spoken(), "none, implausible");
    }

    #[test]
    fn a_blood_pressure_always_says_its_age_and_is_void_after_two_intervals() {
        let cuff = |seconds| {
            let at = ago(seconds);
            pressure(
                Some(&channel(codes::NIBP_SYSTOLIC, 300, known(124, at))),
                Some(&channel(codes::NIBP_DIASTOLIC, 300, known(78, at))),
                NOW,
                false,
            )
        };
        assert_eq!(
            cuff(240),
            Shown::Value {
                text: "124/78".into(),
                age: Some(Duration::from_secs(240)),
                stale: false,
                unrecorded: false
            }
        );
        assert!(
            matches!(cuff(600), Shown::Void { why: Why::TooOld, last: Some(last) } if last.text == "124/78")
        );
    }

    #[test]
    fn two_halves_of_two_cuffs_make_no_blood_pressure() {
        let shown = pressure(
            Some(&channel(codes::NIBP_SYSTOLIC, 300, known(124, ago(10)))),
            Some(&channel(codes::NIBP_DIASTOLIC, 300, known(78, ago(310)))),
            NOW,
            false,
        );
        assert!(matches!(shown, Shown::Void { .. }));
    }

    #[test]
    fn what_was_never_measured_is_not_a_void() {
        assert_eq!(shown(None, NOW, false), Shown::NotMeasured);
    }
}
