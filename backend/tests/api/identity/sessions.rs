//! Where one is signed in, for how long, and how it ends.

use std::time::Duration;

use fleetward_common::{identity::SessionView, live::Topic, sessions::OpenSession};

use super::with_manual_clock;
use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal, tab::Tab},
};

const MINUTE: Duration = Duration::from_secs(60);

async fn sign_in_with(portal: &Portal, login: &str, agent: &str) -> Option<String> {
    let body = serde_json::json!({ "login": login, "password": portal.password_of(login) });
    let request = portal
        .http
        .post(portal.url("/api/v1/session"))
        .header("user-agent", agent)
        .json(&body);
    portal.stranger().send(request).await.session_cookie()
}

on_both_engines! {
    async fn louise_sees_each_browser_and_ends_the_one_she_forgot(portal: Portal) {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36";
        let forgotten = Person::new(&portal, sign_in_with(&portal, "louise.brandt", chrome).await);
        let louise = portal.sign_in("louise.brandt").await;
        let open: Vec<OpenSession> = louise.read("/api/v1/sessions").await;
        assert_eq!(open.len(), 2);
        assert!(open[0].is_this && !open[1].is_this);
        assert_eq!((open[1].browser.as_str(), open[1].network.as_str()), ("Chrome on Linux", "this computer"));

        let answer = louise.delete(&format!("/api/v1/sessions/{}", open[1].id)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(forgotten.get("/api/v1/session").await.code(), "session_expired");
        assert_eq!(louise.get("/api/v1/session").await.status, 200);
        let open: Vec<OpenSession> = louise.read("/api/v1/sessions").await;
        assert_eq!(open.len(), 1);
    }

    async fn nobody_sees_or_ends_the_session_of_somebody_else(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let hers: Vec<OpenSession> = louise.read("/api/v1/sessions").await;
        let theirs: Vec<OpenSession> = rashida.read("/api/v1/sessions").await;
        assert!(theirs.iter().all(|session| session.id != hers[0].id));
        let answer = rashida.delete(&format!("/api/v1/sessions/{}", hers[0].id)).await;
        let nobodys = rashida.delete("/api/v1/sessions/01a210c5-5112-7104-b13e-c0bb40cd1635").await;
        assert_eq!((answer.status, nobodys.status), (404, 404));
        assert_eq!(answer.text, nobodys.text);
        assert_eq!(louise.get("/api/v1/session").await.status, 200);
    }

    async fn signing_out_everywhere_closes_each_browser_and_each_open_tab(portal: Portal) {
        let elsewhere = portal.sign_in("louise.brandt").await;
        let mut tab = Tab::open(&portal, &elsewhere).await;
        let ward = board_of(&elsewhere).await.ward.id;
        tab.subscribe(Topic::Ward(ward)).await;

        let louise = portal.sign_in("louise.brandt").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let answer = louise.delete("/api/v1/sessions").await;
        assert_eq!(answer.status, 204);
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
        for browser in [&louise, &elsewhere] {
            assert_eq!(browser.get("/api/v1/session").await.code(), "session_expired");
        }
        assert_eq!(tab.until_closed().await, "Signed out");
        assert_eq!(rashida.get("/api/v1/session").await.status, 200);
    }
}

#[test]
fn bens_session_ends_an_hour_after_the_last_touch_and_a_page_by_itself_is_no_touch() {
    with_manual_clock(async |portal, clock| {
        let ben = portal.sign_in("ben.fischer").await;
        clock.advance(MINUTE * 50);
        let answer = ben.post("/api/v1/session/presence", &serde_json::json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        clock.advance(MINUTE * 50);
        let view: SessionView = ben.read_unattended("/api/v1/session").await;
        assert_eq!(view.idle_until.since(view.server_time), MINUTE * 10);
        // Nor is a socket that comes back by itself.
        drop(Tab::open(portal, &ben).await);
        clock.advance(MINUTE * 10);
        assert_eq!(ben.get("/api/v1/session").await.code(), "session_expired");
    });
}

#[test]
fn nobody_stretches_a_session_beyond_the_end_of_its_life() {
    with_manual_clock(async |portal, clock| {
        let ben = portal.sign_in("ben.fischer").await;
        let before: SessionView = ben.read("/api/v1/session").await;
        for _ in 0..23 {
            clock.advance(MINUTE * 30);
            let answer = ben.post("/api/v1/session/presence", &serde_json::json!({})).await;
            assert_eq!(answer.status, 200);
        }
        let after: SessionView = ben.read("/api/v1/session").await;
        assert_eq!(after.expires_at, before.expires_at);
        clock.advance(MINUTE * 30);
        let answer = ben.post("/api/v1/session/presence", &serde_json::json!({})).await;
        assert_eq!(answer.code(), "session_expired");
    });
}

#[test]
fn rashidas_board_stays_up_while_she_is_away_and_nothing_else_does() {
    with_manual_clock(async |portal, clock| {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let bed = format!("/api/v1/beds/{}", board.beds[6].id);
        assert_eq!(rashida.get(&bed).await.status, 200);
        clock.advance(MINUTE * 15);
        assert_eq!(board_of(&rashida).await.beds.len(), board.beds.len());
        let refused = rashida.get(&bed).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "person_required")
        );
        // Being there is proven, not claimed.
        let claimed = rashida
            .post("/api/v1/session/presence", &serde_json::json!({}))
            .await;
        assert_eq!(claimed.code(), "person_required");
        assert_eq!(rashida.get(&bed).await.code(), "person_required");

        let body =
            serde_json::json!({ "login": "rashida.amadi", "password": portal.password_of("rashida.amadi") });
        let back = rashida.post("/api/v1/session", &body).await;
        let rashida = Person::new(portal, back.session_cookie());
        assert_eq!(rashida.get(&bed).await.status, 200);
    });
}

#[test]
fn alans_phone_is_his_own_and_stays_signed_in_for_a_month() {
    with_manual_clock(async |portal, clock| {
        let alan = portal.sign_in("alan.reed").await;
        clock.advance(MINUTE * 60 * 24 * 29);
        assert_eq!(alan.get("/api/v1/session").await.status, 200);
        clock.advance(MINUTE * 60 * 24);
        assert_eq!(alan.get("/api/v1/session").await.code(), "session_expired");
    });
}
