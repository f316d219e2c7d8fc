//! Rows of emergency access. A grant belongs to one session and one patient; it is closed, never
//! removed.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};
use fleetward_common::{
    access::Purpose,
    emergency::EmergencyReason,
    id::{EmergencyGrantId, MembershipId, OrganisationId, PatientId, PersonId, SessionId},
    time::Instant,
};

use crate::{
    access::{
        break_glass::{Emergency, EndedBy},
        permit::{OpenEmergency, Patient, Permit},
    },
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    schema::{break_glass_grants as grants, people, sessions},
};

/// Words under a key that this module doesn't know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedWords {
    pub nonce: Vec<u8>,
    pub bytes: Vec<u8>,
}

pub struct NewGrant {
    pub id: EmergencyGrantId,
    pub organisation: OrganisationId,
    pub reason: EmergencyReason,
    pub sentence: SealedWords,
    pub weaker_proof: bool,
    pub opened_at: Instant,
    pub closes_at: Instant,
}

/// One emergency access as it is stored.
#[derive(Debug, Clone)]
pub struct Grant {
    pub id: EmergencyGrantId,
    pub organisation: OrganisationId,
    pub patient: PatientId,
    pub person: PersonId,
    pub reason: EmergencyReason,
    pub purpose: Purpose,
    pub sentence: SealedWords,
    pub weaker_proof: bool,
    pub opened_at: Instant,
    pub closes_at: Instant,
    pub extension: Option<(Instant, EmergencyReason, SealedWords)>,
    pub ended: Option<(Instant, EndedBy)>,
}

impl Grant {
    /// Until when it was, or will be, open.
    pub fn until(&self) -> Instant {
        self.ended.map_or(self.closes_at, |(at, _)| at)
    }
}

/// What this session has open now; asked with every request.
pub fn open_of_session(
    connection: &mut DbConnection,
    session: SessionId,
    now: Instant,
) -> Result<Option<Emergency>, DbError> {
    let row: Option<(Vec<u8>, Vec<u8>, String, i64)> = grants::table
        .filter(grants::session_id.eq(session.stored()))
        .filter(grants::closes_at.gt(micros(now)))
        .filter(grants::ended_at.is_null())
        .select((grants::id, grants::patient_id, grants::purpose, grants::closes_at))
        .first(connection)
        .optional()?;
    row.map(|(grant, patient, purpose, closes_at)| {
        Ok(Emergency {
            grant: EmergencyGrantId::restored(&grant)?,
            patient: PatientId::restored(&patient)?,
            purpose: Purpose::parse(&purpose).ok_or(CorruptRow { what: "purpose" })?,
            closes_at: instant(closes_at),
        })
    })
    .transpose()
}

/// Opens one patient to the permit's session.
pub fn open(
    connection: &mut DbConnection,
    permit: &Permit<Patient, OpenEmergency>,
    new: &NewGrant,
) -> QueryResult<()> {
    let actor = permit.actor();
    diesel::insert_into(grants::table)
        .values((
            grants::id.eq(new.id.stored()),
            grants::organisation_id.eq(new.organisation.stored()),
            grants::patient_id.eq(permit.id().stored()),
            grants::person_id.eq(actor.person.stored()),
            grants::membership_id.eq(actor.membership.stored()),
            grants::session_id.eq(actor.session.stored()),
            grants::reason.eq(new.reason.as_str()),
            grants::purpose.eq(new.reason.purpose().as_str()),
            grants::sentence_nonce.eq(&new.sentence.nonce),
            grants::sentence_sealed.eq(&new.sentence.bytes),
            grants::weaker_proof.eq(new.weaker_proof),
            grants::opened_at.eq(micros(new.opened_at)),
            grants::closes_at.eq(micros(new.closes_at)),
        ))
        .execute(connection)
        .map(drop)
}

/// Returns whether it was open and not extended before.
pub fn extend(
    connection: &mut DbConnection,
    emergency: &Emergency,
    closes_at: Instant,
    reason: EmergencyReason,
    sentence: &SealedWords,
    now: Instant,
) -> QueryResult<bool> {
    let open = grants::table
        .filter(grants::id.eq(emergency.grant.stored()))
        .filter(grants::ended_at.is_null())
        .filter(grants::closes_at.gt(micros(now)))
        .filter(grants::extended_at.is_null());
    diesel::update(open)
        .set((
            grants::closes_at.eq(micros(closes_at)),
            grants::extended_at.eq(micros(now)),
            grants::extension_reason.eq(reason.as_str()),
            grants::extension_nonce.eq(&sentence.nonce),
            grants::extension_sealed.eq(&sentence.bytes),
        ))
        .execute(connection)
        .map(|rows| rows > 0)
}

/// Returns whether it was open.
pub fn end(
    connection: &mut DbConnection,
    grant: EmergencyGrantId,
    by: EndedBy,
    at: Instant,
) -> QueryResult<bool> {
    let open = grants::table
        .filter(grants::id.eq(grant.stored()))
        .filter(grants::ended_at.is_null());
    diesel::update(open)
        .set((grants::ended_at.eq(micros(at)), grants::ended_by.eq(by.as_str())))
        .execute(connection)
        .map(|rows| rows > 0)
}

/// A grant that is over, though nobody ended it by hand.
#[derive(Debug, Clone)]
pub struct Over {
    pub grant: EmergencyGrantId,
    pub organisation: OrganisationId,
    pub patient: PatientId,
    pub person: PersonId,
    pub membership: MembershipId,
    pub purpose: Purpose,
    pub by: EndedBy,
    pub at: Instant,
}

type OverRow = (
    (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, String, i64),
    (Option<i64>, i64),
    Option<i64>,
);

/// Grants whose time, session or person's access is over.
pub fn over(connection: &mut DbConnection, now: Instant) -> Result<Vec<Over>, DbError> {
    let rows: Vec<OverRow> = grants::table
        .inner_join(sessions::table)
        .inner_join(people::table)
        .filter(grants::ended_at.is_null())
        .filter(
            grants::closes_at
                .le(micros(now))
                .or(sessions::ended_at.is_not_null())
                .or(sessions::expires_at.le(micros(now)))
                .or(people::suspended_at.is_not_null()),
        )
        .select((
            (
                grants::id,
                grants::organisation_id,
                grants::patient_id,
                grants::person_id,
                grants::membership_id,
                grants::purpose,
                grants::closes_at,
            ),
            (sessions::ended_at, sessions::expires_at),
            people::suspended_at,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(grant, (session_ended, session_expires), suspended)| {
            let (id, organisation, patient, person, membership, purpose, closes_at) = grant;
            let mut ends = vec![(closes_at, EndedBy::Expiry), (session_expires, EndedBy::SignOut)];
            ends.extend(suspended.map(|at| (at, EndedBy::Suspension)));
            ends.extend(session_ended.map(|at| (at, EndedBy::SignOut)));
            // What came first ended it; a suspension ends the session at the same moment.
            let (at, by) = ends
                .into_iter()
                .min_by_key(|(at, _)| *at)
                .unwrap_or((closes_at, EndedBy::Expiry));
            Ok(Over {
                grant: EmergencyGrantId::restored(&id)?,
                organisation: OrganisationId::restored(&organisation)?,
                patient: PatientId::restored(&patient)?,
                person: PersonId::restored(&person)?,
                membership: MembershipId::restored(&membership)?,
                purpose: Purpose::parse(&purpose).ok_or(CorruptRow { what: "purpose" })?,
                by,
                at: instant(at),
            })
        })
        .collect()
}

type Row = (
    (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>),
    (String, String, Vec<u8>, Vec<u8>, bool),
    (i64, i64),
    (Option<i64>, Option<String>, Option<Vec<u8>>, Option<Vec<u8>>),
    (Option<i64>, Option<String>),
);

/// These grants, for whoever reviews them and for the person who has one open.
pub fn by_ids(connection: &mut DbConnection, ids: &[EmergencyGrantId]) -> Result<Vec<Grant>, DbError> {
    let ids: Vec<Vec<u8>> = ids.iter().map(StoredId::stored).collect();
    let rows: Vec<Row> = grants::table
        .filter(grants::id.eq_any(ids))
        .select((
            (
                grants::id,
                grants::organisation_id,
                grants::patient_id,
                grants::person_id,
            ),
            (
                grants::reason,
                grants::purpose,
                grants::sentence_nonce,
                grants::sentence_sealed,
                grants::weaker_proof,
            ),
            (grants::opened_at, grants::closes_at),
            (
                grants::extended_at,
                grants::extension_reason,
                grants::extension_nonce,
                grants::extension_sealed,
            ),
            (grants::ended_at, grants::ended_by),
        ))
        .load(connection)?;
    rows.into_iter().map(restored).collect()
}

fn restored(row: Row) -> Result<Grant, DbError> {
    let ((id, organisation, patient, person), said, (opened_at, closes_at), extension, ended) = row;
    let (why, purpose, nonce, bytes, weaker_proof) = said;
    let reason = |word: &str| EmergencyReason::parse(word).ok_or(CorruptRow { what: "reason" });
    let extension = match extension {
        (Some(at), Some(word), Some(nonce), Some(bytes)) => {
            Some((instant(at), reason(&word)?, SealedWords { nonce, bytes }))
        }
        _ => None,
    };
    let ended = match ended {
        (Some(at), Some(by)) => Some((
            instant(at),
            EndedBy::parse(&by).ok_or(CorruptRow { what: "ended by" })?,
        )),
        _ => None,
    };
    Ok(Grant {
        id: EmergencyGrantId::restored(&id)?,
        organisation: OrganisationId::restored(&organisation)?,
        patient: PatientId::restored(&patient)?,
        person: PersonId::restored(&person)?,
        reason: reason(&why)?,
        purpose: Purpose::parse(&purpose).ok_or(CorruptRow { what: "purpose" })?,
        sentence: SealedWords { nonce, bytes },
        weaker_proof,
        opened_at: instant(opened_at),
        closes_at: instant(closes_at),
        extension,
        ended,
    })
}
