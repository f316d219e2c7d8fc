//! One side of one metric against one limit. Pure: measured values and the time go in.
//!
//! What counts is when a value was *measured*. It has to be beyond the limit for the rule's delay, and
//! over means back inside by the hysteresis. Silence neither begins nor ends anything: how a value that
//! grows old is shown, and that a channel fell silent, are other conditions.

use std::{cmp::Ordering, time::Duration};

use fleetward_common::{alarms::Side, time::Instant, unit::Decimal};

/// What a value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub side: Side,
    /// The last value that is still inside.
    pub limit: Decimal,
    pub delay: Duration,
    pub hysteresis: Decimal,
}

impl Line {
    fn is_beyond(&self, value: Decimal) -> bool {
        value.compare(self.limit)
            == match self.side {
                Side::Below => Ordering::Less,
                Side::Above => Ordering::Greater,
            }
    }

    /// Inside by the hysteresis.
    fn is_back(&self, value: Decimal) -> bool {
        let (value, limit, by) = (value.to_f64(), self.limit.to_f64(), self.hysteresis.to_f64());
        // Digits of a monitor are at most thousandths: less than that is the arithmetic's, not the patient's.
        let slack = 1e-6;
        match self.side {
            Side::Below => value >= limit + by - slack,
            Side::Above => value <= limit - by + slack,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitWatch {
    #[default]
    Inside,
    /// Beyond the limit, not long enough yet.
    Beyond {
        since: Instant,
        last: Instant,
        value: Decimal,
    },
    Alarming,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// `since`: the first value that was beyond; `at`: when the delay was over.
    Begun {
        since: Instant,
        at: Instant,
        value: Decimal,
    },
    Over {
        at: Instant,
    },
}

impl LimitWatch {
    /// A value was measured. `hold` is how long a value of this channel stands for the present.
    pub fn measured(&mut self, line: &Line, at: Instant, value: Decimal, hold: Duration) -> Vec<Crossing> {
        // What was true until now comes before what this value changes.
        let before = self.waited(line, at, hold);
        let after = match *self {
            LimitWatch::Alarming if line.is_back(value) => {
                *self = LimitWatch::Inside;
                Some(Crossing::Over { at })
            }
            LimitWatch::Alarming => None,
            _ if !line.is_beyond(value) => {
                *self = LimitWatch::Inside;
                None
            }
            LimitWatch::Inside => self.goes_beyond(line, at, at, value, hold),
            // Nobody knows what was between two values that are far apart, or before a clock was set back:
            // the delay begins anew.
            LimitWatch::Beyond { last, .. } if at < last || at.since(last) > hold => {
                self.goes_beyond(line, at, at, value, hold)
            }
            LimitWatch::Beyond { since, .. } => self.goes_beyond(line, since, at, value, hold),
        };
        before.into_iter().chain(after).collect()
    }

    fn goes_beyond(
        &mut self,
        line: &Line,
        since: Instant,
        last: Instant,
        value: Decimal,
        hold: Duration,
    ) -> Option<Crossing> {
        *self = LimitWatch::Beyond { since, last, value };
        self.waited(line, last, hold)
    }

    /// Time passed without a value.
    pub fn waited(&mut self, line: &Line, now: Instant, hold: Duration) -> Option<Crossing> {
        self.passed(line, now, hold)
            .inspect(|_| *self = LimitWatch::Alarming)
    }

    /// Whether the delay was over at `now`, or before it, while the last value still stood.
    fn passed(&self, line: &Line, now: Instant, hold: Duration) -> Option<Crossing> {
        let LimitWatch::Beyond { since, last, value } = *self else {
            return None;
        };
        let at = since + line.delay;
        (at <= now && at.since(last) <= hold).then_some(Crossing::Begun { since, at, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOLD: Duration = Duration::from_secs(5);

    fn spo2_below_90() -> Line {
        Line {
            side: Side::Below,
            limit: Decimal::whole(90),
            delay: Duration::from_secs(10),
            hysteresis: Decimal::whole(1),
        }
    }

    fn at(second: i64) -> Instant {
        Instant::from_millis(1_764_000_000_000 + second * 1_000)
    }

    /// One value each second, from second 0.
    fn crossings(line: &Line, values: &[i64]) -> Vec<Crossing> {
        let mut watch = LimitWatch::default();
        (0..)
            .zip(values)
            .flat_map(|(second, value)| watch.measured(line, at(second), Decimal::whole(*value), HOLD))
            .collect()
    }

    #[test]
    fn a_saturation_that_dips_for_nine_seconds_does_not_alarm() {
        let mut values = vec![95; 5];
        values.extend([88; 9]);
        values.extend([95; 5]);
        assert_eq!(crossings(&spo2_below_90(), &values), []);
    }

    #[test]
    fn a_saturation_that_stays_low_alarms_after_ten_seconds_and_says_since_when() {
        let values = [88; 15];
        let value = Decimal::whole(88);
        let begun = Crossing::Begun {
            since: at(0),
            at: at(10),
            value,
        };
        assert_eq!(crossings(&spo2_below_90(), &values), [begun]);
    }

    #[test]
    fn the_limit_itself_is_still_inside() {
        assert_eq!(crossings(&spo2_below_90(), &[90; 30]), []);
    }

    #[test]
    fn an_alarm_is_over_only_when_the_value_is_back_by_the_hysteresis() {
        let mut values = vec![88; 11];
        values.extend([90; 5]);
        values.extend([91; 2]);
        let seen = crossings(&spo2_below_90(), &values);
        assert_eq!(seen.last(), Some(&Crossing::Over { at: at(16) }));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn a_gap_begins_the_delay_anew() {
        let line = spo2_below_90();
        let mut watch = LimitWatch::default();
        let low = Decimal::whole(80);
        for second in [0, 30, 35] {
            assert_eq!(watch.measured(&line, at(second), low, HOLD), []);
        }
        let begun = Crossing::Begun {
            since: at(30),
            at: at(40),
            value: low,
        };
        assert_eq!(watch.measured(&line, at(40), low, HOLD), [begun]);
    }

    #[test]
    fn silence_neither_begins_nor_ends_an_alarm() {
        let line = spo2_below_90();
        let mut watch = LimitWatch::default();
        watch.measured(&line, at(0), Decimal::whole(80), HOLD);
        assert_eq!(watch.waited(&line, at(3_600), HOLD), None);
        let mut alarming = LimitWatch::Alarming;
        assert_eq!(alarming.waited(&line, at(3_600), HOLD), None);
        assert_eq!(alarming, LimitWatch::Alarming);
    }

    #[test]
    fn a_cuff_that_measures_every_five_minutes_alarms_with_its_first_value() {
        let line = Line {
            delay: Duration::ZERO,
            ..spo2_below_90()
        };
        let value = Decimal::whole(62);
        let begun = Crossing::Begun {
            since: at(0),
            at: at(0),
            value,
        };
        let hold = Duration::from_secs(600);
        assert_eq!(LimitWatch::default().measured(&line, at(0), value, hold), [begun]);
    }

    #[test]
    fn a_value_that_stands_for_a_minute_alarms_when_its_delay_is_over_not_with_the_next_value() {
        let line = spo2_below_90();
        let mut watch = LimitWatch::default();
        let hold = Duration::from_secs(120);
        let value = Decimal::whole(85);
        watch.measured(&line, at(0), value, hold);
        let begun = Crossing::Begun {
            since: at(0),
            at: at(10),
            value,
        };
        assert_eq!(watch.waited(&line, at(11), hold), Some(begun));
    }

    #[test]
    fn what_two_distant_values_say_is_told_in_order() {
        let line = spo2_below_90();
        let mut watch = LimitWatch::default();
        let hold = Duration::from_secs(120);
        let value = Decimal::whole(85);
        watch.measured(&line, at(0), value, hold);
        let seen = watch.measured(&line, at(60), Decimal::whole(97), hold);
        let begun = Crossing::Begun {
            since: at(0),
            at: at(10),
            value,
        };
        assert_eq!(seen, [begun, Crossing::Over { at: at(60) }]);
    }

    proptest! {
        #[test]
        fn beginnings_and_ends_take_turns_and_values_inside_never_begin_one(
            values in proptest::collection::vec((0i64..8, 80i64..100), 1..200)
        ) {
            let line = spo2_below_90();
            let mut watch = LimitWatch::default();
            let (mut now, mut alarming) = (0, false);
            for (gap, value) in values {
                now += gap;
                for crossing in watch.measured(&line, at(now), Decimal::whole(value), HOLD) {
                    match crossing {
                        Crossing::Begun { since, at: begun, value } => {
                            prop_assert!(!alarming);
                            prop_assert_eq!(begun, since + line.delay);
                            prop_assert!(value.compare(line.limit) == Ordering::Less);
                            alarming = true;
                        }
                        Crossing::Over { .. } => {
                            prop_assert!(alarming && value >= 91);
                            alarming = false;
                        }
                    }
                }
            }
        }
    }
}
