//! What was asked of a browser and waits for its answer: single use, kept here, gone after five minutes.
//!
//! A ceremony of someone who is signed in belongs to the session; one of a stranger to the browser, by a
//! [`Ticket`] in a cookie of its own.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration as CookieDuration},
};
use fleetward_common::time::Instant;
use sha2::{Digest, Sha256};

use crate::platform::{clock::random, hex};

/// Finding a security key takes a while; an unlocked desk should not keep an open question.
const LIFETIME: Duration = Duration::from_secs(300);
/// A stranger can begin as many as they like; beyond this the oldest go.
const MOST_OPEN: usize = 20_000;

pub struct Ceremonies<K, S> {
    open: Mutex<HashMap<K, (Instant, S)>>,
}

impl<K, S> Default for Ceremonies<K, S> {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash + Clone, S> Ceremonies<K, S> {
    /// Whatever `key` had begun before is void.
    pub fn begin(&self, key: K, state: S, now: Instant) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST_OPEN {
            open.retain(|_, (begun, _)| now.since(*begun) < LIFETIME);
        }
        if open.len() >= MOST_OPEN {
            let oldest = open.iter().min_by_key(|(_, (begun, _))| *begun);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                open.remove(&oldest);
            }
        }
        open.insert(key, (now, state));
    }

    /// Takes it out: an answer counts once, also a wrong one.
    pub fn take(&self, key: &K, now: Instant) -> Option<S> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, state) = open.remove(key)?;
        (now.since(begun) < LIFETIME).then_some(state)
    }
}

/// 256 random bits in a short-lived cookie: this browser and no other may answer.
#[derive(Clone)]
pub struct Ticket {
    name: &'static str,
    text: String,
}

/// What the server keeps of a [`Ticket`].
pub type TicketHash = [u8; 32];

impl Ticket {
    pub fn random(name: &'static str) -> Self {
        Self {
            name,
            text: hex::encode(&random::<32>()),
        }
    }

    pub fn of_request(name: &'static str, request: &HttpRequest) -> Option<Self> {
        let text = request.cookie(name)?.value().to_owned();
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(Self { name, text })
    }

    pub fn hash(&self) -> TicketHash {
        Sha256::digest(self.text.as_bytes()).into()
    }

    pub fn cookie(&self) -> Cookie<'static> {
        let seconds = i64::try_from(LIFETIME.as_secs()).unwrap_or(0);
        built(self.name, self.text.clone(), CookieDuration::seconds(seconds))
    }

    /// What a browser is given to forget it.
    pub fn no_cookie(name: &'static str) -> Cookie<'static> {
        built(name, String::new(), CookieDuration::ZERO)
    }
}

fn built(name: &'static str, value: String, age: CookieDuration) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(age)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn an_answer_counts_once() {
        let ceremonies = Ceremonies::default();
        ceremonies.begin("rashida", 1, at(0));
        assert_eq!(ceremonies.take(&"louise", at(1)), None);
        assert_eq!(ceremonies.take(&"rashida", at(1)), Some(1));
        assert_eq!(ceremonies.take(&"rashida", at(1)), None);
    }

    #[test]
    fn after_five_minutes_it_is_too_late() {
        let ceremonies = Ceremonies::default();
        ceremonies.begin("rashida", 1, at(0));
        assert_eq!(ceremonies.take(&"rashida", at(300)), None);
    }

    #[test]
    fn who_begins_again_voids_what_was_begun() {
        let ceremonies = Ceremonies::default();
        ceremonies.begin("rashida", 1, at(0));
        ceremonies.begin("rashida", 2, at(1));
        assert_eq!(ceremonies.take(&"rashida", at(2)), Some(2));
    }

    #[test]
    fn a_flood_of_strangers_takes_no_more_than_its_room() {
        let ceremonies = Ceremonies::default();
        for number in 0..MOST_OPEN + 10 {
            ceremonies.begin(number, (), at(i64::try_from(number).unwrap() / 1_000));
        }
        assert_eq!(ceremonies.open.lock().unwrap().len(), MOST_OPEN);
        assert_eq!(ceremonies.take(&(MOST_OPEN + 9), at(20)), Some(()));
    }
}
