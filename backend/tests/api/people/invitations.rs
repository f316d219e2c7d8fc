//! Being invited and joining.

use std::time::Duration;

use fleetward::platform::clock::Clock;
use fleetward_common::{
    access::Role,
    care::WardBoard,
    identity::SessionView,
    people::{InvitationState, InvitationView, MemberState, OwnMembership},
};
use serde_json::{Value, json};

use super::{administrator, audit_entries, letters_to, line, link_in, member, organisation_of, people};
use crate::{
    care::board_of,
    identity::stations::{acting, screen},
    on_both_engines,
    support::{
        Person, Portal,
        engine::{Engine, World},
        people::Answer,
        portal::Options,
    },
};

const PASSWORD: &str = "seven quiet herons ashore";
const MIRA: &str = "mira.solberg@northgate.example";

async fn ward_4b(ruth: &Person<'_>) -> Value {
    let northgate = organisation_of(ruth).await;
    let unit = northgate.sites[0]
        .units
        .iter()
        .find(|unit| unit.name.contains("4B"))
        .unwrap();
    json!(unit.id)
}

async fn invite(ruth: &Person<'_>, email: &str, role: &str, units: Value) -> Answer {
    let northgate = organisation_of(ruth).await;
    let body = json!({ "name": "Mira Solberg", "email": email, "role": role, "units": units });
    ruth.post(
        &format!("/api/v1/organisations/{}/invitations", northgate.id),
        &body,
    )
    .await
}

async fn invite_mira(ruth: &Person<'_>) -> InvitationView {
    let unit = ward_4b(ruth).await;
    let answer = invite(ruth, MIRA, "nurse", json!([{ "unit": unit }])).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

async fn join(portal: &Portal, link: &str) -> Answer {
    portal
        .stranger()
        .post_form(
            &format!("{link}/password"),
            &format!("password={}", PASSWORD.replace(' ', "+")),
        )
        .await
}

on_both_engines! {
    async fn ruth_invites_mira_who_joins_by_the_link_and_sees_her_ward(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        let before = audit_entries(&portal, northgate.id).await;
        let invitation = invite_mira(&ruth).await;
        assert_eq!((invitation.state, invitation.invited_by.as_str()), (InvitationState::Open, "Ruth Adler"));
        assert_eq!(line(&ruth, "Mira Solberg").await.state, MemberState::Invited);

        let letter = letters_to(&portal, MIRA, 1).await.remove(0);
        assert!(letter.contains("Nurse, Ward 4B Cardiology") && letter.contains("Ruth Adler"), "{letter}");
        let link = link_in(&letter);
        let page = portal.stranger().get(&link).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Step 2 of 4") && page.text.contains(MIRA) && !page.text.contains("<script"));

        let short = portal.stranger().post_form(&format!("{link}/password"), "password=short").await;
        assert_eq!(short.status, 400);
        assert!(short.text.contains("at least 15"), "{}", short.text);

        let joined = join(&portal, &link).await;
        // A passkey is offered first; from there the start page leads back to the link.
        assert_eq!((joined.status, joined.header("location")), (303, "/sign-in/passkey"));
        let mira = Person::new(&portal, joined.session_cookie());
        assert!(mira.get("/sign-in/passkey").await.text.contains("Next time without a password?"));
        let role = mira.get(&link).await;
        assert!(role.text.contains("Step 3 of 4") && role.text.contains("Who the patients are in Ward 4B"), "{}", role.text);
        let confirmed = mira.post_form(&format!("{link}/role"), "").await;
        assert_eq!((confirmed.status, confirmed.header("location")), (303, "/"));
        assert_eq!(mira.get("/").await.header("location"), "/ward");

        let wards: Vec<Value> = mira.read("/api/v1/wards").await;
        let ward = wards[0]["ward"]["id"].as_str().unwrap();
        let board: WardBoard = mira.read(&format!("/api/v1/wards/{ward}")).await;
        assert_eq!(board.beds.len(), 24);
        let seen = line(&ruth, "Mira Solberg").await;
        assert_eq!((seen.state, seen.role), (MemberState::Active, Role::Nurse));
        assert!(seen.last_sign_in.is_some());
        // Invited, joined, signed in, role confirmed.
        assert!(audit_entries(&portal, northgate.id).await >= before + 4);

        let again = portal.stranger().post("/api/v1/session", &json!({ "login": MIRA, "password": PASSWORD })).await;
        assert_eq!(again.status, 200, "{}", again.text);
    }

    async fn a_link_opens_once_and_then_says_what_to_do(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        assert_eq!(join(&portal, &link).await.status, 303);
        // Somebody who finds the link later gets a page, and no account, no session and no name of others.
        let stranger = portal.stranger();
        let used = stranger.get(&link).await;
        assert_eq!(used.status, 410);
        assert!(used.text.contains("used up") && used.text.contains("Sign in"));
        assert_eq!(join(&portal, &link).await.session_cookie(), None);
        let unknown = stranger.get(&format!("/join/{}", "0".repeat(64))).await;
        assert_eq!(unknown.status, 404);
        assert!(unknown.text.contains("send it again"));
        assert_eq!(stranger.get("/join/nonsense").await.status, 404);
    }

    async fn whoever_stops_between_comes_back_to_the_open_step(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        join(&portal, &link).await;
        // Another day, another browser: she signs in, and the link leads on.
        let signed_in = portal.stranger().post("/api/v1/session", &json!({ "login": MIRA, "password": PASSWORD })).await;
        let mira = Person::new(&portal, signed_in.session_cookie());
        assert!(mira.get(&link).await.text.contains("Step 3 of 4"));
    }

    async fn sent_again_the_new_link_works_and_the_old_one_does_not_and_taken_back_neither(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let invitation = invite_mira(&ruth).await;
        let first = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        let path = format!("/api/v1/invitations/{}", invitation.id);
        assert_eq!(ruth.post(&format!("{path}/link"), &json!({})).await.status, 200);
        let letters = letters_to(&portal, MIRA, 2).await;
        let second = letters.iter().map(|letter| link_in(letter)).find(|link| *link != first).unwrap();
        assert_eq!(portal.stranger().get(&first).await.status, 404);
        assert_eq!(portal.stranger().get(&second).await.status, 200);
        assert_eq!(ruth.delete(&path).await.status, 204);
        let gone = portal.stranger().get(&second).await;
        assert_eq!(gone.status, 410);
        assert!(gone.text.contains("taken back"));
        assert_eq!(join(&portal, &second).await.session_cookie(), None);
        assert_eq!(people(&ruth, "?state=invited").await.total, 0);
    }

    async fn tomas_joins_another_ward_of_work_with_the_sign_in_he_has(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let tomas_at_work = "tomas.reuter@northgate.example";
        let answer = invite(&ruth, tomas_at_work, "privacy_officer", json!([])).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let link = link_in(&letters_to(&portal, tomas_at_work, 1).await[0]);
        // The page sends him to sign in, and the start page brings him back.
        let sent = portal.stranger().post_form(&format!("{link}/existing"), "").await;
        assert_eq!(sent.header("location"), "/sign-in?as=yourself");
        let remembered = sent.header("set-cookie").split(';').next().unwrap().to_owned();
        let tomas = portal.sign_in("tomas.reuter").await;
        let both = format!("{}; {remembered}", tomas.cookie.clone().unwrap());
        let home = Person::new(&portal, Some(both)).get("/").await;
        assert_eq!(home.header("location"), link);

        assert!(tomas.get(&link).await.text.contains("Join as Tomas Reuter"));
        let joined = tomas.post_form(&format!("{link}/as-me"), "").await;
        assert_eq!(joined.status, 303, "{}", joined.text);
        let officer = Person::new(&portal, joined.session_cookie());
        let session: SessionView = officer.read("/api/v1/session").await;
        assert_eq!((session.name.as_str(), session.role), ("Tomas Reuter", Role::PrivacyOfficer));
        // The session before does not survive the change of what it opens.
        assert_eq!(tomas.get("/api/v1/session").await.status, 401);
        let own: Vec<OwnMembership> = officer.read("/api/v1/session/memberships").await;
        assert_eq!(own.len(), 3);
        // Whoever can invite an address must not get at an account by it.
        assert_eq!(member(&ruth, "Tomas Reuter").await.email.as_deref(), Some("tomas.reuter@northgate.example"));
    }

    async fn ivo_who_works_at_both_hospitals_acts_at_northgates_screen_as_what_he_is_there(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let his = "ivo.lang@st-annes.example";
        let ward = board_of(&portal.sign_in("rashida.amadi").await).await.ward.id;
        let invited = invite(&ruth, his, "nurse", json!([{ "unit": ward, "until": null }])).await;
        assert_eq!(invited.status, 201, "{}", invited.text);
        let link = link_in(&letters_to(&portal, his, 1).await[0]);
        let joined = portal.sign_in("ivo.lang").await.post_form(&format!("{link}/as-me"), "").await;
        assert_eq!(joined.status, 303, "{}", joined.text);

        let ivo = acting(&portal, &screen(&portal).await, "ivo.lang").await;
        let session: SessionView = ivo.read("/api/v1/session").await;
        assert_eq!((session.name.as_str(), session.organisation_name.as_str()), ("Ivo Lang", "Northgate General"));
        assert_eq!(board_of(&ivo).await.ward.id, ward);
    }

    async fn an_invitation_that_somebody_else_found_is_none_of_theirs(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        let ivo = portal.sign_in("ivo.lang").await;
        let refused = ivo.post_form(&format!("{link}/as-me"), "").await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains("written to another address than yours"), "{}", refused.text);
        let own: Vec<OwnMembership> = ivo.read("/api/v1/session/memberships").await;
        assert_eq!(own.len(), 1);
        assert_eq!(join(&portal, &link).await.status, 303, "Mira can still join");
    }

    async fn nobody_joins_at_a_wards_screen_and_the_screen_keeps_its_board(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        let screen = screen(&portal).await;
        let rashida = acting(&portal, &screen, "rashida.amadi").await;
        let form = format!("password={}", PASSWORD.replace(' ', "+"));
        for (person, way, form) in [(&screen, "password", form.as_str()), (&rashida, "as-me", "")] {
            let refused = person.post_form(&format!("{link}/{way}"), form).await;
            assert_eq!(refused.status, 403, "{way}");
            assert!(refused.text.contains("a ward’s screen"), "{}", refused.text);
        }
        assert_eq!(screen.get("/api/v1/wards").await.status, 200);
        assert_eq!(join(&portal, &link).await.status, 303);
    }

    async fn while_nobody_can_tell_whose_screen_it_is_nobody_joins_there(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        let screen = screen(&portal).await;
        portal.execute("ALTER TABLE sessions RENAME TO sessions_away", "ALTER TABLE sessions RENAME TO sessions_away").await;
        let form = format!("password={}", PASSWORD.replace(' ', "+"));
        let refused = screen.post_form(&format!("{link}/password"), &form).await;
        assert_eq!(refused.status, 500, "{}", refused.text);
        portal.execute("ALTER TABLE sessions_away RENAME TO sessions", "ALTER TABLE sessions_away RENAME TO sessions").await;
        assert_eq!(screen.get("/api/v1/wards").await.status, 200);
        assert_eq!(join(&portal, &link).await.status, 303);
    }

    async fn nobody_invites_into_another_house_or_themselves_or_with_a_role_that_is_not_theirs_to_give(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let vera = administrator(&portal, "vera.holm").await;
        let northgate = organisation_of(&ruth).await;
        let body = json!({ "name": "X", "email": "x@y.example", "role": "nurse", "units": [] });
        let path = format!("/api/v1/organisations/{}/invitations", northgate.id);
        assert_eq!(vera.post(&path, &body).await.status, 404);
        let rashida = portal.sign_in("rashida.amadi").await;
        let refused = rashida.post(&path, &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));

        for role in ["support_agent", "patient", "platform_operator", "provider_administrator"] {
            assert_eq!(invite(&ruth, "x@y.example", role, json!([])).await.status, 400, "{role}");
        }
        let herself = invite(&ruth, "ruth.adler@northgate.example", "charge_nurse", json!([])).await;
        assert_eq!((herself.status, herself.code().as_str()), (403, "not_permitted"), "{}", herself.text);
        let clinic = organisation_of(&vera).await.sites[0].units[0].id;
        assert_eq!(invite(&ruth, "x@y.example", "nurse", json!([{ "unit": clinic }])).await.status, 400);
        assert_eq!(invite(&ruth, "not an address", "nurse", json!([])).await.status, 400);

        let invitation = invite_mira(&ruth).await;
        assert_eq!(invite(&ruth, MIRA, "physician", json!([])).await.status, 400);
        // Another house's invitation is as absent as one that never was.
        let path = format!("/api/v1/invitations/{}", invitation.id);
        let never = vera.get("/api/v1/invitations/01a210c5-5112-7104-b13e-c0bb40cd1635").await;
        for person in [&vera, &rashida] {
            let hidden = person.get(&path).await;
            assert_eq!((hidden.status, &hidden.text), (404, &never.text));
            assert_eq!(person.delete(&path).await.status, 404);
        }
    }

    async fn whoever_left_their_screen_open_invites_nobody(portal: Portal) {
        let ruth = portal.sign_in("ruth.adler").await;
        let refused = invite(&ruth, MIRA, "nurse", json!([])).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "step_up_required"));
        assert_eq!(people(&ruth, "?state=invited").await.total, 0);
    }

    async fn the_link_is_in_no_database_file(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        let token = link.trim_start_matches("/join/").as_bytes().to_vec();
        for entry in std::fs::read_dir(portal.data()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(token.len()).any(|window| window == token);
                assert!(!found, "{}", path.display());
            }
        }
    }
}

#[test]
fn a_link_works_for_72_hours_and_then_names_who_can_send_another() {
    let clock = Clock::manual(Clock::system().now());
    let options = Options {
        clock: clock.clone(),
        ..Options::default()
    };
    let portal = Portal::start_in(World::seeded(Engine::Sqlite), options);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let ruth = administrator(&portal, "ruth.adler").await;
        invite_mira(&ruth).await;
        let link = link_in(&letters_to(&portal, MIRA, 1).await[0]);
        clock.advance(Duration::from_secs(72 * 3_600 - 1));
        assert_eq!(portal.stranger().get(&link).await.status, 200);
        clock.advance(Duration::from_secs(1));
        let late = portal.stranger().get(&link).await;
        assert_eq!(late.status, 410);
        assert!(late.text.contains("has expired") && late.text.contains("Ruth Adler"));
        assert_eq!(join(&portal, &link).await.session_cookie(), None);
    });
}
