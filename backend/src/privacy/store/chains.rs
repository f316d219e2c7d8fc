//! Which chains there are, and what was said in them.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{id::OrganisationId, time::Instant};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant},
    schema::{audit_entries, organisations},
};

/// Everyone who could have a chain, by name. A chain that was removed whole is looked for too.
pub fn every_organisation(connection: &mut DbConnection) -> Result<Vec<(OrganisationId, String)>, DbError> {
    let rows: Vec<(Vec<u8>, String)> = organisations::table
        .order(organisations::name)
        .select((organisations::id, organisations::name))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, name)| Ok((OrganisationId::restored(&id)?, name)))
        .collect()
}

/// Every organisation of which there are entries, whether or not it is still there itself.
pub fn chains(connection: &mut DbConnection) -> Result<Vec<OrganisationId>, DbError> {
    let ids: Vec<Vec<u8>> = audit_entries::table
        .select(audit_entries::organisation_id)
        .distinct()
        .load(connection)?;
    ids.iter()
        .map(|id| OrganisationId::restored(id).map_err(DbError::from))
        .collect()
}

/// When this event was recorded in the chain.
pub fn times_of(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    event: &str,
) -> Result<Vec<Instant>, DbError> {
    let times: Vec<i64> = audit_entries::table
        .filter(audit_entries::organisation_id.eq(organisation.stored()))
        .filter(audit_entries::event.eq(event))
        .order(audit_entries::recorded_at)
        .select(audit_entries::recorded_at)
        .load(connection)?;
    Ok(times.into_iter().map(instant).collect())
}
