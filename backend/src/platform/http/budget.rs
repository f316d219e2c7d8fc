//! What a session and an address may ask for, by what it costs. Time is an argument.
//!
//! Each route has a [`Cost`] and a [`Lane`] (see `routing`). A request draws from two buckets that fill
//! steadily: one of its session, if we know the session to be alive, and a wide one of its address. Without
//! such a session it draws from the narrow bucket that all strangers of one address share; so nobody next
//! door can use up what the people on the ward need.
//!
//! The reserved lane (alarms, breaking the glass, passkeys) has buckets and places of its own: it stays
//! open when everything else is used up.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fleetward_common::time::Instant;

use super::{Cost, Failure, Lane};

/// How much at once, and how much steadily.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub per_second: u32,
}

/// The limits of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    session: Rate,
    stranger: Rate,
    address: Rate,
    reserved_session: Rate,
    reserved_address: Rate,
    places: usize,
    reserved_places: usize,
}

impl Default for Limits {
    /// A nurse who walks through 24 beds and their trends in five seconds asks for about 600. A hospital
    /// whose thousand screens share one address stays far below the last but one.
    fn default() -> Self {
        let rate = |burst, per_second| Rate { burst, per_second };
        Self {
            session: rate(1_200, 100),
            stranger: rate(1_200, 120),
            address: rate(20_000, 2_000),
            reserved_session: rate(120, 10),
            reserved_address: rate(1_200, 120),
            places: 512,
            reserved_places: 64,
        }
    }
}

impl Limits {
    /// Wider by a factor: for load tests, and for servers that have the room.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        let wider = |rate: Rate| Rate {
            burst: rate.burst.saturating_mul(factor),
            per_second: rate.per_second.saturating_mul(factor),
        };
        Self {
            session: wider(self.session),
            stranger: wider(self.stranger),
            address: wider(self.address),
            reserved_session: wider(self.reserved_session),
            reserved_address: wider(self.reserved_address),
            places: self.places.saturating_mul(factor as usize),
            reserved_places: self.reserved_places.saturating_mul(factor as usize),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Session([u8; 32]),
    Stranger(IpAddr),
    Address(IpAddr),
    /// Those for whom there was no room in the map any more, together.
    Everyone,
}

/// More are never remembered; a full bucket need not be.
const MOST_BUCKETS: usize = 100_000;
/// A session that was seen alive counts as alive for so long.
const VOUCHED_FOR: Duration = Duration::from_secs(600);

/// Cloneable; all clones count together.
#[derive(Clone)]
pub struct Budgets(Arc<Inner>);

struct Inner {
    limits: Limits,
    /// When each bucket will be full again. One that is full already is not kept.
    buckets: Mutex<HashMap<(Lane, Who), Instant>>,
    vouched: Mutex<HashMap<[u8; 32], Instant>>,
    taken: AtomicUsize,
    taken_reserved: AtomicUsize,
}

impl Budgets {
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner {
            limits,
            buckets: Mutex::default(),
            vouched: Mutex::default(),
            taken: AtomicUsize::new(0),
            taken_reserved: AtomicUsize::new(0),
        }))
    }

    /// The session with this token's hash is alive: it draws from a bucket of its own from now on.
    pub fn vouch(&self, session: [u8; 32], now: Instant) {
        let mut vouched = self.0.vouched.lock().unwrap_or_else(PoisonError::into_inner);
        if vouched.len() >= MOST_BUCKETS {
            vouched.retain(|_, until| *until > now);
        }
        if vouched.len() < MOST_BUCKETS {
            vouched.insert(session, now + VOUCHED_FOR);
        }
    }

    /// Draws what a request costs, or says how long to wait. Answers who is to be answered.
    pub fn draw(
        &self,
        lane: Lane,
        cost: Cost,
        session: Option<[u8; 32]>,
        address: IpAddr,
        now: Instant,
    ) -> Result<Standing, Failure> {
        let limits = &self.0.limits;
        let address = neighbourhood(address);
        let known = session.filter(|session| {
            let vouched = self.0.vouched.lock().unwrap_or_else(PoisonError::into_inner);
            vouched.get(session).is_some_and(|until| *until > now)
        });
        let draws = match (known, lane) {
            (Some(session), Lane::Usual) => vec![
                (Who::Session(session), limits.session),
                (Who::Address(address), limits.address),
            ],
            (Some(session), Lane::Reserved) => vec![(Who::Session(session), limits.reserved_session)],
            (None, Lane::Usual) => vec![(Who::Stranger(address), limits.stranger)],
            (None, Lane::Reserved) => vec![(Who::Stranger(address), limits.reserved_address)],
        };
        let mut buckets = self.0.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let mut drawn = Vec::with_capacity(draws.len());
        for (who, rate) in draws {
            let crowded = buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&(lane, who));
            let who = if crowded { Who::Everyone } else { who };
            let full_at = buckets.get(&(lane, who)).copied().unwrap_or(now);
            match after_drawing(full_at, rate, cost, now) {
                Ok(full_at) => drawn.push(((lane, who), full_at)),
                Err(wait) => return Err(Failure::Busy(wait)),
            }
        }
        buckets.extend(drawn);
        Ok(if known.is_some() {
            Standing::Known
        } else {
            Standing::Stranger
        })
    }

    /// A place among the requests that are answered now; leaving is dropping it.
    /// Half of them are never a stranger's: a body that trickles in holds its place for seconds.
    pub fn take_place(&self, lane: Lane, standing: Standing) -> Result<Place, Failure> {
        let (taken, places) = match lane {
            Lane::Usual => (&self.0.taken, self.0.limits.places),
            Lane::Reserved => (&self.0.taken_reserved, self.0.limits.reserved_places),
        };
        let most = match standing {
            Standing::Known => places,
            Standing::Stranger => places.div_ceil(2),
        };
        // Taken first: two at the last place must not both believe that it was theirs.
        let place = Place {
            budgets: self.clone(),
            lane,
        };
        if taken.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(Failure::Full);
        }
        Ok(place)
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.0.buckets.lock().unwrap().len()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Has a session that was seen alive.
    Known,
    Stranger,
}

pub struct Place {
    budgets: Budgets,
    lane: Lane,
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = match self.lane {
            Lane::Usual => &self.budgets.0.taken,
            Lane::Reserved => &self.budgets.0.taken_reserved,
        };
        taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When the bucket will be full after drawing `cost`, or how long until there is enough in it.
fn after_drawing(full_at: Instant, rate: Rate, cost: Cost, now: Instant) -> Result<Instant, Duration> {
    let to_fill = |units: u32| Duration::from_secs_f64(f64::from(units) / f64::from(rate.per_second.max(1)));
    let after = full_at.max(now) + to_fill(cost.units());
    let missing = after.since(now);
    let most = to_fill(rate.burst);
    if missing > most {
        return Err(missing - most);
    }
    Ok(after)
}

/// Whoever has an IPv6 address has all of its /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 4, 2));
    const LOUISE: [u8; 32] = [1; 32];

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    fn narrow() -> Budgets {
        let rate = |burst, per_second| Rate { burst, per_second };
        Budgets::new(Limits {
            session: rate(10, 5),
            stranger: rate(10, 5),
            address: rate(1_000, 100),
            reserved_session: rate(4, 1),
            reserved_address: rate(4, 1),
            places: 2,
            reserved_places: 1,
        })
    }

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_then_what_flows_in() {
        let budgets = narrow();
        let ask = |millis| budgets.draw(Lane::Usual, Cost::of(5), None, WARD, at(millis));
        assert!(ask(0).is_ok() && ask(0).is_ok());
        let Err(Failure::Busy(wait)) = ask(0) else {
            panic!("more than there is");
        };
        assert_eq!(wait, Duration::from_secs(1));
        assert!(ask(999).is_err());
        assert!(ask(1_000).is_ok());
    }

    #[test]
    fn a_stranger_next_door_uses_up_nothing_of_louises() {
        let budgets = narrow();
        budgets.vouch(LOUISE, at(0));
        for _ in 0..50 {
            let _ = budgets.draw(Lane::Usual, Cost::of(5), None, WARD, at(0));
        }
        let invented = budgets.draw(Lane::Usual, Cost::of(1), Some([9; 32]), WARD, at(0));
        assert!(invented.is_err(), "a made-up session is a stranger's");
        assert!(
            budgets
                .draw(Lane::Usual, Cost::of(5), Some(LOUISE), WARD, at(0))
                .is_ok()
        );
    }

    #[test]
    fn alarms_and_emergencies_have_room_when_everything_else_is_used_up() {
        let budgets = narrow();
        budgets.vouch(LOUISE, at(0));
        while budgets
            .draw(Lane::Usual, Cost::of(1), Some(LOUISE), WARD, at(0))
            .is_ok()
        {}
        assert!(
            budgets
                .draw(Lane::Reserved, Cost::of(1), Some(LOUISE), WARD, at(0))
                .is_ok()
        );
        let place = |lane| budgets.take_place(lane, Standing::Known);
        let _places = [place(Lane::Usual).unwrap(), place(Lane::Usual).unwrap()];
        assert!(matches!(place(Lane::Usual), Err(Failure::Full)));
        assert!(place(Lane::Reserved).is_ok());
    }

    #[test]
    fn strangers_never_take_the_places_of_those_who_are_signed_in() {
        let budgets = narrow();
        let _stranger = budgets.take_place(Lane::Usual, Standing::Stranger).unwrap();
        assert!(budgets.take_place(Lane::Usual, Standing::Stranger).is_err());
        assert!(budgets.take_place(Lane::Usual, Standing::Known).is_ok());
    }

    #[test]
    fn a_place_is_free_again_when_its_request_is_answered_or_was_turned_away() {
        let budgets = narrow();
        for _ in 0..10 {
            let place = || budgets.take_place(Lane::Usual, Standing::Known);
            let (first, second) = (place(), place());
            assert!(first.is_ok() && second.is_ok());
            assert!(place().is_err());
        }
    }

    #[test]
    fn more_addresses_than_are_remembered_take_no_more_memory() {
        let budgets = narrow();
        for n in 0..u32::try_from(2 * MOST_BUCKETS).unwrap() {
            let address = IpAddr::V4(n.into());
            let _ = budgets.draw(Lane::Usual, Cost::of(5), None, address, at(0));
        }
        assert!(budgets.remembered() <= MOST_BUCKETS + 1);
    }

    #[test]
    fn neighbours_in_one_ipv6_prefix_are_one() {
        let (a, b): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8::ffff".parse().unwrap());
        assert_eq!(neighbourhood(a), neighbourhood(b));
        assert_ne!(
            neighbourhood(a),
            neighbourhood("2001:db8:0:1::1".parse().unwrap())
        );
    }
}
