//! The screen of a ward: it shows its board, and whoever wants more proves to be there.

use std::time::Duration;

use fleetward::{platform::http::Guard, routes};
use fleetward_common::{
    access::{Portal as Audience, Role},
    care::{BoardBed, Occupancy, WardBoard, WardSummary},
    error::ErrorCode,
    identity::SessionView,
    live::{LiveMessage, Topic},
    sessions::{OpenSession, RecentPerson},
};
use serde_json::json;

use super::with_manual_clock;
use crate::{
    care::board_of,
    emergency::{minutes_pass, standing_still},
    on_both_engines,
    support::{Person, Portal, tab::Tab},
};

/// What a screen may ask for: who it is, its ward's board, who may act on it, and the way in.
const OPEN_TO_SCREENS: [&str; 7] = [
    "GET /api/v1/session",
    "GET /api/v1/capabilities",
    "GET /api/v1/wards",
    "GET /api/v1/wards/{id}",
    "GET /api/v1/wards/{id}/alarms",
    "GET /api/v1/live",
    "GET /api/v1/station/people",
];

/// Louise makes her browser the screen of 4B.
pub async fn screen(portal: &Portal) -> Person<'_> {
    let mut louise = portal.sign_in("louise.brandt").await;
    louise.step_up().await;
    let ward = board_of(&louise).await.ward.id;
    let answer = louise
        .post("/api/v1/stations", &json!({ "unit": ward, "name": "Desk 2" }))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(louise.get("/api/v1/session").await.code(), "session_expired");
    Person::new(portal, answer.session_cookie())
}

/// This person proves at the screen that they are there.
pub async fn acting<'a>(portal: &'a Portal, screen: &Person<'a>, login: &str) -> Person<'a> {
    let body = json!({ "login": login, "password": portal.password_of(login) });
    let answer = screen.post("/api/v1/session", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.session_cookie(), None, "the screen stays what it is");
    let both = format!(
        "{}; {}",
        screen.cookie.clone().unwrap(),
        answer.acting_cookie().unwrap()
    );
    Person::new(portal, Some(both))
}

async fn a_bed(screen: &Person<'_>) -> String {
    format!("/api/v1/beds/{}", board_of(screen).await.beds[6].id)
}

on_both_engines! {
    async fn the_screen_shows_its_board_and_says_what_it_is(portal: Portal) {
        let screen = screen(&portal).await;
        let view: SessionView = screen.read("/api/v1/session").await;
        assert_eq!((view.role, view.portal), (Role::WardStation, Audience::Ward));
        let station = view.station.unwrap();
        assert_eq!((station.name.as_str(), station.acting), ("Desk 2", false));
        let wards: Vec<WardSummary> = screen.read("/api/v1/wards").await;
        assert_eq!(wards.iter().map(|ward| ward.ward.id).collect::<Vec<_>>(), [station.unit]);
        let board = board_of(&screen).await;
        assert_eq!(board.beds.len(), 24);
        let named = |bed: &&BoardBed| matches!(&bed.occupancy, Occupancy::Occupied { identity: Some(_), .. });
        assert_eq!(board.beds.iter().filter(named).count(), 23);
    }

    async fn whatever_else_the_screen_asks_for_by_hand_is_refused(portal: Portal) {
        let screen = screen(&portal).await;
        let board = board_of(&screen).await;
        let (bed, device) = (board.beds[0].id.to_string(), board.beds[0].devices[0].device.to_string());
        for route in routes::declared() {
            let named = format!("{} {}", route.method, route.path);
            if route.guard == Guard::Public || OPEN_TO_SCREENS.contains(&named.as_str()) {
                continue;
            }
            let id = if route.path.contains("/beds/") { &bed } else { &device };
            let path = route.path.replace("{id}", id).replace("{key}", id);
            let method = route.method.as_str().parse().unwrap();
            let answer = screen.send(screen.request(method, &path)).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "person_required"), "{named}");
        }
    }

    async fn the_screen_knows_of_no_other_ward(portal: Portal) {
        let ivo = portal.sign_in("ivo.lang").await;
        let other: WardBoard = board_of(&ivo).await;
        let screen = screen(&portal).await;
        assert_eq!(screen.get(&format!("/api/v1/wards/{}", other.ward.id)).await.status, 404);
        assert_eq!(screen.get(&format!("/api/v1/wards/{}/alarms", other.ward.id)).await.status, 404);
        let own = board_of(&screen).await.ward.id;
        assert_eq!(screen.get(&format!("/api/v1/wards/{own}/alarms")).await.status, 200);
        let mut tab = Tab::open(&portal, &screen).await;
        let board = board_of(&screen).await;
        for topic in [
            Topic::Ward(other.ward.id),
            Topic::Fleet,
            Topic::Device(board.beds[0].devices[0].device),
        ] {
            let LiveMessage::Refused { error, .. } = tab.subscribe(topic).await else {
                panic!("{topic} is heard");
            };
            assert_eq!(error.code, ErrorCode::NotFound);
        }
        let own = Topic::Ward(board.ward.id);
        assert_eq!(tab.subscribe(own).await, LiveMessage::Subscribed { topic: own });
    }

    async fn rashida_acts_at_the_screen_and_the_screen_stays(portal: Portal) {
        let screen = screen(&portal).await;
        let bed = a_bed(&screen).await;
        let rashida = acting(&portal, &screen, "rashida.amadi").await;
        assert_eq!(rashida.get(&bed).await.status, 200);
        let view: SessionView = rashida.read("/api/v1/session").await;
        assert_eq!(view.name, "Rashida Amadi");
        assert!(view.station.unwrap().acting);
        let open: Vec<OpenSession> = rashida.read("/api/v1/sessions").await;
        assert_eq!(open[0].at_station.as_deref(), Some("Desk 2"));

        assert_eq!(rashida.delete("/api/v1/session").await.status, 204);
        assert_eq!(rashida.get(&bed).await.code(), "person_required");
        assert_eq!(board_of(&rashida).await.beds.len(), 24);
        let recent: Vec<RecentPerson> = screen.read("/api/v1/station/people").await;
        assert_eq!(recent.len(), 1);
        assert_eq!((recent[0].name.as_str(), recent[0].login.as_str()), ("Rashida Amadi", "rashida.amadi"));
    }

    async fn the_next_person_takes_over_from_the_one_before(portal: Portal) {
        let screen = screen(&portal).await;
        let bed = a_bed(&screen).await;
        let rashida = acting(&portal, &screen, "rashida.amadi").await;
        let tomas = acting(&portal, &screen, "tomas.reuter").await;
        assert_eq!(tomas.get(&bed).await.status, 200);
        assert_eq!(rashida.get(&bed).await.code(), "person_required");
    }

    async fn what_was_begun_at_the_screen_is_worth_nothing_elsewhere(portal: Portal) {
        let screen = screen(&portal).await;
        let bed = a_bed(&screen).await;
        let rashida = acting(&portal, &screen, "rashida.amadi").await;
        let token = rashida.cookie.clone().unwrap().split("__Host-acting=").nth(1).unwrap().to_owned();
        for stolen in [format!("__Host-session={token}"), format!("__Host-acting={token}")] {
            let thief = Person::new(&portal, Some(stolen));
            assert_eq!(thief.get(&bed).await.status, 401);
        }
        let ben = portal.sign_in("ben.fischer").await;
        let both = format!("{}; __Host-acting={token}", ben.cookie.clone().unwrap());
        let view: SessionView = Person::new(&portal, Some(both)).read("/api/v1/session").await;
        assert_eq!(view.name, "Ben Fischer");
    }

    async fn ivo_of_the_other_hospital_has_no_role_at_this_screen(portal: Portal) {
        let screen = screen(&portal).await;
        let body = json!({ "login": "ivo.lang", "password": portal.password_of("ivo.lang") });
        let answer = screen.post("/api/v1/session", &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_permitted"));
        assert!(answer.text.contains("Northgate General"), "{}", answer.text);
        assert_eq!(answer.acting_cookie(), None);
    }

    async fn a_screen_is_made_by_who_answers_for_the_ward_and_by_nobody_else(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let ward = board_of(&rashida).await.ward.id;
        let wanted = json!({ "unit": ward, "name": "Desk 2" });
        assert_eq!(rashida.post("/api/v1/stations", &wanted).await.status, 403);
        for (login, status) in [("ivo.lang", 404), ("ben.fischer", 404), ("ruth.adler", 204)] {
            let mut person = portal.sign_in(login).await;
            person.step_up().await;
            let answer = person.post("/api/v1/stations", &wanted).await;
            assert_eq!(answer.status, status, "{login}: {}", answer.text);
        }
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        let nameless = louise.post("/api/v1/stations", &json!({ "unit": ward, "name": " " })).await;
        assert_eq!(nameless.status, 400);
    }

    async fn a_screen_is_made_on_a_fresh_proof_and_on_no_older_one(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let louise = portal.sign_in("louise.brandt").await;
        let wanted = json!({ "unit": board_of(&louise).await.ward.id, "name": "Desk 2" });
        minutes_pass(&clock, &louise, 6).await;
        let refused = louise.post("/api/v1/stations", &wanted).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "step_up_required"));
    }

    async fn a_screen_that_is_taken_back_shows_nothing_any_more(portal: Portal) {
        let screen = screen(&portal).await;
        let rashida = acting(&portal, &screen, "rashida.amadi").await;
        let station = rashida.read::<SessionView>("/api/v1/session").await.station.unwrap().id;
        let path = format!("/api/v1/stations/{station}");
        assert_eq!(rashida.delete(&path).await.status, 403);
        assert_eq!(screen.delete(&path).await.code(), "person_required");
        let ivo = portal.sign_in("ivo.lang").await;
        assert_eq!(ivo.delete(&path).await.status, 404);

        let louise = acting(&portal, &screen, "louise.brandt").await;
        assert_eq!(louise.delete(&path).await.status, 204);
        for browser in [&screen, &rashida, &louise] {
            assert_eq!(browser.get("/api/v1/wards").await.code(), "session_expired");
        }
        let again = portal.sign_in("louise.brandt").await;
        assert_eq!(again.delete(&path).await.status, 404);
    }
}

#[test]
fn acting_ends_two_minutes_after_the_last_touch_and_the_screen_lives_on() {
    with_manual_clock(async |portal, clock| {
        let screen = screen(portal).await;
        let bed = a_bed(&screen).await;
        let rashida = acting(portal, &screen, "rashida.amadi").await;
        clock.advance(Duration::from_secs(110));
        let touched = rashida.post("/api/v1/session/presence", &json!({})).await;
        assert_eq!(touched.status, 200);
        clock.advance(Duration::from_secs(119));
        assert_eq!(rashida.get_unattended(&bed).await.status, 200);
        clock.advance(Duration::from_secs(1));
        assert_eq!(rashida.get(&bed).await.code(), "person_required");
        let view: SessionView = rashida.read("/api/v1/session").await;
        assert_eq!(view.role, Role::WardStation);
        clock.advance(Duration::from_secs(90 * 24 * 3_600));
        assert_eq!(board_of(&screen).await.beds.len(), 24);
    });
}
