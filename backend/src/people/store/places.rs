//! Organisations, sites and units, and what stands in the way of closing one.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl, dsl::count_star,
};
use fleetward_common::{
    id::{OrganisationId, SiteId, UnitId},
    people::{OrganisationKind, SiteView, UnitView},
    time::Instant,
};

use crate::{
    access::{Act, Organisation, Permit},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{
        bed_stays, beds, care_teams, device_assignments, membership_units, memberships, organisations, sites,
        units,
    },
};

pub struct House {
    pub id: OrganisationId,
    pub name: String,
    pub kind: OrganisationKind,
    pub home_region: String,
}

pub fn house<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, A>,
) -> Result<House, DbError> {
    house_of(connection, permit.id())
}

/// Of the organisation that a member or an invitation belongs to.
pub fn house_of(connection: &mut DbConnection, id: OrganisationId) -> Result<House, DbError> {
    let (name, kind, home_region): (String, String, String) = organisations::table
        .find(id.stored())
        .select((
            organisations::name,
            organisations::kind,
            organisations::home_region,
        ))
        .first(connection)?;
    Ok(House {
        id,
        name,
        kind: OrganisationKind::parse(&kind).ok_or(CorruptRow {
            what: "an organisation's kind",
        })?,
        home_region,
    })
}

pub fn open_units(
    connection: &mut DbConnection,
    organisation: OrganisationId,
) -> Result<Vec<UnitId>, DbError> {
    let ids: Vec<Vec<u8>> = units::table
        .filter(units::organisation_id.eq(organisation.stored()))
        .filter(units::closed_at.is_null())
        .select(units::id)
        .load(connection)?;
    ids.iter()
        .map(|id| UnitId::restored(id).map_err(DbError::from))
        .collect()
}

/// Names of these units of the organisation, in order.
pub fn unit_names(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    wanted: &[UnitId],
) -> Result<Vec<String>, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    Ok(units::table
        .filter(units::organisation_id.eq(organisation.stored()))
        .filter(units::id.eq_any(ids))
        .order(units::name)
        .select(units::name)
        .load(connection)?)
}

type SiteRow = (Vec<u8>, String, String, String);
type UnitRow = (Vec<u8>, Vec<u8>, String, Option<i64>);

pub fn sites(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    now: Instant,
) -> Result<Vec<SiteView>, DbError> {
    let site_rows: Vec<SiteRow> = sites::table
        .filter(sites::organisation_id.eq(organisation.stored()))
        .order(sites::name)
        .select((sites::id, sites::name, sites::spoken_code, sites::time_zone))
        .load(connection)?;
    let unit_rows: Vec<UnitRow> = units::table
        .filter(units::organisation_id.eq(organisation.stored()))
        .order(units::name)
        .select((units::id, units::site_id, units::name, units::closed_at))
        .load(connection)?;
    let mut by_site: HashMap<Vec<u8>, Vec<UnitView>> = HashMap::new();
    for (id, site, name, closed_at) in unit_rows {
        let unit = UnitId::restored(&id)?;
        let held = held_by(connection, unit, now)?;
        by_site.entry(site).or_default().push(UnitView {
            id: unit,
            name,
            beds: held.beds,
            people: held.people,
            closed_at: closed_at.map(instant),
            holds: held.in_words(),
        });
    }
    site_rows
        .into_iter()
        .map(|(id, name, spoken_code, time_zone)| {
            Ok(SiteView {
                id: SiteId::restored(&id)?,
                name,
                spoken_code,
                time_zone,
                units: by_site.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// What is open in a unit now.
pub struct Held {
    pub beds: u64,
    pub people: u64,
    patients: u64,
    devices: u64,
    cared_for: u64,
}

impl Held {
    /// What stands in the way of closing the unit.
    pub fn in_words(&self) -> Vec<String> {
        [
            (self.patients, "patient in a bed", "patients in beds"),
            (self.devices, "device", "devices"),
            (self.cared_for, "patient in its care", "patients in its care"),
            (self.people, "person who works here", "people who work here"),
        ]
        .into_iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect()
    }
}

pub fn held_by(connection: &mut DbConnection, unit: UnitId, now: Instant) -> Result<Held, DbError> {
    let of_unit = || beds::table.filter(beds::unit_id.eq(unit.stored()));
    let beds: i64 = of_unit().select(count_star()).first(connection)?;
    let patients: i64 = bed_stays::table
        .filter(bed_stays::bed_id.eq_any(of_unit().select(beds::id)))
        .filter(open_at!(bed_stays, now))
        .select(count_star())
        .first(connection)?;
    let devices: i64 = device_assignments::table
        .filter(device_assignments::unit_id.is_not_null())
        .filter(device_assignments::unit_id.assume_not_null().eq(unit.stored()))
        .filter(open_at!(device_assignments, now))
        .select(count_star())
        .first(connection)?;
    let cared_for: i64 = care_teams::table
        .filter(care_teams::unit_id.is_not_null())
        .filter(care_teams::unit_id.assume_not_null().eq(unit.stored()))
        .filter(open_at!(care_teams, now))
        .select(count_star())
        .first(connection)?;
    // Planned ones count too: nobody may be sent to a unit that is no more.
    let people: i64 = membership_units::table
        .inner_join(memberships::table)
        .filter(membership_units::unit_id.eq(unit.stored()))
        .filter(
            membership_units::valid_until
                .is_null()
                .or(membership_units::valid_until.assume_not_null().gt(micros(now))),
        )
        .filter(
            memberships::valid_until
                .is_null()
                .or(memberships::valid_until.assume_not_null().gt(micros(now))),
        )
        .select(count_star())
        .first(connection)?;
    let whole = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Held {
        beds: whole(beds),
        people: whole(people),
        patients: whole(patients),
        devices: whole(devices),
        cared_for: whole(cared_for),
    })
}

pub fn unit_name_is_taken(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    name: &str,
) -> Result<bool, DbError> {
    let found: Option<Vec<u8>> = units::table
        .filter(units::organisation_id.eq(organisation.stored()))
        .filter(units::name.eq(name))
        .filter(units::closed_at.is_null())
        .select(units::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

pub fn site_is_of(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    site: SiteId,
) -> Result<bool, DbError> {
    let found: Option<Vec<u8>> = sites::table
        .find(site.stored())
        .filter(sites::organisation_id.eq(organisation.stored()))
        .select(sites::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

pub fn site_of_name(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    name: &str,
) -> Result<Option<SiteId>, DbError> {
    let found: Option<Vec<u8>> = sites::table
        .filter(sites::organisation_id.eq(organisation.stored()))
        .filter(sites::name.eq(name))
        .select(sites::id)
        .first(connection)
        .optional()?;
    Ok(found.map(|id| SiteId::restored(&id)).transpose()?)
}

/// By any organisation: a maker must not mistake one for another.
pub fn code_is_taken(connection: &mut DbConnection, code: &str) -> Result<bool, DbError> {
    let found: Option<Vec<u8>> = sites::table
        .filter(sites::spoken_code.eq(code))
        .select(sites::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

pub fn change_site(
    connection: &mut DbConnection,
    site: SiteId,
    name: &str,
    time_zone: &str,
) -> Result<(), DbError> {
    diesel::update(sites::table.find(site.stored()))
        .set((sites::name.eq(name), sites::time_zone.eq(time_zone)))
        .execute(connection)?;
    Ok(())
}

pub fn rename_unit(connection: &mut DbConnection, unit: UnitId, name: &str) -> Result<(), DbError> {
    diesel::update(units::table.find(unit.stored()))
        .set(units::name.eq(name))
        .execute(connection)?;
    Ok(())
}

/// Returns whether it was open.
pub fn close_unit(connection: &mut DbConnection, unit: UnitId, now: Instant) -> Result<bool, DbError> {
    let closed = diesel::update(units::table.find(unit.stored()))
        .filter(units::closed_at.is_null())
        .set(units::closed_at.eq(Some(micros(now))))
        .execute(connection)?;
    Ok(closed > 0)
}
