//! From the device's clock to the server's. Both times are kept; this is the mapping between them.

use fleetward_common::{devices::link::ClockState, time::Instant};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a synchronised clock may be off at `Hello` before we correct it: the message took its time.
const IN_STEP: u64 = 2_000_000;
/// An offset is kept from one `Hello` to the next unless it moved by more. Otherwise every
/// reconnect would shift a wave by the jitter of one message.
const STEADY: u64 = 500_000;
/// A clock that is further off is wrong: its readings are kept and marked, and never the latest.
const WRONG: u64 = 600_000_000;
/// A trusted clock doesn't measure later than this after now.
const AHEAD: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceClock {
    /// Device minus server in microseconds, as measured at the last `Hello`.
    pub measured: i64,
    /// The part of it that is taken off the device's times.
    pub applied: i64,
    pub trusted: bool,
}

impl DeviceClock {
    pub fn measured_at_hello(
        device_time: Instant,
        state: ClockState,
        before: Option<DeviceClock>,
        now: Instant,
    ) -> Self {
        let measured = device_time.offset_from(now);
        let off_by = measured.unsigned_abs();
        let steady = before.filter(|before| before.applied.abs_diff(measured) <= STEADY);
        let applied = match (state, steady) {
            (ClockState::Synchronised, _) if off_by <= IN_STEP => 0,
            (_, Some(before)) => before.applied,
            (_, None) => measured,
        };
        Self {
            measured,
            applied,
            trusted: state != ClockState::Lost && off_by <= WRONG,
        }
    }

    /// Whether a time on the device's clock can be believed at `now`.
    pub fn believes(&self, device_time: Instant, now: Instant) -> bool {
        self.trusted && device_time.shifted(self.applied.saturating_neg()) <= now + AHEAD
    }

    pub const fn offset_ms(&self) -> i64 {
        self.measured / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_764_000_000_000);

    fn hello(off_by_ms: i64, state: ClockState, before: Option<DeviceClock>) -> DeviceClock {
        DeviceClock::measured_at_hello(NOW.shifted(off_by_ms * 1_000), state, before, NOW)
    }

    #[test]
    fn a_synchronised_clock_is_taken_as_it_is() {
        let clock = hello(-180, ClockState::Synchronised, None);
        assert_eq!((clock.applied, clock.trusted, clock.offset_ms()), (0, true, -180));
    }

    #[test]
    fn a_free_running_clock_is_corrected_by_what_was_measured() {
        let clock = hello(90_000, ClockState::FreeRunning, None);
        assert_eq!((clock.applied, clock.trusted), (90_000_000, true));
    }

    #[test]
    fn a_reconnect_does_not_shift_a_wave_by_the_jitter_of_one_message() {
        let first = hello(90_000, ClockState::FreeRunning, None);
        let second = hello(90_240, ClockState::FreeRunning, Some(first));
        assert_eq!(second.applied, first.applied);
        let drifted = hello(91_000, ClockState::FreeRunning, Some(first));
        assert_eq!(drifted.applied, 91_000_000);
    }

    #[test]
    fn a_clock_that_is_years_off_is_mapped_and_not_trusted() {
        let years = 20 * 365 * 86_400_000;
        let clock = hello(-years, ClockState::FreeRunning, None);
        assert_eq!((clock.applied, clock.trusted), (-years * 1_000, false));
    }

    #[test]
    fn a_clock_whose_battery_died_is_never_trusted() {
        assert!(!hello(0, ClockState::Lost, None).trusted);
    }

    #[test]
    fn a_reading_from_the_future_is_not_believed() {
        let clock = hello(0, ClockState::Synchronised, None);
        assert!(clock.believes(NOW, NOW));
        assert!(!clock.believes(NOW + Duration::from_secs(6), NOW));
    }
}
