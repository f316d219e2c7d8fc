//! Least and greatest by bucket. Pure.

use std::{collections::BTreeMap, time::Duration};

use fleetward_common::{
    devices::history::Extremes,
    time::{Instant, Span},
    unit::Decimal,
};

/// Buckets of one width over a span. Any order of adding gives the same answer.
#[derive(Debug, Clone)]
pub struct Buckets {
    from: i64,
    width: i64,
    extremes: BTreeMap<i64, (Decimal, Decimal)>,
}

impl Buckets {
    /// At most `most` buckets.
    pub fn over(span: Span, most: usize) -> Self {
        let length = span.until.offset_from(span.from).max(1);
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        Self {
            from: span.from.micros(),
            width: (length.saturating_sub(1) / most).saturating_add(1),
            extremes: BTreeMap::new(),
        }
    }

    /// Buckets that minutes fit into whole.
    pub fn of_minutes(span: Span, most: usize) -> Self {
        const MINUTE: i64 = 60_000_000;
        let from = span.from.minute();
        let fine = Self::over(
            Span {
                from,
                until: span.until,
            },
            most,
        );
        Self {
            width: ((fine.width - 1) / MINUTE + 1).saturating_mul(MINUTE),
            ..fine
        }
    }

    pub fn width(&self) -> Duration {
        Duration::from_micros(self.width.unsigned_abs())
    }

    pub fn add(&mut self, at: Instant, value: Decimal) {
        self.add_extremes(at, value, value);
    }

    /// As if both had been measured in the bucket that `at` lies in.
    pub fn add_extremes(&mut self, at: Instant, least: Decimal, greatest: Decimal) {
        let bucket = (at.micros().saturating_sub(self.from)).div_euclid(self.width);
        self.extremes
            .entry(bucket)
            .and_modify(|(low, high)| {
                if least.compare(*low).is_lt() {
                    *low = least;
                }
                if greatest.compare(*high).is_gt() {
                    *high = greatest;
                }
            })
            .or_insert((least, greatest));
    }

    /// How many samples from `start` on, `step` microseconds apart, lie in the bucket of the first one.
    pub fn reach(&self, start: Instant) -> Instant {
        let bucket = (start.micros().saturating_sub(self.from)).div_euclid(self.width);
        Instant::from_micros(self.from.saturating_add((bucket + 1).saturating_mul(self.width)))
    }

    pub fn finish(self) -> Vec<Extremes> {
        self.extremes
            .into_iter()
            .map(|(bucket, (min, max))| Extremes {
                at: Instant::from_micros(self.from.saturating_add(bucket.saturating_mul(self.width))),
                min,
                max,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: Instant::from_micros(from),
            until: Instant::from_micros(until),
        }
    }

    #[test]
    fn a_spike_of_one_second_stays_visible_in_a_day() {
        let day = span(0, 86_400_000_000);
        let mut buckets = Buckets::over(day, 500);
        for second in 0..86_400 {
            let value = if second == 40_000 { 180 } else { 70 };
            buckets.add(Instant::from_millis(second * 1_000), Decimal::whole(value));
        }
        let extremes = buckets.finish();
        assert!(extremes.len() <= 500);
        assert_eq!(
            extremes
                .iter()
                .filter(|bucket| bucket.max == Decimal::whole(180))
                .count(),
            1
        );
        assert!(extremes.iter().all(|bucket| bucket.min == Decimal::whole(70)));
    }

    #[test]
    fn an_empty_stretch_has_no_buckets() {
        let mut buckets = Buckets::over(span(0, 1_000), 10);
        buckets.add(Instant::from_micros(5), Decimal::whole(1));
        buckets.add(Instant::from_micros(905), Decimal::whole(2));
        let at: Vec<i64> = buckets.finish().iter().map(|bucket| bucket.at.micros()).collect();
        assert_eq!(at, [0, 900]);
    }

    proptest! {
        #[test]
        fn nothing_beyond_the_extremes_was_ever_measured_and_both_were(
            readings in vec((0i64..100_000, -500i64..500), 1..200),
            most in 1usize..60,
        ) {
            let mut buckets = Buckets::over(span(0, 100_000), most);
            for (at, value) in &readings {
                buckets.add(Instant::from_micros(*at), Decimal::whole(*value));
            }
            let width = i64::try_from(buckets.width().as_micros()).unwrap();
            let extremes = buckets.finish();
            prop_assert!(extremes.len() <= most);
            let mut held = 0;
            for bucket in &extremes {
                let from = bucket.at.micros();
                let inside: Vec<i64> = readings
                    .iter()
                    .filter(|(at, _)| (from..from + width).contains(at))
                    .map(|(_, value)| *value)
                    .collect();
                held += inside.len();
                prop_assert_eq!(Some(&bucket.min.mantissa), inside.iter().min());
                prop_assert_eq!(Some(&bucket.max.mantissa), inside.iter().max());
            }
            prop_assert_eq!(held, readings.len());
        }
    }
}
