//! Steps of a review: appended, never changed.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{AccessReviewId, IntervalId, OrganisationId, PersonId},
    review::{Step, Verdict},
    time::Instant,
};

use super::queue::{self, ReviewRow};
use crate::{
    access::{AccessReview, Act, DecideReview, Permit, store::grants::SealedWords},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    reviews::decide::{Outcome, State},
    schema::{access_review_decisions as decisions, access_reviews as reviews, people},
};

pub struct StepRow {
    pub id: IntervalId,
    pub by: PersonId,
    pub by_name: String,
    pub step: Step,
    pub note: SealedWords,
    pub at: Instant,
    pub late: bool,
}

pub struct NewStep {
    pub id: IntervalId,
    pub note: SealedWords,
    pub at: Instant,
    pub late: bool,
}

type Row = (Vec<u8>, Vec<u8>, String, String, Vec<u8>, Vec<u8>, i64, bool);

pub fn of<A: Act>(
    connection: &mut DbConnection,
    permit: &Permit<AccessReview, A>,
) -> Result<Vec<StepRow>, DbError> {
    steps_of(connection, permit.id())
}

fn steps_of(connection: &mut DbConnection, review: AccessReviewId) -> Result<Vec<StepRow>, DbError> {
    let rows: Vec<Row> = decisions::table
        .inner_join(people::table)
        .filter(decisions::review_id.eq(review.stored()))
        .order((decisions::decided_at, decisions::id))
        .select((
            decisions::id,
            decisions::person_id,
            people::name,
            decisions::step,
            decisions::note_nonce,
            decisions::note_sealed,
            decisions::decided_at,
            decisions::late,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, by, by_name, step, nonce, bytes, at, late)| {
            Ok(StepRow {
                id: IntervalId::restored(&id)?,
                by: PersonId::restored(&by)?,
                by_name,
                step: Step::parse(&step).ok_or(CorruptRow { what: "review step" })?,
                note: SealedWords { nonce, bytes },
                at: instant(at),
                late,
            })
        })
        .collect()
}

/// The newest step of each of these reviews.
pub fn newest(
    connection: &mut DbConnection,
    rows: &[ReviewRow],
) -> Result<Vec<(AccessReviewId, Step, bool)>, DbError> {
    let ids: Vec<Vec<u8>> = rows.iter().map(|row| row.id.stored()).collect();
    let rows: Vec<(Vec<u8>, String, bool)> = decisions::table
        .filter(decisions::review_id.eq_any(ids))
        .order((decisions::decided_at, decisions::id))
        .select((decisions::review_id, decisions::step, decisions::late))
        .load(connection)?;
    rows.into_iter()
        .map(|(review, step, late)| {
            let step = Step::parse(&step).ok_or(CorruptRow { what: "review step" })?;
            Ok((AccessReviewId::restored(&review)?, step, late))
        })
        .collect()
}

pub fn decide(
    connection: &mut DbConnection,
    permit: &Permit<AccessReview, DecideReview>,
    outcome: Outcome,
    new: &NewStep,
    answer_due_at: Option<Instant>,
) -> Result<(), DbError> {
    let organisation = permit.standing().organisation.ok_or(CorruptRow {
        what: "review organisation",
    })?;
    let review = permit.id();
    append(
        connection,
        review,
        organisation,
        permit.actor().person,
        outcome.step,
        new,
    )?;
    let closed_at = (outcome.state == State::Closed).then(|| micros(new.at));
    diesel::update(reviews::table.find(review.stored()))
        .set((
            reviews::state.eq(outcome.state.as_str()),
            reviews::verdict.eq(outcome.verdict.map(verdict_word)),
            reviews::closed_at.eq(closed_at),
            reviews::answer_due_at.eq(answer_due_at.map(micros)),
        ))
        .execute(connection)?;
    Ok(())
}

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Appropriate => "appropriate",
        Verdict::Breach => "breach",
    }
}

fn append(
    connection: &mut DbConnection,
    review: AccessReviewId,
    organisation: OrganisationId,
    by: PersonId,
    step: Step,
    new: &NewStep,
) -> Result<(), DbError> {
    diesel::insert_into(decisions::table)
        .values((
            decisions::id.eq(new.id.stored()),
            decisions::review_id.eq(review.stored()),
            decisions::organisation_id.eq(organisation.stored()),
            decisions::person_id.eq(by.stored()),
            decisions::step.eq(step.as_str()),
            decisions::note_nonce.eq(&new.note.nonce),
            decisions::note_sealed.eq(&new.note.bytes),
            decisions::decided_at.eq(micros(new.at)),
            decisions::late.eq(new.late),
        ))
        .execute(connection)?;
    Ok(())
}

/// A question that waits for this person's answer, if this review asks one of them.
pub fn asked_of(
    connection: &mut DbConnection,
    person: PersonId,
    review: AccessReviewId,
) -> Result<Option<ReviewRow>, DbError> {
    let row = queue::by_id(connection, review)?;
    Ok(row.filter(|row| row.person == person && row.state == State::AnswerAsked))
}

/// All that wait for this person, those due first first.
pub fn questions_to(
    connection: &mut DbConnection,
    person: PersonId,
) -> Result<Vec<(ReviewRow, StepRow)>, DbError> {
    let ids: Vec<Vec<u8>> = reviews::table
        .filter(reviews::person_id.eq(person.stored()))
        .filter(reviews::state.eq(State::AnswerAsked.as_str()))
        .order(reviews::answer_due_at)
        .select(reviews::id)
        .load(connection)?;
    let mut questions = Vec::new();
    for id in ids {
        let id = AccessReviewId::restored(&id)?;
        let asked = steps_of(connection, id)?
            .into_iter()
            .rfind(|step| step.step == Step::Asked);
        if let (Some(row), Some(asked)) = (queue::by_id(connection, id)?, asked) {
            questions.push((row, asked));
        }
    }
    Ok(questions)
}

/// The person's own answer: then it is for the officers to decide.
pub fn answer(connection: &mut DbConnection, row: &ReviewRow, new: &NewStep) -> Result<(), DbError> {
    append(
        connection,
        row.id,
        row.organisation,
        row.person,
        Step::Answered,
        new,
    )?;
    diesel::update(reviews::table.find(row.id.stored()))
        .set((
            reviews::state.eq(State::ToDecide.as_str()),
            reviews::answer_due_at.eq(None::<i64>),
        ))
        .execute(connection)?;
    Ok(())
}

/// Who found the breach that waits for agreement.
pub(in crate::reviews) fn finder(
    connection: &mut DbConnection,
    review: AccessReviewId,
) -> Result<Option<PersonId>, DbError> {
    let by: Option<Vec<u8>> = decisions::table
        .filter(decisions::review_id.eq(review.stored()))
        .filter(decisions::step.eq(Step::FoundBreach.as_str()))
        .order(decisions::decided_at.desc())
        .select(decisions::person_id)
        .first(connection)
        .optional()?;
    Ok(by.map(|id| PersonId::restored(&id)).transpose()?)
}
