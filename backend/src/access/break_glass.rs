//! Emergency access: what it lasts, how often it is extended, how quickly patients can be looked up
//! for it. Pure; rows are in `store/grants.rs`, and what is asked and answered in `care/emergency`.
//!
//! Tomas, a physician of Ward 4B, is called to Ward 5A. No relation leads him to the patient in bed 2,
//! so every page of theirs is a 404. He finds them by ward and bed, compares name and birth date, says
//! why, proves who he is, and has fifteen minutes: the relation `break_glass` holds between his session
//! and this one patient, and his purpose towards them is the reason's. Towards everyone else he is who
//! he was. When the time is over, his open streams end like those of someone who was transferred away.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fleetward_common::{
    access::Purpose,
    id::{EmergencyGrantId, PatientId, PersonId},
    time::{Instant, Span},
};

pub const OPEN_FOR: Duration = Duration::from_secs(15 * 60);
/// What was measured before this is not part of an emergency.
pub const LOOKS_BACK: Duration = Duration::from_secs(72 * 3_600);

/// What one session has open, as every request loads it. One patient at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Emergency {
    pub grant: EmergencyGrantId,
    pub patient: PatientId,
    pub purpose: Purpose,
    pub closes_at: Instant,
}

/// The part of all time that an emergency opens.
pub fn history_at(now: Instant) -> Span {
    Span {
        from: now - LOOKS_BACK,
        until: Instant::from_micros(i64::MAX),
    }
}

/// When an extension made now ends; `None` if there was one already, or if it is over.
pub fn extended(closes_at: Instant, extended_before: bool, now: Instant) -> Option<Instant> {
    (!extended_before && now < closes_at).then(|| closes_at + OPEN_FOR)
}

/// Why an emergency access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndedBy {
    Person,
    Expiry,
    SignOut,
    Suspension,
}

impl EndedBy {
    pub const fn as_str(self) -> &'static str {
        match self {
            EndedBy::Person => "person",
            EndedBy::Expiry => "expiry",
            EndedBy::SignOut => "sign_out",
            EndedBy::Suspension => "suspension",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [
            EndedBy::Person,
            EndedBy::Expiry,
            EndedBy::SignOut,
            EndedBy::Suspension,
        ]
        .into_iter()
        .find(|cause| cause.as_str() == word)
    }
}

/// So many look-ups at once; an emergency needs one, or two after a slip of the finger.
const AT_ONCE: u32 = 10;
/// Then one in this time: nobody waits longer for the next, and nobody reads a hospital this way.
const EVERY: Duration = Duration::from_secs(10);
const MOST_REMEMBERED: usize = 50_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    filled_at: Instant,
}

impl Bucket {
    fn filled(self, now: Instant) -> Self {
        let more = now.since(self.filled_at).as_micros() / EVERY.as_micros();
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let left = self.left.saturating_add(more).min(AT_ONCE);
        let filled_at = if left == AT_ONCE {
            now
        } else {
            self.filled_at + EVERY * more
        };
        Self { left, filled_at }
    }
}

/// How many look-ups each person has left. Found and not found count the same.
#[derive(Debug, Default)]
pub struct LookUps {
    people: Mutex<HashMap<PersonId, Bucket>>,
}

impl LookUps {
    /// Takes one, or says how long the person has to wait.
    pub fn take(&self, person: PersonId, now: Instant) -> Result<(), Duration> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST_REMEMBERED {
            people.retain(|_, bucket| bucket.filled(now).left < AT_ONCE);
        }
        let full = Bucket {
            left: AT_ONCE,
            filled_at: now,
        };
        let mut bucket = people.get(&person).map_or(full, |bucket| bucket.filled(now));
        let taken = match bucket.left.checked_sub(1) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => Err((bucket.filled_at + EVERY).since(now)),
        };
        people.insert(person, bucket);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn person(n: u8) -> PersonId {
        PersonId::new(Instant::EPOCH, [n; 10])
    }

    #[test]
    fn a_quarter_of_an_hour_is_extended_once_and_only_while_it_lasts() {
        let closes_at = at(0) + OPEN_FOR;
        assert_eq!(extended(closes_at, false, at(600)), Some(at(1_800)));
        assert_eq!(extended(closes_at, true, at(600)), None);
        assert_eq!(extended(closes_at, false, at(900)), None);
    }

    #[test]
    fn ten_look_ups_are_free_and_the_eleventh_waits_ten_seconds_at_most() {
        let look_ups = LookUps::default();
        for _ in 0..10 {
            assert_eq!(look_ups.take(person(1), at(0)), Ok(()));
        }
        let wait = look_ups.take(person(1), at(1)).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= EVERY, "{wait:?}");
        assert_eq!(look_ups.take(person(2), at(1)), Ok(()));
        assert_eq!(look_ups.take(person(1), at(11)), Ok(()));
        assert!(look_ups.take(person(1), at(12)).is_err());
    }

    #[test]
    fn a_day_later_everything_is_as_at_first() {
        let look_ups = LookUps::default();
        for _ in 0..30 {
            let _ = look_ups.take(person(1), at(0));
        }
        for _ in 0..10 {
            assert_eq!(look_ups.take(person(1), at(86_400)), Ok(()));
        }
        assert!(look_ups.take(person(1), at(86_400)).is_err());
    }
}
