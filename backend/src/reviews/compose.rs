//! Rows, names and explanations put together into what the desk shows. Pure.

use std::collections::HashMap;

use fleetward_common::{
    care::PatientIdentity,
    id::{AccessReviewId, EmergencyGrantId, PatientId},
    review::{ReviewKind, ReviewLine, ReviewState, Step, Verdict},
    time::{Instant, Span},
};

use super::{
    decide::State,
    explain::{self, Around},
    store::queue::ReviewRow,
};
use crate::access::store::grants::Grant;

/// What lines are made of, beside their rows.
#[derive(Default)]
pub struct Known {
    pub identities: HashMap<PatientId, PatientIdentity>,
    pub grants: HashMap<EmergencyGrantId, Grant>,
    pub sentences: HashMap<EmergencyGrantId, String>,
    pub around: HashMap<AccessReviewId, Around>,
    /// The newest step of each review, and whether it was late.
    pub newest: HashMap<AccessReviewId, (Step, bool)>,
}

/// From the first view to the last; an emergency access lasts until it ended.
pub fn span(row: &ReviewRow, known: &Known) -> Span {
    let grant = row.grant.and_then(|grant| known.grants.get(&grant));
    Span {
        from: row.span.from,
        until: grant.map_or(row.span.until, Grant::until),
    }
}

pub fn is_still_open(row: &ReviewRow, known: &Known, now: Instant) -> bool {
    let grant = row.grant.and_then(|grant| known.grants.get(&grant));
    grant.is_some_and(|grant| grant.until() > now)
}

pub fn line(row: &ReviewRow, known: &Known, now: Instant) -> ReviewLine {
    let nothing = Around::default();
    let around = known.around.get(&row.id).unwrap_or(&nothing);
    let span = span(row, known);
    let grant = row.grant.and_then(|grant| known.grants.get(&grant));
    let mut units: Vec<String> = around
        .units
        .iter()
        .filter(|worked| worked.span.contains(span.from))
        .map(|worked| worked.name.clone())
        .collect();
    units.sort_unstable();
    ReviewLine {
        id: row.id,
        kind: row.kind,
        person: row.person,
        person_name: row.person_name.clone(),
        role: row.role,
        units,
        patient: row
            .patient
            .and_then(|patient| known.identities.get(&patient))
            .cloned(),
        patients: row.patients,
        place: around
            .stays
            .iter()
            .find(|stay| stay.span.contains(span.from))
            .map(explain::Stayed::place),
        reason: grant.map(|grant| grant.reason),
        sentence: row.grant.and_then(|grant| known.sentences.get(&grant)).cloned(),
        signals: row.signals.clone(),
        explanation: explain::summary(&explain::findings(around, span)),
        span,
        raised_at: row.raised_at,
        due_at: row.due_at,
        state: state(row, known, now),
    }
}

fn state(row: &ReviewRow, known: &Known, now: Instant) -> ReviewState {
    match row.state {
        State::Closed => ReviewState::Closed {
            verdict: row.verdict.unwrap_or(Verdict::Appropriate),
            at: row.closed_at.unwrap_or(now),
        },
        _ if is_still_open(row, known, now) => ReviewState::StillOpen,
        State::ToDecide => match known.newest.get(&row.id) {
            Some((Step::Answered, late)) => ReviewState::Answered { late: *late },
            _ => ReviewState::ToDecide,
        },
        State::AnswerAsked => {
            let answer_due = row.answer_due_at.unwrap_or(row.due_at);
            ReviewState::AnswerAsked {
                answer_due,
                late: answer_due < now,
            }
        }
        State::SecondReview => ReviewState::SecondReview,
    }
}

pub const fn title(kind: ReviewKind) -> &'static str {
    match kind {
        ReviewKind::Emergency => "Emergency access",
        ReviewKind::Unexplained => "Looked at it",
    }
}
