//! A ward's alarms, and what people do about them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    access::{Action, DataClass, Kind},
    alarms::{
        Alarm, SwitchOff,
        lane::{BedState, WardAlarms},
    },
    error::ErrorBody,
    id::{AlarmId, BedId, PatientId, UnitId},
};
use serde_json::{Value, json};

use super::{
    bedside::{Event, Refused},
    limits,
    store::lane,
    vigil::ActFailure,
};
use crate::{
    access::{Acknowledge, Act, Bed, Patient, PauseAlarms, Permit, Read, SwitchOffAlarms},
    app::App,
    identity::{SignedIn, Watching},
    live::alarm_sight::{seen, sees},
    platform::{
        db::StoredId,
        http::{Failure, Guard, Routes, body},
    },
    privacy::{
        audit::{AuditAction, AuditEntity, AuditEntry, AuditOutcome},
        trail,
    },
};

pub fn routes() -> Routes {
    let pause = || Guard::Point(Kind::Bed, Action::PauseAlarms);
    let off = || Guard::Point(Kind::Bed, Action::SwitchOffAlarms);
    Routes::new()
        .get(
            "/wards/{id}/alarms",
            Guard::Point(Kind::Unit, Action::Read),
            ward_alarms,
        )
        .post(
            "/patients/{id}/alarms/{alarm}/acknowledgement",
            Guard::Point(Kind::Patient, Action::Acknowledge),
            acknowledge,
        )
        .get(
            "/patients/{id}/alarm-limits",
            Guard::Point(Kind::Patient, Action::Read),
            limits::of_patient,
        )
        .post(
            "/patients/{id}/alarm-limits",
            Guard::Point(Kind::Patient, Action::ChangeLimits),
            limits::set,
        )
        .post("/beds/{id}/alarms/pause", pause(), pause_sound)
        .delete("/beds/{id}/alarms/pause", pause(), resume_sound)
        .post("/beds/{id}/alarms/off", off(), switch_off)
        .delete("/beds/{id}/alarms/off", off(), switch_on)
}

#[utoipa::path(
    get, path = "/api/v1/wards/{id}/alarms", tag = "alarms", params(("id" = UnitId, Path)),
    responses((status = 200, description = "Open alarms, and what is silent", body = WardAlarms), (status = 404, body = ErrorBody))
)]
pub async fn ward_alarms(
    app: Data<App>,
    Watching(watching): Watching,
    id: Path<String>,
) -> Result<Json<WardAlarms>, Failure> {
    let id: UnitId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app.access.unit(id).permit::<Read>(&watching.actor).await?;
    permit.requires(DataClass::Technical)?;
    let classes = app.access.beds_in(&watching.actor, id).await?;
    let now = app.clock.now();
    let (number, alarms, states): (u64, Vec<Alarm>, Vec<BedState>) = app
        .db
        .read(move |connection| {
            // Read first: what is written meanwhile is told once more, never left out.
            let number = lane::last_number(connection)?;
            let alarms = lane::open_in(connection, id)?;
            let in_unit = lane::beds_of(connection, id)?;
            let states = lane::states_of(connection, in_unit, now)?;
            Ok::<_, Failure>((number, alarms, states))
        })
        .await?;
    let alarms: Vec<Alarm> = alarms.into_iter().filter(|alarm| sees(alarm, &classes)).collect();
    trail::note_results(alarms.len());
    Ok(Json(WardAlarms {
        number,
        alarms,
        beds: states
            .into_iter()
            .filter(|state| !state.is_plain())
            .map(|state| seen(state, &classes))
            .collect(),
        server_time: app.clock.now(),
    }))
}

#[utoipa::path(
    post, path = "/api/v1/patients/{id}/alarms/{alarm}/acknowledgement", tag = "alarms",
    params(("id" = PatientId, Path), ("alarm" = AlarmId, Path)),
    responses(
        (status = 204, description = "Somebody owns it: this person, or whoever was quicker"),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn acknowledge(
    app: Data<App>,
    signed_in: SignedIn,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let patient: PatientId = path.0.parse().or(Err(Failure::NotFound))?;
    let alarm: AlarmId = path.1.parse().or(Err(Failure::NotFound))?;
    let permit: Permit<Patient, Acknowledge> = app.access.patient(patient).permit(&signed_in.actor).await?;
    let of_patient = permit.clone();
    let bed = app
        .db
        .read(move |connection| Ok::<_, Failure>(lane::bed_of(connection, &of_patient, alarm)?))
        .await?
        .ok_or(Failure::NotFound)?;
    let by = permit.actor().person;
    let entry = entry(
        &app,
        &permit,
        "alarm_acknowledged",
        "alarm",
        alarm.stored(),
        json!({}),
    )?;
    match app
        .vigil
        .act(&app, bed, Event::Acknowledge { alarm, by }, entry)
        .await
    {
        // Over before the nurse pressed: nothing is left to own.
        Ok(()) | Err(ActFailure::Refused(Refused::NoSuchAlarm)) => Ok(HttpResponse::NoContent().finish()),
        Err(failure) => Err(told(failure)),
    }
}

#[utoipa::path(
    post, path = "/api/v1/beds/{id}/alarms/pause", tag = "alarms", params(("id" = BedId, Path)),
    responses(
        (status = 204, description = "The sound of what alarms now is off for two minutes, on every screen"),
        (status = 400, description = "Nothing sounds", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn pause_sound(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = bed_permit::<PauseAlarms>(&app, &signed_in, &id).await?;
    let by = signed_in.actor.person;
    at_bed(
        &app,
        &permit,
        "alarm_sound_paused",
        Event::PauseSound { by },
        json!({}),
    )
    .await
}

#[utoipa::path(
    delete, path = "/api/v1/beds/{id}/alarms/pause", tag = "alarms", params(("id" = BedId, Path)),
    responses((status = 204, description = "It sounds again"), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn resume_sound(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = bed_permit::<PauseAlarms>(&app, &signed_in, &id).await?;
    let by = signed_in.actor.person;
    at_bed(
        &app,
        &permit,
        "alarm_sound_resumed",
        Event::ResumeSound { by },
        json!({}),
    )
    .await
}

#[utoipa::path(
    post, path = "/api/v1/beds/{id}/alarms/off", tag = "alarms", params(("id" = BedId, Path)),
    request_body = SwitchOff,
    responses(
        (status = 204, description = "Off on every screen until then; the bedside device is not touched"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn switch_off(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = bed_permit::<SwitchOffAlarms>(&app, &signed_in, &id).await?;
    let wanted: SwitchOff = body::json(&request, payload).await?;
    let event = Event::SwitchOff {
        by: signed_in.actor.person,
        reason: wanted.reason,
        until: wanted.until,
    };
    let detail = json!({ "reason": wanted.reason, "until": wanted.until });
    at_bed(&app, &permit, "alarms_switched_off", event, detail).await
}

#[utoipa::path(
    delete, path = "/api/v1/beds/{id}/alarms/off", tag = "alarms", params(("id" = BedId, Path)),
    responses((status = 204, description = "On again"), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn switch_on(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = bed_permit::<SwitchOffAlarms>(&app, &signed_in, &id).await?;
    let by = signed_in.actor.person;
    at_bed(
        &app,
        &permit,
        "alarms_switched_on",
        Event::SwitchOn { by },
        json!({}),
    )
    .await
}

async fn bed_permit<A: Act>(app: &App, signed_in: &SignedIn, id: &str) -> Result<Permit<Bed, A>, Failure> {
    let bed: BedId = id.parse().or(Err(Failure::NotFound))?;
    app.access.bed(bed).permit(&signed_in.actor).await
}

async fn at_bed<A: Act>(
    app: &App,
    permit: &Permit<Bed, A>,
    event_name: &'static str,
    event: Event,
    detail: Value,
) -> Result<HttpResponse, Failure> {
    let bed = permit.id();
    let entry = entry(app, permit, event_name, "bed", bed.stored(), detail)?;
    match app.vigil.act(app, bed, event, entry).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(failure) => Err(told(failure)),
    }
}

pub fn told(failure: ActFailure) -> Failure {
    let words = match failure {
        ActFailure::Failed(failure) => return failure,
        ActFailure::Overtaken => "Somebody else changed these limits meanwhile. Look at them again.",
        ActFailure::Refused(Refused::NoSuchAlarm) => "Nobody with a device lies in this bed.",
        ActFailure::Refused(Refused::NothingSounds) => "Nothing sounds at this bed.",
        ActFailure::Refused(Refused::NoEnd) => "Say until when: at most 12 hours from now.",
    };
    Failure::BadRequest(words.to_owned())
}

pub fn entry<K: crate::access::Subject, A: Act>(
    app: &App,
    permit: &Permit<K, A>,
    event: &'static str,
    kind: &'static str,
    id: Vec<u8>,
    detail: Value,
) -> Result<AuditEntry, Failure> {
    let standing = permit.standing();
    Ok(AuditEntry {
        organisation: standing.organisation.ok_or(Failure::NotFound)?,
        at: app.clock.now(),
        action: AuditAction::Execute,
        event,
        outcome: AuditOutcome::Success,
        actor: permit.actor().for_audit(),
        entity: id.try_into().ok().map(|id| AuditEntity { kind, id }),
        patient: standing.patient,
        detail,
    })
}
