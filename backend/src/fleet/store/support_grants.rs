//! The table `support_grants`: which device is open to whom, from when to when.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    access::Role,
    id::{DeviceId, IntervalId, OrganisationId, PersonId},
    support::{OpenedTo, SupportAccess, SupportAgent},
    time::Instant,
};

use crate::{
    access::{Device, OpenToSupport, Permit},
    platform::db::{DbConnection, DbError, QueryResult, StoredId, instant, micros},
    schema::{devices, memberships, organisations, people, support_grants as grants},
};

type MayOpen = Permit<Device, OpenToSupport>;

pub struct NewSupportGrant {
    pub id: IntervalId,
    /// The custodian.
    pub organisation: OrganisationId,
    pub device: DeviceId,
    pub person: PersonId,
    pub granted_by: PersonId,
    pub from: Instant,
    pub until: Instant,
}

/// A grant that was open until now.
pub struct Closed {
    pub person: PersonId,
    /// Whose streams look again.
    pub concerned: Vec<OrganisationId>,
}

macro_rules! open_grants {
    ($permit:expr) => {
        grants::table
            .filter(grants::device_id.eq($permit.id().stored()))
            .filter(grants::valid_from.le(micros($permit.granted_at())))
            .filter(grants::valid_until.gt(micros($permit.granted_at())))
    };
}

/// Support agents of this device's maker, in their membership of now.
macro_rules! agents {
    ($permit:expr) => {
        memberships::table
            .inner_join(people::table)
            .filter(
                memberships::organisation_id.eq_any(
                    devices::table
                        .filter(devices::id.eq($permit.id().stored()))
                        .select(devices::maker_id),
                ),
            )
            .filter(memberships::role.eq(Role::SupportAgent.as_str()))
            .filter(memberships::suspended_at.is_null())
            .filter(people::suspended_at.is_null())
            .filter(memberships::valid_from.le(micros($permit.granted_at())))
            .filter(
                memberships::valid_until.is_null().or(memberships::valid_until
                    .assume_not_null()
                    .gt(micros($permit.granted_at()))),
            )
    };
}

/// The grant, to whom, by whom, until when.
type Row = (Vec<u8>, Vec<u8>, Vec<u8>, i64);

pub fn of_device(connection: &mut DbConnection, permit: &MayOpen) -> Result<SupportAccess, DbError> {
    let maker_name: String = devices::table
        .inner_join(organisations::table)
        .filter(devices::id.eq(permit.id().stored()))
        .select(organisations::name)
        .first(connection)?;
    let agents: Vec<(Vec<u8>, String)> = agents!(permit)
        .order(people::name)
        .select((people::id, people::name))
        .load(connection)?;
    let rows: Vec<Row> = open_grants!(permit)
        .order(grants::valid_until)
        .select((
            grants::id,
            grants::person_id,
            grants::granted_by,
            grants::valid_until,
        ))
        .load(connection)?;
    let ids: Vec<&Vec<u8>> = rows.iter().flat_map(|row| [&row.1, &row.2]).collect();
    let names: HashMap<Vec<u8>, String> = people::table
        .filter(people::id.eq_any(ids))
        .select((people::id, people::name))
        .load(connection)?
        .into_iter()
        .collect();
    let name = |id: &Vec<u8>| names.get(id).cloned().unwrap_or_default();
    Ok(SupportAccess {
        maker_name,
        open: rows
            .iter()
            .map(|(id, person, by, until)| {
                Ok(OpenedTo {
                    grant: IntervalId::restored(id)?,
                    name: name(person),
                    by: name(by),
                    until: instant(*until),
                })
            })
            .collect::<Result<_, DbError>>()?,
        agents: agents
            .into_iter()
            .map(|(id, name)| {
                Ok(SupportAgent {
                    person: PersonId::restored(&id)?,
                    name,
                })
            })
            .collect::<Result<_, DbError>>()?,
        server_time: permit.granted_at(),
    })
}

/// Where this person supports the device's maker, if they do.
pub fn agent(
    connection: &mut DbConnection,
    permit: &MayOpen,
    person: PersonId,
) -> Result<Option<OrganisationId>, DbError> {
    let id: Option<Vec<u8>> = agents!(permit)
        .filter(people::id.eq(person.stored()))
        .select(memberships::organisation_id)
        .first(connection)
        .optional()?;
    Ok(id.map(|id| OrganisationId::restored(&id)).transpose()?)
}

/// Open to this person, once: until the later end. Returns whose device it is.
pub fn open(
    connection: &mut DbConnection,
    permit: &MayOpen,
    id: IntervalId,
    person: PersonId,
    until: Instant,
) -> Result<Option<OrganisationId>, DbError> {
    let Some(custodian) = permit.standing().custodian else {
        return Ok(None);
    };
    let known: Option<Vec<u8>> = open_grants!(permit)
        .filter(grants::person_id.eq(person.stored()))
        .select(grants::id)
        .first(connection)
        .optional()?;
    if let Some(known) = known {
        diesel::update(
            grants::table
                .find(known)
                .filter(grants::valid_until.lt(micros(until))),
        )
        .set(grants::valid_until.eq(micros(until)))
        .execute(connection)?;
        return Ok(Some(custodian));
    }
    let new = NewSupportGrant {
        id,
        organisation: custodian,
        device: permit.id(),
        person,
        granted_by: permit.actor().person,
        from: permit.granted_at(),
        until,
    };
    grant_support(connection, &new)?;
    Ok(Some(custodian))
}

/// The same without a permit: for tests.
pub fn grant_support(connection: &mut DbConnection, new: &NewSupportGrant) -> QueryResult<()> {
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(new.id.stored()),
            grants::organisation_id.eq(new.organisation.stored()),
            grants::device_id.eq(new.device.stored()),
            grants::person_id.eq(new.person.stored()),
            grants::granted_by.eq(new.granted_by.stored()),
            grants::valid_from.eq(micros(new.from)),
            grants::valid_until.eq(micros(new.until)),
        ))
        .execute(connection)
        .map(drop)
}

/// `None` when no such grant of this device is open.
pub fn close(
    connection: &mut DbConnection,
    permit: &MayOpen,
    grant: IntervalId,
) -> Result<Option<Closed>, DbError> {
    let row: Option<(Vec<u8>, Vec<u8>, i64)> = open_grants!(permit)
        .filter(grants::id.eq(grant.stored()))
        .select((grants::organisation_id, grants::person_id, grants::valid_from))
        .first(connection)
        .optional()?;
    let Some((custodian, person, from)) = row else {
        return Ok(None);
    };
    // An interval has a length.
    let until = micros(permit.granted_at()).max(from + 1);
    diesel::update(grants::table.find(grant.stored()))
        .set(grants::valid_until.eq(until))
        .execute(connection)?;
    let person = PersonId::restored(&person)?;
    let mut concerned = vec![OrganisationId::restored(&custodian)?];
    concerned.extend(agent(connection, permit, person)?);
    Ok(Some(Closed { person, concerned }))
}
