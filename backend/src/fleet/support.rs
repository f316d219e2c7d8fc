//! A custodian opens a device to one support agent of its maker, for a few hours: until then, or until
//! it is closed, the agent sees what it measures if the patient agreed as well, and never on whom.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    id::{DeviceId, IntervalId},
    support::{LONGEST_HOURS, OpenToSupport as Opening, SupportAccess},
};
use serde_json::{Value, json};

use super::store::support_grants;
pub use super::store::support_grants::{NewSupportGrant, grant_support};
use crate::{
    access::{Device, OpenToSupport, Permit},
    app::App,
    identity::SignedIn,
    platform::http::{Failure, body},
    privacy::{
        audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
        trail,
    },
};

type MayOpen = Permit<Device, OpenToSupport>;

#[utoipa::path(
    get, path = "/api/v1/devices/{id}/support-access", tag = "fleet", params(("id" = DeviceId, Path)),
    responses((status = 200, body = SupportAccess), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn support_access(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<SupportAccess>, Failure> {
    let permit = permit(&app, &signed_in, &id).await?;
    let found = app
        .db
        .read(move |connection| support_grants::of_device(connection, &permit))
        .await?;
    trail::note_results(found.open.len());
    Ok(Json(found))
}

#[utoipa::path(
    post, path = "/api/v1/devices/{id}/support-access", tag = "fleet", params(("id" = DeviceId, Path)),
    request_body = Opening,
    responses(
        (status = 204, description = "Open to this person until then; twice is once, until the later time"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn open_to_support(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = permit(&app, &signed_in, &id).await?;
    let wanted: Opening = body::json(&request, payload).await?;
    if !(1..=LONGEST_HOURS).contains(&wanted.hours) {
        return Err(Failure::BadRequest(format!(
            "Say for how long: 1 to {LONGEST_HOURS} hours."
        )));
    }
    let now = app.clock.now();
    let (id, person) = (IntervalId::new(now, app.clock.entropy()), wanted.person);
    let until = now + Duration::from_secs(u64::from(wanted.hours) * 3_600);
    let key = app.secrets.audit.clone();
    let concerned = app
        .db
        .write(move |connection| {
            let agent = support_grants::agent(connection, &permit, person)?.ok_or_else(|| {
                Failure::BadRequest("This person is no support agent of the device’s maker.".to_owned())
            })?;
            let custodian =
                support_grants::open(connection, &permit, id, person, until)?.ok_or(Failure::NotFound)?;
            let detail = json!({ "person": person.to_string(), "until": until });
            let entry = entry(&permit, AuditAction::Create, "device_opened_to_support", detail)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>([custodian, agent])
        })
        .await?;
    for organisation in concerned {
        app.access.epochs.bump_scope(organisation);
    }
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    delete, path = "/api/v1/devices/{id}/support-access/{grant}", tag = "fleet",
    params(("id" = DeviceId, Path), ("grant" = IntervalId, Path)),
    responses((status = 204, description = "Closed, now or before"), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody))
)]
pub async fn close_to_support(
    app: Data<App>,
    signed_in: SignedIn,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let permit = permit(&app, &signed_in, &path.0).await?;
    let grant: IntervalId = path.1.parse().or(Err(Failure::NotFound))?;
    let key = app.secrets.audit.clone();
    let concerned = app
        .db
        .write(move |connection| {
            let Some(closed) = support_grants::close(connection, &permit, grant)? else {
                return Ok(Vec::new());
            };
            let detail = json!({ "person": closed.person.to_string() });
            let entry = entry(&permit, AuditAction::Update, "device_closed_to_support", detail)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(closed.concerned)
        })
        .await?;
    for organisation in concerned {
        app.access.epochs.bump_scope(organisation);
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn permit(app: &App, signed_in: &SignedIn, id: &str) -> Result<MayOpen, Failure> {
    let id: DeviceId = id.parse().or(Err(Failure::NotFound))?;
    app.access.device(id).permit(&signed_in.actor).await
}

fn entry(
    permit: &MayOpen,
    action: AuditAction,
    event: &'static str,
    detail: Value,
) -> Result<AuditEntry, Failure> {
    Ok(AuditEntry {
        organisation: permit.standing().organisation.ok_or(Failure::NotFound)?,
        at: permit.granted_at(),
        action,
        event,
        outcome: AuditOutcome::Success,
        actor: permit.actor().for_audit(),
        entity: Some(AuditEntity {
            kind: "device",
            id: *permit.id().as_bytes(),
        }),
        // The patient reads to whom their device was opened.
        patient: permit.standing().patient,
        detail,
    })
}
