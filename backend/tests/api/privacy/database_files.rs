//! What lies on the disk, byte by byte: nobody can be found in it.

use std::{fs, path::Path, process::Command};

use fleetward::{
    care::store::{
        identity::{self, NewPatient},
        places::{self, NewStay},
    },
    platform::http::Failure,
};
use fleetward_common::{
    care::{PatientIdentity, Sex},
    id::{BedId, IntervalId, PatientId},
    review::ReviewQueue,
};
use serde_json::json;

use super::organisation;
use crate::{
    care::board_of,
    emergency::{HOLLIS, by_number, found},
    on_both_engines,
    support::Portal,
};

/// Words that are nowhere else in the world.
const CANARY: [&str; 4] = ["Quennelldottir", "Zephyrine", "CANARY-7741093", "1931-02-17"];

/// Into the free bed 8 of Ward 4B, so that she is on the board.
async fn admit_the_canary(portal: &Portal, bed: BedId) {
    let northgate = organisation(portal, "Northgate General").await;
    let (keys, clock) = (portal.app.keys.clone(), portal.app.clock.clone());
    let admitted: Result<(), Failure> = portal
        .app
        .db
        .write(move |connection| {
            let patient = PatientId::new(clock.now(), clock.entropy());
            let new = NewPatient {
                id: patient,
                organisation: northgate,
                home_region: "eu",
                time_zone: "Europe/London",
                identity: PatientIdentity {
                    family_name: CANARY[0].to_owned(),
                    given_name: CANARY[1].to_owned(),
                    born: CANARY[3].to_owned(),
                    sex: Sex::Female,
                    record_number: CANARY[2].to_owned(),
                },
                created_at: clock.now(),
            };
            identity::admit(connection, &keys, northgate, &[new])?;
            let stay = NewStay {
                id: IntervalId::new(clock.now(), clock.entropy()),
                organisation: northgate,
                patient,
                bed,
                from: clock.now(),
            };
            Ok(places::begin_stay(connection, &stay)?)
        })
        .await;
    admitted.unwrap();
}

/// Every file in which one of these words stands, in any case.
fn places(folder: &Path) -> Vec<String> {
    let mut grep = Command::new("grep");
    grep.args(["-rliaF"]);
    for word in CANARY {
        grep.args(["-e", word]);
    }
    let found = grep.arg(folder).output().unwrap();
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    text.lines().map(str::to_owned).collect()
}

on_both_engines! {
    async fn no_file_of_either_engine_repeats_what_people_wrote_about_her(portal: Portal) {
        let words = CANARY.join(" ");
        let mut tomas = portal.sign_in("tomas.reuter").await;
        let patient = found(&tomas, &by_number(HOLLIS)).await.patient;
        tomas.step_up().await;
        let open = format!("/api/v1/patients/{patient}/emergency");
        for (path, said) in [(open.as_str(), "asked at once"), ("/api/v1/emergency/extension", "asks again")] {
            let why = json!({ "reason": "asked", "sentence": format!("Sister of {words}, {said}.") });
            let answer = tomas.post(path, &why).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
        tomas.delete("/api/v1/emergency").await;

        let mut helen = portal.sign_in("helen.frost").await;
        helen.step_up().await;
        let queue: ReviewQueue = helen.read("/api/v1/reviews").await;
        let review = format!("/api/v1/reviews/{}", queue.items[0].id);
        let decisions = format!("{review}/decisions");
        for (decision, status) in [("needs_answer", 200), ("appropriate", 200), ("appropriate", 403)] {
            let note = json!({ "decision": decision, "note": format!("Is {words} a relative?") });
            let answer = helen.post(&decisions, &note).await;
            assert_eq!(answer.status, status, "{decision}: {}", answer.text);
            if decision == "needs_answer" {
                let said = json!({ "answer": format!("I never met {words}.") });
                let answer = tomas.post(&format!("{review}/answer"), &said).await;
                assert!(answer.status < 300, "{}", answer.text);
            }
        }
        let shown = helen.get(&review).await.text;
        assert!(shown.matches(CANARY[2]).count() >= 4, "two sentences, two notes and an answer: {shown}");
        helen.post("/api/v1/reviews/search", &json!({ "person": words, "record_number": CANARY[2] })).await;
        assert_eq!(helen.get(&format!("/api/v1/reviews/export?from=0&until={}", i64::MAX / 2)).await.status, 200);

        let alan = portal.sign_in("alan.reed").await;
        let nobody = json!({ "purpose": "named_person", "login": words });
        assert_ne!(alan.post("/api/v1/me/consents", &nobody).await.status, 204);
        let louise = portal.sign_in("louise.brandt").await;
        let beds = board_of(&louise).await.beds;
        let lies = beds.iter().find_map(|bed| bed.occupancy.patient()).unwrap();
        let free = beds.iter().find(|bed| bed.occupancy.patient().is_none()).unwrap().id;
        let transfer = format!("/api/v1/patients/{lies}/transfer");
        assert_eq!(louise.post(&transfer, &json!({ "bed": words })).await.status, 400);
        let moved = louise.post(&transfer, &json!({ "bed": free })).await;
        assert!(moved.status < 300, "{}", moved.text);

        portal.checkpoint_database();
        for folder in portal.database_folders() {
            assert_eq!(places(&folder), Vec::<String>::new());
        }
    }

    async fn no_file_of_either_engine_says_who_the_patient_is(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let bed = board_of(&rashida).await.beds[7].id;
        admit_the_canary(&portal, bed).await;
        assert!(rashida.get(&format!("/api/v1/beds/{bed}")).await.text.contains(CANARY[0]), "she is on the board");
        for wanted in [
            json!({ "by": "record_number", "record_number": CANARY[2] }),
            json!({ "by": "surname_and_birth", "family_name": CANARY[0], "born": CANARY[3] }),
            json!({ "by": "surname_start", "family_name": CANARY[0] }),
        ] {
            let answer = rashida.post("/api/v1/patients/search", &wanted).await;
            assert!(answer.text.contains(CANARY[2]), "{}", answer.text);
        }
        rashida.get(&format!("/api/v1/devices?q={}", CANARY[0])).await;
        rashida.get(&format!("/api/v1/patients?name={}&born={}", CANARY[1], CANARY[3])).await;
        portal.checkpoint_database();
        let mut found = Vec::new();
        for folder in portal.database_folders() {
            found.extend(places(&folder));
        }
        assert!(found.is_empty(), "{found:#?}");
        // The search finds what is there.
        fs::write(portal.data().join("note"), format!("about {}", CANARY[1].to_uppercase())).unwrap();
        assert_eq!(places(portal.data()).len(), 1);
    }
}
