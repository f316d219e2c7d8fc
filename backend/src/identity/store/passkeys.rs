//! Passkeys: the public halves, and their counters.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    credentials::PasskeyView,
    id::{PasskeyId, PersonId},
    time::Instant,
};
use webauthn_rs::prelude::{AuthenticationResult, Passkey};

use crate::{
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    schema::passkeys,
};

#[derive(Clone)]
pub struct StoredPasskey {
    pub id: PasskeyId,
    pub person: PersonId,
    pub credential_id: Vec<u8>,
    pub user_handle: Vec<u8>,
    pub credential: Passkey,
    pub name: String,
    pub created_at: Instant,
    pub last_used_at: Option<Instant>,
    /// Set when a copy of it may exist: it opens nothing any more.
    pub switched_off_at: Option<Instant>,
}

impl StoredPasskey {
    pub fn view(&self) -> PasskeyView {
        PasskeyView {
            id: self.id,
            name: self.name.clone(),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            switched_off_at: self.switched_off_at,
        }
    }
}

type Row = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
);

const COLUMNS: (
    passkeys::id,
    passkeys::person_id,
    passkeys::credential_id,
    passkeys::user_handle,
    passkeys::credential,
    passkeys::name,
    passkeys::created_at,
    passkeys::last_used_at,
    passkeys::switched_off_at,
) = (
    passkeys::id,
    passkeys::person_id,
    passkeys::credential_id,
    passkeys::user_handle,
    passkeys::credential,
    passkeys::name,
    passkeys::created_at,
    passkeys::last_used_at,
    passkeys::switched_off_at,
);

fn restored(row: Row) -> Result<StoredPasskey, DbError> {
    let (id, person, credential_id, user_handle, credential, name, created_at, last_used_at, switched_off_at) =
        row;
    Ok(StoredPasskey {
        id: PasskeyId::restored(&id)?,
        person: PersonId::restored(&person)?,
        credential_id,
        user_handle,
        credential: serde_json::from_str(&credential).or(Err(CorruptRow { what: "passkey" }))?,
        name,
        created_at: instant(created_at),
        last_used_at: last_used_at.map(instant),
        switched_off_at: switched_off_at.map(instant),
    })
}

/// Every passkey of this person, the oldest first.
pub fn of_person(connection: &mut DbConnection, person: PersonId) -> Result<Vec<StoredPasskey>, DbError> {
    let rows: Vec<Row> = passkeys::table
        .filter(passkeys::person_id.eq(person.stored()))
        .order(passkeys::created_at)
        .select(COLUMNS)
        .load(connection)?;
    rows.into_iter().map(restored).collect()
}

pub fn by_credential(
    connection: &mut DbConnection,
    credential_id: &[u8],
) -> Result<Option<StoredPasskey>, DbError> {
    let row: Option<Row> = passkeys::table
        .filter(passkeys::credential_id.eq(credential_id))
        .select(COLUMNS)
        .first(connection)
        .optional()?;
    row.map(restored).transpose()
}

pub struct NewPasskey<'a> {
    pub id: PasskeyId,
    pub person: PersonId,
    pub user_handle: &'a [u8],
    pub credential: &'a Passkey,
    pub name: &'a str,
    pub created_at: Instant,
}

/// False when this credential is registered already, to whomever.
pub fn add(connection: &mut DbConnection, new: &NewPasskey<'_>) -> Result<bool, DbError> {
    let credential_id: &[u8] = new.credential.cred_id();
    if by_credential(connection, credential_id)?.is_some() {
        return Ok(false);
    }
    let credential = serde_json::to_value(new.credential).or(Err(CorruptRow { what: "passkey" }))?;
    // The library keeps the counter to itself, but for what it writes.
    let counter = credential
        .pointer("/cred/counter")
        .and_then(serde_json::Value::as_i64)
        .ok_or(CorruptRow {
            what: "a passkey's counter",
        })?;
    diesel::insert_into(passkeys::table)
        .values((
            passkeys::id.eq(new.id.stored()),
            passkeys::person_id.eq(new.person.stored()),
            passkeys::credential_id.eq(credential_id),
            passkeys::user_handle.eq(new.user_handle),
            passkeys::credential.eq(credential.to_string()),
            passkeys::counter.eq(counter),
            passkeys::name.eq(new.name),
            passkeys::created_at.eq(micros(new.created_at)),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Notes a use. False when the counter did not go up since it was last looked at: of two answers with
/// one counter only the first counts, however close together they come.
pub fn note_use(
    connection: &mut DbConnection,
    passkey: &StoredPasskey,
    used: &AuthenticationResult,
    now: Instant,
) -> Result<bool, DbError> {
    let stored: Option<(i64, Option<i64>)> = passkeys::table
        .find(passkey.id.stored())
        .select((passkeys::counter, passkeys::switched_off_at))
        .first(connection)
        .optional()?;
    let counter = i64::from(used.counter());
    let Some((before, None)) = stored else {
        return Ok(false);
    };
    if (before > 0 || counter > 0) && counter <= before {
        return Ok(false);
    }
    let mut credential = passkey.credential.clone();
    credential.update_credential(used);
    let credential = serde_json::to_string(&credential).or(Err(CorruptRow { what: "passkey" }))?;
    diesel::update(passkeys::table.find(passkey.id.stored()))
        .set((
            passkeys::counter.eq(counter),
            passkeys::credential.eq(credential),
            passkeys::last_used_at.eq(micros(now)),
        ))
        .execute(connection)?;
    Ok(true)
}

pub fn switch_off(connection: &mut DbConnection, id: PasskeyId, now: Instant) -> Result<(), DbError> {
    diesel::update(passkeys::table.find(id.stored()))
        .set(passkeys::switched_off_at.eq(micros(now)))
        .execute(connection)?;
    Ok(())
}

pub fn rename(
    connection: &mut DbConnection,
    person: PersonId,
    id: PasskeyId,
    name: &str,
) -> Result<bool, DbError> {
    let own = passkeys::table
        .filter(passkeys::id.eq(id.stored()))
        .filter(passkeys::person_id.eq(person.stored()));
    let renamed = diesel::update(own)
        .set(passkeys::name.eq(name))
        .execute(connection)?;
    Ok(renamed > 0)
}

pub fn remove(connection: &mut DbConnection, person: PersonId, id: PasskeyId) -> Result<bool, DbError> {
    let own = passkeys::table
        .filter(passkeys::id.eq(id.stored()))
        .filter(passkeys::person_id.eq(person.stored()));
    let removed = diesel::delete(own).execute(connection)?;
    Ok(removed > 0)
}
