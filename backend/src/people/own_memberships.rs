//! One person, several memberships: which there are, and going on as another.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    identity::SessionView,
    people::{OwnMembership, SwitchMembership},
};

use super::store::members;
use crate::{
    app::App,
    identity::{SignedIn, browser::Browser, member_session, store::sessions},
    platform::http::{Failure, Guard, Routes, body},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/session/memberships", Guard::SignedIn, list)
        .post("/session/membership", Guard::SignedIn, switch)
}

#[utoipa::path(
    get, path = "/api/v1/session/memberships", tag = "identity",
    responses((status = 200, body = Vec<OwnMembership>), (status = 401, body = ErrorBody))
)]
pub async fn list(app: Data<App>, signed_in: SignedIn) -> Result<Json<Vec<OwnMembership>>, Failure> {
    let (person, current, now) = (
        signed_in.actor.person,
        signed_in.actor.membership,
        app.clock.now(),
    );
    let own = app
        .db
        .read(move |connection| members::own(connection, person, now))
        .await?;
    Ok(Json(
        own.into_iter()
            .map(|own| OwnMembership {
                membership: own.membership,
                organisation_name: own.organisation_name,
                role: own.role,
                units: own.units,
                current: own.membership == current,
            })
            .collect(),
    ))
}

#[utoipa::path(
    post, path = "/api/v1/session/membership", tag = "identity", request_body = SwitchMembership,
    responses(
        (status = 200, description = "Another session, as this member; the cookie comes with the answer", body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, description = "Not one of the person’s own open memberships", body = ErrorBody)
    )
)]
pub async fn switch(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let wanted: SwitchMembership = body::json(&request, payload).await?;
    let started = member_session::switch(&app, &signed_in, wanted.membership, &Browser::of(&request)).await?;
    let (session, now) = (started.session, app.clock.now());
    let signed_in = app
        .db
        .read(move |connection| sessions::alive_by_id(connection, session, now))
        .await?
        .ok_or(Failure::SessionExpired)?;
    Ok(HttpResponse::Ok()
        .cookie(started.cookie())
        .json(signed_in.view(now)))
}
