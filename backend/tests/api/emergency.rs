//! Emergency access: found exactly, proven, opened for a quarter of an hour, ended.

use std::time::Duration;

use fleetward::{access::break_glass::LOOKS_BACK, care::emergency::closing, platform::clock::Clock};
use fleetward_common::{
    access::DataClass,
    care::{BedView, Occupancy},
    emergency::{EmergencyState, EmergencyWard, FoundPatient, PatientRecord},
    error::ErrorCode,
    identity::SessionView,
    live::{LiveMessage, Topic},
    time::Span,
};
use serde_json::{Value, json};

use crate::{
    on_both_engines,
    privacy::{break_the_record, verified},
    support::{Delay, Person, Portal, people::Answer, portal::Options, tab::Tab},
};

/// Lies on Ward 5A, bed 1; Tomas works on 4B.
pub const HOLLIS: &str = "NG-104340";
const ST_ANNES_PATIENT: &str = "SA-55018";

pub fn by_number(number: &str) -> Value {
    json!({ "by": "record_number", "record_number": number })
}

pub fn called() -> Value {
    json!({ "reason": "asked", "sentence": "Called by the nurse of 5A, pressure falling." })
}

/// The same world, at a time that stands still.
pub fn standing_still(portal: Portal) -> (Portal, Clock) {
    let clock = Clock::manual(portal.app.clock.now());
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    (portal.restarted(options), clock)
}

pub async fn find(person: &Person<'_>, by: &Value) -> Answer {
    person.post("/api/v1/emergency/look-up", by).await
}

pub async fn found(person: &Person<'_>, by: &Value) -> FoundPatient {
    let answer = find(person, by).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

pub async fn open(person: &Person<'_>, patient: impl std::fmt::Display, why: &Value) -> Answer {
    person
        .post(&format!("/api/v1/patients/{patient}/emergency"), why)
        .await
}

/// Found, proven and open.
pub async fn opened(person: &mut Person<'_>, number: &str) -> FoundPatient {
    let patient = found(person, &by_number(number)).await;
    let mut answer = open(person, patient.patient, &called()).await;
    if answer.code() == "step_up_required" {
        person.step_up().await;
        answer = open(person, patient.patient, &called()).await;
    }
    assert_eq!(answer.status, 200, "{}", answer.text);
    patient
}

async fn status_of(person: &Person<'_>, path: &str) -> u16 {
    person.get(path).await.status
}

/// Time passes, and somebody sits at the screen all the while.
pub async fn minutes_pass(clock: &Clock, person: &Person<'_>, minutes: u64) {
    for step in (0..minutes).step_by(5) {
        clock.advance(Duration::from_secs(60 * 5.min(minutes - step)));
        assert_eq!(status_of(person, "/api/v1/emergency/wards").await, 200);
        // The touch is noted a moment after the answer.
        let touched = clock.now() + Duration::from_secs(10 * 60);
        while person.read::<SessionView>("/api/v1/session").await.idle_until < touched {}
    }
}

on_both_engines! {
    async fn tomas_opens_a_patient_of_another_ward_and_nobody_else_of_it(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = found(&tomas, &by_number("  ng-104340 ")).await;
        assert_eq!((hollis.identity.family_name.as_str(), hollis.identity.born.as_str()), ("HOLLIS", "1941-04-04"));
        let place = hollis.place.clone().expect("a bed");
        assert_eq!((place.ward_name.as_str(), place.bed_label.as_str()), ("Ward 5A Medicine", "1"));
        assert!(!hollis.already_open);
        let told: Vec<_> = hollis.told.iter().map(|told| told.name.as_str()).collect();
        assert_eq!(told, ["Helen Frost", "Jonas Frey"]);
        let (record, bed) = (format!("/api/v1/patients/{}", hollis.patient), format!("/api/v1/beds/{}", place.bed));
        assert_eq!((status_of(&tomas, &record).await, status_of(&tomas, &bed).await), (404, 404));

        let unproven = open(&tomas, hollis.patient, &called()).await;
        assert_eq!((unproven.status, unproven.code().as_str()), (403, "step_up_required"));
        assert_eq!(status_of(&tomas, &record).await, 404);

        tomas.step_up().await;
        let answer = open(&tomas, hollis.patient, &called()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let state: EmergencyState = serde_json::from_str(&answer.text).unwrap();
        let now_open = state.open.expect("something open");
        assert_eq!(now_open.closes_at.since(now_open.opened_at), Duration::from_secs(900));
        assert_eq!(now_open.sentence.as_deref(), Some("Called by the nurse of 5A, pressure falling."));
        assert!(now_open.can_extend);

        let shown: PatientRecord = tomas.read(&record).await;
        assert!(shown.identity.as_ref() == Some(&hollis.identity));
        assert_eq!(shown.ward.map(|ward| ward.name).as_deref(), Some("Ward 5A Medicine"));
        let at_bed = shown.bed.expect("a bed");
        assert!(matches!(at_bed.occupancy, Occupancy::Occupied { patient: Some(patient), .. } if patient == hollis.patient));
        assert_eq!(at_bed.devices.len(), 1);
        let view: BedView = tomas.read(&bed).await;
        assert!(view.devices[0].clinical.is_some());
        let monitor = format!("/api/v1/devices/{}", at_bed.devices[0].device);
        assert_eq!(status_of(&tomas, &monitor).await, 200);

        let wards: Vec<EmergencyWard> = tomas.read("/api/v1/emergency/wards").await;
        assert_eq!(wards.len(), 2);
        assert_eq!(status_of(&tomas, &format!("/api/v1/wards/{}", place.ward)).await, 404);
        let neighbour = found(&tomas, &json!({ "by": "place", "ward": place.ward, "bed": "2" })).await;
        assert_eq!(neighbour.identity.family_name, "NWOSU");
        assert_eq!(status_of(&tomas, &format!("/api/v1/patients/{}", neighbour.patient)).await, 404);
        let transfer = json!({ "bed": place.bed });
        let moved = tomas.post(&format!("/api/v1/patients/{}/transfer", hollis.patient), &transfer).await;
        assert_eq!(moved.status, 403, "{}", moved.text);

        let events = portal.events_about(hollis.patient).await;
        assert!(events.iter().any(|event| event == "emergency_looked_up"));
        let looked_up = &portal.details_about(hollis.patient, "emergency_looked_up").await[0];
        assert_eq!((&looked_up["classes"], &looked_up["relations"]), (&json!(["identity"]), &json!(["same_organisation"])));
        assert!(looked_up["policy_epoch"].is_number() && looked_up["route"].is_string(), "{looked_up}");
        assert!(events.iter().any(|event| event == "emergency_access_opened"));
    }

    async fn a_patient_of_another_hospital_is_nobody_at_the_same_price(portal: Portal) {
        let tomas = portal.sign_in("tomas.reuter").await;
        let mut answers = Vec::new();
        let st_annes_bed = portal.bed("ivo.lang", "1").await;
        for by in [
            by_number(ST_ANNES_PATIENT),
            by_number("NG-000000"),
            json!({ "by": "bed", "bed": st_annes_bed }),
            json!({ "by": "bed", "bed": "01a210c5-5112-7104-b13e-c0bb40cd1635" }),
        ] {
            let before = portal.app.http.so_far("POST", "/api/v1/emergency/look-up", 404);
            let answer = find(&tomas, &by).await;
            let after = portal.app.http.so_far("POST", "/api/v1/emergency/look-up", 404);
            answers.push((answer.status, answer.text, after.1 - before.1));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].0, 404);

        let ivo = portal.sign_in("ivo.lang").await;
        let theirs = found(&ivo, &by_number(ST_ANNES_PATIENT)).await;
        assert_eq!(open(&tomas, theirs.patient, &called()).await.status, 404);
    }

    async fn who_treats_nobody_can_neither_look_up_nor_open(portal: Portal) {
        let patient = found(&portal.sign_in("tomas.reuter").await, &by_number(HOLLIS)).await.patient;
        for login in ["ben.fischer", "daniel.brooks", "helen.frost", "ruth.adler", "alan.reed", "rosa.lind"] {
            let person = portal.sign_in(login).await;
            let refused = find(&person, &by_number(HOLLIS)).await;
            assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"), "{login}");
            assert_eq!(open(&person, patient, &called()).await.status, 404, "{login}");
        }
    }

    async fn a_reason_alone_is_not_enough_and_an_open_patient_needs_no_emergency(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = found(&tomas, &by_number(HOLLIS)).await;
        tomas.step_up().await;
        for why in [
            json!({ "reason": "life", "sentence": "help" }),
            json!({ "reason": "curiosity", "sentence": "I would like to know." }),
            json!({ "reason": "life" }),
        ] {
            assert_eq!(open(&tomas, hollis.patient, &why).await.status, 400, "{why}");
        }
        let harte = found(&tomas, &by_number("NG-104155")).await;
        assert!(harte.already_open);
        assert_eq!(open(&tomas, harte.patient, &called()).await.status, 400);
        assert!(tomas.read::<EmergencyState>("/api/v1/emergency").await.open.is_none());
    }

    async fn a_quarter_of_an_hour_later_it_is_closed_and_the_record_says_why(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = opened(&mut tomas, HOLLIS).await;
        let record = format!("/api/v1/patients/{}", hollis.patient);
        minutes_pass(&clock, &tomas, 14).await;
        assert_eq!(status_of(&tomas, &record).await, 200);
        minutes_pass(&clock, &tomas, 1).await;
        assert_eq!(status_of(&tomas, &record).await, 404);
        assert!(tomas.read::<EmergencyState>("/api/v1/emergency").await.open.is_none());
        closing::close_what_is_over(&portal.app).await.unwrap();
        let ended = portal.details_about(hollis.patient, "emergency_access_ended").await;
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0]["by"], "expiry");
    }

    async fn a_record_that_takes_no_entry_stops_everything_but_an_emergency(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let louise = portal.sign_in("louise.brandt").await;
        let board = crate::care::board_of(&louise).await;
        let bed = |label: &str| board.beds.iter().find(|bed| bed.label == label).unwrap();
        let Occupancy::Occupied { patient: Some(harte), .. } = bed("7").occupancy else { panic!("bed 7 is free") };

        break_the_record(&portal, true).await;
        let to = json!({ "bed": bed("8").id });
        let moved = louise.post(&format!("/api/v1/patients/{harte}/transfer"), &to).await;
        assert_eq!(moved.code(), "unavailable", "{}", moved.text);
        let hollis = opened(&mut tomas, HOLLIS).await;
        let path = format!("/api/v1/patients/{}", hollis.patient);
        assert_eq!(status_of(&tomas, &path).await, 200);
        let longer = json!({ "reason": "life", "sentence": "Now in arrest, the team is here." });
        let extended = tomas.post("/api/v1/emergency/extension", &longer).await;
        assert_eq!(extended.status, 200, "{}", extended.text);
        assert_eq!(tomas.delete("/api/v1/emergency").await.status, 204);
        assert_eq!(portal.events_about(hollis.patient).await, ["patient_admitted"]);

        break_the_record(&portal, false).await;
        portal.app.recorder.merge_journal().await.unwrap();
        let events = portal.events_about(hollis.patient).await;
        for event in [
            "emergency_looked_up",
            "emergency_access_opened",
            "emergency_access_extended",
            "emergency_access_ended",
        ] {
            let times = events.iter().filter(|known| *known == event).count();
            assert_eq!(times, 1, "{event}: {events:?}");
        }
        assert!(verified(&portal).is_whole());
    }

    async fn an_open_stream_ends_with_the_access(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = opened(&mut tomas, HOLLIS).await;
        let mut tab = Tab::open(&portal, &tomas).await;
        let topic = Topic::Patient(hollis.patient);
        assert!(matches!(tab.subscribe(topic).await, LiveMessage::Subscribed { .. }));

        clock.advance(Duration::from_secs(15 * 60));
        let over = Delay::begins();
        let heard = tab.until(|message| matches!(message, LiveMessage::Refused { .. })).await;
        over.told("an emergency access that is over left an open stream");
        let LiveMessage::Refused { error, .. } = heard else { panic!("{heard:?}") };
        assert_eq!(error.code, ErrorCode::NotFound);
    }

    async fn it_is_extended_once_with_a_reason_of_its_own(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let nothing = tomas.post("/api/v1/emergency/extension", &called()).await;
        assert_eq!(nothing.status, 404);
        let hollis = opened(&mut tomas, HOLLIS).await;
        minutes_pass(&clock, &tomas, 10).await;
        let unproven = tomas.post("/api/v1/emergency/extension", &called()).await;
        assert_eq!((unproven.status, unproven.code().as_str()), (403, "step_up_required"));
        tomas.step_up().await;
        let short = json!({ "reason": "life", "sentence": "still" });
        assert_eq!(tomas.post("/api/v1/emergency/extension", &short).await.status, 400);
        let the_same = tomas.post("/api/v1/emergency/extension", &called()).await;
        assert!(the_same.status == 400 && the_same.text.contains("Say what is new"), "{}", the_same.text);
        let again = json!({ "reason": "life", "sentence": "Now in arrest, the team is here." });
        let answer = tomas.post("/api/v1/emergency/extension", &again).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let state: EmergencyState = serde_json::from_str(&answer.text).unwrap();
        assert!(!state.open.expect("still open").can_extend);
        let twice = tomas.post("/api/v1/emergency/extension", &again).await;
        assert_eq!((twice.status, twice.code().as_str()), (403, "not_permitted"));
        assert!(twice.text.contains("extended once"), "{}", twice.text);
        minutes_pass(&clock, &tomas, 19).await;
        let record = format!("/api/v1/patients/{}", hollis.patient);
        assert_eq!(status_of(&tomas, &record).await, 200);
        minutes_pass(&clock, &tomas, 1).await;
        assert_eq!(status_of(&tomas, &record).await, 404);
    }

    async fn it_ends_by_hand_with_the_session_and_with_a_suspension(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = opened(&mut tomas, HOLLIS).await;
        let record = format!("/api/v1/patients/{}", hollis.patient);
        assert_eq!(tomas.delete("/api/v1/emergency").await.status, 204);
        assert_eq!(status_of(&tomas, &record).await, 404);
        assert_eq!(tomas.delete("/api/v1/emergency").await.status, 204, "nothing open is no error");

        opened(&mut tomas, HOLLIS).await;
        let elsewhere = portal.sign_in("tomas.reuter").await;
        assert_eq!(status_of(&elsewhere, &record).await, 404, "an access belongs to one session");
        assert_eq!(tomas.delete("/api/v1/session").await.status, 204);
        closing::close_what_is_over(&portal.app).await.unwrap();

        let mut louise = portal.sign_in("louise.brandt").await;
        opened(&mut louise, HOLLIS).await;
        portal.suspend(louise.actor().await.person).await;
        assert_eq!(status_of(&louise, &record).await, 401);
        closing::close_what_is_over(&portal.app).await.unwrap();
        let causes: Vec<String> = portal
            .details_about(hollis.patient, "emergency_access_ended")
            .await
            .iter()
            .map(|detail| detail["by"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(causes, ["person", "sign_out", "suspension"]);
    }

    async fn history_opens_72_hours_back_and_no_further(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        clock.advance(Duration::from_secs(2 * 24 * 3_600));
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = opened(&mut tomas, HOLLIS).await;
        let shown: PatientRecord = tomas.read(&format!("/api/v1/patients/{}", hollis.patient)).await;
        let now = portal.app.clock.now();
        assert_eq!(shown.history_from, Some(now - LOOKS_BACK));
        let device = shown.bed.expect("a bed").devices[0].device;
        let all = Span { from: now - Duration::from_secs(100 * 3_600), until: now };
        let actor = tomas.actor().await;
        let permit = portal.app.access.device(device).history(&actor, DataClass::Clinical, all).await.unwrap();
        assert_eq!(permit.spans(), [Span { from: now - LOOKS_BACK, until: now }]);
        let long_ago = Span { from: all.from, until: now - LOOKS_BACK };
        let nothing = portal.app.access.device(device).history(&actor, DataClass::Clinical, long_ago).await;
        assert!(nothing.is_ok_and(|permit| permit.spans().is_empty()));
    }

    async fn a_flood_of_look_ups_waits_and_every_one_is_on_record(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let tomas = portal.sign_in("tomas.reuter").await;
        for number in 0..10 {
            let by = by_number(&if number == 0 { HOLLIS.to_owned() } else { format!("NG-{number}") });
            assert_eq!(find(&tomas, &by).await.status, if number == 0 { 200 } else { 404 });
        }
        let slowed = find(&tomas, &by_number(HOLLIS)).await;
        assert_eq!((slowed.status, slowed.code().as_str()), (429, "too_many_requests"));
        assert!(slowed.header("retry-after").parse::<u64>().unwrap() <= 10);
        assert_eq!(portal.count_of("emergency_looked_up").await, 10);
        let louise = portal.sign_in("louise.brandt").await;
        assert_eq!(find(&louise, &by_number(HOLLIS)).await.status, 200);
        clock.advance(Duration::from_secs(10));
        assert_eq!(find(&tomas, &by_number(HOLLIS)).await.status, 200);
    }

    async fn one_patient_at_a_time(portal: Portal) {
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let hollis = opened(&mut tomas, HOLLIS).await;
        let nwosu = opened(&mut tomas, "NG-104352").await;
        assert_eq!(status_of(&tomas, &format!("/api/v1/patients/{}", nwosu.patient)).await, 200);
        assert_eq!(status_of(&tomas, &format!("/api/v1/patients/{}", hollis.patient)).await, 404);
        assert_eq!(portal.details_about(hollis.patient, "emergency_access_ended").await.len(), 1);
    }
}
