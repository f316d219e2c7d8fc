//! Finding a patient by what was typed.

use fleetward_common::{care::PatientFound, page::Page};
use serde_json::{Value, json};

use super::{all_entries, new_since};
use crate::{
    on_both_engines,
    support::{Person, Portal},
};

async fn found(person: &Person<'_>, wanted: &Value) -> Vec<String> {
    let answer = person.post("/api/v1/patients/search", wanted).await;
    assert_eq!(answer.status, 200, "{wanted}: {}", answer.text);
    let page: Page<PatientFound> = serde_json::from_str(&answer.text).unwrap();
    page.items
        .into_iter()
        .map(|item| item.identity.record_number)
        .collect()
}

on_both_engines! {
    async fn rashida_finds_bed_7_by_number_by_name_and_birth_and_by_three_letters(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let by_number = json!({ "by": "record_number", "record_number": " ng-104155 " });
        let answer = rashida.post("/api/v1/patients/search", &by_number).await;
        let page: Page<PatientFound> = serde_json::from_str(&answer.text).unwrap();
        let harte = &page.items[0].identity;
        assert_eq!(harte.record_number, "NG-104155");

        let exact = json!({ "by": "surname_and_birth", "family_name": "Hárte", "born": harte.born });
        assert_eq!(found(&rashida, &exact).await, ["NG-104155"]);
        let wrong_day = json!({ "by": "surname_and_birth", "family_name": "Harte", "born": "1900-01-01" });
        assert!(found(&rashida, &wrong_day).await.is_empty());
        let start = json!({ "by": "surname_start", "family_name": "har" });
        assert!(found(&rashida, &start).await.contains(&"NG-104155".to_owned()));
        let too_short = json!({ "by": "surname_start", "family_name": "ha" });
        assert!(found(&rashida, &too_short).await.is_empty());
    }

    async fn who_may_not_see_the_patient_does_not_find_them(portal: Portal) {
        let by_number = json!({ "by": "record_number", "record_number": "NG-104155" });
        for login in ["ivo.lang", "ben.fischer", "rosa.lind", "alan.reed", "daniel.brooks"] {
            let person = portal.sign_in(login).await;
            assert!(found(&person, &by_number).await.is_empty(), "{login}");
        }
    }

    async fn a_search_is_recorded_by_what_it_used_and_not_by_its_words(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let before = all_entries(&portal).await;
        found(&rashida, &json!({ "by": "surname_start", "family_name": "Harte" })).await;
        let entries = new_since(&before, all_entries(&portal).await);
        assert_eq!(entries.len(), 1, "{entries:?}");
        let detail = &entries[0].content.detail;
        assert_eq!(detail["query"]["by"], json!("surname_start"));
        assert!(detail["query"]["words"].as_str().unwrap().starts_with("digest "));
        assert!(!detail.to_string().to_lowercase().contains("hart"), "{detail}");
        assert!(detail["results"].as_u64().unwrap() >= 1);
    }
}
