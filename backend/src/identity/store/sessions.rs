//! Sessions: found by the hash of their token, alive while neither ended nor expired, and only as long
//! as the membership they were started with.

use std::time::Duration;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    access::{Purpose, Role},
    credentials::{Proof, ProofKind},
    id::{MembershipId, OrganisationId, PatientId, PersonId, SessionId, UnitId},
    identity::UnitSummary,
    time::Instant,
};

use crate::{
    access::{Actor, store::grants},
    identity::{
        rules::{Attention, Rules, SessionKind},
        session::SignedIn,
        store::stations,
    },
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{membership_units, memberships, organisations, patient_people, people, sessions, sites, units},
};

/// How long the token of before a step-up stays known: a slow request, not a second session.
const UNDER_WAY: Duration = Duration::from_secs(10);

pub struct NewSession {
    pub id: SessionId,
    pub kind: SessionKind,
    /// The ward screen's own session under an acting one.
    pub kiosk: Option<SessionId>,
    pub browser: String,
    pub network: String,
    pub token_sha256: [u8; 32],
    pub person: PersonId,
    pub membership: MembershipId,
    pub purpose: Purpose,
    pub proof: ProofKind,
    pub created_at: Instant,
    pub expires_at: Instant,
}

pub fn start(connection: &mut DbConnection, new: &NewSession) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(new.id.stored()),
            sessions::token_sha256.eq(new.token_sha256.to_vec()),
            sessions::person_id.eq(new.person.stored()),
            sessions::membership_id.eq(new.membership.stored()),
            sessions::purpose.eq(new.purpose.as_str()),
            sessions::created_at.eq(micros(new.created_at)),
            sessions::expires_at.eq(micros(new.expires_at)),
            sessions::last_used_at.eq(micros(new.created_at)),
            sessions::kind.eq(new.kind.as_str()),
            sessions::kiosk_session_id.eq(new.kiosk.map(|kiosk| kiosk.stored())),
            sessions::browser.eq(&new.browser),
            sessions::network.eq(&new.network),
            sessions::proof_kind.eq(new.proof.as_str()),
            sessions::proven_at.eq(micros(new.created_at)),
        ))
        .execute(connection)
        .map(drop)
}

/// Ends the session of this token and says which one it was.
pub fn end_by_token(
    connection: &mut DbConnection,
    token_sha256: &[u8; 32],
    now: Instant,
) -> Result<Option<SessionId>, DbError> {
    let id: Option<Vec<u8>> = sessions::table
        .filter(sessions::token_sha256.eq(token_sha256.to_vec()))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .first(connection)
        .optional()?;
    let Some(id) = id else {
        return Ok(None);
    };
    diesel::update(sessions::table.find(&id))
        .set(sessions::ended_at.eq(micros(now)))
        .execute(connection)?;
    Ok(Some(SessionId::restored(&id)?))
}

/// Ends one session, unless it ended before.
pub fn end(connection: &mut DbConnection, session: SessionId, now: Instant) -> Result<bool, DbError> {
    let open = sessions::table
        .find(session.stored())
        .filter(sessions::ended_at.is_null());
    let ended = diesel::update(open)
        .set(sessions::ended_at.eq(micros(now)))
        .execute(connection)?;
    Ok(ended > 0)
}

/// Ends whatever people began on this ward screen.
pub fn end_all_on_kiosk(
    connection: &mut DbConnection,
    kiosk: SessionId,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let ids: Vec<Vec<u8>> = sessions::table
        .filter(sessions::kiosk_session_id.eq(kiosk.stored()))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(connection)?;
    end_these(connection, ids, now)
}

/// Another session of the same person goes on with the proof of before, as old as it is.
pub fn carry_proof(connection: &mut DbConnection, to: SessionId, proof: Proof) -> Result<(), DbError> {
    diesel::update(sessions::table.find(to.stored()))
        .set((
            sessions::proof_kind.eq(proof.kind.as_str()),
            sessions::proven_at.eq(micros(proof.at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Ends every session of this person and says which they were: whoever calls it hands them to
/// `live::Hub::end_session` after the commit, so that open tabs close at once.
pub fn end_all_of_person(
    connection: &mut DbConnection,
    person: PersonId,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let ids: Vec<Vec<u8>> = sessions::table
        .filter(sessions::person_id.eq(person.stored()))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(connection)?;
    end_these(connection, ids, now)
}

/// As [`end_all_of_person`], but only those that were started as this member.
pub fn end_all_of_membership(
    connection: &mut DbConnection,
    membership: MembershipId,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let ids: Vec<Vec<u8>> = sessions::table
        .filter(sessions::membership_id.eq(membership.stored()))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(connection)?;
    end_these(connection, ids, now)
}

fn end_these(
    connection: &mut DbConnection,
    ids: Vec<Vec<u8>>,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let ended: Vec<SessionId> = ids
        .iter()
        .map(|id| SessionId::restored(id))
        .collect::<Result<_, _>>()?;
    diesel::update(sessions::table.filter(sessions::id.eq_any(ids)))
        .set(sessions::ended_at.eq(micros(now)))
        .execute(connection)?;
    Ok(ended)
}

/// Someone touched it. Never backwards: two tabs note out of order.
pub fn note_use(connection: &mut DbConnection, session: SessionId, now: Instant) -> Result<(), DbError> {
    let older = sessions::table
        .find(session.stored())
        .filter(sessions::last_used_at.lt(micros(now)));
    diesel::update(older)
        .set(sessions::last_used_at.eq(micros(now)))
        .execute(connection)?;
    Ok(())
}

/// The session has been proven anew: from now on another token opens it, and the one before it only
/// for as long as requests that carry it may be under way.
pub fn prove(
    connection: &mut DbConnection,
    session: SessionId,
    proof: Proof,
    token_sha256: [u8; 32],
) -> Result<bool, DbError> {
    let old: Option<Vec<u8>> = sessions::table
        .find(session.stored())
        .filter(sessions::ended_at.is_null())
        .select(sessions::token_sha256)
        .first(connection)
        .optional()?;
    let Some(old) = old else {
        return Ok(false);
    };
    diesel::update(sessions::table.find(session.stored()))
        .set((
            sessions::proof_kind.eq(proof.kind.as_str()),
            sessions::proven_at.eq(micros(proof.at)),
            sessions::token_sha256.eq(token_sha256.to_vec()),
            sessions::previous_token_sha256.eq(old),
            sessions::previous_until.eq(micros(proof.at + UNDER_WAY)),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Ends every session of this person but one: after a password was changed or a passkey removed, whoever
/// came in by it is out.
pub fn end_others_of_person(
    connection: &mut DbConnection,
    person: PersonId,
    kept: SessionId,
    now: Instant,
) -> Result<Vec<SessionId>, DbError> {
    let ids: Vec<Vec<u8>> = sessions::table
        .filter(sessions::person_id.eq(person.stored()))
        .filter(sessions::id.ne(kept.stored()))
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .load(connection)?;
    end_these(connection, ids, now)
}

pub fn alive(
    connection: &mut DbConnection,
    token_sha256: &[u8; 32],
    now: Instant,
) -> Result<Option<SignedIn>, DbError> {
    let id: Option<Vec<u8>> = sessions::table
        .filter(sessions::token_sha256.eq(token_sha256.to_vec()))
        .select(sessions::id)
        .first(connection)
        .optional()?;
    match id {
        Some(id) => alive_by_id(connection, SessionId::restored(&id)?, now),
        None => alive_by_previous_token(connection, token_sha256, now),
    }
}

/// Whoever still has the token of before a step-up is signed in, and has proven nothing lately.
fn alive_by_previous_token(
    connection: &mut DbConnection,
    token_sha256: &[u8; 32],
    now: Instant,
) -> Result<Option<SignedIn>, DbError> {
    let row: Option<(Vec<u8>, i64)> = sessions::table
        .filter(sessions::previous_token_sha256.eq(token_sha256.to_vec()))
        .filter(sessions::previous_until.gt(micros(now)))
        .select((sessions::id, sessions::created_at))
        .first(connection)
        .optional()?;
    let Some((id, created_at)) = row else {
        return Ok(None);
    };
    let signed_in = alive_by_id(connection, SessionId::restored(&id)?, now)?;
    Ok(signed_in.map(|signed_in| SignedIn {
        proof: Proof {
            kind: ProofKind::Password,
            at: instant(created_at) - Proof::RECENT,
        },
        ..signed_in
    }))
}

type SessionRow = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    i64,
    i64,
    String,
    String,
    String,
    Option<Vec<u8>>,
    (String, i64),
);

pub fn alive_by_id(
    connection: &mut DbConnection,
    session: SessionId,
    now: Instant,
) -> Result<Option<SignedIn>, DbError> {
    let row: Option<SessionRow> = sessions::table
        .inner_join(memberships::table.inner_join(organisations::table))
        .inner_join(people::table)
        .filter(sessions::id.eq(session.stored()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(micros(now)))
        .filter(people::suspended_at.is_null())
        .filter(memberships::suspended_at.is_null())
        .filter(open_at!(memberships, now))
        .select((
            people::id,
            memberships::id,
            memberships::organisation_id,
            memberships::role,
            sessions::purpose,
            sessions::expires_at,
            sessions::last_used_at,
            people::name,
            organisations::name,
            sessions::kind,
            sessions::kiosk_session_id,
            (sessions::proof_kind, sessions::proven_at),
        ))
        .first(connection)
        .optional()?;
    let Some((
        person,
        membership,
        organisation,
        role,
        purpose,
        expires_at,
        last_used_at,
        name,
        organisation_name,
        kind,
        kiosk,
        (proof_kind, proven_at),
    )) = row
    else {
        return Ok(None);
    };
    let role = Role::parse(&role).ok_or(CorruptRow { what: "role" })?;
    let kind = SessionKind::parse(&kind).ok_or(CorruptRow {
        what: "kind of session",
    })?;
    let rules = Rules::of(kind, role);
    let (expires_at, last_used_at) = (instant(expires_at), instant(last_used_at));
    let attention = rules.attention(last_used_at, expires_at, now);
    if attention == Attention::Over {
        return Ok(None);
    }
    let kiosk = kiosk.map(|kiosk| SessionId::restored(&kiosk)).transpose()?;
    let station = match (kind, kiosk) {
        (SessionKind::Kiosk, _) => stations::of_session(connection, session)?,
        (SessionKind::Acting, Some(kiosk)) => stations::of_session(connection, kiosk)?,
        _ => None,
    };
    let units = units_of(connection, &membership, now)?;
    let person = PersonId::restored(&person)?;
    let (own_records, acts_for) = patients_of(connection, person, now)?;
    let emergency = grants::open_of_session(connection, session, now)?;
    Ok(Some(SignedIn {
        actor: Actor {
            session,
            person,
            membership: MembershipId::restored(&membership)?,
            organisation: OrganisationId::restored(&organisation)?,
            role,
            purpose: Purpose::parse(&purpose).ok_or(CorruptRow { what: "purpose" })?,
            units: units.iter().map(|unit| unit.id).collect(),
            own_records,
            acts_for,
            emergency,
        },
        proof: Proof {
            kind: ProofKind::parse(&proof_kind).ok_or(CorruptRow { what: "proof" })?,
            at: instant(proven_at),
        },
        name,
        organisation_name,
        units,
        kind,
        kiosk,
        station,
        attention,
        rules,
        expires_at,
        last_used_at,
    }))
}

fn units_of(
    connection: &mut DbConnection,
    membership: &[u8],
    now: Instant,
) -> Result<Vec<UnitSummary>, DbError> {
    let rows: Vec<(Vec<u8>, String, String)> = membership_units::table
        .inner_join(units::table.inner_join(sites::table))
        .filter(membership_units::membership_id.eq(membership))
        .filter(open_at!(membership_units, now))
        .order(units::name)
        .select((units::id, units::name, sites::time_zone))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, name, time_zone)| {
            Ok(UnitSummary {
                id: UnitId::restored(&id)?,
                name,
                time_zone,
            })
        })
        .collect()
}

/// The patient records that are this person's own, and those they act for.
fn patients_of(
    connection: &mut DbConnection,
    person: PersonId,
    now: Instant,
) -> Result<(Vec<PatientId>, Vec<PatientId>), DbError> {
    let rows: Vec<(Vec<u8>, String)> = patient_people::table
        .filter(patient_people::person_id.eq(person.stored()))
        .filter(open_at!(patient_people, now))
        .select((patient_people::patient_id, patient_people::relation))
        .load(connection)?;
    let (mut own, mut acts_for) = (Vec::new(), Vec::new());
    for (patient, relation) in rows {
        let patient = PatientId::restored(&patient)?;
        if relation == "self" {
            own.push(patient);
        } else {
            acts_for.push(patient);
        }
    }
    Ok((own, acts_for))
}
