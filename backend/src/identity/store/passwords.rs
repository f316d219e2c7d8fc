//! Passwords: their hashes, and what is known about them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{credentials::PasswordView, id::PersonId, time::Instant};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::passwords,
};

pub fn view(connection: &mut DbConnection, person: PersonId) -> Result<Option<PasswordView>, DbError> {
    let row: Option<(i64, Option<i64>)> = passwords::table
        .find(person.stored())
        .select((passwords::changed_at, passwords::disabled_at))
        .first(connection)
        .optional()?;
    Ok(row.map(|(changed_at, disabled_at)| PasswordView {
        changed_at: instant(changed_at),
        disabled: disabled_at.is_some(),
    }))
}

/// Sets or replaces the password; one that was disabled is enabled by it. `stands_alone`: long enough to
/// be the only factor.
pub fn set(
    connection: &mut DbConnection,
    person: PersonId,
    phc: &str,
    stands_alone: bool,
    now: Instant,
) -> Result<(), DbError> {
    diesel::delete(passwords::table.find(person.stored())).execute(connection)?;
    diesel::insert_into(passwords::table)
        .values((
            passwords::person_id.eq(person.stored()),
            passwords::phc.eq(phc),
            passwords::changed_at.eq(micros(now)),
            passwords::failures_in_a_row.eq(0),
            passwords::stands_alone.eq(i64::from(stands_alone)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether the password, if there is one, is long enough without a code beside it.
pub fn stands_alone(connection: &mut DbConnection, person: PersonId) -> Result<bool, DbError> {
    let stands: Option<i64> = passwords::table
        .find(person.stored())
        .select(passwords::stands_alone)
        .first(connection)
        .optional()?;
    Ok(stands != Some(0))
}

/// The same password, hashed with more work than `outdated` was. Nothing happens if it was changed since.
pub fn rehash(
    connection: &mut DbConnection,
    person: PersonId,
    outdated: &str,
    phc: &str,
) -> Result<bool, DbError> {
    let unchanged = passwords::table
        .filter(passwords::person_id.eq(person.stored()))
        .filter(passwords::phc.eq(outdated));
    let renewed = diesel::update(unchanged)
        .set(passwords::phc.eq(phc))
        .execute(connection)?;
    Ok(renewed > 0)
}
