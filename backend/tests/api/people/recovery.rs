//! A way back for a colleague.

use fleetward_common::people::RecoveryStarted;
use serde_json::json;

use super::{administrator, letters_to, link_in, member};
use crate::{
    on_both_engines,
    support::{Person, Portal, people::Answer},
};

const NEW: &str = "eleven slow barges upriver";
const RASHIDA: &str = "rashida.amadi@northgate.example";

async fn start(ruth: &Person<'_>, name: &str) -> Answer {
    let membership = member(ruth, name).await.membership;
    let body = json!({ "proven_by": "called_back" });
    ruth.post(&format!("/api/v1/people/{membership}/recovery"), &body)
        .await
}

async fn finish(portal: &Portal, link: &str, code: &str) -> Answer {
    portal
        .stranger()
        .post_form(link, &format!("code={code}&password={}", NEW.replace(' ', "+")))
        .await
}

on_both_engines! {
    async fn rashida_gets_back_in_with_both_halves_and_only_then_is_the_old_password_gone(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let old = portal.password_of("rashida.amadi");
        let answer = start(&ruth, "Rashida Amadi").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let started: RecoveryStarted = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(started.code.len(), 8);
        let letter = letters_to(&portal, RASHIDA, 1).await.remove(0);
        assert!(!letter.contains(&started.code));
        let link = link_in(&letter);
        // Helen, the privacy officer, hears of it, and gets neither half.
        let notice = letters_to(&portal, "helen.frost@northgate.example", 1).await.remove(0);
        assert!(notice.contains("Ruth Adler") && !notice.contains("/recover/") && !notice.contains(&started.code));
        assert!(notice.contains("answered a call to a number on file"), "{notice}");

        // Nothing has changed yet.
        assert_eq!(rashida.get("/api/v1/session").await.status, 200);
        let sign_in = async |password: &str| {
            let body = json!({ "login": "rashida.amadi", "password": password });
            portal.stranger().post("/api/v1/session", &body).await.status
        };
        assert_eq!(sign_in(&old).await, 200);
        assert!(portal.stranger().get(&link).await.text.contains("Rashida Amadi"));
        let wrong = if started.code == "00000000" { "00000001" } else { "00000000" };
        assert_eq!(finish(&portal, &link, wrong).await.status, 400);
        assert_eq!(sign_in(NEW).await, 401);

        let done = finish(&portal, &link, &started.code).await;
        assert_eq!((done.status, done.header("location")), (303, "/sign-in?as=yourself"));
        assert_eq!(rashida.get("/api/v1/session").await.status, 401);
        assert_eq!(sign_in(NEW).await, 200);
        assert_eq!(sign_in(&old).await, 401);
        assert_eq!(finish(&portal, &link, &started.code).await.status, 410);
        letters_to(&portal, RASHIDA, 2).await;
        letters_to(&portal, "helen.frost@northgate.example", 2).await;
    }

    async fn nobody_starts_a_way_back_without_saying_how_they_knew_who_asked(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let path = format!("/api/v1/people/{}/recovery", member(&ruth, "Rashida Amadi").await.membership);
        for body in [json!({}), json!({ "proven_by": "a_feeling" })] {
            assert_eq!(ruth.post(&path, &body).await.status, 400, "{body}");
        }
        assert_eq!(portal.count_of("recovery_started").await, 0);
        assert_eq!(start(&ruth, "Rashida Amadi").await.status, 200);
        assert_eq!(portal.count_of("recovery_started").await, 1);
        let details = portal.details_of("recovery_started").await;
        assert_eq!(details[0]["proven_by"], "called_back");
    }

    async fn five_wrong_codes_close_the_way(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let answer = start(&ruth, "Rashida Amadi").await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let link = link_in(&letters_to(&portal, RASHIDA, 1).await[0]);
        let wrong = if code == "12345678" { "12345679" } else { "12345678" };
        for _ in 0..5 {
            assert_eq!(finish(&portal, &link, wrong).await.status, 400);
        }
        assert_eq!(finish(&portal, &link, &code).await.status, 410);
        portal.sign_in("rashida.amadi").await;
    }

    async fn twenty_guesses_at_once_are_not_more_than_five(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let answer = start(&ruth, "Rashida Amadi").await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let link = link_in(&letters_to(&portal, RASHIDA, 1).await[0]);
        let wrong = if code == "12345678" { "12345679" } else { "12345678" };
        let guesses = (0..20).map(|_| finish(&portal, &link, wrong));
        let answers = futures_util::future::join_all(guesses).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 400 | 410)));
        let counted = portal.count_of("recovery_code_wrong").await;
        assert_eq!(counted, 5);
        assert_eq!(finish(&portal, &link, &code).await.status, 410);
    }

    async fn a_second_recovery_takes_the_first_ones_place_and_a_made_up_link_opens_nothing(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let first = start(&ruth, "Rashida Amadi").await.json()["code"].as_str().unwrap().to_owned();
        let link = link_in(&letters_to(&portal, RASHIDA, 1).await[0]);
        assert_eq!(start(&ruth, "Rashida Amadi").await.status, 200);
        assert_eq!(finish(&portal, &link, &first).await.status, 410);
        assert_eq!(portal.stranger().get(&format!("/recover/{}", "a".repeat(64))).await.status, 410);
    }
}
