//! A patient's own limits: what a nurse sets differently from the unit's, with who and when. Of this board
//! only; the bedside device keeps its own.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::DataClass,
    alarms::{
        RuleSet,
        lane::{PatientLimits, SetLimits},
    },
    error::ErrorBody,
    id::{AlarmRulesId, PatientId},
};
use serde_json::json;

use super::{
    routes::{entry, told},
    store::limits::{self, NewLimits},
};
use crate::{
    access::{ChangeLimits, Patient, Permit, Read},
    app::App,
    identity::SignedIn,
    platform::{
        db::StoredId,
        http::{Failure, body},
    },
};

#[utoipa::path(
    get, path = "/api/v1/patients/{id}/alarm-limits", tag = "alarms", params(("id" = PatientId, Path)),
    responses((status = 200, body = PatientLimits), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn of_patient(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<PatientLimits>, Failure> {
    let id: PatientId = id.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<Patient, Read> = app.access.patient(id).permit(&signed_in.actor).await?;
    permit.requires(DataClass::Clinical)?;
    let (patient, now) = (permit.id(), app.clock.now());
    let found = app
        .db
        .read(move |connection| Ok::<_, Failure>(limits::of_patient(connection, patient, now)?))
        .await?;
    Ok(Json(found))
}

#[utoipa::path(
    post, path = "/api/v1/patients/{id}/alarm-limits", tag = "alarms", params(("id" = PatientId, Path)),
    request_body = SetLimits,
    responses(
        (status = 200, description = "In force on every board; the bedside device is not touched", body = PatientLimits),
        (status = 400, description = "Limits that make no sense, or somebody else was quicker", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn set(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<PatientLimits>, Failure> {
    let id: PatientId = id.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<Patient, ChangeLimits> = app.access.patient(id).permit(&signed_in.actor).await?;
    let wanted: SetLimits = body::json(&request, payload).await?;
    let whole = RuleSet::adult().with(&wanted.own);
    // As the unit's rules are: twice the same value, or an order that makes no sense, is refused.
    RuleSet {
        limits: wanted.own.clone(),
        ..whole
    }
    .check()
    .map_err(|why| Failure::BadRequest(why.to_string()))?;
    let (patient, by, now) = (permit.id(), permit.actor().person, app.clock.now());
    let detail = json!({ "limits": wanted.own, "version": wanted.version + 1 });
    let entry = entry(
        &app,
        &permit,
        "alarm_limits_changed",
        "patient",
        patient.stored(),
        detail,
    )?;
    let new = NewLimits {
        id: AlarmRulesId::new(now, app.clock.entropy()),
        own: wanted.own,
        by,
        version: wanted.version,
    };
    app.vigil
        .change_limits(&app, patient, new, entry)
        .await
        .map_err(told)?;
    let found = app
        .db
        .read(move |connection| Ok::<_, Failure>(limits::of_patient(connection, patient, now)?))
        .await?;
    Ok(Json(found))
}
