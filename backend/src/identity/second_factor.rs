//! The code beside a password: of an authenticator app, or one from the sheet of recovery codes.

use fleetward_common::{id::PersonId, time::Instant};

use super::{
    recovery_codes,
    store::second_factors::{self, SecondFactor},
    totp::Secret,
};
use crate::platform::{
    db::{DbConnection, DbError},
    http::Failure,
    secrets::Key,
};

/// What a code turned out to be. It counts once it is spent, in the transaction of what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Step(u64),
    /// By its keyed hash; whether there is such a one is seen when it is spent.
    RecoveryCode(Vec<u8>),
}

pub fn recognise(
    factor: &SecondFactor,
    master: &Key,
    person: PersonId,
    code: &str,
    now: Instant,
) -> Result<Option<Shown>, Failure> {
    if recovery_codes::looks_like_one(code) {
        let hash = recovery_codes::keyed_hash(master, person, code);
        return Ok(Some(Shown::RecoveryCode(hash)));
    }
    let secret = Secret::open(&factor.sealed, master, person)?;
    let step = secret.step_of(code, factor.last_step, now)?;
    Ok(step.map(Shown::Step))
}

/// False when it was spent before, also a moment ago by somebody who looked over a shoulder.
pub fn spend(
    connection: &mut DbConnection,
    person: PersonId,
    shown: &Shown,
    now: Instant,
) -> Result<bool, DbError> {
    match shown {
        Shown::Step(step) => second_factors::use_step(connection, person, *step),
        Shown::RecoveryCode(hash) => second_factors::use_recovery_code(connection, person, hash, now),
    }
}
