//! `/emergency` and the record that it opens.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, Kind},
    emergency::{EmergencyState, EmergencyWard, FoundPatient, LookUp, OpenInEmergency, PatientRecord},
    error::ErrorBody,
    id::PatientId,
};

use super::{end, extend, look_up, open, state};
use crate::{
    access::{Device, Listing, OpenEmergency, Organisation, Patient, Permit, Read, break_glass::LOOKS_BACK},
    app::App,
    care::{
        board,
        routes::around,
        store::{found, identity, wards},
    },
    identity::{SignedIn, step_up},
    platform::http::{Failure, Guard, Routes, body},
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/emergency", Guard::SignedIn, current)
        .reserved()
        .delete("/emergency", Guard::SignedIn, end_now)
        .reserved()
        .post("/emergency/extension", Guard::SignedIn, extend_once)
        .reserved()
        .post(
            "/emergency/look-up",
            Guard::List(Kind::Patient, Action::OpenEmergency),
            find_patient,
        )
        .reserved()
        .get(
            "/emergency/wards",
            Guard::Point(Kind::Organisation, Action::Read),
            list_wards,
        )
        .reserved()
        .post(
            "/patients/{id}/emergency",
            Guard::Point(Kind::Patient, Action::OpenEmergency),
            open_patient,
        )
        .reserved()
        .get(
            "/patients/{id}",
            Guard::Point(Kind::Patient, Action::Read),
            record,
        )
        .reserved()
}

#[utoipa::path(
    post, path = "/api/v1/emergency/look-up", tag = "emergency", request_body = LookUp,
    responses(
        (status = 200, description = "Enough to compare two identifiers", body = FoundPatient),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 429, description = "Too many look-ups; Retry-After says when", body = ErrorBody)
    )
)]
pub async fn find_patient(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<FoundPatient>, Failure> {
    let by: LookUp = body::json(&request, payload).await?;
    look_up(&app, &signed_in.actor, by).await.map(Json)
}

#[utoipa::path(
    get, path = "/api/v1/emergency/wards", tag = "emergency",
    responses((status = 200, body = Vec<EmergencyWard>), (status = 403, body = ErrorBody))
)]
pub async fn list_wards(app: Data<App>, signed_in: SignedIn) -> Result<Json<Vec<EmergencyWard>>, Failure> {
    let actor = &signed_in.actor;
    let permit: Permit<Organisation, Read> =
        app.access.organisation(actor.organisation).permit(actor).await?;
    let found = app
        .db
        .read(move |connection| Ok::<_, Failure>(found::wards(connection, &permit)?))
        .await?;
    Ok(Json(found))
}

#[utoipa::path(
    get, path = "/api/v1/emergency", tag = "emergency",
    responses((status = 200, description = "What this session has open, if anything", body = EmergencyState))
)]
pub async fn current(app: Data<App>, signed_in: SignedIn) -> Result<Json<EmergencyState>, Failure> {
    state(&app, &signed_in.actor).await.map(Json)
}

#[utoipa::path(
    post, path = "/api/v1/patients/{id}/emergency", tag = "emergency",
    params(("id" = PatientId, Path)), request_body = OpenInEmergency,
    responses(
        (status = 200, description = "Open for 15 minutes", body = EmergencyState),
        (status = 400, body = ErrorBody),
        (status = 403, description = "Not for this role, or the person has to prove themselves first", body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub async fn open_patient(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<EmergencyState>, Failure> {
    let id: PatientId = id.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<Patient, OpenEmergency> = app.access.patient(id).permit(&signed_in.actor).await?;
    let asked: OpenInEmergency = body::json(&request, payload).await?;
    let proof = step_up::recent(&signed_in, app.clock.now())?;
    open(&app, permit, proof, asked).await?;
    answer(&app, &signed_in).await
}

#[utoipa::path(
    post, path = "/api/v1/emergency/extension", tag = "emergency", request_body = OpenInEmergency,
    responses(
        (status = 200, description = "Open for 15 minutes more", body = EmergencyState),
        (status = 400, body = ErrorBody),
        (status = 403, description = "Extended before, or the person has to prove themselves first", body = ErrorBody),
        (status = 404, description = "Nothing is open", body = ErrorBody)
    )
)]
pub async fn extend_once(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<EmergencyState>, Failure> {
    signed_in.actor.emergency.ok_or(Failure::NotFound)?;
    let asked: OpenInEmergency = body::json(&request, payload).await?;
    let proof = step_up::recent(&signed_in, app.clock.now())?;
    extend(&app, &signed_in.actor, proof, asked).await?;
    answer(&app, &signed_in).await
}

/// The session as it is after the change.
async fn answer(app: &Data<App>, before: &SignedIn) -> Result<Json<EmergencyState>, Failure> {
    let now = crate::identity::session_again(app, before).await?;
    state(app, &now.actor).await.map(Json)
}

#[utoipa::path(
    delete, path = "/api/v1/emergency", tag = "emergency",
    responses((status = 204, description = "Nothing is open any more, also when nothing was"))
)]
pub async fn end_now(app: Data<App>, signed_in: SignedIn) -> Result<HttpResponse, Failure> {
    end(&app, &signed_in.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    get, path = "/api/v1/patients/{id}", tag = "care", params(("id" = PatientId, Path)),
    responses((status = 200, body = PatientRecord), (status = 404, body = ErrorBody))
)]
pub async fn record(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<PatientRecord>, Failure> {
    let id: PatientId = id.parse().or(Err(Failure::NotFound))?;
    let actor = &signed_in.actor;
    let permit: Permit<Patient, Read> = app.access.patient(id).permit(actor).await?;
    let of_devices: Listing<Device, Read> = app.access.listing(actor);
    let now = permit.granted_at();
    // What only the emergency opens, it opens back to a point.
    let in_emergency = actor
        .emergency
        .is_some_and(|emergency| emergency.patient == id && emergency.closes_at > now);
    let keys = app.keys.clone();
    let (identity, organisation_name, place, mut around) = app
        .db
        .read(move |connection| {
            let identity = identity::of_patient(connection, &keys, &permit)?;
            let organisation = wards::organisation_of(connection, &permit)?;
            let place = wards::bed_of_patient(connection, &permit, &of_devices)?;
            let devices = place
                .as_ref()
                .map(|(_, row)| row.devices.clone())
                .unwrap_or_default();
            let around = around(connection, &devices, &of_devices)?;
            Ok::<_, Failure>((identity, organisation, place, around))
        })
        .await?;
    let listed: Vec<_> = around.devices.keys().copied().collect();
    around.twins = app.twins.views(&listed).await?;
    around.identities = identity
        .iter()
        .map(|identity| (id, identity.clone()))
        .collect::<HashMap<_, _>>();
    let (ward, bed) = match place {
        Some((ward, row)) => (Some(ward), Some(board::bed(&row, &around))),
        None => (None, None),
    };
    Ok(Json(PatientRecord {
        patient: id,
        identity,
        organisation_name,
        ward,
        bed,
        history_from: in_emergency.then(|| now - LOOKS_BACK),
        server_time: now,
    }))
}
