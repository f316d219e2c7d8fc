//! The screens of wards, over HTTP.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, Kind},
    error::ErrorBody,
    id::{StationId, UnitId},
    sessions::{EnrolStation, RecentPerson},
};

use super::{
    browser::Browser,
    rules::SessionKind,
    session::{self, SignedIn, Watching},
    stations,
    step_up::{self, Ways},
    store,
};
use crate::{
    access::EnrolStation as Enrol,
    app::App,
    platform::http::{Failure, Guard, Routes, body},
};

/// Whoever acted in the last day is one press away; nobody works longer.
const LATELY: Duration = Duration::from_secs(24 * 3_600);

pub fn routes() -> Routes {
    Routes::new()
        .post("/stations", Guard::Point(Kind::Unit, Action::EnrolStation), enrol)
        .delete(
            "/stations/{id}",
            Guard::Point(Kind::Unit, Action::EnrolStation),
            retire,
        )
        .get("/station/people", Guard::SignedIn, acted_lately)
}

#[utoipa::path(
    post, path = "/api/v1/stations", tag = "identity", request_body = EnrolStation,
    responses(
        (status = 204, description = "This browser is the ward's screen now, and nobody's any more"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub async fn enrol(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let wanted: EnrolStation = body::json(&request, payload).await?;
    let permit = app
        .access
        .unit(wanted.unit)
        .permit::<Enrol>(&signed_in.actor)
        .await?;
    if signed_in.kind == SessionKind::Acting {
        return Err(Failure::BadRequest(
            "This browser is a ward’s screen already. Take it back first.".to_owned(),
        ));
    }
    let ways = Ways::of(&app, &signed_in).await?;
    step_up::recent_for_own_credentials(&signed_in, &ways, app.clock.now())?;
    let browser = Browser::of(&request);
    let started = stations::enrol(&app, &permit, wanted, signed_in.actor.session, &browser).await?;
    Ok(HttpResponse::NoContent().cookie(started.cookie()).finish())
}

#[utoipa::path(
    delete, path = "/api/v1/stations/{id}", tag = "identity", params(("id" = StationId, Path)),
    responses(
        (status = 204, description = "A screen no more"), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn retire(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<HttpResponse, Failure> {
    let id: StationId = id.parse().or(Err(Failure::NotFound))?;
    let station = stations::find(&app, id).await?;
    // A screen that isn't there is looked for like one that is, so that the two take as long.
    let unit = station
        .as_ref()
        .map_or(UnitId::from_bytes([0; 16]), |station| station.unit);
    let permit = app.access.unit(unit).permit::<Enrol>(&signed_in.actor).await?;
    let station = station.ok_or(Failure::NotFound)?;
    stations::retire(&app, &permit, id, &station).await?;
    let mut response = HttpResponse::NoContent();
    if signed_in.station.is_some_and(|here| here.id == id) {
        response.cookie(session::no_cookie());
        response.cookie(session::no_acting_cookie());
    }
    Ok(response.finish())
}

#[utoipa::path(
    get, path = "/api/v1/station/people", tag = "identity",
    responses(
        (status = 200, description = "Who acted on this screen in the last day, the last one first", body = Vec<RecentPerson>),
        (status = 401, body = ErrorBody)
    )
)]
pub async fn acted_lately(
    app: Data<App>,
    Watching(watching): Watching,
) -> Result<Json<Vec<RecentPerson>>, Failure> {
    let (kiosk, since) = (watching.actor.session, app.clock.now() - LATELY);
    let recent = app
        .db
        .read(move |connection| {
            store::stations::acted_lately(connection, kiosk, since).map_err(Failure::from)
        })
        .await?;
    Ok(Json(recent))
}
