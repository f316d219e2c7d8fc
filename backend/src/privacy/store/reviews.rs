use std::time::Duration;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    id::OrganisationId,
    review::{Deadlines, ReviewKind},
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, StoredId, micros},
    privacy::review::{About, NewReview, signals_text},
    schema::{access_review_deadlines as deadlines_table, access_reviews as reviews},
};

/// How long this organisation gives its reviewers.
pub fn deadlines(connection: &mut DbConnection, organisation: OrganisationId) -> QueryResult<Deadlines> {
    let row: Option<(i64, i64, i64)> = deadlines_table::table
        .find(organisation.stored())
        .select((
            deadlines_table::emergency_hours,
            deadlines_table::unexplained_hours,
            deadlines_table::answer_hours,
        ))
        .first(connection)
        .optional()?;
    let hours = |hours: i64, usual: u32| u32::try_from(hours).unwrap_or(usual);
    Ok(
        row.map_or(Deadlines::USUAL, |(emergency, unexplained, answer)| Deadlines {
            emergency_hours: hours(emergency, Deadlines::USUAL.emergency_hours),
            unexplained_hours: hours(unexplained, Deadlines::USUAL.unexplained_hours),
            answer_hours: hours(answer, Deadlines::USUAL.answer_hours),
        }),
    )
}

pub fn set_deadlines(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    wanted: Deadlines,
) -> QueryResult<()> {
    diesel::delete(deadlines_table::table.find(organisation.stored())).execute(connection)?;
    diesel::insert_into(deadlines_table::table)
        .values((
            deadlines_table::organisation_id.eq(organisation.stored()),
            deadlines_table::emergency_hours.eq(i64::from(wanted.emergency_hours)),
            deadlines_table::unexplained_hours.eq(i64::from(wanted.unexplained_hours)),
            deadlines_table::answer_hours.eq(i64::from(wanted.answer_hours)),
        ))
        .execute(connection)
        .map(drop)
}

/// Puts it into the queue and says until when it must be decided.
pub fn raise(connection: &mut DbConnection, new: &NewReview) -> QueryResult<Instant> {
    let deadlines = deadlines(connection, new.organisation)?;
    let hours = match new.about.kind() {
        ReviewKind::Emergency => deadlines.emergency_hours,
        ReviewKind::Unexplained => deadlines.unexplained_hours,
    };
    let due_at = new.raised_at + Duration::from_secs(u64::from(hours) * 3_600);
    let (kind, grant) = match new.about {
        About::Emergency { grant, .. } => ("emergency", Some(grant.stored())),
        About::Patient(_) | About::Patients(_) => ("unexplained", None),
    };
    diesel::insert_into(reviews::table)
        .values((
            reviews::id.eq(new.id.stored()),
            reviews::organisation_id.eq(new.organisation.stored()),
            reviews::kind.eq(kind),
            reviews::person_id.eq(new.person.stored()),
            reviews::membership_id.eq(new.membership.stored()),
            reviews::role.eq(new.role.as_str()),
            reviews::patient_id.eq(new.about.patient().map(|patient| patient.stored())),
            reviews::grant_id.eq(grant),
            reviews::signals.eq(signals_text(&new.signals)),
            reviews::rules_version.eq(new.rules_version),
            reviews::patients.eq(i64::from(new.about.patients())),
            reviews::first_at.eq(micros(new.span.from)),
            reviews::last_at.eq(micros(new.span.until)),
            reviews::raised_at.eq(micros(new.raised_at)),
            reviews::due_at.eq(micros(due_at)),
            reviews::state.eq("to_decide"),
        ))
        .execute(connection)?;
    Ok(due_at)
}
