//! The table `recoveries`.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{OrganisationId, PersonId, RecoveryId},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::{people, recoveries},
};

pub struct NewRecovery {
    pub id: RecoveryId,
    pub organisation: OrganisationId,
    pub person: PersonId,
    pub started_by: PersonId,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub token_sha256: [u8; 32],
    pub code_hmac: [u8; 32],
}

/// Earlier ones of the same person that nobody used are taken back: one door at a time.
pub fn add(connection: &mut DbConnection, new: &NewRecovery) -> Result<(), DbError> {
    diesel::update(
        recoveries::table
            .filter(recoveries::person_id.eq(new.person.stored()))
            .filter(recoveries::used_at.is_null())
            .filter(recoveries::withdrawn_at.is_null()),
    )
    .set(recoveries::withdrawn_at.eq(Some(micros(new.created_at))))
    .execute(connection)?;
    diesel::insert_into(recoveries::table)
        .values((
            recoveries::id.eq(new.id.stored()),
            recoveries::organisation_id.eq(new.organisation.stored()),
            recoveries::person_id.eq(new.person.stored()),
            recoveries::started_by.eq(new.started_by.stored()),
            recoveries::created_at.eq(micros(new.created_at)),
            recoveries::expires_at.eq(micros(new.expires_at)),
            recoveries::token_sha256.eq(new.token_sha256.to_vec()),
            recoveries::code_hmac.eq(new.code_hmac.to_vec()),
            recoveries::wrong_codes.eq(0),
        ))
        .execute(connection)?;
    Ok(())
}

pub struct Recovery {
    pub id: RecoveryId,
    pub organisation: OrganisationId,
    pub person: PersonId,
    pub name: String,
    pub login: String,
    pub expires_at: Instant,
    pub code_hmac: Vec<u8>,
    pub wrong_codes: i64,
    pub used_at: Option<Instant>,
    pub withdrawn_at: Option<Instant>,
}

type Row = (
    (Vec<u8>, Vec<u8>, Vec<u8>, String, String),
    (i64, Vec<u8>, i64, Option<i64>, Option<i64>),
);

pub fn by_token(connection: &mut DbConnection, token_sha256: &[u8; 32]) -> Result<Option<Recovery>, DbError> {
    let row: Option<Row> = recoveries::table
        .inner_join(people::table)
        .filter(recoveries::token_sha256.eq(token_sha256.to_vec()))
        .select((
            (
                recoveries::id,
                recoveries::organisation_id,
                recoveries::person_id,
                people::name,
                people::login,
            ),
            (
                recoveries::expires_at,
                recoveries::code_hmac,
                recoveries::wrong_codes,
                recoveries::used_at,
                recoveries::withdrawn_at,
            ),
        ))
        .first(connection)
        .optional()?;
    let Some((
        (id, organisation, person, name, login),
        (expires_at, code_hmac, wrong_codes, used_at, withdrawn_at),
    )) = row
    else {
        return Ok(None);
    };
    Ok(Some(Recovery {
        id: RecoveryId::restored(&id)?,
        organisation: OrganisationId::restored(&organisation)?,
        person: PersonId::restored(&person)?,
        name,
        login,
        expires_at: instant(expires_at),
        code_hmac,
        wrong_codes,
        used_at: used_at.map(instant),
        withdrawn_at: withdrawn_at.map(instant),
    }))
}

pub fn wrong_codes(connection: &mut DbConnection, id: RecoveryId) -> Result<i64, DbError> {
    Ok(recoveries::table
        .find(id.stored())
        .select(recoveries::wrong_codes)
        .first(connection)?)
}

pub fn note_wrong_code(connection: &mut DbConnection, id: RecoveryId) -> Result<(), DbError> {
    diesel::update(recoveries::table.find(id.stored()))
        .set(recoveries::wrong_codes.eq(recoveries::wrong_codes + 1))
        .execute(connection)?;
    Ok(())
}

/// Returns whether it was still there to be used.
pub fn note_used(connection: &mut DbConnection, id: RecoveryId, now: Instant) -> Result<bool, DbError> {
    let used = diesel::update(recoveries::table.find(id.stored()))
        .filter(recoveries::used_at.is_null())
        .filter(recoveries::withdrawn_at.is_null())
        .filter(recoveries::expires_at.gt(micros(now)))
        .set(recoveries::used_at.eq(Some(micros(now))))
        .execute(connection)?;
    Ok(used > 0)
}
