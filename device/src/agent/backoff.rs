//! How long to wait before the next attempt to reach the server.

use std::time::Duration;

/// Doubles from `least` to `most`. Half of each wait is chance, so that a ward of monitors does not
/// come back in the same millisecond after the server was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub least: Duration,
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            least: Duration::from_millis(250),
            most: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row (the first failure is 1). `chance` is any number.
    pub fn wait(&self, failures: u32, chance: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.least.saturating_mul(1 << doublings).min(self.most);
        let half = full / 2;
        let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(chance.checked_rem(spread.saturating_add(1)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ward_of_monitors_does_not_return_all_at_once() {
        let backoff = Backoff::default();
        let waits: std::collections::BTreeSet<Duration> = (0..24u64)
            .map(|bed| backoff.wait(5, bed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        assert_eq!(waits.len(), 24);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_most_nor_shorter_than_half_its_step(
            failures in 0u32..=u32::MAX, chance: u64, least in 1u64..10_000, most in 1u64..100_000,
        ) {
            let backoff = Backoff { least: Duration::from_millis(least), most: Duration::from_millis(most) };
            let wait = backoff.wait(failures, chance);
            prop_assert!(wait <= backoff.most);
            prop_assert!(wait >= backoff.least.min(backoff.most) / 2);
        }

        #[test]
        fn later_attempts_never_have_a_shorter_least_wait(failures in 1u32..40) {
            let backoff = Backoff::default();
            prop_assert!(backoff.wait(failures + 1, 0) >= backoff.wait(failures, 0));
        }
    }
}
