//! Ties that a route makes: asked for as a person asks for them.

use fleetward::{
    platform::http::Failure,
    privacy::consents::{self, Grantee, NewConsent},
};
use fleetward_common::{access::Role, id::ConsentId, sharing::ConsentPurpose};
use serde_json::json;

use super::{BEFORE, Someone, World};
use crate::{
    access::matrix::asking::signed_in,
    support::{Person, Portal},
};

/// Whom a patient can name.
const CAN_BE_NAMED: [Role; 6] = [
    Role::Nurse,
    Role::ChargeNurse,
    Role::Physician,
    Role::ProviderClinician,
    Role::RespiratoryTechnician,
    Role::Proxy,
];

pub async fn make(portal: &Portal, world: &mut World) {
    share(portal, world).await;
    let_the_maker_help(portal, world).await;
    let administrator = someone_of(world, Role::HospitalAdministrator);
    let administrator = signed_in(portal, &administrator.login).await;
    let end = format!("/api/v1/people/{}/end", world.leaver);
    let ended = administrator.post(&end, &json!({})).await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    let invite = format!("/api/v1/organisations/{}/invitations", world.house);
    let invited = json!({ "name": "A Guest", "email": "a.guest@example.org", "role": "nurse", "units": [] });
    let invited = administrator.post(&invite, &invited).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    world.invitation = Some(invited.json()["id"].as_str().unwrap().to_owned());
}

fn someone_of(world: &World, role: Role) -> &Someone {
    let found = world.people.iter().find(|someone| someone.role == role);
    found.expect("everybody is there")
}

/// With everybody by name. Whom nobody can name is named in the store: even then they see nothing.
async fn share(portal: &Portal, world: &World) {
    let (login, patient) = &world.sharer;
    let sharer = signed_in(portal, login).await;
    let given_by = sharer.actor().await.person;
    let organisation = sharer.actor().await.organisation;
    for someone in &world.people {
        let named = json!({ "purpose": "named_person", "login": someone.login });
        let answer = sharer.post("/api/v1/me/consents", &named).await;
        let can_be = CAN_BE_NAMED.contains(&someone.role);
        assert_eq!(
            answer.status,
            if can_be { 200 } else { 400 },
            "{}: {}",
            someone.role,
            answer.text
        );
        if can_be {
            continue;
        }
        let new = NewConsent {
            id: ConsentId::new(BEFORE, portal.app.clock.entropy()),
            patient: *patient,
            organisation,
            purpose: ConsentPurpose::NamedPerson,
            grantee: Grantee::Person(someone.person),
            given_by,
            at: BEFORE,
        };
        let added = portal
            .app
            .db
            .write(move |connection| Ok::<_, Failure>(consents::add(connection, &new)?));
        assert_eq!(added.await.unwrap(), Some(1));
    }
}

async fn let_the_maker_help(portal: &Portal, world: &World) {
    let helped = signed_in(portal, &world.helped).await;
    let agreed = json!({ "purpose": "manufacturer_support", "organisation": world.house });
    let answer = helped.post("/api/v1/me/consents", &agreed).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Who can open a patient in an emergency does, before anything else is asked.
pub async fn open_in_an_emergency(world: &World, person: &Person<'_>) {
    let path = format!("/api/v1/patients/{}/emergency", world.emergency);
    let why = json!({ "reason": "asked", "sentence": "Called by the nurse, pressure falling." });
    let answer = person.post(&path, &why).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
