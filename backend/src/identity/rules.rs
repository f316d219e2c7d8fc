//! How long a session lives. Pure.
//!
//! | who | whole life | untouched |
//! |---|---|---|
//! | ward staff | 12 h | 15 min, then only the board, until someone proves who they are |
//! | other staff | 12 h, 8 h with the keys of the house | 1 h |
//! | patient, family | 30 days | the same: it is their own phone |
//! | acting on a ward screen | 30 min | 2 min |
//! | a ward screen | a year | the same: it sees one board and does nothing |
//!
//! NIST SP 800-63B-4 asks at AAL2 for at most 24 h and, for staff, about 1 h untouched. A ward's board
//! stays up all the same: nobody may lose sight of an alarm because they have been at a bed.

use std::time::Duration;

use fleetward_common::{
    access::{Portal, Role},
    time::Instant,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What a session is besides someone's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// In a browser of one's own.
    Person,
    /// A ward screen's.
    Kiosk,
    /// A person's on a ward screen, for the moment.
    Acting,
}

impl SessionKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            SessionKind::Person => "person",
            SessionKind::Kiosk => "kiosk",
            SessionKind::Acting => "acting",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "person" => Some(SessionKind::Person),
            "kiosk" => Some(SessionKind::Kiosk),
            "acting" => Some(SessionKind::Acting),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub lifetime: Duration,
    /// From the last touch on.
    pub idle: Duration,
    pub untouched: Untouched,
}

/// What is left of a session that nobody touched for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untouched {
    Ends,
    OnlyTheBoard,
}

/// How a session stands at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    Present,
    /// Nobody has touched it for so long that it may be somebody else's hand by now.
    Away,
    Over,
}

impl Rules {
    pub const fn of(kind: SessionKind, role: Role) -> Self {
        let (lifetime, idle, untouched) = match (kind, role.portal(), role) {
            (SessionKind::Kiosk, ..) => (365 * DAY, 365 * DAY, Untouched::Ends),
            (SessionKind::Acting, ..) => (30 * MINUTE, 2 * MINUTE, Untouched::Ends),
            (_, Portal::Ward, _) => (12 * HOUR, 15 * MINUTE, Untouched::OnlyTheBoard),
            (_, Portal::Patient, _) => (30 * DAY, 30 * DAY, Untouched::Ends),
            (
                ..,
                Role::PlatformOperator
                | Role::PrivacyOfficer
                | Role::HospitalAdministrator
                | Role::ProviderAdministrator
                | Role::ManufacturerAdministrator,
            ) => (8 * HOUR, HOUR, Untouched::Ends),
            (_, Portal::Staff, _) => (12 * HOUR, HOUR, Untouched::Ends),
        };
        Self {
            lifetime: Duration::from_secs(lifetime),
            idle: Duration::from_secs(idle),
            untouched,
        }
    }

    /// Never beyond the end of its life.
    pub fn idle_until(&self, last_touched: Instant, expires_at: Instant) -> Instant {
        (last_touched + self.idle).min(expires_at)
    }

    pub fn attention(&self, last_touched: Instant, expires_at: Instant, now: Instant) -> Attention {
        if expires_at <= now {
            return Attention::Over;
        }
        match (self.idle_until(last_touched, expires_at) <= now, self.untouched) {
            (false, _) => Attention::Present,
            (true, Untouched::OnlyTheBoard) => Attention::Away,
            (true, Untouched::Ends) => Attention::Over,
        }
    }

    /// A touch is written down this often: near enough to the idle time, and no write per request.
    pub fn worth_noting(&self) -> Duration {
        (self.idle / 12).min(Duration::from_secs(5 * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Instant {
        Instant::EPOCH + Duration::from_secs(minutes * MINUTE)
    }

    #[test]
    fn nobody_of_the_staff_stays_signed_in_for_a_day_or_untouched_for_more_than_an_hour() {
        for role in Role::ALL.iter().filter(|role| role.portal() != Portal::Patient) {
            let rules = Rules::of(SessionKind::Person, *role);
            assert!(rules.lifetime <= Duration::from_secs(DAY), "{role}");
            assert!(rules.idle <= Duration::from_secs(HOUR), "{role}");
        }
    }

    #[test]
    fn rashidas_board_outlives_her_absence_and_bens_page_does_not() {
        let rashida = Rules::of(SessionKind::Person, Role::Nurse);
        let ends = at(12 * 60);
        assert_eq!(rashida.attention(at(0), ends, at(14)), Attention::Present);
        assert_eq!(rashida.attention(at(0), ends, at(15)), Attention::Away);
        assert_eq!(rashida.attention(at(0), ends, ends), Attention::Over);
        let ben = Rules::of(SessionKind::Person, Role::SupportAgent);
        assert_eq!(ben.attention(at(0), ends, at(59)), Attention::Present);
        assert_eq!(ben.attention(at(0), ends, at(60)), Attention::Over);
    }

    #[test]
    fn acting_on_a_ward_screen_ends_two_minutes_after_the_last_touch() {
        let acting = Rules::of(SessionKind::Acting, Role::Physician);
        assert_eq!(acting.attention(at(0), at(30), at(1)), Attention::Present);
        assert_eq!(acting.attention(at(0), at(30), at(2)), Attention::Over);
        assert_eq!(acting.attention(at(29), at(30), at(30)), Attention::Over);
    }

    #[test]
    fn a_touch_is_noted_well_within_the_idle_time() {
        for kind in [SessionKind::Person, SessionKind::Kiosk, SessionKind::Acting] {
            for role in Role::ALL {
                let rules = Rules::of(kind, *role);
                assert!(rules.worth_noting() * 10 <= rules.idle);
            }
        }
    }

    #[test]
    fn every_kind_is_read_back_as_itself() {
        for kind in [SessionKind::Person, SessionKind::Kiosk, SessionKind::Acting] {
            assert_eq!(SessionKind::parse(kind.as_str()), Some(kind));
        }
    }
}
