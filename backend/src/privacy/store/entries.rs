use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    id::{PatientId, PersonId},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, StoredId, micros},
    schema::audit_entries as entries,
};

/// How many views of this patient by this person are on record since then.
pub fn views_since(
    connection: &mut DbConnection,
    person: PersonId,
    patient: PatientId,
    since: Instant,
) -> QueryResult<u64> {
    let views: i64 = entries::table
        .filter(entries::patient_id.eq(patient.stored()))
        .filter(entries::recorded_at.ge(micros(since)))
        .filter(entries::person_id.eq(person.stored()))
        .filter(entries::action.eq("R"))
        .count()
        .get_result(connection)?;
    Ok(u64::try_from(views).unwrap_or(0))
}
