//! Reads members: who they are, their intervals, when they were last here.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl,
    dsl::{count_star, max},
};
use fleetward_common::{
    access::{DataClass, Role},
    id::{IntervalId, MembershipId, OrganisationId, PersonId, UnitId},
    people::OrganisationKind,
    time::Instant,
};

use crate::{
    access::{Listing, Membership, Read},
    identity::rules::{Attention, Rules, SessionKind},
    people::member::{Interval, Member, Named, UnitSpan, chains},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{
        membership_units, memberships, organisations, passkeys, passwords, people, second_factors, sessions,
        units,
    },
};

/// Patients and who acts for them sign in too, but who is a patient here is not an administrator's to
/// see. A ward's screen is no person.
const NOT_STAFF: [&str; 3] = [
    Role::Patient.as_str(),
    Role::Proxy.as_str(),
    Role::WardStation.as_str(),
];

type PersonRow = (Vec<u8>, String, String, Option<String>);
type IntervalRow = (
    Vec<u8>,
    Vec<u8>,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<i64>,
);
type UnitRow = (Vec<u8>, Vec<u8>, Vec<u8>, String, i64, Option<i64>, Option<i64>);

/// Every member within the listing's reach.
pub fn within(
    connection: &mut DbConnection,
    listing: &Listing<Membership, Read>,
) -> Result<Vec<Member>, DbError> {
    let intervals: Vec<IntervalRow> = memberships::table
        .filter(listing.within(DataClass::Administrative))
        .filter(memberships::role.ne_all(NOT_STAFF))
        .select(interval_columns())
        .load(connection)?;
    members_of(connection, intervals, listing.at())
}

/// The member to whom this membership belongs, with the intervals before and after it.
pub fn of(
    connection: &mut DbConnection,
    membership: MembershipId,
    now: Instant,
) -> Result<Option<Member>, DbError> {
    let at: Option<(Vec<u8>, Vec<u8>)> = memberships::table
        .find(membership.stored())
        .filter(memberships::role.ne_all(NOT_STAFF))
        .select((memberships::person_id, memberships::organisation_id))
        .first(connection)
        .optional()?;
    let Some((person, organisation)) = at else {
        return Ok(None);
    };
    let all = of_person(
        connection,
        PersonId::restored(&person)?,
        OrganisationId::restored(&organisation)?,
        now,
    )?;
    Ok(all
        .into_iter()
        .find(|member| member.history.iter().any(|interval| interval.id == membership)))
}

/// The memberships that this person has, had or will have at this organisation.
pub fn of_person(
    connection: &mut DbConnection,
    person: PersonId,
    organisation: OrganisationId,
    now: Instant,
) -> Result<Vec<Member>, DbError> {
    let intervals: Vec<IntervalRow> = memberships::table
        .filter(memberships::person_id.eq(person.stored()))
        .filter(memberships::organisation_id.eq(organisation.stored()))
        .filter(memberships::role.ne_all(NOT_STAFF))
        .select(interval_columns())
        .load(connection)?;
    members_of(connection, intervals, now)
}

/// Everything else about these intervals, in a handful of queries however many they are.
fn members_of(
    connection: &mut DbConnection,
    intervals: Vec<IntervalRow>,
    now: Instant,
) -> Result<Vec<Member>, DbError> {
    let ids: Vec<Vec<u8>> = intervals.iter().map(|(_, id, ..)| id.clone()).collect();
    let mut persons: Vec<Vec<u8>> = intervals.iter().map(|(person, ..)| person.clone()).collect();
    persons.sort_unstable();
    persons.dedup();
    let spans: Vec<UnitRow> = membership_units::table
        .inner_join(units::table)
        .filter(membership_units::membership_id.eq_any(&ids))
        .order(units::name)
        .select(unit_columns())
        .load(connection)?;
    let sign_ins: Vec<(Vec<u8>, Option<i64>)> = sessions::table
        .filter(sessions::membership_id.eq_any(&ids))
        .group_by(sessions::membership_id)
        .select((sessions::membership_id, max(sessions::created_at)))
        .load(connection)?;
    let with_passkeys: Vec<(Vec<u8>, i64)> = passkeys::table
        .filter(passkeys::switched_off_at.is_null())
        .filter(passkeys::person_id.eq_any(&persons))
        .group_by(passkeys::person_id)
        .select((passkeys::person_id, count_star()))
        .load(connection)?;
    let with_app: Vec<Vec<u8>> = second_factors::table
        .filter(second_factors::person_id.eq_any(&persons))
        .select(second_factors::person_id)
        .load(connection)?;
    let with_password: Vec<Vec<u8>> = passwords::table
        .filter(passwords::disabled_at.is_null())
        .filter(passwords::person_id.eq_any(&persons))
        .select(passwords::person_id)
        .load(connection)?;
    let persons: Vec<PersonRow> = people::table
        .filter(people::id.eq_any(persons))
        .select((people::id, people::name, people::login, people::email))
        .load(connection)?;
    put_together(
        Rows {
            intervals,
            spans,
            persons,
            sign_ins,
            with_passkeys,
            with_password,
            with_app,
        },
        now,
    )
}

#[diesel::dsl::auto_type(no_type_alias)]
fn interval_columns() -> _ {
    (
        memberships::person_id,
        memberships::id,
        memberships::role,
        memberships::valid_from,
        memberships::valid_until,
        memberships::suspended_at,
        memberships::continues_id,
        memberships::planned_at,
    )
}

#[diesel::dsl::auto_type(no_type_alias)]
fn unit_columns() -> _ {
    (
        membership_units::membership_id,
        membership_units::id,
        membership_units::unit_id,
        units::name,
        membership_units::valid_from,
        membership_units::valid_until,
        membership_units::planned_at,
    )
}

struct Rows {
    intervals: Vec<IntervalRow>,
    spans: Vec<UnitRow>,
    persons: Vec<PersonRow>,
    sign_ins: Vec<(Vec<u8>, Option<i64>)>,
    with_passkeys: Vec<(Vec<u8>, i64)>,
    with_password: Vec<Vec<u8>>,
    with_app: Vec<Vec<u8>>,
}

fn put_together(rows: Rows, now: Instant) -> Result<Vec<Member>, DbError> {
    let mut spans: HashMap<Vec<u8>, Vec<UnitSpan>> = HashMap::new();
    for (membership, id, unit, name, from, until, planned_at) in rows.spans {
        spans.entry(membership).or_default().push(UnitSpan {
            id: IntervalId::restored(&id)?,
            unit: UnitId::restored(&unit)?,
            name,
            from: instant(from),
            until: until.map(instant),
            planned_at: planned_at.map(instant),
        });
    }
    let mut by_person: HashMap<Vec<u8>, Vec<Interval>> = HashMap::new();
    for (person, id, role, from, until, suspended_at, continues, planned_at) in rows.intervals {
        by_person.entry(person).or_default().push(Interval {
            role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
            from: instant(from),
            until: until.map(instant),
            suspended_at: suspended_at.map(instant),
            continues: continues.map(|id| MembershipId::restored(&id)).transpose()?,
            planned_at: planned_at.map(instant),
            units: spans.remove(&id).unwrap_or_default(),
            id: MembershipId::restored(&id)?,
        });
    }
    let sign_ins: HashMap<Vec<u8>, i64> = rows
        .sign_ins
        .into_iter()
        .filter_map(|(membership, at)| Some((membership, at?)))
        .collect();
    let mut members = Vec::new();
    for (id, name, login, email) in rows.persons {
        let person = PersonId::restored(&id)?;
        for chain in chains(by_person.remove(&id).unwrap_or_default()) {
            let named = Named {
                person,
                name: name.clone(),
                login: login.clone(),
                email: email.clone(),
            };
            let Some(mut member) = Member::of(named, chain, now) else {
                continue;
            };
            member.last_sign_in = member
                .history
                .iter()
                .filter_map(|interval| sign_ins.get(&interval.id.stored()).copied())
                .max()
                .map(instant);
            member.signs_in_with = ways(&rows.with_passkeys, &rows.with_password, &rows.with_app, &id);
            members.push(member);
        }
    }
    members.sort_by(|a, b| (&a.name, a.current.from).cmp(&(&b.name, b.current.from)));
    Ok(members)
}

/// `2 passkeys`, `password, code`.
fn ways(
    passkeys: &[(Vec<u8>, i64)],
    passwords: &[Vec<u8>],
    apps: &[Vec<u8>],
    person: &Vec<u8>,
) -> Vec<String> {
    let keys = passkeys
        .iter()
        .find(|(id, _)| id == person)
        .map_or(0, |(_, count)| *count);
    let keys = match keys {
        0 => None,
        1 => Some("1 passkey".to_owned()),
        many => Some(format!("{many} passkeys")),
    };
    let password = passwords.contains(person).then(|| "password".to_owned());
    let code = (password.is_some() && apps.contains(person)).then(|| "code".to_owned());
    keys.into_iter().chain(password).chain(code).collect()
}

/// Sessions of this membership that someone could be using.
pub fn open_sessions(connection: &mut DbConnection, member: &Member, now: Instant) -> Result<u64, DbError> {
    let ids: Vec<Vec<u8>> = member
        .history
        .iter()
        .map(|interval| interval.id.stored())
        .collect();
    let rows: Vec<(String, i64, i64)> = sessions::table
        .filter(sessions::membership_id.eq_any(ids))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .select((sessions::kind, sessions::last_used_at, sessions::expires_at))
        .load(connection)?;
    let mut open = 0;
    for (kind, last_used_at, expires_at) in rows {
        let kind = SessionKind::parse(&kind).ok_or(CorruptRow {
            what: "kind of session",
        })?;
        let rules = Rules::of(kind, member.current.role);
        if rules.attention(instant(last_used_at), instant(expires_at), now) != Attention::Over {
            open += 1;
        }
    }
    Ok(open)
}

/// Active administrators beside this person whose access has no end.
pub fn other_administrators(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    kind: OrganisationKind,
    beside: PersonId,
    now: Instant,
) -> Result<i64, DbError> {
    Ok(memberships::table
        .inner_join(people::table)
        .filter(memberships::organisation_id.eq(organisation.stored()))
        .filter(memberships::role.eq(kind.administrator().as_str()))
        .filter(memberships::person_id.ne(beside.stored()))
        .filter(memberships::valid_from.le(micros(now)))
        .filter(memberships::valid_until.is_null())
        .filter(memberships::suspended_at.is_null())
        .filter(people::suspended_at.is_null())
        .select(count_star())
        .first(connection)?)
}

/// People who hold this role at the organisation now.
pub fn holders(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    role: Role,
    now: Instant,
) -> Result<Vec<PersonId>, DbError> {
    let ids: Vec<Vec<u8>> = memberships::table
        .filter(memberships::organisation_id.eq(organisation.stored()))
        .filter(memberships::role.eq(role.as_str()))
        .filter(open_at!(memberships, now))
        .filter(memberships::suspended_at.is_null())
        .select(memberships::person_id)
        .distinct()
        .load(connection)?;
    ids.iter()
        .map(|id| PersonId::restored(id).map_err(DbError::from))
        .collect()
}

/// Where this person has access now, staff or not.
pub fn organisations_of(
    connection: &mut DbConnection,
    person: PersonId,
    now: Instant,
) -> Result<Vec<OrganisationId>, DbError> {
    let ids: Vec<Vec<u8>> = memberships::table
        .filter(memberships::person_id.eq(person.stored()))
        .filter(open_at!(memberships, now))
        .select(memberships::organisation_id)
        .distinct()
        .load(connection)?;
    ids.iter()
        .map(|id| OrganisationId::restored(id).map_err(DbError::from))
        .collect()
}

/// One of a person's own memberships that is open now.
pub struct Own {
    pub membership: MembershipId,
    pub organisation_name: String,
    pub role: Role,
    pub units: Vec<String>,
}

type OwnRow = (Vec<u8>, String, String);

pub fn own(connection: &mut DbConnection, person: PersonId, now: Instant) -> Result<Vec<Own>, DbError> {
    let rows: Vec<OwnRow> = memberships::table
        .inner_join(organisations::table)
        .filter(memberships::person_id.eq(person.stored()))
        .filter(memberships::suspended_at.is_null())
        .filter(open_at!(memberships, now))
        .order((organisations::name, memberships::valid_from))
        .select((memberships::id, organisations::name, memberships::role))
        .load(connection)?;
    let mut own = Vec::new();
    for (membership, organisation_name, role) in rows {
        let units: Vec<String> = membership_units::table
            .inner_join(units::table)
            .filter(membership_units::membership_id.eq(&membership))
            .filter(open_at!(membership_units, now))
            .order(units::name)
            .select(units::name)
            .load(connection)?;
        own.push(Own {
            membership: MembershipId::restored(&membership)?,
            organisation_name,
            role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
            units,
        });
    }
    Ok(own)
}

/// A person's name, and where mail reaches them.
pub fn name_of(connection: &mut DbConnection, person: PersonId) -> Result<Option<String>, DbError> {
    Ok(people::table
        .find(person.stored())
        .select(people::name)
        .first(connection)
        .optional()?)
}
