//! Reviews as they wait: those that are due first come first.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl, dsl::count_star,
};
use fleetward_common::{
    access::{DataClass, Role},
    id::{AccessReviewId, EmergencyGrantId, MembershipId, OrganisationId, PatientId, PersonId},
    review::{ReviewCounts, ReviewKind, Signal, Verdict},
    time::{Instant, Span},
};

use super::record;
use crate::{
    access::{AccessReview, Act, Listing, Permit, Read},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    reviews::decide::State,
    schema::access_reviews as reviews,
};

/// Which part of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    #[default]
    Open,
    Emergency,
    Unexplained,
    WaitingForAnswer,
    SecondReview,
}

impl Part {
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "open" => Some(Part::Open),
            "emergency" => Some(Part::Emergency),
            "unexplained" => Some(Part::Unexplained),
            "waiting" => Some(Part::WaitingForAnswer),
            "second" => Some(Part::SecondReview),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Open => "open",
            Part::Emergency => "emergency",
            Part::Unexplained => "unexplained",
            Part::WaitingForAnswer => "waiting",
            Part::SecondReview => "second",
        }
    }
}

/// Where the page before ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    pub kind: ReviewKind,
    pub due_at: Instant,
    pub id: AccessReviewId,
}

#[derive(Debug, Clone)]
pub struct ReviewRow {
    pub id: AccessReviewId,
    pub organisation: OrganisationId,
    pub kind: ReviewKind,
    pub person: PersonId,
    pub person_name: String,
    pub membership: MembershipId,
    pub role: Role,
    pub patient: Option<PatientId>,
    pub grant: Option<EmergencyGrantId>,
    pub signals: Vec<Signal>,
    pub patients: u32,
    pub span: Span,
    pub raised_at: Instant,
    pub due_at: Instant,
    pub state: State,
    pub answer_due_at: Option<Instant>,
    pub verdict: Option<Verdict>,
    pub closed_at: Option<Instant>,
}

type Row = (
    (Vec<u8>, Vec<u8>, String, Vec<u8>),
    (Vec<u8>, String, Option<Vec<u8>>, Option<Vec<u8>>),
    (String, i64, i64, i64, i64, i64),
    (String, Option<i64>, Option<String>, Option<i64>),
);

macro_rules! row {
    () => {
        (
            (
                reviews::id,
                reviews::organisation_id,
                reviews::kind,
                reviews::person_id,
            ),
            (
                reviews::membership_id,
                reviews::role,
                reviews::patient_id,
                reviews::grant_id,
            ),
            (
                reviews::signals,
                reviews::patients,
                reviews::first_at,
                reviews::last_at,
                reviews::raised_at,
                reviews::due_at,
            ),
            (
                reviews::state,
                reviews::answer_due_at,
                reviews::verdict,
                reviews::closed_at,
            ),
        )
    };
}

pub const fn kind_word(kind: ReviewKind) -> &'static str {
    match kind {
        ReviewKind::Emergency => "emergency",
        ReviewKind::Unexplained => "unexplained",
    }
}

pub fn kind_of(word: &str) -> Option<ReviewKind> {
    match word {
        "emergency" => Some(ReviewKind::Emergency),
        "unexplained" => Some(ReviewKind::Unexplained),
        _ => None,
    }
}

fn verdict_of(word: &str) -> Option<Verdict> {
    match word {
        "appropriate" => Some(Verdict::Appropriate),
        "breach" => Some(Verdict::Breach),
        _ => None,
    }
}

fn restored(row: Row) -> Result<ReviewRow, DbError> {
    let (who, whose, what, where_it_stands) = row;
    let (id, organisation, kind, person) = who;
    let (membership, role, patient, grant) = whose;
    let (signals, patients, first_at, last_at, raised_at, due_at) = what;
    let (state, answer_due_at, verdict, closed_at) = where_it_stands;
    Ok(ReviewRow {
        id: AccessReviewId::restored(&id)?,
        organisation: OrganisationId::restored(&organisation)?,
        kind: kind_of(&kind).ok_or(CorruptRow { what: "review kind" })?,
        person: PersonId::restored(&person)?,
        person_name: String::new(),
        membership: MembershipId::restored(&membership)?,
        role: Role::parse(&role).ok_or(CorruptRow { what: "role" })?,
        patient: patient.map(|id| PatientId::restored(&id)).transpose()?,
        grant: grant.map(|id| EmergencyGrantId::restored(&id)).transpose()?,
        signals: signals.split(',').filter_map(Signal::parse).collect(),
        patients: u32::try_from(patients).unwrap_or(0),
        span: Span {
            from: instant(first_at),
            until: instant(last_at),
        },
        raised_at: instant(raised_at),
        due_at: instant(due_at),
        state: State::parse(&state).ok_or(CorruptRow { what: "review state" })?,
        answer_due_at: answer_due_at.map(instant),
        verdict: verdict.as_deref().and_then(verdict_of),
        closed_at: closed_at.map(instant),
    })
}

/// Rows with the names of the people they are about.
fn named(connection: &mut DbConnection, rows: Vec<Row>) -> Result<Vec<ReviewRow>, DbError> {
    let mut rows: Vec<ReviewRow> = rows.into_iter().map(restored).collect::<Result<_, _>>()?;
    let people: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
    let names = record::names(connection, &people)?;
    for row in &mut rows {
        row.person_name = names.get(&row.person).cloned().unwrap_or_default();
    }
    Ok(rows)
}

/// Open reviews within reach, emergencies first, each kind by time left. One more than `most` says
/// that there are more.
pub fn page(
    connection: &mut DbConnection,
    listing: &Listing<AccessReview, Read>,
    part: Part,
    after: Option<&After>,
    most: i64,
) -> Result<Vec<ReviewRow>, DbError> {
    let mut query = reviews::table
        .filter(reviews::organisation_id.eq(listing.actor().organisation.stored()))
        .filter(listing.within(DataClass::Administrative))
        .filter(reviews::closed_at.is_null())
        .select(row!())
        .into_boxed();
    query = match part {
        Part::Open => query,
        Part::Emergency => query.filter(reviews::kind.eq("emergency")),
        Part::Unexplained => query.filter(reviews::kind.eq("unexplained")),
        Part::WaitingForAnswer => query.filter(reviews::state.eq(State::AnswerAsked.as_str())),
        Part::SecondReview => query.filter(reviews::state.eq(State::SecondReview.as_str())),
    };
    if let Some(after) = after {
        let (kind, due, id) = (kind_word(after.kind), micros(after.due_at), after.id.stored());
        query = query.filter(
            reviews::kind.gt(kind).or(reviews::kind.eq(kind).and(
                reviews::due_at
                    .gt(due)
                    .or(reviews::due_at.eq(due).and(reviews::id.gt(id))),
            )),
        );
    }
    let rows: Vec<Row> = query
        .order((reviews::kind, reviews::due_at, reviews::id))
        .limit(most)
        .load(connection)?;
    named(connection, rows)
}

pub fn counts(
    connection: &mut DbConnection,
    listing: &Listing<AccessReview, Read>,
    now: Instant,
) -> Result<ReviewCounts, DbError> {
    let organisation = listing.actor().organisation.stored();
    let groups: Vec<(String, String, i64)> = reviews::table
        .filter(reviews::organisation_id.eq(&organisation))
        .filter(reviews::closed_at.is_null())
        .filter(listing.within(DataClass::Administrative))
        .group_by((reviews::kind, reviews::state))
        .select((reviews::kind, reviews::state, count_star()))
        .load(connection)?;
    let overdue: i64 = reviews::table
        .filter(reviews::organisation_id.eq(&organisation))
        .filter(reviews::closed_at.is_null())
        .filter(reviews::due_at.lt(micros(now)))
        .filter(listing.within(DataClass::Administrative))
        .count()
        .get_result(connection)?;
    let next_due: Option<i64> = reviews::table
        .filter(reviews::organisation_id.eq(&organisation))
        .filter(reviews::closed_at.is_null())
        .filter(reviews::due_at.ge(micros(now)))
        .filter(listing.within(DataClass::Administrative))
        .order(reviews::due_at)
        .select(reviews::due_at)
        .first(connection)
        .optional()?;
    let sum = |wanted: &dyn Fn(&str, &str) -> bool| {
        groups
            .iter()
            .filter(|(kind, state, _)| wanted(kind, state))
            .map(|(.., count)| u64::try_from(*count).unwrap_or(0))
            .sum()
    };
    Ok(ReviewCounts {
        open: sum(&|_, _| true),
        overdue: u64::try_from(overdue).unwrap_or(0),
        emergency: sum(&|kind, _| kind == "emergency"),
        unexplained: sum(&|kind, _| kind == "unexplained"),
        waiting_for_answer: sum(&|_, state| state == State::AnswerAsked.as_str()),
        second_review: sum(&|_, state| state == State::SecondReview.as_str()),
        next_due: next_due.map(instant),
    })
}

pub fn one<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<AccessReview, A>,
) -> Result<Option<ReviewRow>, DbError> {
    by_id(connection, permit.id())
}

/// For the person it asks something; they see only the question.
pub(super) fn by_id(connection: &mut DbConnection, id: AccessReviewId) -> Result<Option<ReviewRow>, DbError> {
    let row: Option<Row> = reviews::table
        .filter(reviews::id.eq(id.stored()))
        .select(row!())
        .first(connection)
        .optional()?;
    Ok(named(connection, row.into_iter().collect())?.pop())
}

/// Other reviews of the same person or the same patient, in this time.
pub fn similar(
    connection: &mut DbConnection,
    permit: &Permit<AccessReview, Read>,
    row: &ReviewRow,
    span: Span,
) -> Result<Vec<ReviewRow>, DbError> {
    const MOST: i64 = 60;
    let same_person = reviews::person_id.eq(row.person.stored());
    let mut query = reviews::table
        .filter(reviews::organisation_id.eq(row.organisation.stored()))
        .filter(reviews::id.ne(permit.id().stored()))
        .filter(reviews::first_at.ge(micros(span.from)))
        .filter(reviews::first_at.le(micros(span.until)))
        .select(row!())
        .into_boxed();
    query = match row.patient {
        Some(patient) => query.filter(
            same_person.or(reviews::patient_id
                .is_not_null()
                .and(reviews::patient_id.assume_not_null().eq(patient.stored()))),
        ),
        None => query.filter(same_person),
    };
    let rows: Vec<Row> = query
        .order((reviews::first_at, reviews::id))
        .limit(MOST)
        .load(connection)?;
    named(connection, rows)
}
