//! How old a value may be before it must not look current. One rule for the server's watchdog and
//! for every value on every page.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From the interval a channel declares: grey at 2.5 intervals (at least 5 s), void at 5 (at least
/// 15 s). Above 30 s the value is a *spot* value: its age is always shown and it is void after 2 intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FreshnessBudget {
    pub interval_ms: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Freshness {
    /// Show it.
    Fresh,
    /// Show it grey, with its age.
    Stale,
    /// Show `---`, with the last value and its time beneath.
    Void,
}

impl FreshnessBudget {
    pub const fn every(interval: Duration) -> Self {
        let millis = interval.as_millis();
        Self {
            interval_ms: if millis > u32::MAX as u128 {
                u32::MAX
            } else {
                millis as u32
            },
        }
    }

    pub const fn is_spot(&self) -> bool {
        self.interval_ms > 30_000
    }

    pub fn stale_after(&self) -> Duration {
        let interval = Duration::from_millis(u64::from(self.interval_ms));
        if self.is_spot() {
            interval * 2
        } else {
            (interval * 5 / 2).max(Duration::from_secs(5))
        }
    }

    pub fn void_after(&self) -> Duration {
        let interval = Duration::from_millis(u64::from(self.interval_ms));
        if self.is_spot() {
            interval * 2
        } else {
            (interval * 5).max(Duration::from_secs(15))
        }
    }

    pub fn of_age(&self, age: Duration) -> Freshness {
        if age >= self.void_after() {
            Freshness::Void
        } else if age >= self.stale_after() {
            Freshness::Stale
        } else {
            Freshness::Fresh
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_second_heart_rate_greys_at_5_and_is_void_at_15_seconds() {
        let budget = FreshnessBudget::every(Duration::from_secs(1));
        assert_eq!(budget.of_age(Duration::from_millis(4_999)), Freshness::Fresh);
        assert_eq!(budget.of_age(Duration::from_secs(5)), Freshness::Stale);
        assert_eq!(budget.of_age(Duration::from_secs(15)), Freshness::Void);
    }

    #[test]
    fn a_ten_second_channel_greys_at_25_seconds() {
        let budget = FreshnessBudget::every(Duration::from_secs(10));
        assert_eq!(budget.of_age(Duration::from_secs(24)), Freshness::Fresh);
        assert_eq!(budget.of_age(Duration::from_secs(25)), Freshness::Stale);
        assert_eq!(budget.of_age(Duration::from_secs(50)), Freshness::Void);
    }

    #[test]
    fn a_five_minute_cuff_is_a_spot_value_void_after_ten_minutes() {
        let budget = FreshnessBudget::every(Duration::from_secs(300));
        assert!(budget.is_spot());
        assert_eq!(budget.of_age(Duration::from_secs(599)), Freshness::Fresh);
        assert_eq!(budget.of_age(Duration::from_secs(600)), Freshness::Void);
    }
}
