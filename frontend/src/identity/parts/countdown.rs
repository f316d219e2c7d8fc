//! How long a session has left, and what is to be said of it. Pure.

use fleetward_common::{access::Portal, identity::SessionView, time::Instant};
use std::time::Duration;

/// So long before the end it is said.
pub const WARN_BEFORE: Duration = Duration::from_secs(120);

/// What comes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coming {
    /// Nothing soon.
    Nothing,
    /// Untouched for so long: a press makes it longer.
    Idle { at: Instant },
    /// Its whole life is over: only a new sign-in helps.
    EndOfLife { at: Instant },
}

/// On a ward nobody is warned of a board that stays up, nor of acting that ends: both are in its header.
pub fn coming(session: &SessionView, now: Instant) -> Coming {
    if session.station.is_some() {
        return Coming::Nothing;
    }
    let soon = now + WARN_BEFORE;
    if session.expires_at <= soon {
        return Coming::EndOfLife {
            at: session.expires_at,
        };
    }
    if session.idle_until <= soon && session.portal != Portal::Ward {
        return Coming::Idle {
            at: session.idle_until,
        };
    }
    Coming::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        access::Role,
        id::{OrganisationId, PersonId},
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(seconds: u64) -> Instant {
        Instant::EPOCH + Duration::from_secs(seconds)
    }

    fn session(role: Role, idle_until: u64, expires_at: u64) -> SessionView {
        SessionView {
            person: PersonId::from_bytes([1; 16]),
            name: "Ben Fischer".to_owned(),
            role,
            organisation: OrganisationId::from_bytes([2; 16]),
            organisation_name: "Northwind Medical".to_owned(),
            portal: role.portal(),
            units: Vec::new(),
            expires_at: at(expires_at),
            idle_until: at(idle_until),
            station: None,
            server_time: at(0),
        }
    }

    #[test]
    fn ben_is_warned_two_minutes_before_and_not_earlier() {
        let ben = session(Role::SupportAgent, 3_600, 40_000);
        assert_eq!(coming(&ben, at(3_479)), Coming::Nothing);
        assert_eq!(coming(&ben, at(3_480)), Coming::Idle { at: at(3_600) });
    }

    #[test]
    fn the_end_of_a_shift_is_another_matter_than_an_untouched_page() {
        let ben = session(Role::SupportAgent, 40_000, 40_000);
        assert_eq!(coming(&ben, at(39_900)), Coming::EndOfLife { at: at(40_000) });
    }

    #[test]
    fn a_board_that_stays_up_warns_of_nothing() {
        let louise = session(Role::ChargeNurse, 900, 40_000);
        assert_eq!(coming(&louise, at(899)), Coming::Nothing);
        assert!(louise.only_the_board(at(900)) && !louise.only_the_board(at(899)));
    }
}
