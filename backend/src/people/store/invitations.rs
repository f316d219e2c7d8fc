//! The tables `invitations` and `invitation_units`.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    access::Role,
    id::{InvitationId, MembershipId, MessageId, OrganisationId, PersonId, UnitId},
    people::{InvitationState, UnitGrant},
    time::Instant,
};

use crate::{
    platform::{
        db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
        outbox,
    },
    schema::{invitation_units, invitations, organisations, outbox_messages, people, units},
};

#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: InvitationId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub home_region: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub member_until: Option<Instant>,
    pub invited_by: PersonId,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub message: MessageId,
    pub withdrawn_at: Option<Instant>,
    pub joined_at: Option<Instant>,
    pub membership: Option<MembershipId>,
    pub confirmed_at: Option<Instant>,
    /// With their names.
    pub units: Vec<(UnitGrant, String)>,
}

impl Invitation {
    pub fn state(&self, now: Instant) -> InvitationState {
        if self.withdrawn_at.is_some() {
            InvitationState::Withdrawn
        } else if self.confirmed_at.is_some() {
            InvitationState::Joined
        } else if self.joined_at.is_some() {
            InvitationState::Begun
        } else if self.expires_at <= now {
            InvitationState::Expired
        } else {
            InvitationState::Open
        }
    }

    pub fn unit_names(&self) -> Vec<String> {
        self.units.iter().map(|(_, name)| name.clone()).collect()
    }

    pub fn grants(&self) -> Vec<UnitGrant> {
        self.units.iter().map(|(grant, _)| grant.clone()).collect()
    }
}

pub struct NewInvitation<'a> {
    pub id: InvitationId,
    pub organisation: OrganisationId,
    pub name: &'a str,
    pub email: &'a str,
    pub role: Role,
    pub member_until: Option<Instant>,
    pub units: &'a [UnitGrant],
    pub invited_by: PersonId,
    pub created_at: Instant,
    pub token_sha256: [u8; 32],
    pub expires_at: Instant,
    pub message: MessageId,
}

pub fn add(connection: &mut DbConnection, new: &NewInvitation<'_>) -> Result<(), DbError> {
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(new.id.stored()),
            invitations::organisation_id.eq(new.organisation.stored()),
            invitations::name.eq(new.name),
            invitations::email.eq(new.email),
            invitations::role.eq(new.role.as_str()),
            invitations::member_until.eq(new.member_until.map(micros)),
            invitations::invited_by.eq(new.invited_by.stored()),
            invitations::created_at.eq(micros(new.created_at)),
            invitations::token_sha256.eq(new.token_sha256.to_vec()),
            invitations::expires_at.eq(micros(new.expires_at)),
            invitations::message_id.eq(new.message.stored()),
        ))
        .execute(connection)?;
    for grant in new.units {
        diesel::insert_into(invitation_units::table)
            .values((
                invitation_units::invitation_id.eq(new.id.stored()),
                invitation_units::unit_id.eq(grant.unit.stored()),
                invitation_units::member_until.eq(grant.until.map(micros)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

type Row = (
    (Vec<u8>, Vec<u8>, String, String),
    (String, String, String, Option<i64>),
    (Vec<u8>, i64, i64, Vec<u8>),
    (Option<i64>, Option<i64>, Option<Vec<u8>>, Option<i64>),
);

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        (
            invitations::id,
            invitations::organisation_id,
            organisations::name,
            organisations::home_region,
        ),
        (
            invitations::name,
            invitations::email,
            invitations::role,
            invitations::member_until,
        ),
        (
            invitations::invited_by,
            invitations::created_at,
            invitations::expires_at,
            invitations::message_id,
        ),
        (
            invitations::withdrawn_at,
            invitations::joined_at,
            invitations::membership_id,
            invitations::confirmed_at,
        ),
    )
}

/// Of an organisation's own only: another's is as absent as one that never was.
pub fn one(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    id: InvitationId,
) -> Result<Option<Invitation>, DbError> {
    let row: Option<Row> = invitations::table
        .inner_join(organisations::table)
        .filter(invitations::id.eq(id.stored()))
        .filter(invitations::organisation_id.eq(organisation.stored()))
        .select(columns())
        .first(connection)
        .optional()?;
    row.map(|row| restored(connection, row)).transpose()
}

pub fn by_token(
    connection: &mut DbConnection,
    token_sha256: &[u8; 32],
) -> Result<Option<Invitation>, DbError> {
    let row: Option<Row> = invitations::table
        .inner_join(organisations::table)
        .filter(invitations::token_sha256.eq(token_sha256.to_vec()))
        .select(columns())
        .first(connection)
        .optional()?;
    row.map(|row| restored(connection, row)).transpose()
}

/// Nobody has joined by these yet, and nobody took them back. Youngest first.
pub fn open_of(
    connection: &mut DbConnection,
    organisation: OrganisationId,
) -> Result<Vec<Invitation>, DbError> {
    let rows: Vec<Row> = invitations::table
        .inner_join(organisations::table)
        .filter(invitations::organisation_id.eq(organisation.stored()))
        .filter(invitations::joined_at.is_null())
        .filter(invitations::withdrawn_at.is_null())
        .order(invitations::created_at.desc())
        .select(columns())
        .load(connection)?;
    rows.into_iter().map(|row| restored(connection, row)).collect()
}

fn restored(connection: &mut DbConnection, row: Row) -> Result<Invitation, DbError> {
    let (
        (id, organisation, organisation_name, home_region),
        (name, email, role, member_until),
        (invited_by, created_at, expires_at, message),
        (withdrawn_at, joined_at, membership, confirmed_at),
    ) = row;
    let grants: Vec<(Vec<u8>, Option<i64>, String)> = invitation_units::table
        .inner_join(units::table)
        .filter(invitation_units::invitation_id.eq(&id))
        .order(units::name)
        .select((
            invitation_units::unit_id,
            invitation_units::member_until,
            units::name,
        ))
        .load(connection)?;
    let units = grants
        .into_iter()
        .map(|(unit, until, name)| {
            let grant = UnitGrant {
                unit: UnitId::restored(&unit)?,
                until: until.map(instant),
            };
            Ok::<_, DbError>((grant, name))
        })
        .collect::<Result<_, _>>()?;
    Ok(Invitation {
        id: InvitationId::restored(&id)?,
        organisation: OrganisationId::restored(&organisation)?,
        organisation_name,
        home_region,
        name,
        email,
        role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
        member_until: member_until.map(instant),
        invited_by: PersonId::restored(&invited_by)?,
        created_at: instant(created_at),
        expires_at: instant(expires_at),
        message: MessageId::restored(&message)?,
        withdrawn_at: withdrawn_at.map(instant),
        joined_at: joined_at.map(instant),
        membership: membership.map(|id| MembershipId::restored(&id)).transpose()?,
        confirmed_at: confirmed_at.map(instant),
        units,
    })
}

/// A new link; the old one opens nothing from now on.
pub fn renew(
    connection: &mut DbConnection,
    id: InvitationId,
    token_sha256: &[u8; 32],
    expires_at: Instant,
    message: MessageId,
) -> Result<(), DbError> {
    diesel::update(invitations::table.find(id.stored()))
        .set((
            invitations::token_sha256.eq(token_sha256.to_vec()),
            invitations::expires_at.eq(micros(expires_at)),
            invitations::message_id.eq(message.stored()),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn withdraw(connection: &mut DbConnection, id: InvitationId, now: Instant) -> Result<(), DbError> {
    diesel::update(invitations::table.find(id.stored()))
        .set(invitations::withdrawn_at.eq(Some(micros(now))))
        .execute(connection)?;
    Ok(())
}

/// The link is used up. Returns whether it was still there to be used.
pub fn note_joined(
    connection: &mut DbConnection,
    id: InvitationId,
    membership: MembershipId,
    now: Instant,
) -> Result<bool, DbError> {
    let used = diesel::update(invitations::table.find(id.stored()))
        .filter(invitations::joined_at.is_null())
        .filter(invitations::withdrawn_at.is_null())
        .filter(invitations::expires_at.gt(micros(now)))
        .set((
            invitations::joined_at.eq(Some(micros(now))),
            invitations::membership_id.eq(Some(membership.stored())),
        ))
        .execute(connection)?;
    Ok(used > 0)
}

pub fn note_confirmed(connection: &mut DbConnection, id: InvitationId, now: Instant) -> Result<(), DbError> {
    diesel::update(invitations::table.find(id.stored()))
        .filter(invitations::confirmed_at.is_null())
        .set(invitations::confirmed_at.eq(Some(micros(now))))
        .execute(connection)?;
    Ok(())
}

/// What became of the message with the link.
pub fn delivery(connection: &mut DbConnection, message: MessageId) -> Result<outbox::State, DbError> {
    let state: Option<String> = outbox_messages::table
        .find(message.stored())
        .select(outbox_messages::state)
        .first(connection)
        .optional()?;
    Ok(state
        .and_then(|word| outbox::State::parse(&word))
        .ok_or(CorruptRow {
            what: "a message's state",
        })?)
}

/// Whether somebody signs in with this name or address already.
pub fn login_is_taken(connection: &mut DbConnection, login: &str) -> Result<bool, DbError> {
    let found: Option<Vec<u8>> = people::table
        .filter(people::login.eq(login))
        .select(people::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// Whether this is an address by which the person is known here.
pub fn is_address_of(connection: &mut DbConnection, person: PersonId, email: &str) -> Result<bool, DbError> {
    let found: Option<Vec<u8>> = people::table
        .find(person.stored())
        .filter(
            people::login.eq(email).or(people::email
                .is_not_null()
                .and(people::email.assume_not_null().eq(email))),
        )
        .select(people::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// People whom mail to this address reaches.
pub fn people_at(connection: &mut DbConnection, email: &str) -> Result<Vec<PersonId>, DbError> {
    let ids: Vec<Vec<u8>> = people::table
        .filter(people::login.eq(email))
        .select(people::id)
        .load(connection)?;
    let more: Vec<Vec<u8>> = people::table
        .filter(people::email.eq(Some(email)))
        .select(people::id)
        .load(connection)?;
    ids.iter()
        .chain(&more)
        .map(|id| PersonId::restored(id).map_err(DbError::from))
        .collect()
}
