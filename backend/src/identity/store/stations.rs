//! The screens of wards. Each has a person of its own: one without a password, with one membership.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{IntervalId, MembershipId, OrganisationId, PersonId, SessionId, StationId, UnitId},
    sessions::{RecentPerson, StationView},
    text::StationName,
    time::Instant,
};

use super::people::{self, NewMembership};
use crate::{
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    schema::{memberships, organisations, people as people_rows, sessions, stations, units},
};

pub struct NewStation {
    pub id: StationId,
    pub organisation: OrganisationId,
    pub unit: UnitId,
    pub name: StationName,
    pub person: PersonId,
    pub membership: MembershipId,
    pub works_in: IntervalId,
    pub enrolled_by: MembershipId,
    pub enrolled_at: Instant,
}

pub fn enrol(connection: &mut DbConnection, new: &NewStation) -> QueryResult<()> {
    let home_region: String = organisations::table
        .find(new.organisation.stored())
        .select(organisations::home_region)
        .first(connection)?;
    diesel::insert_into(people_rows::table)
        .values((
            people_rows::id.eq(new.person.stored()),
            people_rows::home_region.eq(home_region),
            people_rows::name.eq(new.name.as_str()),
            // No login that anybody could type: it holds a blank.
            people_rows::login.eq(format!("station {}", new.id)),
            people_rows::created_at.eq(micros(new.enrolled_at)),
        ))
        .execute(connection)?;
    people::add_membership(
        connection,
        &NewMembership {
            id: new.membership,
            person: new.person,
            organisation: new.organisation,
            role: Role::WardStation,
            valid_from: new.enrolled_at,
        },
    )?;
    people::join_unit(
        connection,
        new.works_in,
        new.membership,
        new.unit,
        new.enrolled_at,
    )?;
    diesel::insert_into(stations::table)
        .values((
            stations::id.eq(new.id.stored()),
            stations::organisation_id.eq(new.organisation.stored()),
            stations::unit_id.eq(new.unit.stored()),
            stations::person_id.eq(new.person.stored()),
            stations::name.eq(new.name.as_str()),
            stations::enrolled_by.eq(new.enrolled_by.stored()),
            stations::enrolled_at.eq(micros(new.enrolled_at)),
        ))
        .execute(connection)
        .map(drop)
}

/// A screen that is in use.
pub struct Station {
    pub person: PersonId,
    pub unit: UnitId,
}

pub fn in_use(connection: &mut DbConnection, station: StationId) -> Result<Option<Station>, DbError> {
    let row: Option<(Vec<u8>, Vec<u8>)> = stations::table
        .find(station.stored())
        .filter(stations::retired_at.is_null())
        .select((stations::person_id, stations::unit_id))
        .first(connection)
        .optional()?;
    row.map(|(person, unit)| {
        Ok(Station {
            person: PersonId::restored(&person)?,
            unit: UnitId::restored(&unit)?,
        })
    })
    .transpose()
}

/// The screen is one no more. Its membership ends with it, so that nothing of it can be started again.
pub fn retire(
    connection: &mut DbConnection,
    station: StationId,
    person: PersonId,
    now: Instant,
) -> QueryResult<()> {
    diesel::update(stations::table.find(station.stored()))
        .set(stations::retired_at.eq(micros(now)))
        .execute(connection)?;
    let open = memberships::table
        .filter(memberships::person_id.eq(person.stored()))
        .filter(memberships::valid_until.is_null())
        .filter(memberships::valid_from.lt(micros(now)));
    diesel::update(open)
        .set(memberships::valid_until.eq(micros(now)))
        .execute(connection)
        .map(drop)
}

/// The screen whose own session this is.
pub fn of_session(connection: &mut DbConnection, kiosk: SessionId) -> Result<Option<StationView>, DbError> {
    let person: Option<Vec<u8>> = sessions::table
        .find(kiosk.stored())
        .select(sessions::person_id)
        .first(connection)
        .optional()?;
    let Some(person) = person else {
        return Ok(None);
    };
    let row: Option<(Vec<u8>, String, Vec<u8>)> = stations::table
        .filter(stations::person_id.eq(person))
        .select((stations::id, stations::name, stations::unit_id))
        .first(connection)
        .optional()?;
    row.map(|(id, name, unit)| {
        Ok(StationView {
            id: StationId::restored(&id)?,
            name,
            unit: UnitId::restored(&unit)?,
            acting: false,
        })
    })
    .transpose()
}

type RecentRow = (Vec<u8>, String, String, String, i64);

/// Who acted on this screen since `since`, the last one first, each once.
pub fn acted_lately(
    connection: &mut DbConnection,
    kiosk: SessionId,
    since: Instant,
) -> Result<Vec<RecentPerson>, DbError> {
    const MOST_LOOKED_AT: i64 = 200;
    const MOST: usize = 5;
    let rows: Vec<RecentRow> = sessions::table
        .inner_join(people_rows::table)
        .inner_join(memberships::table)
        .filter(sessions::kiosk_session_id.eq(kiosk.stored()))
        .filter(sessions::created_at.ge(micros(since)))
        .filter(people_rows::suspended_at.is_null())
        .order(sessions::last_used_at.desc())
        .limit(MOST_LOOKED_AT)
        .select((
            people_rows::id,
            people_rows::name,
            people_rows::login,
            memberships::role,
            sessions::last_used_at,
        ))
        .load(connection)?;
    let mut recent: Vec<RecentPerson> = Vec::new();
    for (person, name, login, role, acted_at) in rows {
        let person = PersonId::restored(&person)?;
        if recent.len() == MOST {
            break;
        }
        if recent.iter().all(|known| known.person != person) {
            recent.push(RecentPerson {
                person,
                name,
                role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
                login,
                acted_at: instant(acted_at),
            });
        }
    }
    Ok(recent)
}

/// Whose unit it is.
pub fn organisation_of(
    connection: &mut DbConnection,
    unit: UnitId,
) -> Result<Option<OrganisationId>, DbError> {
    let id: Option<Vec<u8>> = units::table
        .find(unit.stored())
        .select(units::organisation_id)
        .first(connection)
        .optional()?;
    Ok(id.map(|id| OrganisationId::restored(&id)).transpose()?)
}
