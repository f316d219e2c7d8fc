//! Where a person is signed in, and how they end it: here, there, everywhere.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use fleetward_common::{error::ErrorBody, id::SessionId, identity::SessionView, sessions::OpenSession};
use serde_json::json;

use super::{
    session::{self, SignedIn},
    store,
};
use crate::{
    app::App,
    platform::http::{Cost, Failure, Guard, Routes},
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/sessions", Guard::SignedIn, list)
        .delete("/sessions", Guard::SignedIn, end_everywhere)
        .delete("/sessions/{id}", Guard::SignedIn, end_one)
        .post("/session/presence", Guard::SignedIn, present)
        .costing(Cost::LIGHT)
}

#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "identity",
    responses((status = 200, description = "Where this person is signed in, the newest first", body = Vec<OpenSession>), (status = 401, body = ErrorBody))
)]
pub async fn list(app: Data<App>, signed_in: SignedIn) -> Result<Json<Vec<OpenSession>>, Failure> {
    let (person, this) = (signed_in.actor.person, signed_in.actor.session);
    let now = app.clock.now();
    let open = app
        .db
        .read(move |connection| {
            store::session_list::open_of_person(connection, person, this, now).map_err(Failure::from)
        })
        .await?;
    Ok(Json(open))
}

#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "identity", params(("id" = SessionId, Path)),
    responses((status = 204, description = "Ended"), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn end_one(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<HttpResponse, Failure> {
    let id: SessionId = id.parse().or(Err(Failure::NotFound))?;
    let now = app.clock.now();
    let key = app.secrets.audit.clone();
    let entry = entry(&signed_in, id, "one", now);
    let person = signed_in.actor.person;
    app.db
        .write(move |connection| {
            if store::session_list::owner(connection, id)? != Some(person) {
                return Err(Failure::NotFound);
            }
            store::sessions::end(connection, id, now)?;
            audit::append(connection, &key, &entry)?;
            Ok(())
        })
        .await?;
    app.live.end_session(id);
    let mut response = HttpResponse::NoContent();
    if id == signed_in.actor.session {
        response.cookie(forgotten(&signed_in));
    }
    Ok(response.finish())
}

#[utoipa::path(
    delete, path = "/api/v1/sessions", tag = "identity",
    responses((status = 204, description = "Signed out everywhere, here too"), (status = 401, body = ErrorBody))
)]
pub async fn end_everywhere(app: Data<App>, signed_in: SignedIn) -> Result<HttpResponse, Failure> {
    let now = app.clock.now();
    let key = app.secrets.audit.clone();
    let entry = entry(&signed_in, signed_in.actor.session, "everywhere", now);
    let person = signed_in.actor.person;
    let ended = app
        .db
        .write(move |connection| {
            let ended = store::sessions::end_all_of_person(connection, person, now)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(ended)
        })
        .await?;
    for session in ended {
        app.live.end_session(session);
    }
    Ok(HttpResponse::NoContent().cookie(forgotten(&signed_in)).finish())
}

#[utoipa::path(
    post, path = "/api/v1/session/presence", tag = "identity",
    responses((status = 200, description = "Someone is there: the idle time begins anew", body = SessionView), (status = 401, body = ErrorBody))
)]
pub async fn present(app: Data<App>, mut signed_in: SignedIn) -> Result<Json<SessionView>, Failure> {
    let (session, now) = (signed_in.actor.session, app.clock.now());
    app.db
        .write(move |connection| store::sessions::note_use(connection, session, now).map_err(Failure::from))
        .await?;
    signed_in.last_used_at = now;
    Ok(Json(signed_in.view(now)))
}

fn forgotten(signed_in: &SignedIn) -> actix_web::cookie::Cookie<'static> {
    match signed_in.kiosk {
        Some(_) => session::no_acting_cookie(),
        None => session::no_cookie(),
    }
}

fn entry(
    by: &SignedIn,
    session: SessionId,
    how_many: &'static str,
    now: fleetward_common::time::Instant,
) -> AuditEntry {
    AuditEntry {
        organisation: by.actor.organisation,
        at: now,
        action: AuditAction::Execute,
        event: "session_ended",
        outcome: AuditOutcome::Success,
        actor: by.actor.for_audit(),
        entity: Some(AuditEntity {
            kind: "session",
            id: *session.as_bytes(),
        }),
        patient: None,
        detail: json!({ "by": "own_list", "ended": how_many }),
    }
}
