//! Repeated failures wait, longer each time, at most five minutes. Nobody is ever locked out.
//!
//! What counts is the pair of account and address first: someone who guesses from elsewhere doesn't
//! slow down the ward's own workstation. An address that tries many names, and an account that is
//! tried from many addresses, slow down later.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fleetward_common::time::Instant;

const LONGEST: Duration = Duration::from_secs(300);
/// Failures older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);
const MOST_REMEMBERED: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Pair(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

impl Who {
    /// So many failures are free: people mistype.
    const fn free(&self) -> u32 {
        match self {
            Who::Pair(..) => 4,
            Who::Address(_) => 20,
            Who::Account(_) => 50,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn wait(self, free: u32, now: Instant) -> Duration {
        let Some(beyond) = self.count.checked_sub(free + 1) else {
            return Duration::ZERO;
        };
        let delay = Duration::from_secs(1 << beyond.min(9)).min(LONGEST);
        (self.last + delay).since(now)
    }
}

#[derive(Debug, Default)]
pub struct Slowdown {
    failures: Mutex<HashMap<Who, Failures>>,
}

impl Slowdown {
    /// How long this account has to wait at this address. The same for names that don't exist.
    pub fn wait(&self, account: &str, address: IpAddr, now: Instant) -> Duration {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        keys(account, address)
            .into_iter()
            .filter_map(|who| Some(failures.get(&who)?.wait(who.free(), now)))
            .max()
            .unwrap_or_default()
    }

    pub fn failed(&self, account: &str, address: IpAddr, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_REMEMBERED {
            failures.retain(|who, failures| failures.wait(who.free(), now) > Duration::ZERO);
        }
        if failures.len() >= MOST_REMEMBERED {
            failures.clear();
        }
        for who in keys(account, address) {
            let entry = failures.entry(who).or_insert(Failures { count: 0, last: now });
            if now.since(entry.last) > MEMORY {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
    }

    /// A good password forgives the account here; it says nothing about the address.
    pub fn succeeded(&self, account: &str, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&Who::Pair(account.to_owned(), address));
        failures.remove(&Who::Account(account.to_owned()));
    }
}

fn keys(account: &str, address: IpAddr) -> [Who; 3] {
    [
        Who::Pair(account.to_owned(), address),
        Who::Address(address),
        Who::Account(account.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 4, 2));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn four_mistakes_are_free_and_then_each_waits_longer() {
        let slowdown = Slowdown::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            slowdown.failed("louise.brandt", WARD, at(0));
            waits.push(slowdown.wait("louise.brandt", WARD, at(0)).as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(slowdown.wait("louise.brandt", WARD, at(9)), Duration::ZERO);
    }

    #[test]
    fn nobody_ever_waits_longer_than_five_minutes() {
        let slowdown = Slowdown::default();
        for _ in 0..1_000 {
            slowdown.failed("louise.brandt", WARD, at(0));
        }
        assert_eq!(slowdown.wait("louise.brandt", WARD, at(0)), LONGEST);
    }

    #[test]
    fn a_stranger_who_guesses_does_not_slow_down_the_ward() {
        let slowdown = Slowdown::default();
        for _ in 0..20 {
            slowdown.failed("louise.brandt", ELSEWHERE, at(0));
        }
        assert!(slowdown.wait("louise.brandt", ELSEWHERE, at(0)) > Duration::ZERO);
        assert_eq!(slowdown.wait("louise.brandt", WARD, at(0)), Duration::ZERO);
    }

    #[test]
    fn a_good_password_forgives() {
        let slowdown = Slowdown::default();
        for _ in 0..6 {
            slowdown.failed("louise.brandt", WARD, at(0));
        }
        slowdown.succeeded("louise.brandt", WARD);
        assert_eq!(slowdown.wait("louise.brandt", WARD, at(0)), Duration::ZERO);
    }
}
