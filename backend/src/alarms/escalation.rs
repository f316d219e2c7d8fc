//! Who is asked next when nobody comes. Pure; the round that asks it is in `vigil.rs`.

use std::time::Duration;

use fleetward_common::{
    alarms::{Level, Signal, Step},
    time::Instant,
};

use super::bedside::Episode;

/// Screens say that they showed an alarm. When none of a level's does within this long, the level was not
/// reached, and the next one is asked.
pub const RECEIPT_WITHIN: Duration = Duration::from_secs(15);

/// How the present level was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Somebody of this level is on duty for the bed.
    pub on_duty: bool,
    /// A screen of theirs has shown it.
    pub shown: bool,
}

/// The level to ask now, if the one that was asked did not come in time or could not be reached. A pause
/// means that somebody is at the bed, "off" that somebody decided: nobody else is asked meanwhile.
pub fn next_to_ask(
    episode: &Episode,
    signal: Signal,
    ladder: &[Step],
    reached: Reached,
    now: Instant,
) -> Option<Level> {
    if signal != Signal::Sounding {
        return None;
    }
    let step = ladder.iter().find(|step| step.level >= episode.asked.level)?;
    let next = ladder.iter().find(|step| step.level > episode.asked.level)?;
    let patience = step.patience(episode.priority)?;
    let waited = now.since(episode.asked.at);
    let unreached = !reached.on_duty || (!reached.shown && waited >= RECEIPT_WITHIN);
    (unreached || waited >= patience).then_some(next.level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::bedside::Asked;
    use fleetward_common::{
        alarms::{Condition, Presence, Priority, RuleSet},
        id::{AlarmId, DeviceId},
    };

    const SHOWN: Reached = Reached {
        on_duty: true,
        shown: true,
    };

    fn at(second: u64) -> Instant {
        Instant::from_millis(1_764_000_000_000) + Duration::from_secs(second)
    }

    fn asked_at_0(priority: Priority, level: Level) -> Episode {
        Episode {
            id: AlarmId::new(at(0), [1; 10]),
            device: DeviceId::new(at(0), [2; 10]),
            condition: Condition::DeviceGone,
            priority,
            since: at(0),
            raised_at: at(0),
            value: None,
            limit: None,
            presence: Presence::Active,
            acknowledged: None,
            asked: Asked { level, at: at(0) },
        }
    }

    fn next(priority: Priority, level: Level, reached: Reached, second: u64) -> Option<Level> {
        let episode = asked_at_0(priority, level);
        next_to_ask(
            &episode,
            Signal::Sounding,
            &RuleSet::adult().ladder,
            reached,
            at(second),
        )
    }

    #[test]
    fn a_high_alarm_asks_the_charge_nurse_after_a_minute_and_the_physician_after_another() {
        use Level::{ChargeNurse, Nurse, PhysicianOnCall};
        assert_eq!(next(Priority::High, Nurse, SHOWN, 59), None);
        assert_eq!(next(Priority::High, Nurse, SHOWN, 60), Some(ChargeNurse));
        assert_eq!(
            next(Priority::High, ChargeNurse, SHOWN, 60),
            Some(PhysicianOnCall)
        );
        assert_eq!(next(Priority::High, PhysicianOnCall, SHOWN, 6_000), None);
    }

    #[test]
    fn a_medium_alarm_waits_three_minutes_and_a_low_one_asks_nobody_else() {
        assert_eq!(next(Priority::Medium, Level::Nurse, SHOWN, 179), None);
        assert_eq!(
            next(Priority::Medium, Level::Nurse, SHOWN, 180),
            Some(Level::ChargeNurse)
        );
        assert_eq!(next(Priority::Low, Level::Nurse, SHOWN, 36_000), None);
    }

    #[test]
    fn a_bed_without_a_nurse_on_duty_asks_the_next_at_once() {
        let nobody = Reached {
            on_duty: false,
            shown: false,
        };
        assert_eq!(
            next(Priority::Medium, Level::Nurse, nobody, 0),
            Some(Level::ChargeNurse)
        );
    }

    #[test]
    fn a_screen_that_never_said_it_showed_the_alarm_counts_as_nobody() {
        let unseen = Reached {
            on_duty: true,
            shown: false,
        };
        assert_eq!(next(Priority::High, Level::Nurse, unseen, 14), None);
        assert_eq!(
            next(Priority::High, Level::Nurse, unseen, 15),
            Some(Level::ChargeNurse)
        );
    }

    #[test]
    fn nobody_else_is_asked_once_somebody_acted() {
        let episode = asked_at_0(Priority::High, Level::Nurse);
        let ladder = RuleSet::adult().ladder;
        let until = at(120);
        for signal in [
            Signal::Acknowledged,
            Signal::Paused { until },
            Signal::Off { until },
        ] {
            assert_eq!(next_to_ask(&episode, signal, &ladder, SHOWN, at(600)), None);
        }
    }
}
