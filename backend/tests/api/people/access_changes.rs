//! Changing, resting and ending somebody's access.

use std::time::Duration;

use fleetward_common::{
    access::Role,
    identity::SessionView,
    live::{LiveMessage, Topic},
    people::{MemberState, MemberView, RolePreview},
    time::Instant,
};
use serde_json::{Value, json};

use super::{administrator, audit_entries, letters_to, line, member, organisation_of, people};
use crate::{
    care::board_of,
    emergency::{by_number, found},
    on_both_engines,
    support::{Delay, Person, Portal, people::Answer, tab::Tab},
};

async fn post(ruth: &Person<'_>, of: &MemberView, deed: &str, body: &Value) -> Answer {
    ruth.post(&format!("/api/v1/people/{}/{deed}", of.membership), body)
        .await
}

fn read(answer: &Answer) -> MemberView {
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

fn to(role: Role, of: &MemberView) -> Value {
    json!({ "role": role, "units": of.units })
}

on_both_engines! {
    async fn a_suspended_privacy_officer_is_not_told_of_an_emergency_and_the_other_one_is(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let tomas = portal.sign_in("tomas.reuter").await;
        let told = async || {
            let told = found(&tomas, &by_number("NG-104340")).await.told;
            told.into_iter().map(|told| told.name).collect::<Vec<_>>()
        };
        assert_eq!(told().await, ["Helen Frost", "Jonas Frey"]);
        let jonas = member(&ruth, "Jonas Frey").await;
        let answer = post(&ruth, &jonas, "suspension", &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(told().await, ["Helen Frost"]);
    }

    async fn who_is_suspended_can_not_be_named_in_a_consent_and_who_is_not_can(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let alan = portal.sign_in("alan.reed").await;
        let name = async |login: &str| {
            alan.post("/api/v1/me/consents", &json!({ "purpose": "named_person", "login": login })).await.status
        };
        let rashida = member(&ruth, "Rashida Amadi").await;
        let answer = post(&ruth, &rashida, "suspension", &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(name("rashida.amadi").await, 400);
        assert_eq!(name("tomas.reuter").await, 200);
    }

    async fn suspending_rashida_ends_her_session_and_her_open_socket(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        let topic = Topic::Ward(board.ward.id);
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
        let her = member(&ruth, "Rashida Amadi").await;
        assert_eq!((her.state, her.open_sessions), (MemberState::Active, 1));

        let pressed = Delay::begins();
        let answer = post(&ruth, &her, "suspension", &json!({})).await;
        let reason = tab.until_closed().await;
        pressed.told("a suspension ended an open socket");
        assert!(reason.contains("Signed out") || reason.contains("ended"), "{reason}");
        assert_eq!(read(&answer).state, MemberState::Suspended);
        assert_eq!(rashida.get("/api/v1/session").await.status, 401);
        let body = json!({ "login": "rashida.amadi", "password": portal.password_of("rashida.amadi") });
        let refused = portal.stranger().post("/api/v1/session", &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "sign_in_failed"));
        letters_to(&portal, "rashida.amadi@northgate.example", 1).await;

        let lifted = ruth.delete(&format!("/api/v1/people/{}/suspension", her.membership)).await;
        assert_eq!(read(&lifted).state, MemberState::Active);
        portal.sign_in("rashida.amadi").await;
    }

    async fn a_new_role_is_a_new_interval_and_the_old_one_stays_as_it_was(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let northgate = organisation_of(&ruth).await;
        let before = audit_entries(&portal, northgate.id).await;
        let her = member(&ruth, "Rashida Amadi").await;
        let after = read(&post(&ruth, &her, "change", &to(Role::ChargeNurse, &her)).await);
        assert_eq!((after.role, after.history.len()), (Role::ChargeNurse, 2));
        assert_ne!(after.membership, her.membership);
        assert_eq!(after.history[0].role, Role::Nurse);
        assert_eq!(after.history[0].from, her.since);
        assert_eq!(after.history[0].until, Some(after.history[1].from));
        assert_eq!(after.history[1].units.len(), 1);
        assert!(audit_entries(&portal, northgate.id).await > before);
        // Whoever changes what they are signs in anew.
        assert_eq!(rashida.get("/api/v1/session").await.status, 401);
        let session: SessionView = portal.sign_in("rashida.amadi").await.read("/api/v1/session").await;
        assert_eq!(session.role, Role::ChargeNurse);
        // The address of before still finds her.
        let found: MemberView = ruth.read(&format!("/api/v1/people/{}", her.membership)).await;
        assert_eq!(found.membership, after.membership);
    }

    async fn a_unit_taken_away_is_gone_from_her_open_board(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let mut tab = Tab::open(&portal, &rashida).await;
        let topic = Topic::Ward(board.ward.id);
        tab.subscribe(topic).await;
        let her = member(&ruth, "Rashida Amadi").await;
        let pressed = Delay::begins();
        let after = read(&post(&ruth, &her, "change", &json!({ "role": "nurse", "units": [] })).await);
        let heard = tab.until(|message| matches!(message, LiveMessage::Refused { .. })).await;
        pressed.told("a unit that was taken away left an open board");
        assert!(matches!(heard, LiveMessage::Refused { topic: refused, .. } if refused == topic));
        assert_eq!((after.membership, after.units.len()), (her.membership, 0));
        assert_eq!(rashida.get(&format!("/api/v1/wards/{}", board.ward.id)).await.status, 404);
        assert_eq!(rashida.get("/api/v1/session").await.status, 200);
    }

    async fn a_change_planned_for_tomorrow_holds_from_tomorrow_and_can_be_taken_back(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let her = member(&ruth, "Rashida Amadi").await;
        let tomorrow: Instant = portal.app.clock.now() + Duration::from_secs(86_400);
        let mut change = to(Role::ChargeNurse, &her);
        change["from"] = json!(tomorrow);
        let planned = read(&post(&ruth, &her, "change", &change).await);
        assert_eq!((planned.role, planned.history.len()), (Role::Nurse, 2));
        assert_eq!(planned.history[1].from, tomorrow);
        // One plan at a time, and none over it.
        let second = post(&ruth, &her, "change", &to(Role::Physician, &her)).await;
        assert_eq!(second.status, 400);
        assert!(second.text.contains("planned"), "{}", second.text);
        let back = read(&ruth.delete(&format!("/api/v1/people/{}/plan", her.membership)).await);
        assert_eq!((back.history.len(), back.until), (1, None));
        assert_eq!(back.units.len(), 1);
        let mut yesterday = to(Role::ChargeNurse, &her);
        yesterday["from"] = json!(portal.app.clock.now() - Duration::from_secs(86_400));
        assert_eq!(post(&ruth, &her, "change", &yesterday).await.status, 400);
    }

    async fn a_plan_that_is_taken_back_leaves_each_end_where_it_was(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let her = member(&ruth, "Rashida Amadi").await;
        let day = |days: u64| portal.app.clock.now() + Duration::from_secs(days * 86_400);
        // Until the end of her contract, and on the ward until a month before.
        let (contract, ward) = (day(90), day(60));
        let mut units = json!(her.units);
        units[0]["until"] = json!(ward);
        let limited = json!({ "role": "nurse", "units": units, "until": contract });
        let limited = read(&post(&ruth, &her, "change", &limited).await);
        assert_eq!((limited.until, limited.units[0].until), (Some(contract), Some(ward)));

        let promoted = json!({ "role": "charge_nurse", "units": her.units, "from": day(1) });
        let longer = json!({ "role": "nurse", "units": [], "until": day(200), "from": day(1) });
        for change in [promoted, longer] {
            let planned = post(&ruth, &her, "change", &change).await;
            assert_eq!(planned.status, 200, "{}", planned.text);
            let back = read(&ruth.delete(&format!("/api/v1/people/{}/plan", her.membership)).await);
            assert_eq!((back.role, back.until), (Role::Nurse, Some(contract)));
            assert_eq!(back.units.len(), 1);
            assert_eq!(back.units[0].until, Some(ward));
        }
        let nothing = ruth.delete(&format!("/api/v1/people/{}/plan", her.membership)).await;
        assert_eq!(nothing.status, 400);
    }

    async fn a_plan_for_who_has_patients_of_her_own_can_be_taken_back(portal: Portal) {
        let vera = administrator(&portal, "vera.holm").await;
        let hers = member(&vera, "Rosa Lind").await;
        let membership = hers.membership.to_string().replace('-', "");
        let cares = |membership: &str, id: &str| {
            format!(
                "INSERT INTO care_teams (id, organisation_id, patient_id, membership_id, valid_from)
                 SELECT {id}, organisation_id, patient_id, {membership}, valid_from FROM care_teams
                 WHERE unit_id IS NOT NULL AND valid_until IS NULL LIMIT 1"
            )
        };
        let id = "0193700000007000800000000000cafe";
        portal
            .execute(
                &cares(&format!("x'{membership}'"), &format!("x'{id}'")),
                &cares(&format!("'\\x{membership}'::bytea"), &format!("'\\x{id}'::bytea")),
            )
            .await;
        let other = match hers.role {
            Role::ProviderClinician => Role::RespiratoryTechnician,
            _ => Role::ProviderClinician,
        };
        let mut change = to(other, &hers);
        change["from"] = json!(portal.app.clock.now() + Duration::from_secs(86_400));
        let planned = post(&vera, &hers, "change", &change).await;
        assert_eq!(planned.status, 200, "{}", planned.text);
        let back = vera.delete(&format!("/api/v1/people/{}/plan", hers.membership)).await;
        assert_eq!(read(&back).role, hers.role);
        // She cares for them until she leaves.
        let ended = post(&vera, &hers, "end", &json!({})).await;
        assert_eq!(ended.status, 200, "{}", ended.text);
    }

    async fn ended_access_stays_on_record_and_opens_nothing(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let daniel = portal.sign_in("daniel.brooks").await;
        let his = member(&ruth, "Daniel Brooks").await;
        let ended = read(&post(&ruth, &his, "end", &json!({})).await);
        assert_eq!(ended.state, MemberState::Ended);
        assert!(ended.history[0].until.is_some());
        assert_eq!(daniel.get("/api/v1/session").await.status, 401);
        assert_eq!(people(&ruth, "?q=daniel").await.total, 0);
        assert_eq!(people(&ruth, "?q=daniel&state=ended").await.total, 1);
        for deed in ["end", "suspension"] {
            assert_eq!(post(&ruth, &his, deed, &json!({})).await.status, 400, "{deed}");
        }
    }

    async fn an_administrator_can_not_touch_another_house_nor_themselves_nor_give_what_is_not_theirs(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let vera = administrator(&portal, "vera.holm").await;
        let nobody = vera.get("/api/v1/people/01a210c5-5112-7104-b13e-c0bb40cd1635").await;
        let her = member(&ruth, "Rashida Amadi").await;
        let path = format!("/api/v1/people/{}", her.membership);
        let hidden = vera.get(&path).await;
        assert_eq!((hidden.status, &hidden.text), (404, &nobody.text));
        for deed in ["change", "suspension", "end", "recovery"] {
            assert_eq!(vera.post(&format!("{path}/{deed}"), &to(Role::Nurse, &her)).await.status, 404, "{deed}");
        }
        let rashida = portal.sign_in("rashida.amadi").await;
        for deed in ["change", "suspension", "end", "recovery"] {
            let refused = rashida.post(&format!("{path}/{deed}"), &to(Role::ChargeNurse, &her)).await;
            assert!(matches!(refused.status, 403 | 404), "{deed}: {}", refused.text);
        }
        assert_eq!(member(&ruth, "Rashida Amadi").await.role, Role::Nurse);

        let herself = member(&ruth, "Ruth Adler").await;
        assert!(herself.not_changeable.is_some());
        for deed in ["change", "suspension", "end", "recovery"] {
            let refused = post(&ruth, &herself, deed, &to(Role::Nurse, &herself)).await;
            assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"), "{deed}: {}", refused.text);
        }
        for role in [Role::PlatformOperator, Role::SupportAgent, Role::Patient] {
            assert_eq!(post(&ruth, &her, "change", &to(role, &her)).await.status, 400, "{role}");
        }
    }

    async fn the_last_administrator_stays_until_there_is_another(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        // Louise becomes an administrator too, and she would remove Ruth: then Louise is the last.
        let hers = member(&ruth, "Louise Brandt").await;
        read(&post(&ruth, &hers, "change", &json!({ "role": "hospital_administrator", "units": [] })).await);
        let louise = administrator(&portal, "louise.brandt").await;
        let ruths = member(&louise, "Ruth Adler").await;
        assert_eq!(post(&louise, &ruths, "suspension", &json!({})).await.status, 200);
        // Ruth rests, so nobody but Louise is left. A second officer of hers can't take her away either.
        let lifted = louise.delete(&format!("/api/v1/people/{}/suspension", ruths.membership)).await;
        assert_eq!(lifted.status, 200);
        let ruth = administrator(&portal, "ruth.adler").await;
        let hers = member(&ruth, "Louise Brandt").await;
        read(&post(&ruth, &hers, "end", &json!({})).await);
        let nils = administrator(&portal, "nils.berg").await;
        let his = member(&nils, "Nils Berg").await;
        assert!(his.not_changeable.is_some());
    }

    async fn without_a_fresh_proof_nothing_is_given_or_taken(portal: Portal) {
        let ruth = portal.sign_in("ruth.adler").await;
        let her = member(&ruth, "Rashida Amadi").await;
        for deed in ["change", "suspension", "end", "recovery"] {
            let refused = post(&ruth, &her, deed, &to(Role::ChargeNurse, &her)).await;
            assert_eq!((refused.status, refused.code().as_str()), (403, "step_up_required"), "{deed}");
        }
        let after = member(&ruth, "Rashida Amadi").await;
        assert_eq!((after.role, after.state), (Role::Nurse, MemberState::Active));
    }

    async fn the_list_is_found_by_name_role_unit_and_state_and_holds_no_patient(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let all = people(&ruth, "").await;
        assert_eq!((all.organisation.as_str(), all.total, all.counts.all), ("Northgate General", 7, 7));
        assert_eq!(people(&ruth, "?q=4b").await.total, 3);
        assert_eq!(people(&ruth, "?q=charge").await.total, 1);
        assert_eq!(people(&ruth, "?q=brandt&state=suspended").await.total, 0);
        let line = line(&ruth, "Louise Brandt").await;
        assert_eq!((line.role, line.units.as_slice()), (Role::ChargeNurse, ["Ward 4B Cardiology".to_owned()].as_slice()));
        assert!(line.signs_in_with.contains(&"password".to_owned()));
        let vera = administrator(&portal, "vera.holm").await;
        let clinic = people(&vera, "").await;
        assert!(clinic.items.iter().all(|line| line.role != Role::Patient && line.role != Role::Proxy));
        assert_eq!(people(&portal.sign_in("rashida.amadi").await, "").await.total, 0);
    }

    async fn the_preview_says_what_a_role_would_open_and_tells_never_from_not_given(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        let unit = &northgate.sites[0].units[0];
        let path = format!("/api/v1/organisations/{}/preview", northgate.id);
        let nurse: RolePreview = ruth.read(&format!("{path}?role=nurse&units={}", unit.id)).await;
        assert!(nurse.sees[0].contains(&unit.name), "{:?}", nurse.sees);
        assert!(nurse.cannot_see.iter().any(|line| !line.never));
        let engineer: RolePreview = ruth.read(&format!("{path}?role=biomedical_engineer")).await;
        assert!(engineer.cannot_see.iter().any(|line| line.what.contains("patients")));
        assert_eq!(ruth.get(&format!("{path}?role=support_agent")).await.status, 400);
        let paul = administrator(&portal, "paul.winter").await;
        let northwind = organisation_of(&paul).await;
        let agent: RolePreview = paul.read(&format!("/api/v1/organisations/{}/preview?role=support_agent", northwind.id)).await;
        assert!(agent.cannot_see.iter().any(|line| line.never && line.what.contains("Who the patients are")), "{agent:?}");
    }
}
