//! Repeated failures wait, longer each time, at most five minutes. Nobody is ever locked out. Pure.
//!
//! Three things are counted: the account at this place, the place, and the account wherever it is tried.
//! Where an account has signed in before, and on a ward's screen, only the first counts: whoever guesses
//! from elsewhere, or guesses other names from next door, does not slow down the ward's own workstation.
//! A passkey never comes here.

use std::{net::IpAddr, time::Duration};

use fleetward_common::{id::StationId, time::Instant};

use crate::platform::secrets::Key;

const LONGEST: Duration = Duration::from_secs(300);
/// Failures older than this are forgotten.
pub const MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// A place where the account signed in within this time is known.
pub const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Where a password is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Address(IpAddr),
    /// The screen proves itself with its own session, so its address says nothing more.
    Station(StationId),
}

/// What one try is counted under: keyed hashes, because people type passwords into the name's field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub pair: Counted,
    pub place: Counted,
    pub account: Counted,
    /// A ward's screen is known from the start.
    pub at_station: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub key: Vec<u8>,
    /// So many failures are free: people mistype.
    pub free: i64,
}

impl Attempt {
    pub fn new(secret: &Key, account: &str, place: Place) -> Self {
        let at = match place {
            Place::Address(address) => format!("address {address}"),
            Place::Station(station) => format!("station {station}"),
        };
        let counted = |what: String, free| Counted {
            key: keyed(secret, &what),
            free,
        };
        Self {
            pair: counted(format!("{at} account {account}"), 4),
            place: counted(at, 20),
            account: counted(format!("account {account}"), 50),
            at_station: matches!(place, Place::Station(_)),
        }
    }

    /// What counts for this try. `known`: the account has signed in at this place before.
    pub fn counted(&self, known: bool) -> Vec<&Counted> {
        if known || self.at_station {
            vec![&self.pair]
        } else {
            vec![&self.pair, &self.place, &self.account]
        }
    }
}

fn keyed(secret: &Key, text: &str) -> Vec<u8> {
    secret.mac(text.as_bytes()).to_vec()
}

/// How long `failures` in a row, the last of them at `last`, still delay the next try.
pub fn wait(failures: i64, last: Instant, free: i64, now: Instant) -> Duration {
    let beyond = failures - free - 1;
    if beyond < 0 || now.since(last) > MEMORY {
        return Duration::ZERO;
    }
    let delay = Duration::from_secs(1 << beyond.min(9)).min(LONGEST);
    (last + delay).since(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn from(address: [u8; 4]) -> Attempt {
        Attempt::new(
            &Key::from_bytes([7; 32]),
            "louise.brandt",
            Place::Address(address.into()),
        )
    }

    #[test]
    fn four_mistakes_are_free_and_then_each_waits_longer() {
        let waits: Vec<u64> = (1..=8).map(|n| wait(n, at(0), 4, at(0)).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(wait(8, at(0), 4, at(9)), Duration::ZERO);
    }

    #[test]
    fn nobody_ever_waits_longer_than_five_minutes() {
        assert_eq!(wait(1_000, at(0), 4, at(0)), LONGEST);
        assert_eq!(wait(i64::MAX, at(0), 4, at(0)), LONGEST);
    }

    #[test]
    fn yesterdays_failures_are_forgotten() {
        let yesterday = at(0);
        assert_eq!(wait(90, yesterday, 4, yesterday + MEMORY * 2), Duration::ZERO);
    }

    #[test]
    fn where_louise_has_been_before_only_her_own_mistakes_count() {
        let ward = from([10, 0, 4, 2]);
        assert_eq!(ward.counted(true), [&ward.pair]);
        assert_eq!(ward.counted(false).len(), 3);
    }

    #[test]
    fn another_place_is_counted_apart_and_the_account_is_the_same_everywhere() {
        let (ward, elsewhere) = (from([10, 0, 4, 2]), from([203, 0, 113, 9]));
        assert_ne!(ward.pair, elsewhere.pair);
        assert_ne!(ward.place, elsewhere.place);
        assert_eq!(ward.account, elsewhere.account);
    }

    #[test]
    fn a_ward_screen_is_known_from_its_first_day() {
        let station = StationId::new(at(0), [1; 10]);
        let secret = Key::from_bytes([7; 32]);
        let attempt = Attempt::new(&secret, "louise.brandt", Place::Station(station));
        assert_eq!(attempt.counted(false), [&attempt.pair]);
    }
}
