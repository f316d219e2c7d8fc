//! How each priority sounds (IEC 60601-1-8: three pulses for Medium, ten for High, one for Low) and when it
//! sounds again. Pure; `ward/sound.rs` plays it.

use fleetward_common::{alarms::Priority, alarms::Signal, time::Instant};
use std::time::Duration;

use super::alarms::Shown;

/// Seconds from the start of a burst to the start of each pulse.
pub const fn pulses(priority: Priority) -> &'static [f64] {
    match priority {
        Priority::High => &[0.0, 0.25, 0.5, 1.0, 1.25, 2.0, 2.25, 2.5, 3.0, 3.25],
        Priority::Medium => &[0.0, 0.4, 0.8],
        Priority::Low => &[0.0],
    }
}

pub const fn pulse_seconds(priority: Priority) -> f64 {
    match priority {
        Priority::High => 0.15,
        Priority::Medium | Priority::Low => 0.2,
    }
}

/// From the start of one burst to the next.
const fn repeats_after(priority: Priority) -> Duration {
    match priority {
        Priority::High => Duration::from_secs(7),
        Priority::Medium => Duration::from_secs(15),
        Priority::Low => Duration::from_secs(30),
    }
}

/// The last burst that was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rhythm {
    last: Option<(Priority, Instant)>,
}

impl Rhythm {
    /// What is to sound now, if anything: the highest that nobody owns, paused or switched off; at once when
    /// it is higher than what sounded last, else when its time has come.
    pub fn next(&mut self, alarms: &[Shown], now: Instant) -> Option<Priority> {
        let sounding = alarms.iter().filter(|alarm| alarm.signal == Signal::Sounding);
        let Some(highest) = sounding.map(|alarm| alarm.priority).max() else {
            self.last = None;
            return None;
        };
        let due = match self.last {
            None => true,
            // A clock that was set back must not keep it silent.
            Some((last, at)) => highest > last || now < at || now.since(at) >= repeats_after(highest),
        };
        due.then(|| {
            self.last = Some((highest, now));
            highest
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        alarms::Level,
        id::{AlarmId, BedId},
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOON: Instant = Instant::from_millis(1_796_119_200_000);

    fn alarm(priority: Priority, signal: Signal) -> Shown {
        Shown {
            id: AlarmId::from_bytes([1; 16]),
            bed: BedId::from_bytes([1; 16]),
            priority,
            technical: false,
            what: String::new(),
            limit: None,
            short_limit: None,
            metric: None,
            since: NOON,
            owner: None,
            owner_initials: None,
            latched: false,
            asked: Level::Nurse,
            signal,
        }
    }

    fn after(seconds: u64) -> Instant {
        NOON + Duration::from_secs(seconds)
    }

    #[test]
    fn high_has_ten_pulses_medium_three_and_low_one_and_none_overlap() {
        let counts = [Priority::High, Priority::Medium, Priority::Low].map(|priority| pulses(priority).len());
        assert_eq!(counts, [10, 3, 1]);
        for priority in Priority::ALL {
            let apart = pulses(priority).windows(2).map(|pair| pair[1] - pair[0]);
            assert!(
                apart.into_iter().all(|gap| gap > pulse_seconds(priority)),
                "{priority:?}"
            );
        }
    }

    #[test]
    fn a_medium_alarm_sounds_at_once_and_every_fifteen_seconds() {
        let mut rhythm = Rhythm::default();
        let medium = [alarm(Priority::Medium, Signal::Sounding)];
        let heard: Vec<u64> = (0..40)
            .filter(|second| rhythm.next(&medium, after(*second)).is_some())
            .collect();
        assert_eq!(heard, [0, 15, 30]);
    }

    #[test]
    fn a_higher_one_does_not_wait_for_the_lower_ones_rhythm() {
        let mut rhythm = Rhythm::default();
        let medium = alarm(Priority::Medium, Signal::Sounding);
        let high = alarm(Priority::High, Signal::Sounding);
        assert_eq!(rhythm.next(&[medium.clone()], NOON), Some(Priority::Medium));
        assert_eq!(rhythm.next(&[high, medium], after(1)), Some(Priority::High));
    }

    #[test]
    fn what_is_owned_paused_or_off_is_silent_and_sounds_at_once_when_it_sounds_again() {
        let mut rhythm = Rhythm::default();
        let until = after(120);
        for signal in [
            Signal::Acknowledged,
            Signal::Paused { until },
            Signal::Off { until },
        ] {
            assert_eq!(rhythm.next(&[alarm(Priority::High, signal)], NOON), None);
        }
        assert_eq!(
            rhythm.next(&[alarm(Priority::High, Signal::Sounding)], NOON),
            Some(Priority::High)
        );
        assert_eq!(
            rhythm.next(&[alarm(Priority::High, Signal::Acknowledged)], after(1)),
            None
        );
        assert_eq!(
            rhythm.next(&[alarm(Priority::High, Signal::Sounding)], after(2)),
            Some(Priority::High)
        );
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nothing_silent() {
        let mut rhythm = Rhythm::default();
        let high = [alarm(Priority::High, Signal::Sounding)];
        rhythm.next(&high, after(100));
        assert_eq!(rhythm.next(&high, NOON), Some(Priority::High));
    }
}
