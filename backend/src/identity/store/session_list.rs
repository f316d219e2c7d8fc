//! Where one person is signed in.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{PersonId, SessionId},
    sessions::OpenSession,
    time::Instant,
};

use super::stations;
use crate::{
    identity::rules::{Attention, Rules, SessionKind},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    schema::{memberships, sessions},
};

/// More than anybody has browsers; the oldest are left out.
const MOST: i64 = 100;

type Row = (
    Vec<u8>,
    String,
    String,
    String,
    Option<Vec<u8>>,
    String,
    i64,
    i64,
    i64,
);

/// The newest first. `this` is the session that asks.
pub fn open_of_person(
    connection: &mut DbConnection,
    person: PersonId,
    this: SessionId,
    now: Instant,
) -> Result<Vec<OpenSession>, DbError> {
    let rows: Vec<Row> = sessions::table
        .inner_join(memberships::table)
        .filter(sessions::person_id.eq(person.stored()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .order(sessions::created_at.desc())
        .limit(MOST)
        .select((
            sessions::id,
            sessions::browser,
            sessions::network,
            sessions::kind,
            sessions::kiosk_session_id,
            memberships::role,
            sessions::created_at,
            sessions::last_used_at,
            sessions::expires_at,
        ))
        .load(connection)?;
    let mut open = Vec::with_capacity(rows.len());
    for (id, browser, network, kind, kiosk, role, since, last_used, expires_at) in rows {
        let id = SessionId::restored(&id)?;
        let role = Role::parse(&role).ok_or(CorruptRow { what: "role" })?;
        let kind = SessionKind::parse(&kind).ok_or(CorruptRow {
            what: "kind of session",
        })?;
        let (since, last_used, expires_at) = (instant(since), instant(last_used), instant(expires_at));
        if Rules::of(kind, role).attention(last_used, expires_at, now) == Attention::Over {
            continue;
        }
        let kiosk = kiosk.map(|kiosk| SessionId::restored(&kiosk)).transpose()?;
        let station = match kiosk {
            Some(kiosk) => stations::of_session(connection, kiosk)?,
            None => None,
        };
        open.push(OpenSession {
            id,
            is_this: id == this,
            browser,
            network,
            at_station: station.map(|station| station.name),
            since,
            last_used,
            expires_at,
        });
    }
    Ok(open)
}

/// Whose this session is, if it is open.
pub fn owner(connection: &mut DbConnection, session: SessionId) -> Result<Option<PersonId>, DbError> {
    let person: Option<Vec<u8>> = sessions::table
        .find(session.stored())
        .filter(sessions::ended_at.is_null())
        .select(sessions::person_id)
        .first(connection)
        .optional()?;
    Ok(person.map(|person| PersonId::restored(&person)).transpose()?)
}
