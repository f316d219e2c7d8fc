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
};
use serde_json::json;

use super::organisation;
use crate::{care::board_of, on_both_engines, support::Portal};

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
