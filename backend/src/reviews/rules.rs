//! Which looks at patients' data stand out. Pure and versioned: a review says which rules found it.
//!
//! No rule says that somebody did wrong. Each names something that care usually explains, and the desk
//! looks for that explanation.

use fleetward_common::{review::Signal, time::Span};
use std::time::Duration;

/// Raised by one whenever a rule changes its answer for the same facts.
pub const VERSION: i64 = 1;

/// Before and after working time, for handover.
pub const SHIFT_SLACK: Duration = Duration::from_secs(3_600);
/// At most so many patients in a day never stand out, however quiet the days before were.
pub const USUAL_PATIENTS: u32 = 20;
pub const MEDIAN_DAYS: i64 = 30;

/// What is known about one person's looks at one patient on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// In the patient's care team, or of the unit where the patient lay.
    pub care_relation: bool,
    /// The person is the patient, and looked as staff.
    pub own_record: bool,
    pub same_surname: bool,
    /// From the first look to the last.
    pub span: Option<Span>,
    /// When the person worked; `None` when no rota and no interval says so.
    pub working: Option<Vec<Span>>,
}

/// What stands out about a look at one patient.
pub fn of_one_patient(look: &Look) -> Vec<Signal> {
    let mut signals = Vec::new();
    if !look.care_relation {
        signals.push(Signal::NoCareRelation);
    }
    if look.own_record {
        signals.push(Signal::OwnRecord);
    }
    if look.same_surname && !look.own_record {
        signals.push(Signal::SameSurname);
    }
    if let (Some(span), Some(working)) = (look.span, &look.working)
        && !working.iter().any(|shift| covers(*shift, span))
    {
        signals.push(Signal::OutsideShift);
    }
    signals
}

fn covers(shift: Span, look: Span) -> bool {
    let widened = Span {
        from: shift.from - SHIFT_SLACK,
        until: shift.until + SHIFT_SLACK,
    };
    widened.from <= look.from && look.until <= widened.until
}

/// Whether so many patients in a day are far more than this person usually opens: above three times the
/// median of the days before on which they opened any, and above twenty.
pub fn are_many(today: u32, days_before: &[u32]) -> bool {
    today > USUAL_PATIENTS && u64::from(today) > 3 * u64::from(median(days_before))
}

/// The lower of the two in the middle; of no days, none.
pub fn median(days: &[u32]) -> u32 {
    let mut worked: Vec<u32> = days.iter().copied().filter(|count| *count > 0).collect();
    worked.sort_unstable();
    let middle = worked.len().saturating_sub(1) / 2;
    worked.get(middle).copied().unwrap_or(0)
}

/// Whether these two names are the same family's, whatever their case and accents' spelling.
pub fn same_surname(person: &str, family_name: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|letter| letter.is_alphabetic())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let family = plain(family_name);
    // A name of two words ends in them; most end in one.
    let words: Vec<&str> = person.split_whitespace().skip(1).collect();
    !family.is_empty()
        && (0..words.len()).any(|at| plain(&words.get(at..).unwrap_or_default().concat()) == family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    fn hours(from: i64, until: i64) -> Span {
        let at = |hour: i64| Instant::from_millis(hour * 3_600_000);
        Span {
            from: at(from),
            until: at(until),
        }
    }

    fn at_work() -> Look {
        Look {
            care_relation: true,
            span: Some(hours(10, 11)),
            working: Some(vec![hours(8, 16)]),
            ..Look::default()
        }
    }

    #[test]
    fn a_nurse_looking_at_her_own_bed_at_work_stands_out_in_nothing() {
        assert_eq!(of_one_patient(&at_work()), []);
    }

    #[test]
    fn each_rule_has_a_look_that_only_it_finds() {
        for (look, signal) in [
            (
                Look {
                    care_relation: false,
                    ..at_work()
                },
                Signal::NoCareRelation,
            ),
            (
                Look {
                    own_record: true,
                    same_surname: true,
                    ..at_work()
                },
                Signal::OwnRecord,
            ),
            (
                Look {
                    same_surname: true,
                    ..at_work()
                },
                Signal::SameSurname,
            ),
            (
                Look {
                    span: Some(hours(18, 19)),
                    ..at_work()
                },
                Signal::OutsideShift,
            ),
        ] {
            assert_eq!(of_one_patient(&look), [signal]);
        }
    }

    #[test]
    fn an_hour_before_and_after_work_is_handover_and_an_unknown_rota_accuses_nobody() {
        let handover = Look {
            span: Some(hours(16, 17)),
            ..at_work()
        };
        assert_eq!(of_one_patient(&handover), []);
        let unknown = Look {
            span: Some(hours(2, 3)),
            working: None,
            ..at_work()
        };
        assert_eq!(of_one_patient(&unknown), []);
    }

    #[test]
    fn many_patients_are_more_than_twenty_and_more_than_three_times_the_usual() {
        assert!(are_many(25, &[4, 5, 6]));
        assert!(!are_many(20, &[1]));
        assert!(!are_many(60, &[20, 21, 22]));
        assert!(are_many(67, &[20, 22, 0, 24]));
        assert!(are_many(21, &[]));
    }

    #[test]
    fn days_off_do_not_count_into_the_median() {
        assert_eq!(median(&[0, 0, 0, 24, 22, 26]), 24);
        assert_eq!(median(&[10, 20]), 10);
        assert_eq!(median(&[]), 0);
    }

    #[test]
    fn a_surname_is_compared_without_case_and_marks() {
        assert!(same_surname("Rashida Amadi", "AMADI"));
        assert!(same_surname("Willem van der Meer", "VAN DER MEER"));
        assert!(same_surname("Una O’Leary", "O'LEARY"));
        assert!(!same_surname("Amadi Rashid", "AMADI"));
        assert!(!same_surname("Helen Frost", ""));
    }
}
