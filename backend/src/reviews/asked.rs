//! What a privacy officer asks of somebody about their own access. Whoever is asked reads and answers it,
//! whatever their role: this is the one door that no row of the policy opens.

use actix_web::web::Data;
use fleetward_common::{
    id::{AccessReviewId, IntervalId, OrganisationId},
    review::Question,
};
use serde_json::json;

use super::{handling::checked, store::steps};
use crate::{
    access::Actor,
    app::App,
    care::store::words,
    platform::http::Failure,
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

pub async fn questions(app: &Data<App>, actor: &Actor) -> Result<Vec<Question>, Failure> {
    let (keys, person) = (app.keys.clone(), actor.person);
    let found: Vec<(OrganisationId, Question)> = app
        .db
        .read(move |connection| {
            steps::questions_to(connection, person)?
                .into_iter()
                .map(|(row, asked)| {
                    let question = Question {
                        review: row.id,
                        question: words::open_for_organisation(
                            &keys,
                            row.organisation,
                            asked.id.as_bytes(),
                            &asked.note,
                        )?,
                        asked_by: asked.by_name,
                        asked_at: asked.at,
                        due_at: row.answer_due_at.unwrap_or(row.due_at),
                        opened_at: row.span.from,
                    };
                    Ok::<_, Failure>((row.organisation, question))
                })
                .collect()
        })
        .await?;
    for (organisation, question) in &found {
        app.access.note_asked(actor, question.review, *organisation);
    }
    Ok(found.into_iter().map(|(_, question)| question).collect())
}

pub async fn answer(
    app: &Data<App>,
    actor: &Actor,
    review: AccessReviewId,
    answer: &str,
) -> Result<(), Failure> {
    let note = checked(answer)?;
    let now = app.clock.now();
    let step_id = IntervalId::new(now, app.clock.entropy());
    let (keys, key, actor) = (app.keys.clone(), app.secrets.audit.clone(), actor.clone());
    app.db
        .write(move |connection| {
            let row = steps::asked_of(connection, actor.person, review)?.ok_or(Failure::NotFound)?;
            let new = steps::NewStep {
                id: step_id,
                note: words::seal_for_organisation(&keys, row.organisation, step_id.as_bytes(), &note)?,
                at: now,
                late: row.answer_due_at.is_some_and(|due| now > due),
            };
            steps::answer(connection, &row, &new)?;
            let entry = AuditEntry {
                organisation: row.organisation,
                at: now,
                action: AuditAction::Update,
                event: "access_review_answered",
                outcome: AuditOutcome::Success,
                actor: actor.for_audit(),
                entity: Some(AuditEntity {
                    kind: "access_review",
                    id: *row.id.as_bytes(),
                }),
                patient: row.patient,
                detail: json!({ "late": new.late }),
            };
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}
