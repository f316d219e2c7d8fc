//! Reads and refusals leave one entry each, before the answer leaves.

use fleetward::{
    platform::http::{Failure, Guard},
    privacy::audit::RecordedEntry,
    routes,
};
use fleetward_common::{
    access::{Purpose, Role},
    care::{Occupancy, WardBoard},
    id::PatientId,
};
use serde_json::json;

use super::{all_entries, new_since, organisation};
use crate::{
    care::board_of,
    on_both_engines,
    support::{Portal, people::Answer},
};

/// An id that was never given out.
const NOBODY: &str = "01a210c5-5112-7104-b13e-c0bb40cd1635";

fn patient_in_7(board: &WardBoard) -> PatientId {
    match board.beds[6].occupancy {
        Occupancy::Occupied {
            patient: Some(patient),
            ..
        } => patient,
        _ => panic!("nobody lies in bed 7"),
    }
}

/// The route with rows of Ward 4B in it.
fn filled(path: &str, board: &WardBoard) -> String {
    let id = match path {
        path if path.starts_with("/api/v1/wards/") => board.ward.id.to_string(),
        path if path.starts_with("/api/v1/beds/") => board.beds[6].id.to_string(),
        path if path.starts_with("/api/v1/devices/") => board.beds[6].devices[0].device.to_string(),
        path if path.starts_with("/api/v1/patients/") => patient_in_7(board).to_string(),
        _ => NOBODY.to_owned(),
    };
    let path = path.replace("{id}", &id);
    if path.ends_with("/history") {
        format!("{path}?metric=heart-rate&from=0&until=1000000&max_points=10")
    } else {
        path
    }
}

/// Makes one call and says what it left in the record.
async fn entries_of(portal: &Portal, call: impl Future<Output = Answer>) -> (Answer, Vec<RecordedEntry>) {
    let before = all_entries(portal).await;
    let answer = call.await;
    (answer, new_since(&before, all_entries(portal).await))
}

/// As when the disk is full: nothing can be added to the record.
pub async fn break_the_record(portal: &Portal, broken: bool) {
    let sqlite = if broken {
        "CREATE TRIGGER record_is_full BEFORE INSERT ON audit_entries
         BEGIN SELECT RAISE(ABORT, 'no room'); END"
    } else {
        "DROP TRIGGER record_is_full"
    };
    let postgres = if broken {
        "CREATE FUNCTION refuse_entries() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no room'; END $$;
         CREATE TRIGGER record_is_full BEFORE INSERT ON audit_entries
         FOR EACH ROW EXECUTE FUNCTION refuse_entries()"
    } else {
        "DROP TRIGGER record_is_full ON audit_entries; DROP FUNCTION refuse_entries"
    };
    portal.execute(sqlite, postgres).await;
}

on_both_engines! {
    async fn a_look_at_a_bed_says_who_why_by_which_relation_and_at_what(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let bed = board.beds[6].id;
        let (answer, entries) = entries_of(&portal, rashida.get(&format!("/api/v1/beds/{bed}"))).await;
        assert_eq!(answer.status, 200);
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        let content = &entry.content;
        assert_eq!(content.organisation, organisation(&portal, "Northgate General").await);
        assert_eq!((content.event.as_str(), content.action.as_str(), content.outcome), ("data_read", "R", 0));
        assert_eq!(content.role.as_deref(), Some(Role::Nurse.as_str()));
        assert_eq!(content.purpose.as_deref(), Some(Purpose::Treatment.as_str()));
        assert!(content.person.is_some() && content.membership.is_some());
        assert_eq!(content.entity_kind.as_deref(), Some("bed"));
        assert_eq!(content.entity.as_ref(), Some(bed.as_bytes()));
        assert_eq!(content.patient, Some(patient_in_7(&board)));
        let detail = &content.detail;
        assert_eq!(detail["classes"], json!(["identity", "clinical", "technical"]));
        assert_eq!(detail["relations"], json!(["my_unit"]));
        assert_eq!(detail["route"], json!("GET /api/v1/beds/{id}"));
        assert_eq!(detail["request"], json!(answer.header("x-request-id")));
        assert_eq!(detail["answer"], json!("given"));
        assert!(detail["policy_epoch"].is_u64() && detail["address"].is_string());
    }

    async fn a_hidden_bed_and_one_that_never_was_are_each_on_record(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ivo = portal.sign_in("ivo.lang").await;
        let hidden = format!("/api/v1/beds/{}", board.beds[6].id);
        let (answer, entries) = entries_of(&portal, ivo.get(&hidden)).await;
        assert_eq!((answer.status, entries.len()), (404, 1));
        let content = &entries[0].content;
        // In the record of the hospital whose bed it is: that is where somebody has to hear of it.
        assert_eq!(content.organisation, organisation(&portal, "Northgate General").await);
        assert_eq!((content.event.as_str(), content.outcome), ("access_refused", 4));
        assert_eq!(content.detail["classes"], json!([]));

        let (answer, entries) = entries_of(&portal, ivo.get(&format!("/api/v1/beds/{NOBODY}"))).await;
        assert_eq!((answer.status, entries.len()), (404, 1));
        assert_eq!(entries[0].content.organisation, organisation(&portal, "St Anne’s Hospital").await);
    }

    async fn a_list_is_one_entry_with_a_count_and_no_rows(portal: Portal) {
        let rosa = portal.sign_in("rosa.lind").await;
        let (answer, entries) = entries_of(&portal, rosa.get("/api/v1/patients")).await;
        assert_eq!((answer.status, entries.len()), (200, 1));
        let content = &entries[0].content;
        assert_eq!((content.event.as_str(), content.entity, content.patient), ("list_read", None, None));
        assert_eq!(content.detail["results"], answer.json()["total"]);
        let patient = answer.json()["items"][0]["patient"].as_str().unwrap().to_owned();
        assert!(!content.detail.to_string().contains(&patient));
    }

    async fn each_call_of_each_route_leaves_exactly_one_entry(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let mut calls = 0;
        for login in ["rashida.amadi", "ivo.lang", "daniel.brooks", "rosa.lind", "ben.fischer", "alan.reed", "nils.berg"] {
            let person = portal.sign_in(login).await;
            for route in routes::declared() {
                if !matches!(route.guard, Guard::Point(..) | Guard::List(..)) || !route.path.starts_with("/api/v1/") {
                    continue;
                }
                let path = filled(&route.path, &board);
                let request = person.request(route.method.as_str().parse().unwrap(), &path);
                let request = if route.method == "POST" {
                    request.json(&json!({ "by": "record_number", "record_number": "NG-104155" }))
                } else {
                    request
                };
                let (answer, entries) = entries_of(&portal, person.send(request)).await;
                calls += 1;
                let told = format!("{login} {} {path}: {} {entries:?}", route.method, answer.status);
                if matches!(answer.status, 200 | 403 | 404) {
                    assert_eq!(entries.len(), 1, "{told}");
                } else {
                    assert!(entries.len() <= 1, "{told}");
                }
            }
        }
        assert!(calls >= 7 * 10, "{calls} calls");
    }

    async fn what_can_not_be_recorded_does_not_leave(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let bed = format!("/api/v1/beds/{}", board.beds[6].id);
        break_the_record(&portal, true).await;
        for path in [bed.as_str(), "/api/v1/wards", "/api/v1/patients", &format!("/api/v1/beds/{NOBODY}")] {
            let answer = rashida.get(path).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{path}");
            assert!(!answer.text.contains("HARTE"), "{}", answer.text);
        }
        break_the_record(&portal, false).await;
        assert_eq!(rashida.get(&bed).await.status, 200);
    }

    async fn an_emergency_is_recorded_in_the_journal_and_merged_when_the_record_is_back(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let (_, entries) = entries_of(&portal, rashida.get(&format!("/api/v1/beds/{}", board.beds[6].id))).await;
        let entry = as_an_emergency(&portal, &entries[0]).await;
        break_the_record(&portal, true).await;
        let before = all_entries(&portal).await;
        portal.app.recorder.write_in_emergency(entry.clone()).await.unwrap();
        let inside = entry.clone();
        let recorder = portal.app.recorder.clone();
        let opened: Result<(), Failure> = portal
            .app
            .db
            .write(move |connection| Ok(recorder.append_in_emergency(connection, &inside)?))
            .await;
        opened.unwrap();
        assert!(portal.app.recorder.write(entry).await.is_err());
        assert!(new_since(&before, all_entries(&portal).await).is_empty());
        assert!(portal.app.recorder.merge_journal().await.is_err());

        break_the_record(&portal, false).await;
        let merged = portal.app.recorder.merge_journal().await.unwrap();
        // The server itself may have been quicker.
        assert!(merged == 2 || merged == 0, "{merged}");
        let new = new_since(&before, all_entries(&portal).await);
        assert_eq!(new.len(), 2, "{new:?}");
        assert!(new.iter().all(|entry| entry.content.detail["journal"].is_string()));
        assert_eq!(portal.app.recorder.merge_journal().await.unwrap(), 0);
    }
}

async fn as_an_emergency(portal: &Portal, seen: &RecordedEntry) -> fleetward::privacy::audit::AuditEntry {
    use fleetward::privacy::audit::{AuditAction, AuditActor, AuditEntry, AuditOutcome};
    AuditEntry {
        organisation: seen.content.organisation,
        at: portal.app.clock.now(),
        action: AuditAction::Read,
        event: "data_read",
        outcome: AuditOutcome::Success,
        actor: AuditActor {
            person: seen.content.person,
            membership: seen.content.membership,
            role: Some(Role::Nurse),
            purpose: Some(Purpose::BreakTheGlass),
        },
        entity: None,
        patient: seen.content.patient,
        detail: json!({ "relations": ["break_glass"] }),
    }
}
