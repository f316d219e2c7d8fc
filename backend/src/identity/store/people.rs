//! People, their memberships and their passwords.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    access::Role,
    id::{IntervalId, MembershipId, OrganisationId, PersonId, UnitId},
    time::Instant,
};

use crate::{
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{membership_units, memberships, passwords, people},
};

/// After so many failures in a row the password is disabled (never the person).
const MOST_FAILURES_IN_A_ROW: i64 = 100;

/// Someone who might sign in.
#[derive(Clone)]
pub struct Account {
    pub person: PersonId,
    pub login: String,
    pub membership: MembershipId,
    pub organisation: OrganisationId,
    pub role: Role,
    pub phc: Option<String>,
    /// Then nothing opens, whatever is shown.
    pub suspended: bool,
    /// Not suspended, and the password not disabled.
    pub may_sign_in: bool,
}

type AccountRow = (String, Option<i64>, Vec<u8>, Vec<u8>, String);

/// The account of a login, with the membership it signs in as: the one that began first.
pub fn account(connection: &mut DbConnection, login: &str, now: Instant) -> Result<Option<Account>, DbError> {
    let person: Option<Vec<u8>> = people::table
        .filter(people::login.eq(login))
        .select(people::id)
        .first(connection)
        .optional()?;
    match person {
        Some(person) => account_of(connection, PersonId::restored(&person)?, now),
        None => Ok(None),
    }
}

/// What the person is at this organisation now: the first thing they became.
pub fn membership_at(
    connection: &mut DbConnection,
    person: PersonId,
    organisation: OrganisationId,
    now: Instant,
) -> Result<Option<(MembershipId, Role)>, DbError> {
    let row: Option<(Vec<u8>, String)> = memberships::table
        .filter(memberships::person_id.eq(person.stored()))
        .filter(memberships::organisation_id.eq(organisation.stored()))
        .filter(memberships::suspended_at.is_null())
        .filter(open_at!(memberships, now))
        .order(memberships::valid_from)
        .select((memberships::id, memberships::role))
        .first(connection)
        .optional()?;
    let Some((membership, role)) = row else {
        return Ok(None);
    };
    let role = Role::parse(&role).ok_or(CorruptRow { what: "role" })?;
    Ok(Some((MembershipId::restored(&membership)?, role)))
}

/// The same for a person who is known already.
pub fn account_of(
    connection: &mut DbConnection,
    person: PersonId,
    now: Instant,
) -> Result<Option<Account>, DbError> {
    let row: Option<AccountRow> = people::table
        .inner_join(memberships::table)
        .filter(people::id.eq(person.stored()))
        .filter(memberships::suspended_at.is_null())
        .filter(open_at!(memberships, now))
        .order(memberships::valid_from)
        .select((
            people::login,
            people::suspended_at,
            memberships::id,
            memberships::organisation_id,
            memberships::role,
        ))
        .first(connection)
        .optional()?;
    let Some((login, suspended_at, membership, organisation, role)) = row else {
        return Ok(None);
    };
    let password: Option<(String, Option<i64>)> = passwords::table
        .find(person.stored())
        .select((passwords::phc, passwords::disabled_at))
        .first(connection)
        .optional()?;
    let disabled = password
        .as_ref()
        .is_some_and(|(_, disabled_at)| disabled_at.is_some());
    Ok(Some(Account {
        person,
        login,
        membership: MembershipId::restored(&membership)?,
        organisation: OrganisationId::restored(&organisation)?,
        role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
        phc: password.map(|(phc, _)| phc),
        suspended: suspended_at.is_some(),
        may_sign_in: suspended_at.is_none() && !disabled,
    }))
}

/// Where and as what this membership of this person acts now; `None` when it rests, has ended or is
/// somebody else's.
pub fn open_membership(
    connection: &mut DbConnection,
    person: PersonId,
    membership: MembershipId,
    now: Instant,
) -> Result<Option<(OrganisationId, Role)>, DbError> {
    let row: Option<(Vec<u8>, String)> = memberships::table
        .inner_join(people::table)
        .filter(memberships::id.eq(membership.stored()))
        .filter(memberships::person_id.eq(person.stored()))
        .filter(memberships::suspended_at.is_null())
        .filter(people::suspended_at.is_null())
        .filter(open_at!(memberships, now))
        .select((memberships::organisation_id, memberships::role))
        .first(connection)
        .optional()?;
    let Some((organisation, role)) = row else {
        return Ok(None);
    };
    Ok(Some((
        OrganisationId::restored(&organisation)?,
        Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
    )))
}

pub fn login_of(connection: &mut DbConnection, person: PersonId) -> Result<String, DbError> {
    Ok(people::table
        .find(person.stored())
        .select(people::login)
        .first(connection)?)
}

/// When this person last said that they want no passkey now.
pub fn passkey_declined_at(
    connection: &mut DbConnection,
    person: PersonId,
) -> Result<Option<Instant>, DbError> {
    let at: Option<i64> = people::table
        .find(person.stored())
        .select(people::passkey_declined_at)
        .first(connection)?;
    Ok(at.map(instant))
}

pub fn decline_passkey(connection: &mut DbConnection, person: PersonId, now: Instant) -> QueryResult<()> {
    diesel::update(people::table.find(person.stored()))
        .set(people::passkey_declined_at.eq(micros(now)))
        .execute(connection)
        .map(drop)
}

pub fn note_failure(connection: &mut DbConnection, person: PersonId, now: Instant) -> QueryResult<()> {
    let mine = passwords::table.find(person.stored());
    diesel::update(mine)
        .set((
            passwords::failures_in_a_row.eq(passwords::failures_in_a_row + 1),
            passwords::last_failure_at.eq(micros(now)),
        ))
        .execute(connection)?;
    diesel::update(mine_with_too_many(person))
        .set(passwords::disabled_at.eq(micros(now)))
        .execute(connection)
        .map(drop)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn mine_with_too_many(person: PersonId) -> _ {
    let id: Vec<u8> = person.stored();
    let most: i64 = MOST_FAILURES_IN_A_ROW;
    passwords::table
        .filter(passwords::person_id.eq(id))
        .filter(passwords::disabled_at.is_null())
        .filter(passwords::failures_in_a_row.ge(most))
}

pub fn forgive(connection: &mut DbConnection, person: PersonId) -> QueryResult<()> {
    diesel::update(passwords::table.find(person.stored()))
        .set(passwords::failures_in_a_row.eq(0))
        .execute(connection)
        .map(drop)
}

pub struct NewPerson<'a> {
    pub id: PersonId,
    pub home_region: &'a str,
    pub name: &'a str,
    pub login: &'a str,
    pub phc: &'a str,
    pub created_at: Instant,
}

pub fn add(connection: &mut DbConnection, new: &NewPerson<'_>) -> QueryResult<()> {
    diesel::insert_into(people::table)
        .values((
            people::id.eq(new.id.stored()),
            people::home_region.eq(new.home_region),
            people::name.eq(new.name),
            people::login.eq(new.login),
            people::created_at.eq(micros(new.created_at)),
        ))
        .execute(connection)?;
    diesel::insert_into(passwords::table)
        .values((
            passwords::person_id.eq(new.id.stored()),
            passwords::phc.eq(new.phc),
            passwords::changed_at.eq(micros(new.created_at)),
            passwords::failures_in_a_row.eq(0),
        ))
        .execute(connection)
        .map(drop)
}

/// Where mail reaches this person, if that is not known yet.
pub fn set_email(connection: &mut DbConnection, person: PersonId, email: &str) -> QueryResult<()> {
    diesel::update(people::table.find(person.stored()))
        .filter(people::email.is_null())
        .set(people::email.eq(Some(email)))
        .execute(connection)
        .map(drop)
}

pub struct NewMembership {
    pub id: MembershipId,
    pub person: PersonId,
    pub organisation: OrganisationId,
    pub role: Role,
    pub valid_from: Instant,
}

pub fn add_membership(connection: &mut DbConnection, new: &NewMembership) -> QueryResult<()> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::id.eq(new.id.stored()),
            memberships::person_id.eq(new.person.stored()),
            memberships::organisation_id.eq(new.organisation.stored()),
            memberships::role.eq(new.role.as_str()),
            memberships::valid_from.eq(micros(new.valid_from)),
        ))
        .execute(connection)
        .map(drop)
}

/// From `from` on this member works in this unit.
pub fn join_unit(
    connection: &mut DbConnection,
    id: IntervalId,
    membership: MembershipId,
    unit: UnitId,
    from: Instant,
) -> QueryResult<()> {
    diesel::insert_into(membership_units::table)
        .values((
            membership_units::id.eq(id.stored()),
            membership_units::membership_id.eq(membership.stored()),
            membership_units::unit_id.eq(unit.stored()),
            membership_units::valid_from.eq(micros(from)),
        ))
        .execute(connection)
        .map(drop)
}

/// The member works in this unit no longer. Returns whether they did.
pub fn leave_unit(
    connection: &mut DbConnection,
    membership: MembershipId,
    unit: UnitId,
    until: Instant,
) -> QueryResult<bool> {
    let open = membership_units::table
        .filter(membership_units::membership_id.eq(membership.stored()))
        .filter(membership_units::unit_id.eq(unit.stored()))
        .filter(membership_units::valid_until.is_null());
    diesel::update(open)
        .set(membership_units::valid_until.eq(micros(until)))
        .execute(connection)
        .map(|rows| rows > 0)
}
