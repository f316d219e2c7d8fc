//! Passwords that are tried and wrong: they wait, and lock nobody out.

use std::{net::Ipv4Addr, time::Duration};

use fleetward::{
    platform::{clock::Clock, http::caller::TrustedProxy},
    serve::Door,
};
use reqwest::Method;
use serde_json::json;

use super::with_manual_clock;
use crate::{
    care::board_of,
    support::{Person, Portal, engine::Engine, portal::Options},
};

const WAIT: Duration = Duration::from_secs(300);

async fn guess(person: &Person<'_>, login: &str) -> u16 {
    let wrong = json!({ "login": login, "password": "a guess" });
    person.post("/api/v1/session", &wrong).await.status
}

async fn try_right(person: &Person<'_>, portal: &Portal, login: &str) -> u16 {
    let right = json!({ "login": login, "password": portal.password_of(login) });
    person.post("/api/v1/session", &right).await.status
}

#[test]
fn nobody_waits_longer_than_five_minutes_and_is_told_how_long() {
    with_manual_clock(async |portal, clock| {
        let stranger = portal.stranger();
        let mut longest = 0;
        for _ in 0..40 {
            let wrong = json!({ "login": "rashida.amadi", "password": "a guess" });
            let answer = stranger.post("/api/v1/session", &wrong).await;
            if answer.status == 429 {
                let wait: u64 = answer.header("retry-after").parse().unwrap();
                longest = longest.max(wait);
                clock.advance(Duration::from_secs(wait));
            }
        }
        assert_eq!(longest, 300);
        assert_eq!(guess(&stranger, "rashida.amadi").await, 401);
        assert_eq!(try_right(&stranger, portal, "rashida.amadi").await, 429);
        clock.advance(WAIT);
        assert_eq!(try_right(&stranger, portal, "rashida.amadi").await, 200);
    });
}

#[test]
fn guesses_at_an_unknown_name_wait_as_long_as_guesses_at_louise() {
    with_manual_clock(async |portal, _| {
        let stranger = portal.stranger();
        for login in ["nobody.at.all", "louise.brandt"] {
            let mut answers = Vec::new();
            for _ in 0..6 {
                answers.push(guess(&stranger, login).await);
            }
            assert_eq!(answers, [401, 401, 401, 401, 401, 429], "{login}");
        }
    });
}

#[test]
fn where_rashida_has_signed_in_before_other_peoples_mistakes_do_not_slow_her_down() {
    with_manual_clock(async |portal, _| {
        portal.sign_in("rashida.amadi").await;
        let stranger = portal.stranger();
        for n in 0..30 {
            guess(&stranger, &format!("someone.{n}")).await;
        }
        assert_eq!(
            guess(&stranger, "someone.else").await,
            429,
            "the address is slowed down"
        );
        assert_eq!(try_right(&stranger, portal, "tomas.reuter").await, 429);
        assert_eq!(try_right(&stranger, portal, "rashida.amadi").await, 200);
    });
}

#[test]
fn behind_the_hospitals_proxy_one_who_guesses_slows_down_nobody_else() {
    let named = TrustedProxy(Some(Ipv4Addr::LOCALHOST.into()));
    for (proxy, louise_gets) in [(named, 200), (TrustedProxy::default(), 429)] {
        let options = Options {
            clock: Clock::manual(Clock::system().now()),
            door: Door {
                proxy,
                ..Door::default()
            },
            ..Options::default()
        };
        let portal = Portal::start(Engine::Sqlite, options);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let attempt = async |addresses: &str, login: &str, password: &str| {
                let stranger = portal.stranger();
                let request = stranger
                    .request(Method::POST, "/api/v1/session")
                    .header("x-forwarded-for", addresses)
                    .json(&json!({ "login": login, "password": password }));
                stranger.send(request).await.status
            };
            for n in 0..30 {
                attempt("203.0.113.9", &format!("someone.{n}"), "a guess").await;
            }
            assert_eq!(attempt("203.0.113.9", "someone.else", "a guess").await, 429);
            // What a browser claims itself stands before what the proxy adds.
            let password = portal.password_of("louise.brandt");
            let louise = attempt("203.0.113.9, 198.51.100.4", "louise.brandt", &password).await;
            assert_eq!(louise, louise_gets);
        });
    }
}

#[test]
fn guesses_from_elsewhere_do_not_slow_down_the_wards_own_screen() {
    with_manual_clock(async |portal, _| {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        let ward = board_of(&louise).await.ward.id;
        let made = louise
            .post("/api/v1/stations", &json!({ "unit": ward, "name": "Desk 2" }))
            .await;
        let screen = Person::new(portal, made.session_cookie());
        let stranger = portal.stranger();
        for _ in 0..8 {
            guess(&stranger, "tomas.reuter").await;
        }
        assert_eq!(try_right(&stranger, portal, "tomas.reuter").await, 429);
        assert_eq!(try_right(&screen, portal, "tomas.reuter").await, 200);
    });
}

#[test]
fn a_restart_forgives_nobody() {
    let clock = Clock::manual(Clock::system().now());
    let options = || Options {
        clock: clock.clone(),
        ..Options::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let portal = Portal::start(Engine::Sqlite, options());
        for _ in 0..5 {
            assert_eq!(guess(&portal.stranger(), "louise.brandt").await, 401);
        }
        let portal = portal.restarted(options());
        assert_eq!(guess(&portal.stranger(), "louise.brandt").await, 429);
        clock.advance(Duration::from_secs(1));
        assert_eq!(try_right(&portal.stranger(), &portal, "louise.brandt").await, 200);
    });
}

#[test]
fn after_a_hundred_failures_in_a_row_the_password_is_disabled_and_the_person_is_not() {
    with_manual_clock(async |portal, clock| {
        let rashida = portal.sign_in("rashida.amadi").await;
        let stranger = portal.stranger();
        let mut failures = 0;
        while failures < 100 {
            match guess(&stranger, "rashida.amadi").await {
                401 => failures += 1,
                429 => clock.advance(WAIT),
                other => panic!("{other}"),
            }
            let present = rashida.post("/api/v1/session/presence", &json!({})).await;
            if present.status != 200 {
                break;
            }
        }
        while failures < 100 {
            match guess(&stranger, "rashida.amadi").await {
                401 => failures += 1,
                _ => clock.advance(WAIT),
            }
        }
        clock.advance(WAIT);
        assert_eq!(try_right(&stranger, portal, "rashida.amadi").await, 401);
        // Whom she is, what she may and what she has open is as before.
        assert_eq!(rashida.get("/api/v1/wards").await.status, 200);
    });
}

#[test]
fn many_guesses_at_once_are_counted_one_by_one() {
    with_manual_clock(async |portal, _| {
        let stranger = portal.stranger();
        let guesses = (0..12).map(|_| guess(&stranger, "louise.brandt"));
        let answers = futures_util::future::join_all(guesses).await;
        let looked_at = answers.iter().filter(|status| **status == 401).count();
        assert_eq!(looked_at, 5, "{answers:?}");
    });
}
