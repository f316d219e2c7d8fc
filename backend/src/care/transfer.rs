//! A patient is moved to another bed. Whoever watched them by the old ward stops seeing them within a
//! second, whoever works on the new one sees them by then.

use fleetward_common::id::{BedId, IntervalId};
use serde_json::json;

use super::store::transfers::{self, Outcome};
use crate::{
    access::{Patient, Permit, Transfer},
    app::App,
    platform::http::Failure,
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

pub async fn transfer(app: &App, moves: Permit<Patient, Transfer>, bed: BedId) -> Result<(), Failure> {
    let (patient, actor) = (moves.id(), moves.actor());
    let takes = app.access.bed(bed).permit::<Transfer>(actor).await?;
    let now = app.clock.now();
    let (key, clock, by) = (app.secrets.audit.clone(), app.clock.clone(), actor.for_audit());
    let organisation = app
        .db
        .write(move |connection| {
            let id = || IntervalId::new(now, clock.entropy());
            let moved = match transfers::transfer(connection, &moves, &takes, now, id)? {
                Outcome::Moved(moved) => moved,
                Outcome::LeftMeanwhile => {
                    return Err(refused(
                        "The patient has left this ward meanwhile. Nothing was changed.",
                    ));
                }
                Outcome::AlreadyThere => return Err(refused("The patient lies in this bed already.")),
                Outcome::Taken => return Err(refused("The bed is taken. Choose a free one.")),
            };
            let entry = AuditEntry {
                organisation: moved.organisation,
                at: now,
                action: AuditAction::Update,
                event: "patient_transferred",
                outcome: AuditOutcome::Success,
                actor: by,
                entity: Some(AuditEntity {
                    kind: "patient",
                    id: *patient.as_bytes(),
                }),
                patient: Some(patient),
                detail: json!({ "from_bed": moved.from.to_string(), "to_bed": bed.to_string() }),
            };
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(moved.organisation)
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(())
}

fn refused(sentence: &str) -> Failure {
    Failure::BadRequest(sentence.to_owned())
}
