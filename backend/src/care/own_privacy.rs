//! `/me/…`: who looked at the patient's data, and what they share.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path, Payload, Query},
};
use fleetward_common::{
    error::ErrorBody,
    id::ConsentId,
    sharing::{AccessLog, GiveConsent, Sharing},
    time::{Instant, Span},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::time::Duration;

use super::store::identity;
use crate::{
    access::{ManageConsent, Patient, Permit, Read, ReadAccessLog},
    app::App,
    identity::SignedIn,
    platform::http::{Failure, Guard, Routes, body},
    privacy::{access_log, consents, trail},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/me/access-log", Guard::SignedIn, who_looked)
        .get("/me/consents", Guard::SignedIn, sharing)
        .post("/me/consents", Guard::SignedIn, give_consent)
        .delete("/me/consents/{id}", Guard::SignedIn, withdraw_consent)
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// `next` of the page before.
    pub after: Option<i64>,
}

/// A page of the access log.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);

#[utoipa::path(
    get, path = "/api/v1/me/access-log", tag = "privacy", params(LogQuery),
    responses((status = 200, body = AccessLog), (status = 404, description = "No patient record is this person's own", body = ErrorBody))
)]
pub async fn who_looked(
    app: Data<App>,
    signed_in: SignedIn,
    query: Result<Query<LogQuery>, actix_web::Error>,
) -> Result<Json<AccessLog>, Failure> {
    let after = query.map_err(Failure::bad_request)?.after;
    let patient = consents::patient_of(&signed_in.actor)?;
    let permit: Permit<Patient, ReadAccessLog> = app.access.patient(patient).permit(&signed_in.actor).await?;
    let given_name = given_name(&app, &signed_in).await?;
    let now = app.clock.now();
    let until = after.map_or(now, |micros| Instant::from_micros(micros).min(now));
    let span = Span {
        from: until - MONTH,
        until,
    };
    let yours = signed_in.actor.own_records.contains(&patient);
    let (looks, zone, earlier) = app
        .db
        .read(move |connection| {
            let looks = access_log::looks(connection, &permit, span)?;
            let names = access_log::names(connection, &looks)?;
            let zone = access_log::time_zone(connection, &permit)?;
            let earlier = access_log::anything_before(connection, &permit, span.from)?;
            let in_zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
            Ok::<_, Failure>((access_log::in_words(looks, &names, &in_zone), zone, earlier))
        })
        .await?;
    trail::note_results(looks.len());
    Ok(Json(AccessLog {
        looks,
        from: span.from,
        next: earlier.then(|| span.from.micros().to_string()),
        yours,
        given_name,
        time_zone: zone,
        server_time: now,
    }))
}

/// What the pages call the patient, for someone who acts for them.
async fn given_name(app: &App, signed_in: &SignedIn) -> Result<String, Failure> {
    let patient = consents::patient_of(&signed_in.actor)?;
    let permit = app
        .access
        .patient(patient)
        .permit::<Read>(&signed_in.actor)
        .await?;
    let keys = app.keys.clone();
    let known = app
        .db
        .read(move |connection| identity::of_patient(connection, &keys, &permit))
        .await?;
    Ok(known.map(|known| known.given_name).unwrap_or_default())
}

async fn permit(app: &App, signed_in: &SignedIn) -> Result<Permit<Patient, ManageConsent>, Failure> {
    let patient = consents::patient_of(&signed_in.actor)?;
    app.access.patient(patient).permit(&signed_in.actor).await
}

#[utoipa::path(
    get, path = "/api/v1/me/consents", tag = "privacy",
    responses((status = 200, body = Sharing), (status = 404, description = "No patient record is this person's own", body = ErrorBody))
)]
pub async fn sharing(app: Data<App>, signed_in: SignedIn) -> Result<Json<Sharing>, Failure> {
    let permit = permit(&app, &signed_in).await?;
    let given_name = given_name(&app, &signed_in).await?;
    consents::sharing(&app, permit, given_name).await.map(Json)
}

#[utoipa::path(
    post, path = "/api/v1/me/consents", tag = "privacy", request_body = GiveConsent,
    responses(
        (status = 200, description = "Everything that is shared now", body = Sharing),
        (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn give_consent(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Sharing>, Failure> {
    let wanted: GiveConsent = body::json(&request, payload).await?;
    let permit = permit(&app, &signed_in).await?;
    consents::give(&app, &permit, wanted).await?;
    let given_name = given_name(&app, &signed_in).await?;
    consents::sharing(&app, permit, given_name).await.map(Json)
}

#[utoipa::path(
    delete, path = "/api/v1/me/consents/{id}", tag = "privacy", params(("id" = ConsentId, Path)),
    responses((status = 200, description = "Everything that is shared now", body = Sharing), (status = 404, body = ErrorBody))
)]
pub async fn withdraw_consent(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<Sharing>, Failure> {
    let permit = permit(&app, &signed_in).await?;
    let id: ConsentId = id.parse().or(Err(Failure::NotFound))?;
    consents::withdraw(&app, &permit, id).await?;
    let given_name = given_name(&app, &signed_in).await?;
    consents::sharing(&app, permit, given_name).await.map(Json)
}
