//! The record of who did what, as the desk reads it: pages by time, newest first, never a whole table.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{DeviceId, OrganisationId, PatientId, PersonId},
    time::{Instant, Span},
};
use serde_json::Value;

use super::queue::ReviewRow;
use crate::{
    access::{AccessReview, Act, Export, Organisation, Permit, ReadAudit},
    care::PatientKeys,
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::{audit_entries as entries, devices, memberships, patients, people, sites},
};

#[derive(Debug, Clone)]
pub struct EntryRow {
    pub number: i64,
    pub at: Instant,
    pub action: String,
    pub event: String,
    pub outcome: i64,
    pub person: Option<PersonId>,
    pub role: Option<Role>,
    pub purpose: Option<String>,
    pub entity_kind: Option<String>,
    pub patient: Option<PatientId>,
    pub detail: Value,
}

type Row = (
    (i64, i64, String, String, i64),
    (Option<Vec<u8>>, Option<String>, Option<String>),
    (Option<String>, Option<Vec<u8>>, String),
);

macro_rules! entry {
    () => {
        (
            (
                entries::number,
                entries::recorded_at,
                entries::action,
                entries::event,
                entries::outcome,
            ),
            (entries::person_id, entries::role, entries::purpose),
            (entries::entity_kind, entries::patient_id, entries::detail),
        )
    };
}

fn restored(row: Row) -> Result<EntryRow, DbError> {
    let ((number, at, action, event, outcome), (person, role, purpose), (entity_kind, patient, detail)) = row;
    Ok(EntryRow {
        number,
        at: instant(at),
        action,
        event,
        outcome,
        person: person.map(|id| PersonId::restored(&id)).transpose()?,
        role: role.as_deref().and_then(Role::parse),
        purpose,
        entity_kind,
        patient: patient.map(|id| PatientId::restored(&id)).transpose()?,
        // A detail that is no JSON any more says nothing; the chain check finds why.
        detail: serde_json::from_str(&detail).unwrap_or(Value::Null),
    })
}

/// What the person of this review did about its patient, in order.
pub fn opened<A: Act>(
    connection: &mut DbConnection,
    _permit: &Permit<AccessReview, A>,
    row: &ReviewRow,
    span: Span,
) -> Result<Vec<EntryRow>, DbError> {
    const MOST: i64 = 500;
    let mut query = entries::table
        .filter(entries::organisation_id.eq(row.organisation.stored()))
        .filter(entries::person_id.eq(row.person.stored()))
        .filter(entries::recorded_at.ge(micros(span.from)))
        .filter(entries::recorded_at.le(micros(span.until)))
        .select(entry!())
        .into_boxed();
    query = match row.patient {
        Some(patient) => query.filter(entries::patient_id.eq(patient.stored())),
        None => query.filter(entries::patient_id.is_not_null()),
    };
    let rows: Vec<Row> = query.order(entries::number).limit(MOST).load(connection)?;
    rows.into_iter().map(restored).collect()
}

/// What is searched for, each part already found exactly.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub people: Option<Vec<PersonId>>,
    pub patient: Option<PatientId>,
    /// Two makers may use one serial number.
    pub devices: Option<Vec<DeviceId>>,
    pub span: Option<Span>,
    /// The last entry of the page before.
    pub before: Option<(Instant, i64)>,
}

pub fn search(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, ReadAudit>,
    wanted: &Wanted,
    most: i64,
) -> Result<Vec<EntryRow>, DbError> {
    let mut query = entries::table
        .filter(entries::organisation_id.eq(permit.id().stored()))
        .select(entry!())
        .into_boxed();
    if let Some(people) = &wanted.people {
        let ids: Vec<Vec<u8>> = people.iter().map(StoredId::stored).collect();
        query = query.filter(entries::person_id.eq_any(ids));
    }
    if let Some(patient) = wanted.patient {
        query = query.filter(entries::patient_id.eq(patient.stored()));
    }
    if let Some(devices) = &wanted.devices {
        let ids: Vec<Vec<u8>> = devices.iter().map(StoredId::stored).collect();
        query = query.filter(entries::entity_id.eq_any(ids));
    }
    if let Some(span) = wanted.span {
        query = query
            .filter(entries::recorded_at.ge(micros(span.from)))
            .filter(entries::recorded_at.le(micros(span.until)));
    }
    if let Some((at, number)) = wanted.before {
        query = query.filter(
            entries::recorded_at.lt(micros(at)).or(entries::recorded_at
                .eq(micros(at))
                .and(entries::number.lt(number))),
        );
    }
    let rows: Vec<Row> = query
        .order((entries::recorded_at.desc(), entries::number.desc()))
        .limit(most)
        .load(connection)?;
    rows.into_iter().map(restored).collect()
}

/// Members of the officer's organisation, past ones too, whose name holds these letters.
pub fn people_named(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, ReadAudit>,
    part: &str,
) -> Result<Vec<PersonId>, DbError> {
    const MOST: usize = 50;
    let wanted = part.trim().to_lowercase();
    let members = memberships::table
        .filter(memberships::organisation_id.eq(permit.id().stored()))
        .select(memberships::person_id);
    let named: Vec<(Vec<u8>, String)> = people::table
        .filter(people::id.eq_any(members))
        .order(people::name)
        .select((people::id, people::name))
        .load(connection)?;
    // Compared here: the two engines do not agree on what is the same letter.
    named
        .iter()
        .filter(|(_, name)| name.to_lowercase().contains(&wanted))
        .take(MOST)
        .map(|(id, _)| PersonId::restored(id).map_err(DbError::from))
        .collect()
}

/// The patient of the officer's organisation with exactly this record number.
pub fn patient_numbered(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    permit: &Permit<Organisation, ReadAudit>,
    record_number: &str,
) -> Result<Option<PatientId>, DbError> {
    let organisation = permit.id();
    let id: Option<Vec<u8>> = patients::table
        .filter(patients::organisation_id.eq(organisation.stored()))
        .filter(patients::record_number_hmac.eq(keys.indexes.record_number(organisation, record_number)))
        .select(patients::id)
        .first(connection)
        .optional()?;
    Ok(id.map(|id| PatientId::restored(&id)).transpose()?)
}

pub fn devices_numbered(
    connection: &mut DbConnection,
    _permit: &Permit<Organisation, ReadAudit>,
    serial: &str,
) -> Result<Vec<DeviceId>, DbError> {
    let ids: Vec<Vec<u8>> = devices::table
        .filter(devices::serial.eq(serial.trim()))
        .select(devices::id)
        .load(connection)?;
    ids.iter()
        .map(|id| DeviceId::restored(id).map_err(DbError::from))
        .collect()
}

/// Names of people, for entries that hold their ids.
pub fn names(
    connection: &mut DbConnection,
    wanted: &[PersonId],
) -> Result<std::collections::HashMap<PersonId, String>, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    let rows: Vec<(Vec<u8>, String)> = people::table
        .filter(people::id.eq_any(ids))
        .select((people::id, people::name))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, name)| Ok((PersonId::restored(&id)?, name)))
        .collect()
}

/// The zone in which this organisation's days run.
pub fn time_zone(connection: &mut DbConnection, organisation: OrganisationId) -> Result<String, DbError> {
    let zone: Option<String> = sites::table
        .filter(sites::organisation_id.eq(organisation.stored()))
        .order(sites::name)
        .select(sites::time_zone)
        .first(connection)
        .optional()?;
    Ok(zone.unwrap_or_else(|| "UTC".to_owned()))
}

/// One entry with its links, as it goes into a signed copy.
pub struct ChainRow {
    pub entry: EntryRow,
    pub membership: Option<Vec<u8>>,
    pub entity: Option<Vec<u8>>,
    pub previous_hmac: Vec<u8>,
    pub hmac: Vec<u8>,
}

type Links = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<u8>, Vec<u8>);

/// Entries of this time, oldest first; one more than `most` says that it is too many.
pub fn copied(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, Export>,
    span: Span,
    most: i64,
) -> Result<Vec<ChainRow>, DbError> {
    let rows: Vec<(Row, Links)> = entries::table
        .filter(entries::organisation_id.eq(permit.id().stored()))
        .filter(entries::recorded_at.ge(micros(span.from)))
        .filter(entries::recorded_at.lt(micros(span.until)))
        .order(entries::number)
        .limit(most)
        .select((
            entry!(),
            (
                entries::membership_id,
                entries::entity_id,
                entries::previous_hmac,
                entries::hmac,
            ),
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(row, (membership, entity, previous_hmac, hmac))| {
            Ok(ChainRow {
                entry: restored(row)?,
                membership,
                entity,
                previous_hmac,
                hmac,
            })
        })
        .collect()
}

/// The entries before and after a number, to show where the record stops fitting together.
pub fn neighbours(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    number: i64,
) -> Result<Vec<(i64, Instant)>, DbError> {
    let rows: Vec<(i64, i64)> = entries::table
        .filter(entries::organisation_id.eq(organisation.stored()))
        .filter(entries::number.ge(number - 2))
        .filter(entries::number.le(number + 2))
        .order(entries::number)
        .select((entries::number, entries::recorded_at))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(number, at)| (number, instant(at)))
        .collect())
}
