//! What time it is, and chance: the two things nothing else in this crate may ask the machine for.

use fleetward_common::time::Instant;
use std::time::{SystemTime, UNIX_EPOCH};

/// A device's own clock. It need not be right.
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Instant {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::EPOCH + since_1970
    }
}

/// A clock that is wrong by a fixed span.
#[derive(Debug, Clone, Copy)]
pub struct ShiftedClock {
    pub by_micros: i64,
}

impl Clock for ShiftedClock {
    fn now(&self) -> Instant {
        SystemClock.now().shifted(self.by_micros)
    }
}

/// Chance for jitter. Without a source of it the jitter is zero, which is no reason to stop a device.
pub fn roll() -> u64 {
    getrandom::u64().unwrap_or(0)
}
