//! Signing in and out.

mod guessing;
mod sessions;
pub mod stations;

use std::time::Duration;

use fleetward::{
    platform::{clock::Clock, http::Failure},
    privacy::audit::{self, Verdict},
};
use fleetward_common::{
    access::{Portal as Audience, Role},
    id::OrganisationId,
    identity::{DemoPerson, SessionView},
};
use serde_json::json;

use crate::{
    on_both_engines,
    support::{
        Person, Portal,
        engine::{Engine, World},
        portal::Options,
    },
};

/// How many entries the organisation's unbroken audit chain has.
pub async fn audit_entries(portal: &Portal, organisation: OrganisationId) -> i64 {
    let key = portal.app.secrets.audit.clone();
    let state = portal
        .app
        .db
        .read(move |connection| audit::verify(connection, &key, organisation, None).map_err(Failure::from));
    match state.await.unwrap() {
        Verdict::Verified { entries, .. } => entries,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}

on_both_engines! {
    async fn louise_signs_in_and_the_portal_knows_who_she_is(portal: Portal) {
        let body = json!({ "login": "Louise.Brandt", "password": portal.password_of("louise.brandt") });
        let answer = portal.stranger().post("/api/v1/session", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let cookie = answer.header("set-cookie");
        for part in ["__Host-session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");

        let louise = Person::new(&portal, answer.session_cookie());
        let session: SessionView = louise.read("/api/v1/session").await;
        assert_eq!((session.name.as_str(), session.role), ("Louise Brandt", Role::ChargeNurse));
        assert_eq!(session.portal, Audience::Ward);
        assert_eq!(session.units.len(), 1);
    }

    async fn a_wrong_password_and_an_unknown_name_get_one_answer(portal: Portal) {
        let stranger = portal.stranger();
        let attempt = async |login: &str, password: &str| {
            let answer = stranger.post("/api/v1/session", &json!({ "login": login, "password": password })).await;
            assert_eq!(answer.status, 401);
            assert!(answer.session_cookie().is_none());
            let body = answer.json();
            (body["code"].clone(), body["message"].clone())
        };
        let wrong = attempt("louise.brandt", "not hers").await;
        assert_eq!(wrong.0, "sign_in_failed");
        assert_eq!(attempt("nobody.at.all", "not hers").await, wrong);
        assert_eq!(attempt("", "").await, wrong);
    }

    async fn a_sign_in_a_failure_and_a_sign_out_are_each_on_record(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let session: SessionView = louise.read("/api/v1/session").await;
        let before = audit_entries(&portal, session.organisation).await;

        let wrong = json!({ "login": "louise.brandt", "password": "not hers" });
        assert_eq!(portal.stranger().post("/api/v1/session", &wrong).await.status, 401);
        assert_eq!(audit_entries(&portal, session.organisation).await, before + 1);
        let again = portal.sign_in("louise.brandt").await;
        assert_eq!(audit_entries(&portal, session.organisation).await, before + 2);
        assert_eq!(again.delete("/api/v1/session").await.status, 204);
        assert_eq!(audit_entries(&portal, session.organisation).await, before + 3);
    }

    async fn signing_out_ends_the_session_for_good(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let answer = louise.delete("/api/v1/session").await;
        assert_eq!(answer.status, 204);
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
        let after = louise.get("/api/v1/session").await;
        assert_eq!((after.status, after.code().as_str()), (401, "session_expired"));
        assert_eq!(louise.delete("/api/v1/session").await.status, 204);
    }

    async fn a_token_does_not_survive_the_next_sign_in(portal: Portal) {
        let before = portal.sign_in("louise.brandt").await;
        let body = json!({ "login": "louise.brandt", "password": portal.password_of("louise.brandt") });
        let answer = before.post("/api/v1/session", &body).await;
        assert_eq!(answer.status, 200);
        assert_ne!(answer.session_cookie(), before.cookie);
        assert_eq!(before.get("/api/v1/session").await.status, 401);
    }

    async fn the_form_works_without_script(portal: Portal) {
        let stranger = portal.stranger();
        let page = stranger.get("/sign-in?as=yourself").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(r#"<form method="post" action="/sign-in">"#));
        assert!(!page.text.contains("<script") && !page.text.contains("style="));

        let password = portal.password_of("rosa.lind");
        let answer = stranger.post_form("/sign-in", &format!("login=rosa.lind&password={password}")).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"));
        let rosa = Person::new(&portal, answer.session_cookie());
        assert_eq!(rosa.get("/").await.header("location"), "/staff");
        assert_eq!(portal.stranger().get("/").await.header("location"), "/sign-in");

        let out = rosa.post_form("/sign-out", "").await;
        assert_eq!((out.status, out.header("location")), (303, "/sign-in"));
        assert_eq!(rosa.get("/api/v1/session").await.status, 401);
    }

    async fn the_form_keeps_the_name_and_never_the_password(portal: Portal) {
        let answer = portal.stranger().post_form("/sign-in", "login=louise%22%3E&password=secret-guess").await;
        assert_eq!(answer.status, 401);
        assert!(answer.text.contains("go together") && answer.text.contains("louise&quot;&gt;"));
        assert!(!answer.text.contains("secret-guess"));
    }

    async fn one_press_signs_in_as_a_person_of_the_demo(portal: Portal) {
        let people: Vec<DemoPerson> = portal.stranger().read("/api/v1/demo/people").await;
        assert_eq!(people.len(), 22);
        let page = portal.stranger().get("/sign-in").await;
        for person in &people {
            assert!(page.text.contains(&person.name), "{}", person.name);
            assert!(!page.text.contains(&person.password));
        }
        let answer = portal.stranger().post_form("/sign-in/demo", "person=alan.reed").await;
        assert_eq!(answer.status, 303);
        let alan = Person::new(&portal, answer.session_cookie());
        assert_eq!(alan.get("/").await.header("location"), "/patient");
        assert_eq!(portal.stranger().post_form("/sign-in/demo", "person=someone.else").await.status, 404);
    }

    async fn another_site_can_not_sign_anyone_in_or_out(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let request = louise.request(reqwest::Method::DELETE, "/api/v1/session").header(name, value);
            let answer = louise.send(request).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "cross_site"));
        }
        assert_eq!(louise.get("/api/v1/session").await.status, 200);
        let own = format!("http://{}", portal.address);
        let request = louise.request(reqwest::Method::DELETE, "/api/v1/session").header("origin", own);
        assert_eq!(louise.send(request).await.status, 204);
    }

    async fn a_made_up_token_opens_nothing(portal: Portal) {
        for token in ["", "x", &"0".repeat(64), &"f".repeat(4_000)] {
            let intruder = Person::new(&portal, Some(format!("__Host-session={token}")));
            assert_eq!(intruder.get("/api/v1/session").await.status, 401, "{token}");
        }
    }
}

/// Portals on a clock that stands still, on each engine this build has.
pub fn with_manual_clock(test: impl AsyncFn(&Portal, &Clock)) {
    let engines = [
        Engine::Sqlite,
        #[cfg(feature = "postgres")]
        Engine::Postgres,
    ];
    for engine in engines {
        let clock = Clock::manual(Clock::system().now());
        let options = Options {
            clock: clock.clone(),
            ..Options::default()
        };
        let portal = Portal::start(engine, options);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test(&portal, &clock));
    }
}

#[test]
fn a_nurse_is_signed_out_after_a_shift_and_a_patient_is_not() {
    with_manual_clock(async |portal, clock| {
        let rashida = portal.sign_in("rashida.amadi").await;
        let alan = portal.sign_in("alan.reed").await;
        clock.advance(Duration::from_secs(12 * 3_600));
        assert_eq!(rashida.get("/api/v1/session").await.code(), "session_expired");
        assert_eq!(alan.get("/api/v1/session").await.status, 200);
        clock.advance(Duration::from_secs(30 * 24 * 3_600));
        assert_eq!(alan.get("/api/v1/session").await.status, 401);
    });
}

#[test]
fn someone_who_guesses_waits_longer_each_time_and_then_louise_gets_in() {
    with_manual_clock(async |portal, clock| {
        let wrong = json!({ "login": "louise.brandt", "password": "a guess" });
        let stranger = portal.stranger();
        for _ in 0..5 {
            assert_eq!(stranger.post("/api/v1/session", &wrong).await.status, 401);
        }
        let slowed = stranger.post("/api/v1/session", &wrong).await;
        assert_eq!(
            (slowed.status, slowed.code().as_str()),
            (429, "too_many_requests")
        );
        assert_eq!(slowed.header("retry-after"), "1");
        let form = stranger
            .post_form("/sign-in", "login=louise.brandt&password=x")
            .await;
        assert_eq!(form.status, 429);
        assert!(form.text.contains("A password has to wait") && form.text.contains("0:01"));
        clock.advance(Duration::from_secs(1));
        portal.sign_in("louise.brandt").await;
    });
}

#[test]
fn outside_the_demo_nobody_is_listed_and_nobody_is_one_press_away() {
    let options = Options {
        demo: false,
        ..Options::default()
    };
    let portal = Portal::start_in(World::seeded(Engine::Sqlite), options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_eq!(portal.stranger().get("/api/v1/demo/people").await.status, 404);
        assert_eq!(
            portal
                .stranger()
                .post_form("/sign-in/demo", "person=alan.reed")
                .await
                .status,
            404
        );
        let page = portal.stranger().get("/sign-in").await;
        assert!(page.text.contains(r#"action="/sign-in""#) && !page.text.contains("Louise"));
    });
}
