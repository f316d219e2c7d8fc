//! Ends emergency access whose time, session or person's access is over.
//!
//! Nobody depends on this to be kept out: a request looks at the grant itself, and a stream at its end.
//! What it adds is the end in the record, with its cause.

use std::time::Duration;

use actix_web::web::Data;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    access::store::grants::{self, Over},
    app::App,
    platform::http::{Failure, failure::chain},
    privacy::audit::{AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

const ROUND: Duration = Duration::from_secs(1);

pub async fn keep_closing(app: Data<App>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(failure) = close_what_is_over(&app).await {
            tracing::error!(cause = %chain(&failure), "emergency access that is over could not be closed");
        }
    }
}

/// One round. Returns how many were closed.
pub async fn close_what_is_over(app: &App) -> Result<usize, Failure> {
    let now = app.clock.now();
    let over: Vec<Over> = app
        .db
        .read(move |connection| Ok::<_, Failure>(grants::over(connection, now)?))
        .await?;
    if over.is_empty() {
        return Ok(0);
    }
    let recorder = app.recorder.clone();
    let ended = over.clone();
    let closed = app
        .db
        .write(move |connection| {
            let mut closed = 0;
            for over in ended {
                if !grants::end(connection, over.grant, over.by, over.at)? {
                    continue;
                }
                let entry = AuditEntry {
                    organisation: over.organisation,
                    at: now,
                    action: AuditAction::Execute,
                    event: "emergency_access_ended",
                    outcome: AuditOutcome::Success,
                    actor: AuditActor {
                        person: Some(over.person),
                        membership: Some(over.membership),
                        role: None,
                        purpose: Some(over.purpose),
                    },
                    entity: Some(AuditEntity {
                        kind: "emergency_access",
                        id: *over.grant.as_bytes(),
                    }),
                    patient: Some(over.patient),
                    detail: json!({ "by": over.by.as_str(), "ended_at": over.at.micros() }),
                };
                recorder.append_in_emergency(connection, &entry)?;
                closed += 1;
            }
            Ok::<_, Failure>(closed)
        })
        .await?;
    for over in &over {
        app.access.epochs.bump_scope(over.organisation);
    }
    Ok(closed)
}
