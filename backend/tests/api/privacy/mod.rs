//! Who looked, and what nobody may be able to see.

mod access_log;
mod consent;
mod database_files;
mod reads;
mod record;
mod rotation;
mod search;
mod support_access;

pub use reads::break_the_record;
pub use record::verified;

use fleetward::privacy::audit::RecordedEntry;
use fleetward::{platform::http::Failure, privacy::audit};
use fleetward_common::id::OrganisationId;

use crate::support::Portal;

/// Every entry of every chain, so far.
pub async fn all_entries(portal: &Portal) -> Vec<RecordedEntry> {
    let read = portal.app.db.read(|connection| {
        let mut all = Vec::new();
        for (organisation, _) in audit::every_organisation(connection)? {
            all.extend(audit::entries(connection, organisation, 0, 100_000)?);
        }
        Ok::<_, Failure>(all)
    });
    read.await.unwrap()
}

pub async fn organisation(portal: &Portal, name: &'static str) -> OrganisationId {
    let read = portal
        .app
        .db
        .read(|connection| audit::every_organisation(connection).map_err(Failure::from));
    let all = read.await.unwrap();
    all.into_iter()
        .find(|(_, known)| known == name)
        .expect("an organisation")
        .0
}

/// What was written since `before`, in no order across organisations.
pub fn new_since(before: &[RecordedEntry], after: Vec<RecordedEntry>) -> Vec<RecordedEntry> {
    after
        .into_iter()
        .filter(|entry| !before.contains(entry))
        .collect()
}
