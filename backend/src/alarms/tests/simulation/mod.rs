//! A hundred thousand random lives of one bed, each held against what must always be true.
//!
//! A life is a few dozen random steps: values, probes off, plugs pulled, nurses, restarts, late and doubled
//! data, clocks that jump. The judge keeps a record of its own and knows nothing of how the code does it.
//! With the feature `mutations`, each planted bug has to be found.

mod life;

use life::Life;

const LIVES: u64 = 100_000;

/// The first life that breaks a rule, and which.
fn first_broken(lives: std::ops::Range<u64>) -> Option<(u64, String)> {
    lives
        .into_iter()
        .find_map(|seed| Life::new(seed).live().err().map(|why| (seed, why)))
}

#[test]
fn a_hundred_thousand_lives_of_a_bed_break_no_rule() {
    assert_eq!(first_broken(0..LIVES), None);
}

#[cfg(feature = "mutations")]
mod planted {
    use super::first_broken;
    use crate::alarms::mutation::{Mutation, with};

    /// What the judge says of the first life that meets the bug.
    fn found(mutation: Mutation) -> String {
        let broken = with(mutation, || first_broken(0..20_000));
        broken.map(|(_, why)| why).unwrap_or_default()
    }

    #[test]
    fn a_second_alarm_of_one_cause_is_found() {
        assert_eq!(
            found(Mutation::SecondAlarmOfOneCause),
            "two open alarms of one cause"
        );
    }

    #[test]
    fn a_high_alarm_that_ends_unseen_is_found() {
        assert_eq!(found(Mutation::HighEndsUnseen), "a High alarm ended unseen");
    }

    #[test]
    fn an_owner_who_is_replaced_is_found() {
        assert_eq!(
            found(Mutation::LastAcknowledgementOwns),
            "an alarm changed its owner"
        );
    }

    #[test]
    fn a_pause_that_hushes_later_alarms_is_found() {
        assert_eq!(
            found(Mutation::PauseHushesLater),
            "hushed by a pause that is not for it"
        );
    }

    #[test]
    fn an_off_and_a_pause_that_never_end_are_found() {
        assert_eq!(found(Mutation::NothingEndsByItself), "off without anybody's word");
    }

    #[test]
    fn a_clock_that_prolongs_a_pause_is_found() {
        assert_eq!(
            found(Mutation::ClockProlongsPause),
            "hushed by a pause that is not for it"
        );
    }

    #[test]
    fn an_off_without_end_is_found() {
        assert_eq!(found(Mutation::OffWithoutEnd), "an off without a sensible end");
    }

    #[test]
    fn an_alarm_that_silence_ends_is_found() {
        assert_eq!(
            found(Mutation::SilenceEnds),
            "a limit alarm ended without a value"
        );
    }

    #[test]
    fn late_data_that_alarms_is_found() {
        assert_eq!(found(Mutation::LateDataAlarms), "late data alarmed");
    }

    #[test]
    fn a_restart_that_forgets_is_found() {
        assert_eq!(found(Mutation::RestartForgets), "an alarm that nothing ends");
    }

    #[test]
    fn alarms_that_outstay_their_patient_are_found() {
        assert_eq!(
            found(Mutation::AlarmsOutstayThePatient),
            "an alarm outstayed its patient"
        );
    }

    #[test]
    fn an_owned_alarm_that_goes_on_asking_is_found() {
        assert_eq!(
            found(Mutation::AcknowledgedStillAsks),
            "an owned alarm asked somebody else"
        );
    }
}
