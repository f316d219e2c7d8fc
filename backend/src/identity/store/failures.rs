//! Failed sign-ins, counted under keyed hashes, and where accounts have signed in before.
//!
//! A try is counted before the password is looked at and taken back when it was right: many at once
//! can't slip past the count.

use std::time::Duration;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::time::Instant;

use crate::{
    identity::slowdown::{Attempt, Counted, KNOWN_FOR, MEMORY, wait},
    platform::db::{DbConnection, DbError, instant, micros},
    schema::{sign_in_failures, sign_in_sources},
};

/// Whether a try may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Wait(Duration),
    /// It counts as failed until [`take_back`] or [`forgive`]. `known`: this account has signed in at
    /// this place before.
    GoOn {
        known: bool,
    },
}

pub fn begin(connection: &mut DbConnection, attempt: &Attempt, now: Instant) -> Result<Begun, DbError> {
    diesel::delete(
        sign_in_failures::table.filter(sign_in_failures::last_failure_at.lt(micros(now - MEMORY))),
    )
    .execute(connection)?;
    let known = is_known(connection, attempt, now)?;
    let mut longest = Duration::ZERO;
    for counted in attempt.counted(known) {
        if let Some((failures, last)) = failures(connection, counted)? {
            longest = longest.max(wait(failures, last, counted.free, now));
        }
    }
    if !longest.is_zero() {
        return Ok(Begun::Wait(longest));
    }
    for counted in attempt.counted(known) {
        count_one(connection, counted, now)?;
    }
    Ok(Begun::GoOn { known })
}

/// The password could not be looked at: this try never happened.
pub fn take_back(connection: &mut DbConnection, attempt: &Attempt, known: bool) -> Result<(), DbError> {
    for counted in attempt.counted(known) {
        diesel::update(
            sign_in_failures::table
                .find(&counted.key)
                .filter(sign_in_failures::failures.gt(0)),
        )
        .set(sign_in_failures::failures.eq(sign_in_failures::failures - 1))
        .execute(connection)?;
    }
    Ok(())
}

/// A right password forgives the account, here and everywhere; it says nothing about the address, save
/// that this one try was no failure. From now on the account is known here.
pub fn forgive(
    connection: &mut DbConnection,
    attempt: &Attempt,
    known: bool,
    now: Instant,
) -> Result<(), DbError> {
    take_back(connection, attempt, known)?;
    for forgiven in [&attempt.pair, &attempt.account] {
        diesel::delete(sign_in_failures::table.find(&forgiven.key)).execute(connection)?;
    }
    diesel::delete(
        sign_in_sources::table.filter(sign_in_sources::last_success_at.lt(micros(now - KNOWN_FOR))),
    )
    .execute(connection)?;
    let known = diesel::update(sign_in_sources::table.find(&attempt.pair.key))
        .set(sign_in_sources::last_success_at.eq(micros(now)))
        .execute(connection)?;
    if known == 0 {
        diesel::insert_into(sign_in_sources::table)
            .values((
                sign_in_sources::key_hmac.eq(&attempt.pair.key),
                sign_in_sources::last_success_at.eq(micros(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn is_known(connection: &mut DbConnection, attempt: &Attempt, now: Instant) -> Result<bool, DbError> {
    let last: Option<i64> = sign_in_sources::table
        .find(&attempt.pair.key)
        .select(sign_in_sources::last_success_at)
        .first(connection)
        .optional()?;
    Ok(last.is_some_and(|last| now.since(instant(last)) < KNOWN_FOR))
}

fn failures(connection: &mut DbConnection, counted: &Counted) -> Result<Option<(i64, Instant)>, DbError> {
    let row: Option<(i64, i64)> = sign_in_failures::table
        .find(&counted.key)
        .select((sign_in_failures::failures, sign_in_failures::last_failure_at))
        .first(connection)
        .optional()?;
    Ok(row.map(|(failures, last)| (failures, instant(last))))
}

fn count_one(connection: &mut DbConnection, counted: &Counted, now: Instant) -> Result<(), DbError> {
    let counted_before = diesel::update(sign_in_failures::table.find(&counted.key))
        .set((
            sign_in_failures::failures.eq(sign_in_failures::failures + 1),
            sign_in_failures::last_failure_at.eq(micros(now)),
        ))
        .execute(connection)?;
    if counted_before == 0 {
        diesel::insert_into(sign_in_failures::table)
            .values((
                sign_in_failures::key_hmac.eq(&counted.key),
                sign_in_failures::failures.eq(1),
                sign_in_failures::last_failure_at.eq(micros(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}
