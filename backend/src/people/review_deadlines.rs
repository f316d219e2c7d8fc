//! How long an organisation gives its privacy officers. Reviews that were raised before keep theirs.

use actix_web::{
    HttpRequest,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    id::OrganisationId,
    people::OrganisationView,
    review::{Deadlines, LONGEST_DEADLINE_HOURS},
};
use serde_json::json;

use super::{
    desk::{Desk, must_have_proven},
    places::{to_administer, view},
    store::places,
};
use crate::{
    app::App,
    identity::SignedIn,
    platform::http::{Failure, body},
    privacy::{
        audit::{AuditAction, AuditEntity},
        review,
    },
};

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/review-deadlines", tag = "people",
    params(("id" = OrganisationId, Path)), request_body = Deadlines,
    responses(
        (status = 200, description = "The organisation as it is now", body = OrganisationView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn set(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<OrganisationView>, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let wanted: Deadlines = body::json(&request, payload).await?;
    let hours = [
        wanted.emergency_hours,
        wanted.unexplained_hours,
        wanted.answer_hours,
    ];
    if hours
        .iter()
        .any(|hours| !(1..=LONGEST_DEADLINE_HOURS).contains(hours))
    {
        return Err(Failure::BadRequest(
            "Give whole hours, from 1 to 720 (30 days).".to_owned(),
        ));
    }
    let (organisation, now) = (permit.id(), app.clock.now());
    must_have_proven(&signed_in, now)?;
    let desk = Desk::of(&app, &signed_in, now);
    app.db
        .write(move |connection| {
            if !places::house_of(connection, organisation)?.kind.has_patients() {
                return Err(Failure::BadRequest(
                    "Nobody’s data is looked after here, so nothing is reviewed.".to_owned(),
                ));
            }
            review::set_deadlines(connection, organisation, wanted)?;
            let about = AuditEntity {
                kind: "organisation",
                id: *organisation.as_bytes(),
            };
            let detail = json!(wanted);
            desk.note(
                connection,
                "review_deadlines_changed",
                AuditAction::Update,
                about,
                detail,
            )
        })
        .await?;
    Ok(Json(view(&app, permit).await?))
}
