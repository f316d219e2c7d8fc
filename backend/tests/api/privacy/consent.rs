//! What a patient shares, at the moment they share it and at the moment they stop.

use fleetward_common::{
    access::{Action, Capabilities, Kind},
    id::DeviceId,
    live::{LiveMessage, Topic},
    sharing::{ConsentPurpose, Sharing},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{all_entries, new_since, organisation};
use crate::{
    on_both_engines,
    support::{Delay, Person, Portal, people::Answer, tab::Tab},
};

pub(super) async fn shared(answer: Answer) -> Sharing {
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

pub(super) async fn give(patient: &Person<'_>, what: &Value) -> Sharing {
    shared(patient.post("/api/v1/me/consents", what).await).await
}

pub(super) async fn first_device(patient: &Person<'_>) -> DeviceId {
    let page: Value = patient.read("/api/v1/me").await;
    page["devices"][0]["device"].as_str().unwrap().parse().unwrap()
}

on_both_engines! {
    async fn alan_shares_with_a_doctor_who_sees_him_until_the_moment_he_stops(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let tomas = portal.sign_in("tomas.reuter").await;
        let device = first_device(&alan).await;
        let path = format!("/api/v1/devices/{device}");
        assert_eq!(tomas.get(&path).await.status, 404);

        let sharing = give(&alan, &json!({ "purpose": "named_person", "login": " Tomas.Reuter " })).await;
        assert_eq!(sharing.people.len(), 1);
        assert_eq!((sharing.people[0].name.as_str(), sharing.people[0].consent.version), ("Tomas Reuter", 1));
        let seen = tomas.get(&path).await;
        assert_eq!(seen.status, 200, "{}", seen.text);
        assert!(seen.json()["clinical"].is_array());

        let mut tab = Tab::open(&portal, &tomas).await;
        let topic = Topic::Device(device);
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
        let id = sharing.people[0].consent.id;
        let of_consent = format!("/api/v1/capabilities?kind=consent&id={id}");
        let may: Capabilities = alan.read(&of_consent).await;
        assert!(may.may(Kind::Consent, Action::ManageConsent));
        assert_eq!(portal.sign_in("joan.whitfield").await.get(&of_consent).await.status, 404);
        let withdrawn = Delay::begins();
        let after = shared(alan.delete(&format!("/api/v1/me/consents/{id}")).await).await;
        assert!(after.people.is_empty());
        tab.until(|message| matches!(message, LiveMessage::Refused { .. })).await;
        withdrawn.told("a withdrawn consent reached an open stream");
        assert_eq!(tomas.get(&path).await.status, 404);

        // Given again it is the next version; the first one stays as it was.
        let again = give(&alan, &json!({ "purpose": "named_person", "login": "tomas.reuter" })).await;
        assert_eq!(again.people[0].consent.version, 2);
        assert_ne!(again.people[0].consent.id, id);
    }

    async fn giving_and_withdrawing_are_on_record_once_each_and_twice_is_once(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let before = all_entries(&portal).await;
        let sharing = give(&alan, &json!({ "purpose": "research" })).await;
        let research = sharing.choices.iter().find(|choice| choice.purpose == ConsentPurpose::Research).unwrap();
        let id = research.given.as_ref().expect("given").id;
        let entries = new_since(&before, all_entries(&portal).await);
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(entries[0].content.event, "consent_given");
        assert_eq!(entries[0].content.detail["wording"], json!("research/1"));
        assert!(entries[0].content.patient.is_some());

        let twice = give(&alan, &json!({ "purpose": "research" })).await;
        let same = twice.choices.iter().find(|choice| choice.purpose == ConsentPurpose::Research).unwrap();
        assert_eq!(same.given.as_ref().expect("given").id, id);
        let path = format!("/api/v1/me/consents/{id}");
        assert_eq!(alan.delete(&path).await.status, 200);
        assert_eq!(alan.delete(&path).await.status, 404);
        let events: Vec<String> = new_since(&before, all_entries(&portal).await)
            .into_iter()
            .map(|entry| entry.content.event)
            .filter(|event| event.starts_with("consent"))
            .collect();
        assert_eq!(events.iter().filter(|event| *event == "consent_withdrawn").count(), 1, "{events:?}");
    }

    async fn what_a_patient_gives_for_research_opens_the_past_to_research_and_to_nothing_else(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let device = first_device(&alan).await;
        // Tomas treats at another hospital, Miriam at the clinic to which Alan gives it.
        let (miriam, tomas) = (portal.sign_in("miriam.okafor").await, portal.sign_in("tomas.reuter").await);
        let now = portal.app.clock.now().micros();
        let history = format!("/api/v1/devices/{device}/history?metric=heart-rate&from={}&until={now}&max_points=10", now - 3_600_000_000);
        let asked = async |person: &Person<'_>, path: &str, purpose: &str| {
            let request = person.request(Method::GET, path).header("purpose-of-use", purpose);
            person.send(request).await.status
        };
        assert_eq!(miriam.get(&history).await.status, 200, "she treats him");
        assert_eq!(asked(&miriam, &history, "HRESCH").await, 404, "which is no research");

        let sharing = give(&alan, &json!({ "purpose": "research" })).await;
        assert_eq!(asked(&miriam, &history, "HRESCH").await, 200);
        let page = format!("/api/v1/devices/{device}");
        assert_eq!(asked(&miriam, &page, "HRESCH").await, 404, "never now, never who");
        assert_eq!(asked(&miriam, "/api/v1/patients", "HRESCH").await, 200);
        assert_eq!(asked(&tomas, &history, "HRESCH").await, 404);
        assert_eq!(tomas.get(&history).await.status, 404, "research opens nothing to treatment");
        assert_eq!(asked(&miriam, &history, "TREAT").await, 400, "the session says why she treats");
        let entries = all_entries(&portal).await;
        let read = entries.iter().rfind(|entry| entry.content.event == "history_read").unwrap();
        assert_eq!(read.content.purpose, Some("HRESCH".to_owned()));
        assert_eq!(read.content.detail["relations"], json!(["research_consented"]));

        let given = sharing.choices.iter().find(|choice| choice.purpose == ConsentPurpose::Research).unwrap();
        let id = given.given.as_ref().expect("given").id;
        assert_eq!(alan.delete(&format!("/api/v1/me/consents/{id}")).await.status, 200);
        assert_eq!(asked(&miriam, &history, "HRESCH").await, 404);
    }

    async fn a_proxy_gives_and_withdraws_for_the_patient_and_nobody_else_can(portal: Portal) {
        let martin = portal.sign_in("martin.hughes").await;
        let sofia = portal.sign_in("sofia.hughes").await;
        let sharing = give(&sofia, &json!({ "purpose": "research" })).await;
        assert!(!sharing.yours);
        assert_eq!(sharing.given_name, "Martin");
        let of_martin: Sharing = serde_json::from_str(&martin.get("/api/v1/me/consents").await.text).unwrap();
        let given = of_martin.choices.iter().find_map(|choice| choice.given.clone()).expect("given by Sofia");

        let alan = portal.sign_in("alan.reed").await;
        assert_eq!(alan.delete(&format!("/api/v1/me/consents/{}", given.id)).await.status, 404);
        for login in ["rosa.lind", "rashida.amadi", "ben.fischer", "nils.berg"] {
            let person = portal.sign_in(login).await;
            assert_eq!(person.get("/api/v1/me/consents").await.status, 404, "{login}");
            assert_eq!(person.post("/api/v1/me/consents", &json!({ "purpose": "research" })).await.status, 404, "{login}");
        }
        assert_eq!(martin.delete(&format!("/api/v1/me/consents/{}", given.id)).await.status, 200);
    }

    async fn who_can_not_be_named_and_who_is_not_there_get_one_answer(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let answer = async |login: &str| {
            let answer = alan.post("/api/v1/me/consents", &json!({ "purpose": "named_person", "login": login })).await;
            (answer.status, answer.json()["message"].clone())
        };
        let nobody = answer("nobody.at.all").await;
        assert_eq!(nobody.0, 400);
        for login in ["ben.fischer", "ruth.adler", "nils.berg", "alan.reed", "joan.whitfield", ""] {
            assert_eq!(answer(login).await, nobody, "{login}");
        }
        let foreign = json!({ "purpose": "manufacturer_support", "organisation": organisation(&portal, "Northgate General").await });
        assert_eq!(alan.post("/api/v1/me/consents", &foreign).await.status, 404);
    }
}
