//! Delays and what is said of them.

use std::{fmt, time::Duration};

/// Every single delay is kept: a run makes at most a few million, and a quantile of them is exact.
#[derive(Debug, Default)]
pub struct Delays(Vec<Duration>);

impl Delays {
    pub fn push(&mut self, delay: Duration) {
        self.0.push(delay);
    }

    pub fn append(&mut self, mut others: Delays) {
        self.0.append(&mut others.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn summary(mut self) -> Option<Summary> {
        self.0.sort_unstable();
        let count = self.0.len();
        // Nearest rank: the smallest delay that at least this share did not exceed.
        let at = |per_mille: usize| {
            let rank = (count * per_mille).div_ceil(1_000);
            self.0.get(rank.saturating_sub(1)).copied()
        };
        Some(Summary {
            count,
            p50: at(500)?,
            p95: at(950)?,
            p99: at(990)?,
            max: at(1_000)?,
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Summary {
    pub count: usize,
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
    pub max: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {}, p99 {}, longest {} of {}",
            millis(self.p50),
            millis(self.p99),
            millis(self.max),
            self.count
        )
    }
}

pub fn millis(delay: Duration) -> String {
    format!("{:.2} ms", delay.as_secs_f64() * 1_000.0)
}

/// The middle one of a few repeated measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_delays_the_ninety_ninth_is_p99() {
        let mut delays = Delays::default();
        (1..=100)
            .rev()
            .for_each(|ms| delays.push(Duration::from_millis(ms)));
        let summary = delays.summary().unwrap();
        assert_eq!(summary.p50, Duration::from_millis(50));
        assert_eq!(summary.p99, Duration::from_millis(99));
        assert_eq!(summary.max, Duration::from_millis(100));
    }

    #[test]
    fn without_delays_nothing_is_said() {
        assert!(Delays::default().summary().is_none());
    }

    #[test]
    fn one_bad_round_of_three_does_not_move_the_median() {
        assert_eq!(median(vec![0.9, 17.0, 1.1]), 1.1);
    }
}
