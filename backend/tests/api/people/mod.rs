//! People, their access and the mail about it.

mod access_changes;
mod founding;
mod invitations;
mod memberships;
mod outbox;
mod places;
mod recovery;

use std::{collections::BTreeSet, fs, time::Duration};

use fleetward::{
    platform::http::Failure,
    privacy::audit::{self, Verdict},
};
use fleetward_common::{
    id::OrganisationId,
    identity::SessionView,
    people::{MemberSummary, MemberView, OrganisationView, PeoplePage},
};

use crate::support::{Person, Portal};

/// An administrator who has just proven who they are.
pub async fn administrator<'a>(portal: &'a Portal, login: &str) -> Person<'a> {
    let mut person = portal.sign_in(login).await;
    person.step_up().await;
    person
}

pub async fn organisation_of(person: &Person<'_>) -> OrganisationView {
    let session: SessionView = person.read("/api/v1/session").await;
    person
        .read(&format!("/api/v1/organisations/{}", session.organisation))
        .await
}

pub async fn people(person: &Person<'_>, query: &str) -> PeoplePage {
    person.read(&format!("/api/v1/people{query}")).await
}

/// The line of this person in the administrator's list.
pub async fn line(administrator: &Person<'_>, name: &str) -> MemberSummary {
    let query = format!("?q={}", name.replace(' ', "%20"));
    let page = people(administrator, &query).await;
    page.items
        .into_iter()
        .find(|line| line.name == name)
        .unwrap_or_else(|| panic!("{name} is not in the list"))
}

pub async fn member(administrator: &Person<'_>, name: &str) -> MemberView {
    let membership = line(administrator, name).await.membership.expect("a member");
    administrator.read(&format!("/api/v1/people/{membership}")).await
}

/// How many entries the organisation's unbroken audit chain has.
pub async fn audit_entries(portal: &Portal, organisation: OrganisationId) -> i64 {
    let key = portal.app.secrets.audit.clone();
    let state = portal
        .app
        .db
        .read(move |connection| audit::verify(connection, &key, organisation, None).map_err(Failure::from));
    match state.await.unwrap() {
        Verdict::Verified { entries, .. } => entries,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}

/// The demo's mail as it lies in the folder, once so many messages to this address are there.
pub async fn letters_to(portal: &Portal, address: &str, wanted: usize) -> Vec<String> {
    let folder = portal.data().join("outbox");
    for _ in 0..200 {
        let letters: BTreeSet<String> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|file| fs::read_to_string(file.ok()?.path()).ok())
            .filter(|text| text.starts_with(&format!("To: {address}\n")))
            .collect();
        if letters.len() >= wanted {
            return letters.into_iter().collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {wanted} messages to {address} within 10 s");
}

/// The path of the link in a message.
pub fn link_in(letter: &str) -> String {
    let line = letter
        .lines()
        .find(|line| line.starts_with("http"))
        .expect("a link");
    let rest = line.split_once("://").unwrap().1;
    rest[rest.find('/').unwrap()..].to_owned()
}
