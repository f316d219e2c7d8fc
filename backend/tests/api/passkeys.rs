//! Passkeys: registered, signed in with, and every way of abusing them that we know.

use fleetward_common::{credentials::SecurityView, identity::SessionView};
use serde_json::{Value, json};

use crate::{
    on_both_engines,
    support::{
        Person, Portal,
        authenticator::{SecurityKey, origin},
        people::Answer,
    },
};

/// What a browser is asked that wants to sign in, and the cookie that binds it.
async fn asked(portal: &Portal) -> (Value, Person<'_>) {
    let answer = portal
        .stranger()
        .post("/api/v1/session/passkey/options", &json!({}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookie = answer.header("set-cookie").to_owned();
    for part in [
        "__Host-passkey=",
        "HttpOnly",
        "Secure",
        "SameSite=Strict",
        "Max-Age=300",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let ticket = cookie.split(';').next().unwrap().to_owned();
    (answer.json(), Person::new(portal, Some(ticket)))
}

async fn sign_in(portal: &Portal, key: &mut SecurityKey) -> Answer {
    let (options, browser) = asked(portal).await;
    let answer = key.get(&origin(portal), options);
    browser.post("/api/v1/session/passkey", &answer).await
}

fn is_refused(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, "passkey_refused"),
        "{}",
        answer.text
    );
    assert!(answer.session_cookie().is_none());
}

async fn outbox_subjects(portal: &Portal) -> Vec<String> {
    let sent = portal.app.db.read(|connection| {
        fleetward::platform::outbox::recent(connection, None, 100)
            .map_err(fleetward::platform::http::Failure::from)
    });
    sent.await
        .unwrap()
        .into_iter()
        .map(|message| message.subject)
        .collect()
}

on_both_engines! {
    async fn rashida_adds_a_passkey_and_signs_in_with_it_alone(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let options = rashida.post("/api/v1/passkeys/options", &json!({})).await.json();
        let selection = &options["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(options["publicKey"]["rp"]["id"], "localhost");

        let mut key = SecurityKey::new();
        rashida.register(&portal, &mut key, "My phone").await;
        let answer = sign_in(&portal, &mut key).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let again = Person::new(&portal, answer.session_cookie());
        let session: SessionView = again.read("/api/v1/session").await;
        assert_eq!(session.name, "Rashida Amadi");

        let security: SecurityView = again.read("/api/v1/security").await;
        assert_eq!(security.passkeys.len(), 1);
        assert_eq!(security.passkeys[0].name, "My phone");
        assert!(security.passkeys[0].last_used_at.is_some());
        let proof = again.get("/api/v1/session/proof").await.json();
        assert_eq!(proof["proof"]["kind"], "passkey");
        assert!(proof["strong_until"].is_i64());
        assert_eq!(outbox_subjects(&portal).await, ["A passkey was added to your account"]);
    }

    async fn a_page_of_another_origin_gets_nobody_in(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let elsewhere = "http://localhost:1";
        let (options, browser) = asked(&portal).await;
        let answer = key.get(elsewhere, options);
        is_refused(&browser.post("/api/v1/session/passkey", &answer).await);

        let rashida = portal.sign_in("rashida.amadi").await;
        let options = rashida.post("/api/v1/session/proof/passkey/options", &json!({})).await.json();
        let answer = key.get(elsewhere, options);
        is_refused(&rashida.post("/api/v1/session/proof/passkey", &answer).await);
        assert_eq!(sign_in(&portal, &mut key).await.status, 200);
    }

    async fn a_signature_for_another_site_gets_nobody_in(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let (mut options, browser) = asked(&portal).await;
        options["publicKey"]["rpId"] = json!("evil.example");
        let answer = key.get_unchecked(&origin(&portal), options);
        is_refused(&browser.post("/api/v1/session/passkey", &answer).await);
    }

    async fn an_answer_counts_once_and_for_the_browser_that_was_asked(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let (options, browser) = asked(&portal).await;
        let (_, other_browser) = asked(&portal).await;
        let answer = key.get(&origin(&portal), options);
        is_refused(&other_browser.post("/api/v1/session/passkey", &answer).await);
        is_refused(&portal.stranger().post("/api/v1/session/passkey", &answer).await);
        assert_eq!(browser.post("/api/v1/session/passkey", &answer).await.status, 200);
        is_refused(&browser.post("/api/v1/session/passkey", &answer).await);
    }

    async fn a_wrong_answer_uses_up_the_question(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let (options, browser) = asked(&portal).await;
        let good = key.get(&origin(&portal), options);
        let mut bad = good.clone();
        bad["response"]["signature"] = json!("AAAA");
        is_refused(&browser.post("/api/v1/session/passkey", &bad).await);
        is_refused(&browser.post("/api/v1/session/passkey", &good).await);
    }

    async fn a_key_that_did_not_see_its_owner_is_refused(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let (mut options, browser) = asked(&portal).await;
        options["publicKey"]["userVerification"] = json!("discouraged");
        let answer = key.get(&origin(&portal), options);
        is_refused(&browser.post("/api/v1/session/passkey", &answer).await);

        let louise = portal.sign_in("rashida.amadi").await;
        let mut unverified = SecurityKey::new();
        let mut options = louise.post("/api/v1/session/proof/passkey/options", &json!({})).await.json();
        options["publicKey"]["userVerification"] = json!("preferred");
        let answer = key.get(&origin(&portal), options);
        is_refused(&louise.post("/api/v1/session/proof/passkey", &answer).await);

        let ivo = portal.sign_in("alan.reed").await;
        let mut options = ivo.post("/api/v1/passkeys/options", &json!({})).await.json();
        options["publicKey"]["authenticatorSelection"]["userVerification"] = json!("preferred");
        let credential = unverified.create(&origin(&portal), options);
        is_refused(&ivo.post("/api/v1/passkeys", &json!({ "name": "A key", "credential": credential })).await);
    }

    async fn a_copied_key_is_found_out_and_neither_copy_opens_anything(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        // Two browsers are asked; the answer with the lower count comes last, as a copy's would.
        let (first, copy) = asked(&portal).await;
        let (second, original) = asked(&portal).await;
        let low = key.get(&origin(&portal), first);
        let high = key.get(&origin(&portal), second);
        assert_eq!(original.post("/api/v1/session/passkey", &high).await.status, 200);
        is_refused(&copy.post("/api/v1/session/passkey", &low).await);
        is_refused(&sign_in(&portal, &mut key).await);

        let rashida = portal.sign_in("rashida.amadi").await;
        let security: SecurityView = rashida.read("/api/v1/security").await;
        assert!(security.passkeys[0].switched_off_at.is_some());
        assert!(outbox_subjects(&portal).await.contains(&"A passkey of your account was switched off".to_owned()));
        let options = rashida.post("/api/v1/session/proof/passkey/options", &json!({})).await;
        assert_eq!((options.status, options.code().as_str()), (403, "not_permitted"));
    }

    async fn another_persons_passkey_proves_nothing_for_louise(portal: Portal) {
        let (mut hers, mut rashidas) = (SecurityKey::new(), SecurityKey::new());
        portal.sign_in("rashida.amadi").await.register(&portal, &mut rashidas, "My phone").await;
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        louise.register(&portal, &mut hers, "Hers").await;
        let options = louise.post("/api/v1/session/proof/passkey/options", &json!({})).await.json();
        let answer = rashidas.get(&origin(&portal), options);
        is_refused(&louise.post("/api/v1/session/proof/passkey", &answer).await);

        // Nor does it sign in as her, with her handle in the answer.
        let (options, browser) = asked(&portal).await;
        let mut answer = rashidas.get(&origin(&portal), options.clone());
        answer["response"]["userHandle"] = hers.get(&origin(&portal), options)["response"]["userHandle"].clone();
        is_refused(&browser.post("/api/v1/session/passkey", &answer).await);
    }

    async fn a_passkey_is_registered_to_one_person_only(portal: Portal) {
        let mut key = SecurityKey::new();
        let rashida = portal.sign_in("rashida.amadi").await;
        let options = rashida.post("/api/v1/passkeys/options", &json!({})).await.json();
        let credential = key.create(&origin(&portal), options);
        let body = json!({ "name": "My phone", "credential": credential });
        // Another session of hers was not asked; the one that was is, and once.
        let elsewhere = portal.sign_in("rashida.amadi").await;
        is_refused(&elsewhere.post("/api/v1/passkeys", &body).await);
        assert_eq!(rashida.post("/api/v1/passkeys", &body).await.status, 200);
        is_refused(&rashida.post("/api/v1/passkeys", &body).await);
    }

    async fn a_passkey_always_gets_through_however_many_guessed(portal: Portal) {
        let mut key = SecurityKey::new();
        portal.sign_in("rashida.amadi").await.register(&portal, &mut key, "My phone").await;
        let guess = json!({ "login": "rashida.amadi", "password": "a guess" });
        let mut slowed = false;
        for _ in 0..12 {
            slowed |= portal.stranger().post("/api/v1/session", &guess).await.status == 429;
        }
        assert!(slowed);
        assert_eq!(sign_in(&portal, &mut key).await.status, 200);
    }

    async fn a_token_that_was_planted_before_is_worth_nothing_after_a_passkey(portal: Portal) {
        let mut key = SecurityKey::new();
        let planted = portal.sign_in("rashida.amadi").await;
        planted.register(&portal, &mut key, "My phone").await;
        let (options, browser) = asked(&portal).await;
        let both = format!("{}; {}", browser.cookie.clone().unwrap(), planted.cookie.clone().unwrap());
        let victim = Person::new(&portal, Some(both));
        let answer = key.get(&origin(&portal), options);
        let signed_in = victim.post("/api/v1/session/passkey", &answer).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text);
        assert_ne!(signed_in.session_cookie(), planted.cookie);
        assert_eq!(planted.get("/api/v1/session").await.status, 401);
    }

    async fn renaming_and_removing_are_for_the_owner_alone(portal: Portal) {
        let mut key = SecurityKey::new();
        let rashida = portal.sign_in("rashida.amadi").await;
        let passkey = rashida.register(&portal, &mut key, "My phone").await;
        let path = format!("/api/v1/passkeys/{}", passkey["id"].as_str().unwrap());
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        assert_eq!(louise.post(&format!("{path}/name"), &json!({ "name": "Mine" })).await.status, 404);
        assert_eq!(louise.delete(&path).await.status, 404);

        assert_eq!(rashida.post(&format!("{path}/name"), &json!({ "name": "Old phone" })).await.status, 204);
        assert_eq!(rashida.post(&format!("{path}/name"), &json!({ "name": "  " })).await.status, 400);
        // She has a passkey now, so a password alone no longer changes anything.
        let refused = rashida.delete(&path).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "step_up_required"));
        let answer = sign_in(&portal, &mut key).await;
        let proven = Person::new(&portal, answer.session_cookie());
        assert_eq!(proven.delete(&path).await.status, 204);
        assert_eq!(rashida.get("/api/v1/session").await.status, 401, "other sessions end");
        is_refused(&sign_in(&portal, &mut key).await);
        let subjects = outbox_subjects(&portal).await;
        assert!(subjects.contains(&"A passkey was removed from your account".to_owned()), "{subjects:?}");
    }

    async fn another_site_can_not_use_her_session_to_add_its_own_key(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        for path in ["/api/v1/passkeys/options", "/api/v1/passkeys", "/api/v1/password", "/api/v1/session/proof/password", "/api/v1/second-factor/offer", "/api/v1/session/passkey"] {
            for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
                let request = rashida.request(reqwest::Method::POST, path).header(name, value).json(&json!({}));
                let answer = rashida.send(request).await;
                assert_eq!((answer.status, answer.code().as_str()), (403, "cross_site"), "{path}");
            }
        }
    }
}
