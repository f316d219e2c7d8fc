//! One metric's minute in one row: how many, least, greatest, sum, last, and where values were missing. Pure.
//!
//! The twin keeps the open minute of each metric in a [`MinuteBook`] and hands over a closed one in
//! the frame that closes it. A minute that the twin did not see from its beginning (after a restart,
//! or because late data fell into it) is not written from the book but rewritten from the stored
//! rows: [`Minute::add`] over them gives the same row, in whatever order they come.

use fleetward_common::{
    devices::{Value, history::GapReason},
    time::Instant,
    unit::Decimal,
};

/// One reading on its way into a roll-up.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    pub at: Instant,
    pub value: &'a Value,
    /// As the channel declared it.
    pub interval_ms: u32,
    pub clock_untrusted: bool,
}

impl Counted<'_> {
    /// The number, if it may be shown as valid; else why not.
    pub const fn shown(&self) -> Result<Decimal, GapReason> {
        match *self.value {
            Value::Absent(reason) => Err(GapReason::Absent(reason)),
            _ if self.clock_untrusted => Err(GapReason::ClockUntrusted),
            Value::Implausible(_) => Err(GapReason::Implausible),
            Value::Known(number) => Ok(number),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// Its first moment.
    pub minute: Instant,
    /// Of `least`, `greatest`, `sum` and `last`.
    pub exponent: i8,
    pub readings: u32,
    /// Readings without a value, or with one that is not shown as valid.
    pub absent: u32,
    pub least: i64,
    pub greatest: i64,
    pub sum: i64,
    pub last: i64,
    /// The first and the last reading, with or without a value.
    pub measured: (Instant, Instant),
    /// The first and the last reading with a value; without any it means nothing.
    pub known: (Instant, Instant),
    /// Why the absent ones are; `NoData` when they don't agree.
    pub absent_for: Option<GapReason>,
    pub interval_ms: u32,
}

impl Minute {
    pub const fn starting(minute: Instant) -> Self {
        Self {
            minute,
            exponent: 0,
            readings: 0,
            absent: 0,
            least: 0,
            greatest: 0,
            sum: 0,
            last: 0,
            measured: (minute, minute),
            known: (minute, minute),
            absent_for: None,
            interval_ms: 0,
        }
    }

    pub fn add(&mut self, reading: Counted<'_>) {
        let at = reading.at;
        self.measured = if self.is_empty() {
            (at, at)
        } else {
            (self.measured.0.min(at), self.measured.1.max(at))
        };
        self.interval_ms = self.interval_ms.max(reading.interval_ms);
        let number = match reading.shown() {
            Ok(number) => number,
            Err(reason) => {
                self.absent += 1;
                let agrees = self.absent_for.is_none_or(|before| before == reason);
                self.absent_for = Some(if agrees { reason } else { GapReason::NoData });
                return;
            }
        };
        if self.readings == 0 {
            self.exponent = number.exponent;
        } else if number.exponent < self.exponent {
            self.refine(number.exponent);
        }
        let mantissa = number
            .mantissa_at(self.exponent)
            .unwrap_or(if number.mantissa < 0 { i64::MIN } else { i64::MAX });
        if self.readings == 0 {
            (self.least, self.greatest) = (mantissa, mantissa);
            (self.last, self.known) = (mantissa, (at, at));
        } else {
            self.least = self.least.min(mantissa);
            self.greatest = self.greatest.max(mantissa);
            // Of two readings at one moment the greater counts, so that order makes no difference.
            if (at, mantissa) >= (self.known.1, self.last) {
                self.last = mantissa;
            }
            self.known = (self.known.0.min(at), self.known.1.max(at));
        }
        self.sum = self.sum.saturating_add(mantissa);
        self.readings += 1;
    }

    pub const fn is_empty(&self) -> bool {
        self.readings == 0 && self.absent == 0
    }

    /// `None` when no reading of the minute had a value.
    pub fn extremes(&self) -> Option<(Decimal, Decimal)> {
        (self.readings > 0).then_some((
            Decimal::new(self.least, self.exponent),
            Decimal::new(self.greatest, self.exponent),
        ))
    }

    fn refine(&mut self, exponent: i8) {
        let coarse = self.exponent;
        let finer = |mantissa: i64| {
            let limit = if mantissa < 0 { i64::MIN } else { i64::MAX };
            Decimal::new(mantissa, coarse)
                .mantissa_at(exponent)
                .unwrap_or(limit)
        };
        self.least = finer(self.least);
        self.greatest = finer(self.greatest);
        self.sum = finer(self.sum);
        self.last = finer(self.last);
        self.exponent = exponent;
    }
}

/// What is to be done about a minute that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Seen whole: this is the row.
    Whole(Minute),
    /// Seen in part: make the row anew from what is stored.
    Rewrite(Instant),
}

/// The open minute of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MinuteBook {
    /// Boxed: of the many twins that are idle, none has a minute open.
    open: Option<Box<Open>>,
    /// The latest minute that was ever open; whatever falls before it is late.
    newest: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    minute: Minute,
    whole: bool,
}

impl Open {
    const fn closed(self) -> Closed {
        if self.whole {
            Closed::Whole(self.minute)
        } else {
            Closed::Rewrite(self.minute.minute)
        }
    }
}

impl MinuteBook {
    /// As after a restart: what was counted of `open` is gone, so it will be rewritten from rows.
    pub fn resumed(open: Option<Instant>, newest: Option<Instant>) -> Self {
        Self {
            open: open.map(|minute| {
                Box::new(Open {
                    minute: Minute::starting(minute),
                    whole: false,
                })
            }),
            newest: newest.max(open),
        }
    }

    /// Counts one reading. Answers with the minute that it closed, if any.
    pub fn add(&mut self, reading: Counted<'_>) -> Option<Closed> {
        let minute = reading.at.minute();
        if let Some(open) = self.open.as_mut().filter(|open| open.minute.minute == minute) {
            open.minute.add(reading);
            return None;
        }
        let mut next = Open {
            minute: Minute::starting(minute),
            whole: self.newest.is_none_or(|newest| minute > newest),
        };
        next.minute.add(reading);
        self.newest = self.newest.max(Some(minute));
        match &mut self.open {
            Some(open) => Some(std::mem::replace(&mut **open, next).closed()),
            none => {
                *none = Some(Box::new(next));
                None
            }
        }
    }

    pub fn close(&mut self) -> Option<Closed> {
        self.open.take().map(|open| open.closed())
    }

    pub fn open_minute(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.minute.minute)
    }

    pub const fn newest(&self) -> Option<Instant> {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::devices::link::NoValue;
    use proptest::{collection::vec, prelude::*};

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn counted(at: Instant, value: &Value) -> Counted<'_> {
        Counted {
            at,
            value,
            interval_ms: 1_000,
            clock_untrusted: false,
        }
    }

    fn known(text: &str) -> Value {
        Value::Known(text.parse().unwrap())
    }

    #[test]
    fn a_minute_keeps_the_finest_digits_it_saw() {
        let mut minute = Minute::starting(at(0));
        for (second, text) in [(1, "97"), (2, "96.5"), (3, "98")] {
            minute.add(counted(at(second), &known(text)));
        }
        let (least, greatest) = minute.extremes().unwrap();
        assert_eq!(
            (least.to_string(), greatest.to_string()),
            ("96.5".into(), "98.0".into())
        );
        assert_eq!((minute.sum, minute.last, minute.readings), (2_915, 980, 3));
    }

    #[test]
    fn a_minute_of_a_lead_that_is_off_has_no_extremes_and_is_not_empty() {
        let mut minute = Minute::starting(at(0));
        minute.add(counted(at(1), &Value::Absent(NoValue::SensorOff)));
        assert_eq!(minute.extremes(), None);
        assert!(!minute.is_empty());
    }

    #[test]
    fn what_a_wrong_clock_measured_is_counted_and_is_neither_least_nor_last() {
        let mut minute = Minute::starting(at(0));
        minute.add(counted(at(1), &known("70")));
        minute.add(Counted {
            clock_untrusted: true,
            ..counted(at(2), &known("30"))
        });
        assert_eq!(
            (minute.readings, minute.absent, minute.least, minute.last),
            (1, 1, 70, 70)
        );
        assert_eq!(minute.absent_for, Some(GapReason::ClockUntrusted));
        assert_eq!((minute.measured, minute.known), ((at(1), at(2)), (at(1), at(1))));
    }

    #[test]
    fn a_reading_in_the_next_minute_closes_this_one() {
        let mut book = MinuteBook::default();
        assert_eq!(book.add(counted(at(1), &known("70"))), None);
        assert_eq!(book.add(counted(at(59), &known("72"))), None);
        match book.add(counted(at(60), &known("90"))) {
            Some(Closed::Whole(minute)) => assert_eq!((minute.minute, minute.readings), (at(0), 2)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn late_data_has_its_minute_rewritten_from_rows() {
        let mut book = MinuteBook::default();
        book.add(counted(at(3_600), &known("70")));
        assert!(matches!(
            book.add(counted(at(5), &known("60"))),
            Some(Closed::Whole(_))
        ));
        assert_eq!(book.close(), Some(Closed::Rewrite(at(0))));
    }

    #[test]
    fn the_minute_of_a_restart_is_rewritten_from_rows() {
        let mut book = MinuteBook::resumed(Some(at(60)), None);
        book.add(counted(at(70), &known("70")));
        assert_eq!(
            book.add(counted(at(120), &known("71"))),
            Some(Closed::Rewrite(at(60)))
        );
        assert!(matches!(book.close(), Some(Closed::Whole(_))));
    }

    proptest! {
        #[test]
        fn the_order_of_readings_makes_no_difference(
            readings in vec((0i64..60, -5_000i64..5_000, -3i8..=1), 1..40),
            seed in any::<u64>(),
        ) {
            let fold = |order: &[(i64, i64, i8)]| {
                let mut minute = Minute::starting(at(0));
                for (second, mantissa, exponent) in order {
                    minute.add(counted(at(*second), &Value::Known(Decimal::new(*mantissa, *exponent))));
                }
                let finest = minute.exponent;
                (minute.readings, minute.measured, minute.known, minute.extremes().map(|(a, b)| (a.mantissa_at(finest), b.mantissa_at(finest))), minute.sum)
            };
            let mut shuffled = readings.clone();
            let turn = usize::try_from(seed % readings.len() as u64).unwrap();
            shuffled.rotate_left(turn);
            prop_assert_eq!(fold(&readings), fold(&shuffled));
        }
    }
}
