//! Proving again who one is; second factors, recovery codes and passwords, and what they must not allow.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use fleetward::{
    identity::store::{passwords, people},
    platform::{clock::Clock, http::Failure, outbox},
};
use fleetward_common::{
    credentials::{ProofView, RecoveryCodes, SecondFactorOffer, SecurityView},
    identity::SessionView,
};
use serde_json::json;

use crate::{
    emergency::standing_still,
    identity::{audit_entries, with_manual_clock},
    on_both_engines,
    support::{
        Person, Portal,
        authenticator::{SecurityKey, origin},
    },
};

const PROVE: &str = "/api/v1/session/proof/password";
const GOOD: &str = "forty grey herons at dawn";

async fn code_of(person: &Person<'_>) -> String {
    let proof: ProofView = person.read("/api/v1/session/proof").await;
    proof
        .demo
        .and_then(|demo| demo.code)
        .expect("a code that is still good")
}

/// Whether this session may do what is dangerous; changing credentials is, for who has a second factor.
async fn may_act(person: &Person<'_>) -> bool {
    let answer = person.post("/api/v1/passkeys/options", &json!({})).await;
    match answer.status {
        200 => true,
        403 => {
            assert_eq!(answer.code(), "step_up_required");
            false
        }
        other => panic!("{other}: {}", answer.text),
    }
}

on_both_engines! {
    async fn a_password_alone_is_not_enough_and_with_a_code_it_is_the_weaker_proof(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        assert!(!may_act(&louise).await);
        louise.step_up().await;
        assert!(may_act(&louise).await);
        let proof: ProofView = louise.read("/api/v1/session/proof").await;
        assert!(proof.proof.kind.is_weaker() && proof.strong_until.is_some());
    }

    async fn a_proof_changes_the_token_and_the_one_before_proves_nothing(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        let stolen = Person::new(&portal, louise.cookie.clone());
        louise.step_up().await;
        assert_ne!(louise.cookie, stolen.cookie);
        // A request that was under way is still answered, but it has proven nothing.
        assert_eq!(stolen.get("/api/v1/session").await.status, 200);
        assert!(!may_act(&stolen).await);
    }

    async fn a_code_counts_once(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let shown = json!({ "password": portal.password_of("louise.brandt"), "code": code_of(&louise).await });
        let first = louise.post(PROVE, &shown).await;
        assert_eq!(first.status, 200);
        let again = portal.sign_in("louise.brandt").await;
        let replayed = again.post(PROVE, &shown).await;
        assert_eq!((replayed.status, replayed.code().as_str()), (401, "sign_in_failed"));
        assert!(!may_act(&again).await);
    }

    async fn neither_half_of_a_proof_is_one(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let password = portal.password_of("louise.brandt");
        let code = code_of(&louise).await;
        for shown in [
            json!({ "password": "not hers", "code": code }),
            json!({ "password": password, "code": "000000" }),
            json!({ "password": password, "code": "" }),
        ] {
            let answer = louise.post(PROVE, &shown).await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "sign_in_failed"), "{shown}");
        }
        let missing = louise.post(PROVE, &json!({ "password": password })).await;
        assert_eq!((missing.status, missing.code().as_str()), (401, "second_factor_required"));
        assert!(!may_act(&louise).await);
        assert_eq!(portal.stranger().post(PROVE, &json!({ "password": password, "code": code })).await.status, 401);
    }

    async fn a_second_factor_is_asked_for_at_sign_in_and_no_code_opens_twice(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        assert_eq!(louise.post("/api/v1/second-factor/at-sign-in", &json!({ "asked": true })).await.status, 204);
        let password = portal.password_of("louise.brandt");
        let mut attempt = json!({ "login": "louise.brandt", "password": password });
        let asked = portal.stranger().post("/api/v1/session", &attempt).await;
        assert_eq!((asked.status, asked.code().as_str()), (401, "second_factor_required"));
        attempt["code"] = json!("000000");
        assert_eq!(portal.stranger().post("/api/v1/session", &attempt).await.status, 401);
        attempt["code"] = json!(code_of(&louise).await);
        let signed_in = portal.stranger().post("/api/v1/session", &attempt).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text);
        assert_eq!(portal.stranger().post("/api/v1/session", &attempt).await.status, 401);
        // A wrong password is answered as ever: nobody learns that a code would be next.
        let wrong = json!({ "login": "louise.brandt", "password": "not hers" });
        assert_eq!(portal.stranger().post("/api/v1/session", &wrong).await.code(), "sign_in_failed");
    }

    async fn the_form_asks_for_the_code_on_a_second_page(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        louise.post("/api/v1/second-factor/at-sign-in", &json!({ "asked": true })).await;
        let form = format!("login=louise.brandt&password={}", portal.password_of("louise.brandt"));
        let page = portal.stranger().post_form("/sign-in", &form).await;
        assert_eq!(page.status, 200);
        assert!(page.session_cookie().is_none());
        assert!(page.text.contains(r#"action="/sign-in/code""#) && page.text.contains("one-time-code"));
        assert!(!page.text.contains(&portal.password_of("louise.brandt")));
        let ticket = page.header("set-cookie").split(';').next().unwrap().to_owned();
        let browser = Person::new(&portal, Some(ticket));
        let wrong = browser.post_form("/sign-in/code", "code=000000").await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.text.contains("not right"));
        let code = code_of(&louise).await;
        let home = browser.post_form("/sign-in/code", &format!("code={code}")).await;
        assert_eq!((home.status, home.header("location")), (303, "/"));
        assert!(home.session_cookie().is_some());
        // The ticket is used up, and nobody else had one.
        assert_eq!(browser.post_form("/sign-in/code", &format!("code={code}")).await.header("location"), "/sign-in");
        assert_eq!(portal.stranger().post_form("/sign-in/code", &format!("code={code}")).await.header("location"), "/sign-in");
    }

    async fn whoever_is_told_to_wait_has_used_up_no_try(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        louise.post("/api/v1/second-factor/at-sign-in", &json!({ "asked": true })).await;
        let form = format!("login=louise.brandt&password={}", portal.password_of("louise.brandt"));
        let page = portal.stranger().post_form("/sign-in", &form).await;
        let ticket = page.header("set-cookie").split(';').next().unwrap().to_owned();
        let browser = Person::new(&portal, Some(ticket));
        let guess = json!({ "login": "louise.brandt", "password": "a guess" });
        while portal.stranger().post("/api/v1/session", &guess).await.status != 429 {}
        let mut wait = 0;
        for _ in 0..8 {
            let told = browser.post_form("/sign-in/code", "code=000000").await;
            assert_eq!(told.status, 429, "{}", told.text);
            wait = told.header("retry-after").parse().unwrap();
        }
        clock.advance(Duration::from_secs(wait));
        let code = code_of(&louise).await;
        let home = browser.post_form("/sign-in/code", &format!("code={code}")).await;
        assert_eq!((home.status, home.header("location")), (303, "/"));
    }

    async fn rashida_sets_up_an_app_and_a_recovery_code_stands_in_for_it_once(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let offer = rashida.post("/api/v1/second-factor/offer", &json!({})).await;
        assert_eq!(offer.status, 200, "{}", offer.text);
        let offer: SecondFactorOffer = serde_json::from_value(offer.json()).unwrap();
        let secret = fleetward::identity::totp::Secret::from_base32(&offer.secret).unwrap();
        let now = portal.app.clock.now();
        assert_eq!(rashida.post("/api/v1/second-factor", &json!({ "code": "000000" })).await.status, 401);
        let code = secret.next_code(0, now).unwrap().unwrap();
        let set = rashida.post("/api/v1/second-factor", &json!({ "code": code })).await;
        assert_eq!(set.status, 200, "{}", set.text);
        let RecoveryCodes { codes } = serde_json::from_value(set.json()).unwrap();
        assert_eq!(codes.len(), 10);

        let password = portal.password_of("rashida.amadi");
        let attempt = json!({ "login": "rashida.amadi", "password": password, "code": codes[0] });
        let signed_in = portal.stranger().post("/api/v1/session", &attempt).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text);
        assert_eq!(portal.stranger().post("/api/v1/session", &attempt).await.status, 401);
        let security: SecurityView = rashida.read("/api/v1/security").await;
        assert_eq!(security.recovery_codes_left, 9);
        assert_eq!(security.shortest_password, 8);
    }

    async fn a_new_password_has_to_be_long_and_unusual_and_ends_every_other_session(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        let elsewhere = portal.sign_in("louise.brandt").await;
        let change = async |louise: &Person<'_>, password: &str| {
            louise.post("/api/v1/password", &json!({ "password": password })).await
        };
        assert_eq!(change(&louise, GOOD).await.code(), "step_up_required");
        louise.step_up().await;
        for weak in ["too short", "passwordpassword", "louise brandt 12345", "aaaaaaaaaaaaaaaaaa"] {
            let refused = change(&louise, weak).await;
            assert_eq!((refused.status, refused.code().as_str()), (400, "bad_request"), "{weak}");
            assert!(!refused.text.contains(weak));
        }
        assert_eq!(elsewhere.get("/api/v1/session").await.status, 200);
        assert_eq!(change(&louise, GOOD).await.status, 204);
        assert_eq!(elsewhere.get("/api/v1/session").await.status, 401);
        assert_eq!(louise.get("/api/v1/session").await.status, 200);
        let old = json!({ "login": "louise.brandt", "password": portal.password_of("louise.brandt") });
        assert_eq!(portal.stranger().post("/api/v1/session", &old).await.status, 401);
        let new = json!({ "login": "louise.brandt", "password": GOOD });
        assert_eq!(portal.stranger().post("/api/v1/session", &new).await.status, 200);
    }

    async fn a_short_password_never_stands_alone(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        let at_sign_in = async |louise: &Person<'_>, asked: bool| {
            louise.post("/api/v1/second-factor/at-sign-in", &json!({ "asked": asked })).await.status
        };
        assert_eq!(at_sign_in(&louise, true).await, 204);
        assert_eq!(louise.post("/api/v1/password", &json!({ "password": "ottergrv" })).await.status, 204);
        assert_eq!(at_sign_in(&louise, false).await, 403);
        assert_eq!(louise.delete("/api/v1/second-factor").await.status, 403);
        assert_eq!(louise.post("/api/v1/password", &json!({ "password": GOOD })).await.status, 204);
        assert_eq!(louise.delete("/api/v1/second-factor").await.status, 204);
    }

    async fn a_password_hashed_with_less_work_is_hashed_anew_at_the_next_sign_in(portal: Portal) {
        let weaker = Params::new(9_216, 4, 1, None).unwrap();
        let phc = Argon2::new(Algorithm::Argon2id, Version::V0x13, weaker)
            .hash_password_with_salt(GOOD.as_bytes(), &[7; 16])
            .unwrap()
            .to_string();
        let now = portal.app.clock.now();
        let stored = async || {
            let account = portal.app.db.read(move |connection| {
                people::account(connection, "rashida.amadi", now).map_err(Failure::from)
            });
            account.await.unwrap().unwrap()
        };
        let (rashida, old) = (stored().await.person, phc.clone());
        let set = portal.app.db.write(move |connection| {
            passwords::set(connection, rashida, &phc, true, now).map_err(Failure::from)
        });
        set.await.unwrap();
        let attempt = json!({ "login": "rashida.amadi", "password": GOOD });
        assert_eq!(portal.stranger().post("/api/v1/session", &attempt).await.status, 200);
        let new = stored().await.phc.unwrap();
        assert!(new != old && new.contains("m=19456,t=2,p=1"), "{new}");
        assert_eq!(portal.stranger().post("/api/v1/session", &attempt).await.status, 200);
        assert_eq!(stored().await.phc.unwrap(), new);
    }

    async fn every_change_of_a_credential_is_on_record_and_its_person_is_told(portal: Portal) {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        let organisation = louise.read::<SessionView>("/api/v1/session").await.organisation;
        let told = async || {
            let sent = portal.app.db.read(|connection| {
                outbox::recent(connection, None, 100).map_err(Failure::from)
            });
            i64::try_from(sent.await.unwrap().len()).unwrap()
        };
        let before = (audit_entries(&portal, organisation).await, told().await);
        let mut key = SecurityKey::new();
        let passkey = louise.register(&portal, &mut key, "My phone").await;
        let path = format!("/api/v1/passkeys/{}", passkey["id"].as_str().unwrap());
        louise.post(&format!("{path}/name"), &json!({ "name": "Old phone" })).await;
        louise.delete(&path).await;
        louise.post("/api/v1/recovery-codes", &json!({})).await;
        louise.post("/api/v1/second-factor/at-sign-in", &json!({ "asked": true })).await;
        louise.post("/api/v1/password", &json!({ "password": GOOD })).await;
        louise.delete("/api/v1/second-factor").await;
        let after = (audit_entries(&portal, organisation).await, told().await);
        assert_eq!((after.0 - before.0, after.1 - before.1), (7, 7));
    }

    async fn every_answer_to_a_password_costs_one_hash(portal: Portal) {
        let hashing = &portal.app.sign_in.hashing;
        let attempt = async |login: &str, password: &str| {
            let before = hashing.runs();
            let answer = portal.stranger().post("/api/v1/session", &json!({ "login": login, "password": password })).await;
            (answer.status, hashing.runs() - before)
        };
        let password = portal.password_of("rashida.amadi");
        assert_eq!(attempt("rashida.amadi", &password).await, (200, 1));
        assert_eq!(attempt("rashida.amadi", "not hers").await, (401, 1));
        assert_eq!(attempt("nobody.at.all", "not hers").await, (401, 1));
        assert_eq!(attempt("", "").await, (401, 1));
        assert_eq!(attempt("no login at all", &"x".repeat(2_000)).await, (401, 1));
    }
}

#[test]
fn a_proof_is_over_after_five_minutes() {
    with_manual_clock(async |portal: &Portal, clock: &Clock| {
        let mut louise = portal.sign_in("louise.brandt").await;
        louise.step_up().await;
        clock.advance(Duration::from_secs(299));
        assert!(may_act(&louise).await);
        clock.advance(Duration::from_secs(1));
        assert!(!may_act(&louise).await);
        let proof: ProofView = louise.read("/api/v1/session/proof").await;
        assert!(proof.strong_until.is_none());
    });
}

#[test]
fn guessing_codes_waits_like_guessing_passwords() {
    with_manual_clock(async |portal: &Portal, clock: &Clock| {
        let mut louise = portal.sign_in("louise.brandt").await;
        let shown = json!({ "password": portal.password_of("louise.brandt"), "code": "000000" });
        for _ in 0..5 {
            assert_eq!(louise.post(PROVE, &shown).await.status, 401);
        }
        assert_eq!(louise.post(PROVE, &shown).await.status, 429);
        clock.advance(Duration::from_secs(1));
        louise.step_up().await;
    });
}

#[test]
fn a_question_to_a_browser_is_over_after_five_minutes() {
    with_manual_clock(async |portal: &Portal, clock: &Clock| {
        let mut key = SecurityKey::new();
        let rashida = portal.sign_in("rashida.amadi").await;
        rashida.register(portal, &mut key, "My phone").await;
        let options = rashida
            .post("/api/v1/session/proof/passkey/options", &json!({}))
            .await
            .json();
        let answer = key.get(&origin(portal), options);
        clock.advance(Duration::from_secs(300));
        let late = rashida.post("/api/v1/session/proof/passkey", &answer).await;
        assert_eq!((late.status, late.code().as_str()), (401, "passkey_refused"));
    });
}

#[test]
fn the_token_of_before_a_proof_is_forgotten_after_ten_seconds() {
    with_manual_clock(async |portal: &Portal, clock: &Clock| {
        let mut louise = portal.sign_in("louise.brandt").await;
        let stolen = Person::new(portal, louise.cookie.clone());
        louise.step_up().await;
        clock.advance(Duration::from_secs(10));
        assert_eq!(stolen.get("/api/v1/session").await.status, 401);
        assert_eq!(louise.get("/api/v1/session").await.status, 200);
    });
}
