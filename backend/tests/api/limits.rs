//! How much a session and an address may ask for.

use fleetward::{
    platform::{
        clock::Clock,
        http::{Guard, Lane},
    },
    routes,
};

use crate::support::{Person, Portal, engine::Engine, portal::Options};

/// On a clock that stands still nothing flows back in.
fn with_full_buckets(test: impl AsyncFn(&Portal, &Clock)) {
    let clock = Clock::manual(Clock::system().now());
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    let portal = Portal::start(Engine::Sqlite, options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test(&portal, &clock));
}

/// Asks until the portal has had enough.
async fn ask_too_much(person: &Person<'_>, path: &str) -> u32 {
    for asked in 0..5_000 {
        let answer = person.get(path).await;
        if answer.status == 429 {
            assert_eq!(answer.code(), "too_many_requests");
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
            return asked;
        }
    }
    panic!("{path} never has enough");
}

#[test]
fn a_stranger_who_asks_too_much_waits_and_louise_at_the_same_address_does_not() {
    with_full_buckets(async |portal, clock| {
        let louise = portal.sign_in("louise.brandt").await;
        assert_eq!(louise.get("/api/v1/wards").await.status, 200);
        let asked = ask_too_much(&portal.stranger(), "/sign-in").await;
        assert!(asked > 500, "{asked}");
        let invented = Person::new(portal, Some(format!("__Host-session={}", "7".repeat(64))));
        assert_eq!(invented.get("/api/v1/wards").await.status, 429);
        assert_eq!(louise.get("/api/v1/wards").await.status, 200);
        clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(portal.stranger().get("/sign-in").await.status, 200);
    });
}

#[test]
fn one_session_uses_up_its_own_room_and_nobody_elses() {
    with_full_buckets(async |portal, _| {
        let ben = portal.sign_in("ben.fischer").await;
        let louise = portal.sign_in("louise.brandt").await;
        assert_eq!(louise.get("/api/v1/wards").await.status, 200);
        let cheap = ask_too_much(&ben, "/api/v1/session").await;
        assert!(cheap > 100, "{cheap}");
        assert_eq!(louise.get("/api/v1/wards").await.status, 200);
    });
}

#[test]
fn what_costs_more_is_had_less_often() {
    with_full_buckets(async |portal, _| {
        let daniel = portal.sign_in("daniel.brooks").await;
        let ben = portal.sign_in("ben.fischer").await;
        for person in [&daniel, &ben] {
            assert_eq!(person.get("/api/v1/session").await.status, 200);
        }
        let rows = ask_too_much(&daniel, "/api/v1/session").await;
        let lists = ask_too_much(&ben, "/api/v1/fleet/counts").await;
        assert!(lists < rows, "{lists} lists, {rows} rows");
    });
}

#[test]
fn no_route_is_free_and_whoever_proves_who_they_are_pays_for_the_hash() {
    for route in routes::declared() {
        assert!(route.cost.units() >= 1, "{} {}", route.method, route.path);
        if matches!(route.guard, Guard::Stream) {
            assert!(route.cost.units() >= 10 && route.lane == Lane::Usual);
        }
    }
    let sign_in = routes::declared()
        .into_iter()
        .find(|route| route.path == "/api/v1/session" && route.method == "POST")
        .unwrap();
    assert_eq!(sign_in.cost.units(), 20);
}
