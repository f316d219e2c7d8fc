//! Authenticator apps and recovery codes.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{credentials::SecondFactorView, id::PersonId, time::Instant};

use crate::{
    platform::{
        db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
        sealing::Sealed,
    },
    schema::{recovery_codes, second_factors},
};

pub struct SecondFactor {
    pub sealed: Sealed,
    pub since: Instant,
    pub last_step: u64,
    pub asked_at_sign_in: bool,
}

impl SecondFactor {
    pub fn view(&self) -> SecondFactorView {
        SecondFactorView {
            since: self.since,
            asked_at_sign_in: self.asked_at_sign_in,
        }
    }
}

type Row = (Vec<u8>, Vec<u8>, i64, i64, i64);

pub fn of_person(connection: &mut DbConnection, person: PersonId) -> Result<Option<SecondFactor>, DbError> {
    let row: Option<Row> = second_factors::table
        .find(person.stored())
        .select((
            second_factors::nonce,
            second_factors::sealed,
            second_factors::since,
            second_factors::last_step,
            second_factors::asked_at_sign_in,
        ))
        .first(connection)
        .optional()?;
    let Some((nonce, bytes, since, last_step, asked_at_sign_in)) = row else {
        return Ok(None);
    };
    Ok(Some(SecondFactor {
        sealed: Sealed { nonce, bytes },
        since: instant(since),
        last_step: u64::try_from(last_step).or(Err(CorruptRow {
            what: "a code's step",
        }))?,
        asked_at_sign_in: asked_at_sign_in == 1,
    }))
}

/// Sets or replaces the app. The step of the code that confirmed it is used.
pub fn set(connection: &mut DbConnection, person: PersonId, new: &SecondFactor) -> Result<(), DbError> {
    diesel::delete(second_factors::table.find(person.stored())).execute(connection)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::person_id.eq(person.stored()),
            second_factors::nonce.eq(&new.sealed.nonce),
            second_factors::sealed.eq(&new.sealed.bytes),
            second_factors::since.eq(micros(new.since)),
            second_factors::last_step.eq(i64::try_from(new.last_step).unwrap_or(i64::MAX)),
            second_factors::asked_at_sign_in.eq(i64::from(new.asked_at_sign_in)),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn ask_at_sign_in(connection: &mut DbConnection, person: PersonId, asked: bool) -> Result<bool, DbError> {
    let changed = diesel::update(second_factors::table.find(person.stored()))
        .set(second_factors::asked_at_sign_in.eq(i64::from(asked)))
        .execute(connection)?;
    Ok(changed > 0)
}

pub fn remove(connection: &mut DbConnection, person: PersonId) -> Result<bool, DbError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::person_id.eq(person.stored())))
        .execute(connection)?;
    let removed = diesel::delete(second_factors::table.find(person.stored())).execute(connection)?;
    Ok(removed > 0)
}

/// False when this step, or a later one, was used before.
pub fn use_step(connection: &mut DbConnection, person: PersonId, step: u64) -> Result<bool, DbError> {
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let unused = second_factors::table
        .filter(second_factors::person_id.eq(person.stored()))
        .filter(second_factors::last_step.lt(step));
    let used = diesel::update(unused)
        .set(second_factors::last_step.eq(step))
        .execute(connection)?;
    Ok(used > 0)
}

/// New ones in place of all before.
pub fn set_recovery_codes(
    connection: &mut DbConnection,
    person: PersonId,
    hashes: &[Vec<u8>],
    now: Instant,
) -> Result<(), DbError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::person_id.eq(person.stored())))
        .execute(connection)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::person_id.eq(person.stored()),
                recovery_codes::code_hmac.eq(hash),
                recovery_codes::created_at.eq(micros(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// False when there is no such code, or it was used.
pub fn use_recovery_code(
    connection: &mut DbConnection,
    person: PersonId,
    hash: &[u8],
    now: Instant,
) -> Result<bool, DbError> {
    let unused = recovery_codes::table
        .filter(recovery_codes::person_id.eq(person.stored()))
        .filter(recovery_codes::code_hmac.eq(hash))
        .filter(recovery_codes::used_at.is_null());
    let used = diesel::update(unused)
        .set(recovery_codes::used_at.eq(micros(now)))
        .execute(connection)?;
    Ok(used > 0)
}

pub fn recovery_codes_left(connection: &mut DbConnection, person: PersonId) -> Result<u32, DbError> {
    let left: i64 = recovery_codes::table
        .filter(recovery_codes::person_id.eq(person.stored()))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(u32::try_from(left).unwrap_or(u32::MAX))
}
