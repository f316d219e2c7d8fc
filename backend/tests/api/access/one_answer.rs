//! The same question over the API in every form it has: one row, a list, a count, a search, a stream, a
//! signed copy. And none of the forms that are about many rows asks the policy once per row.

use std::{collections::BTreeSet, time::Duration};

use fleetward_common::{
    access::{Action, Capabilities, Kind},
    care::{Occupancy, PatientIdentity, WardBoard},
    devices::{DeviceSummary, DeviceView},
    fleet::FleetCounts,
    id::{DeviceId, PatientId},
    live::Topic,
    page::Page,
    sharing::Sharing,
};
use serde_json::{Value, json};

use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal},
};

/// Every device of the world, whoever may see it.
async fn every_device(portal: &Portal) -> BTreeSet<DeviceId> {
    let mut all = BTreeSet::new();
    for login in [
        "ben.fischer",
        "daniel.brooks",
        "rosa.lind",
        "ivo.lang",
        "rashida.amadi",
    ] {
        let page: Page<DeviceSummary> = portal.sign_in(login).await.read("/api/v1/devices").await;
        all.extend(page.items.into_iter().map(|device| device.id));
    }
    all
}

async fn in_the_technical_class(person: &Person<'_>, device: DeviceId) -> bool {
    let answer = person.get(&format!("/api/v1/devices/{device}")).await;
    match answer.status {
        200 => serde_json::from_str::<DeviceView>(&answer.text)
            .unwrap()
            .technical
            .is_some(),
        404 => false,
        other => panic!("{other}: {}", answer.text),
    }
}

/// Some patients of three houses: two hospitals, and a clinic for homes.
async fn some_patients(portal: &Portal) -> Vec<(PatientId, PatientIdentity)> {
    let in_beds = |board: WardBoard| {
        let lying = board.beds.into_iter().filter_map(|bed| match bed.occupancy {
            Occupancy::Occupied {
                patient: Some(patient),
                identity,
                ..
            } => Some((patient, identity.expect("a name"))),
            _ => None,
        });
        lying.take(4).collect::<Vec<_>>()
    };
    let mut some = in_beds(board_of(&portal.sign_in("rashida.amadi").await).await);
    some.extend(in_beds(board_of(&portal.sign_in("ivo.lang").await).await));
    let homes = portal
        .sign_in("rosa.lind")
        .await
        .get("/api/v1/patients")
        .await
        .json();
    let homes = homes["items"]
        .as_array()
        .expect("patients at home")
        .iter()
        .take(4);
    some.extend(homes.map(|home| {
        let patient = home["patient"].as_str().unwrap().parse().unwrap();
        (patient, serde_json::from_value(home["identity"].clone()).unwrap())
    }));
    some
}

/// Whether their page says who they are.
async fn is_known(person: &Person<'_>, patient: PatientId) -> bool {
    let answer = person.get(&format!("/api/v1/patients/{patient}")).await;
    match answer.status {
        200 => !answer.json()["identity"].is_null(),
        404 => false,
        other => panic!("{other}: {}", answer.text),
    }
}

async fn finds(person: &Person<'_>, by: &Value, patient: PatientId) -> bool {
    let answer = person.post("/api/v1/patients/search", by).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.json()["items"].as_array().unwrap().clone();
    let wanted = patient.to_string();
    items
        .iter()
        .any(|item| item["patient"].as_str() == Some(wanted.as_str()))
}

/// Entries of the record in this time, as the desk's search pages through them.
async fn searched(officer: &Person<'_>, from: i64, until: i64) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let mut after = Value::Null;
    loop {
        // A search's end is its last moment, a copy's the first after it.
        let asked = json!({ "from": from, "until": until - 1, "after": after });
        let answer = officer.post("/api/v1/reviews/search", &asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["entry"].as_u64().unwrap()));
        after = page["next"].clone();
        if after.is_null() {
            return found;
        }
    }
}

fn copied(text: &str) -> BTreeSet<u64> {
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| line["number"].as_u64())
        .collect()
}

/// What the page about oneself lists as given.
fn given(sharing: &Sharing) -> BTreeSet<String> {
    let choices = sharing.choices.iter().filter_map(|choice| choice.given.as_ref());
    let people = sharing.people.iter().map(|named| &named.consent);
    choices
        .chain(people)
        .map(|consent| consent.id.to_string())
        .collect()
}

on_both_engines! {
    async fn a_device_is_listed_counted_found_and_streamed_exactly_when_it_can_be_opened(portal: Portal) {
        let all = every_device(&portal).await;
        assert!(all.len() > 30);
        let ben: Page<DeviceSummary> = portal.sign_in("ben.fischer").await.read("/api/v1/devices").await;
        assert!(ben.items.len() >= 5);
        let people = [
            "rashida.amadi", "ivo.lang", "daniel.brooks", "ben.fischer", "rita.falk", "rosa.lind",
            "alan.reed", "sofia.hughes", "helen.frost", "ruth.adler", "nils.berg",
        ];
        let (mut found_by_somebody, mut hidden_from_somebody) = (0, 0);
        for login in people {
            let person = portal.sign_in(login).await;
            let mut opened = BTreeSet::new();
            for device in &all {
                if in_the_technical_class(&person, *device).await {
                    opened.insert(*device);
                }
            }
            let list: Page<DeviceSummary> = person.read("/api/v1/devices").await;
            let listed: BTreeSet<DeviceId> = list.items.iter().map(|device| device.id).collect();
            assert_eq!(listed, opened, "{login}: the list");
            assert_eq!(list.total, opened.len() as u64, "{login}: the list's own count");
            let counts: FleetCounts = person.read("/api/v1/fleet/counts").await;
            assert_eq!(counts.total, opened.len() as u64, "{login}: the count");
            for device in ben.items.iter().take(5) {
                let found: Page<DeviceSummary> =
                    person.read(&format!("/api/v1/devices?q={}", device.serial.as_str())).await;
                let found = found.items.iter().any(|hit| hit.id == device.id);
                assert_eq!(found, opened.contains(&device.id), "{login}: the search");
                found_by_somebody += usize::from(found);
                hidden_from_somebody += usize::from(!found);
            }
            let actor = person.actor().await;
            let streamed = portal.app.access.scope(&actor, Topic::Fleet).await.unwrap();
            let streamed: BTreeSet<DeviceId> = streamed.devices.into_keys().collect();
            assert_eq!(streamed, opened, "{login}: the stream");
        }
        assert!(found_by_somebody >= 10 && hidden_from_somebody >= 10);
    }

    async fn a_patient_is_found_exactly_by_those_whose_page_says_who_it_is(portal: Portal) {
        let some = some_patients(&portal).await;
        assert!(some.len() >= 10, "{}", some.len());
        let mut known_to = vec![0; some.len()];
        let people = [
            "rashida.amadi", "tomas.reuter", "ivo.lang", "rosa.lind", "miriam.okafor", "daniel.brooks",
            "ben.fischer", "alan.reed", "sofia.hughes", "helen.frost", "ruth.adler", "nils.berg",
        ];
        for login in people {
            let person = portal.sign_in(login).await;
            let listed = person.get("/api/v1/patients").await.json();
            let listed: BTreeSet<String> = listed["items"].as_array().unwrap().iter()
                .filter(|item| !item["identity"].is_null())
                .map(|item| item["patient"].as_str().unwrap().to_owned())
                .collect();
            for (at, (patient, who)) in some.iter().enumerate() {
                let known = is_known(&person, *patient).await;
                let ways = [
                    json!({ "by": "record_number", "record_number": who.record_number }),
                    json!({ "by": "surname_and_birth", "family_name": who.family_name, "born": who.born }),
                    json!({ "by": "surname_start", "family_name": who.family_name }),
                ];
                for by in ways {
                    assert_eq!(finds(&person, &by, *patient).await, known, "{login}: {by}");
                }
                assert_eq!(listed.contains(&patient.to_string()), known, "{login}: the list");
                known_to[at] += usize::from(known);
            }
        }
        assert!(known_to.iter().all(|times| (1..=4).contains(times)), "{known_to:?}");
    }

    async fn a_signed_copy_holds_what_the_search_finds_and_for_nobody_else_anything(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        for bed in &board_of(&rashida).await.beds[..6] {
            assert_eq!(rashida.get(&format!("/api/v1/beds/{}", bed.id)).await.status, 200);
        }
        let until = portal.app.clock.now();
        let from = until - Duration::from_secs(3_600);
        let (from, until) = (from.micros(), until.micros());
        let copy = format!("/api/v1/reviews/export?from={from}&until={until}");
        for login in ["helen.frost", "jonas.frey"] {
            let mut officer = portal.sign_in(login).await;
            officer.step_up().await;
            let found = searched(&officer, from, until).await;
            let answer = officer.get(&copy).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(copied(&answer.text), found, "{login}");
            assert!(found.len() >= 7, "{}", found.len());
        }
        for login in ["rashida.amadi", "ivo.lang", "ruth.adler", "ben.fischer", "rosa.lind", "alan.reed"] {
            let person = portal.sign_in(login).await;
            let (search, copy) = (person.post("/api/v1/reviews/search", &json!({})).await, person.get(&copy).await);
            assert_eq!(search.status, copy.status, "{login}");
            assert!(matches!(copy.status, 403 | 404), "{login}: {}", copy.text);
        }
    }

    async fn a_consent_is_listed_exactly_for_those_who_can_take_it_back(portal: Portal) {
        let mut consents = BTreeSet::new();
        for login in ["alan.reed", "joan.whitfield", "martin.hughes"] {
            let patient = portal.sign_in(login).await;
            for what in [json!({ "purpose": "research" }), json!({ "purpose": "named_person", "login": "tomas.reuter" })] {
                let answer = patient.post("/api/v1/me/consents", &what).await;
                assert_eq!(answer.status, 200, "{login}: {}", answer.text);
                consents.extend(given(&serde_json::from_str(&answer.text).unwrap()));
            }
        }
        assert!(consents.len() >= 6, "{consents:?}");
        let mut listed_to = 0;
        for login in [
            "alan.reed", "joan.whitfield", "martin.hughes", "sofia.hughes", "tomas.reuter", "rosa.lind",
            "helen.frost", "ruth.adler", "vera.holm", "ben.fischer",
        ] {
            let person = portal.sign_in(login).await;
            let page = person.get("/api/v1/me/consents").await;
            let listed = match page.status {
                200 => given(&serde_json::from_str(&page.text).unwrap()),
                404 => BTreeSet::new(),
                other => panic!("{login}: {other}: {}", page.text),
            };
            for id in &consents {
                let answer = person.get(&format!("/api/v1/capabilities?kind=consent&id={id}")).await;
                let may = answer.status == 200
                    && serde_json::from_str::<Capabilities>(&answer.text)
                        .unwrap()
                        .may(Kind::Consent, Action::ManageConsent);
                assert_eq!(listed.contains(id), may, "{login} {id}");
                listed_to += usize::from(may);
            }
        }
        // Each to its patient, and Martin's to Sofia too.
        assert!(listed_to >= consents.len() + 2, "{listed_to} of {}", consents.len());
    }

    async fn what_is_about_many_rows_costs_no_decision_per_row(portal: Portal) {
        let ben = portal.sign_in("ben.fischer").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let ivo = portal.sign_in("ivo.lang").await;
        let rosa = portal.sign_in("rosa.lind").await;
        let spent = async |person: &Person<'_>, path: &str| {
            let before = portal.app.access.decisions();
            assert_eq!(person.get(path).await.status, 200, "{path}");
            portal.app.access.decisions() - before
        };
        for (person, path) in [
            (&ben, "/api/v1/devices"),
            (&ben, "/api/v1/devices?q=NW"),
            (&ben, "/api/v1/fleet/counts"),
            (&rosa, "/api/v1/patients"),
            (&rashida, "/api/v1/wards"),
        ] {
            assert_eq!(spent(person, path).await, 0, "{path}");
        }
        // A board asks about its ward, not about its beds: 24 cost what 6 cost.
        let ward_4b = format!("/api/v1/wards/{}", board_of(&rashida).await.ward.id);
        let ward_2 = format!("/api/v1/wards/{}", board_of(&ivo).await.ward.id);
        assert_eq!(spent(&rashida, &ward_4b).await, spent(&ivo, &ward_2).await);
    }
}
