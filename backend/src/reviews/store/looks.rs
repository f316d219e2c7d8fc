//! What the rules read: views of patients since they looked last, and what is known about each.

use diesel::{
    AggregateExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl,
};
use fleetward_common::{
    access::{DataClass, Purpose, Role},
    id::{AccessReviewId, MembershipId, OrganisationId, PatientId, PersonId},
    review::Signal,
    time::{Instant, Span},
};

use serde::Deserialize;

use crate::{
    access::relations::Relation,
    platform::db::{DbConnection, DbError, StoredId, instant, micros, open_at},
    privacy::review::signals_text,
    schema::{
        access_reviews as reviews, access_rule_cursors as cursors, audit_entries as entries, organisations,
        patient_people,
    },
};

/// One view of one patient, as it is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub number: i64,
    pub at: Instant,
    pub person: PersonId,
    pub membership: MembershipId,
    pub role: Role,
    pub purpose: Purpose,
    pub patient: PatientId,
    /// Who they are, or what was measured; not the device alone.
    pub of_the_patient: bool,
    /// The patient agreed to it: they share with this person, for help with their device or for research.
    pub agreed_to: bool,
}

pub fn organisations_with_patients(connection: &mut DbConnection) -> Result<Vec<OrganisationId>, DbError> {
    let ids: Vec<Vec<u8>> = organisations::table
        .filter(organisations::kind.eq_any(["hospital", "provider"]))
        .select(organisations::id)
        .load(connection)?;
    ids.iter()
        .map(|id| OrganisationId::restored(id).map_err(DbError::from))
        .collect()
}

pub fn cursor(connection: &mut DbConnection, organisation: OrganisationId) -> QueryResult<i64> {
    let number: Option<i64> = cursors::table
        .find(organisation.stored())
        .select(cursors::number)
        .first(connection)
        .optional()?;
    Ok(number.unwrap_or(0))
}

pub fn move_cursor(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    number: i64,
    now: Instant,
) -> QueryResult<()> {
    let moved = diesel::update(cursors::table.find(organisation.stored()))
        .set((cursors::number.eq(number), cursors::looked_at.eq(micros(now))))
        .execute(connection)?;
    if moved == 0 {
        diesel::insert_into(cursors::table)
            .values((
                cursors::organisation_id.eq(organisation.stored()),
                cursors::number.eq(number),
                cursors::looked_at.eq(micros(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

type Row = (
    i64,
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
    String,
    i64,
    String,
);

/// Entries after this one, at most so many: the views among them, and the number of the last entry.
pub fn views_after(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    number: i64,
    most: i64,
) -> Result<(Vec<View>, Option<i64>), DbError> {
    let rows: Vec<Row> = entries::table
        .filter(entries::organisation_id.eq(organisation.stored()))
        .filter(entries::number.gt(number))
        .order(entries::number)
        .limit(most)
        .select((
            entries::number,
            entries::recorded_at,
            entries::person_id,
            entries::membership_id,
            entries::role,
            entries::purpose,
            entries::patient_id,
            entries::action,
            entries::outcome,
            entries::detail,
        ))
        .load(connection)?;
    let last = rows.last().map(|row| row.0);
    let mut views = Vec::new();
    for (number, at, person, membership, role, purpose, patient, action, outcome, detail) in rows {
        let (Some(person), Some(membership), Some(patient)) = (person, membership, patient) else {
            continue;
        };
        let role = role.as_deref().and_then(Role::parse);
        let purpose = purpose.as_deref().and_then(Purpose::parse);
        let (Some(role), Some(purpose)) = (role, purpose) else {
            continue;
        };
        if action == "R" && outcome == 0 {
            let detail: Detail = serde_json::from_str(&detail).unwrap_or_default();
            views.push(View {
                of_the_patient: detail.is_of_the_patient(),
                agreed_to: detail.is_agreed_to(),
                number,
                at: instant(at),
                person: PersonId::restored(&person)?,
                membership: MembershipId::restored(&membership)?,
                role,
                purpose,
                patient: PatientId::restored(&patient)?,
            });
        }
    }
    Ok((views, last))
}

/// What an entry about a look says of it. One that says nothing is taken for the whole.
#[derive(Default, Deserialize)]
struct Detail {
    classes: Option<Vec<DataClass>>,
    #[serde(default)]
    relations: Vec<String>,
}

impl Detail {
    fn is_of_the_patient(&self) -> bool {
        let of_the_patient = |class: &DataClass| matches!(class, DataClass::Identity | DataClass::Clinical);
        self.classes
            .as_ref()
            .is_none_or(|classes| classes.iter().any(of_the_patient))
    }

    fn is_agreed_to(&self) -> bool {
        const AGREED: [Relation; 3] = [
            Relation::Consented,
            Relation::SupportGrant,
            Relation::ResearchConsented,
        ];
        AGREED
            .iter()
            .any(|relation| self.relations.iter().any(|known| known == relation.as_str()))
    }
}

/// Whether the person is this patient.
pub fn is_own_record(
    connection: &mut DbConnection,
    person: PersonId,
    patient: PatientId,
    at: Instant,
) -> QueryResult<bool> {
    let ties: i64 = patient_people::table
        .filter(patient_people::person_id.eq(person.stored()))
        .filter(patient_people::patient_id.eq(patient.stored()))
        .filter(patient_people::relation.eq("self"))
        .filter(open_at!(patient_people, at))
        .count()
        .get_result(connection)?;
    Ok(ties > 0)
}

/// How many different patients of this organisation the person looked at in this time.
pub fn patients_seen(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    person: PersonId,
    span: Span,
) -> QueryResult<u32> {
    let seen: i64 = entries::table
        .filter(entries::person_id.eq(person.stored()))
        .filter(entries::recorded_at.ge(micros(span.from)))
        .filter(entries::recorded_at.lt(micros(span.until)))
        .filter(entries::organisation_id.eq(organisation.stored()))
        .filter(entries::action.eq("R"))
        .filter(entries::outcome.eq(0))
        .select(diesel::dsl::count(entries::patient_id).aggregate_distinct())
        .first(connection)?;
    Ok(u32::try_from(seen).unwrap_or(u32::MAX))
}

/// A review of the same day that already tells of this, so that one visit is one line.
pub fn review_of_day(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    person: PersonId,
    patient: Option<PatientId>,
    day: Span,
) -> Result<Option<(AccessReviewId, Vec<Signal>)>, DbError> {
    let mut query = reviews::table
        .filter(reviews::organisation_id.eq(organisation.stored()))
        .filter(reviews::person_id.eq(person.stored()))
        .filter(reviews::kind.eq("unexplained"))
        .filter(reviews::first_at.ge(micros(day.from)))
        .filter(reviews::first_at.lt(micros(day.until)))
        .filter(reviews::closed_at.is_null())
        .select((reviews::id, reviews::signals))
        .into_boxed();
    query = match patient {
        Some(patient) => query.filter(reviews::patient_id.eq(patient.stored())),
        None => query.filter(reviews::patient_id.is_null()),
    };
    let row: Option<(Vec<u8>, String)> = query.first(connection).optional()?;
    row.map(|(id, signals)| {
        Ok((
            AccessReviewId::restored(&id)?,
            signals.split(',').filter_map(Signal::parse).collect(),
        ))
    })
    .transpose()
}

/// The same visit went on.
pub fn widen(
    connection: &mut DbConnection,
    review: AccessReviewId,
    signals: &[Signal],
    last_at: Instant,
    patients: u32,
) -> QueryResult<()> {
    diesel::update(reviews::table.find(review.stored()))
        .set((
            reviews::signals.eq(signals_text(signals)),
            reviews::last_at.eq(micros(last_at)),
            reviews::patients.eq(i64::from(patients)),
        ))
        .execute(connection)
        .map(drop)
}

/// What the rules say about an emergency access stands on the review that it has already.
pub fn mark_emergency(
    connection: &mut DbConnection,
    person: PersonId,
    patient: PatientId,
    at: Instant,
    signals: &[Signal],
) -> Result<Vec<AccessReviewId>, DbError> {
    let theirs = reviews::table
        .filter(reviews::person_id.eq(person.stored()))
        .filter(reviews::patient_id.eq(patient.stored()))
        .filter(reviews::kind.eq("emergency"))
        .filter(reviews::closed_at.is_null())
        .filter(reviews::first_at.le(micros(at)))
        .filter(reviews::signals.eq(""));
    let ids: Vec<Vec<u8>> = theirs.select(reviews::id).load(connection)?;
    diesel::update(reviews::table.filter(reviews::id.eq_any(&ids)))
        .set(reviews::signals.eq(signals_text(signals)))
        .execute(connection)?;
    ids.iter()
        .map(|id| AccessReviewId::restored(id).map_err(DbError::from))
        .collect()
}
