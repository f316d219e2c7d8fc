//! The organisation itself: its sites, its units, and what a role would give in them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload, Query},
};
use fleetward_common::{
    access::{Action, Kind, Role},
    error::ErrorBody,
    id::{OrganisationId, UnitId},
    people::{NewUnit, OrganisationView, RolePreview, UnitName},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    desk::Desk,
    naming,
    preview::{self, Place},
    review_deadlines, sites,
    store::places,
};
use crate::{
    access::{Administer, Organisation, Permit, Unit},
    app::App,
    identity::{
        SignedIn,
        store::organisations::{self, NewUnit as UnitRow},
    },
    platform::{
        db::DbConnection,
        http::{Failure, Guard, Routes, body},
    },
    privacy::{
        audit::{AuditAction, AuditEntity},
        review,
    },
};

/// Of a site or a unit.
pub const LONGEST_NAME: usize = 80;

pub fn routes() -> Routes {
    let organisation = || Guard::Point(Kind::Organisation, Action::Administer);
    let unit = || Guard::Point(Kind::Unit, Action::Administer);
    Routes::new()
        .get("/organisations/{id}", organisation(), one)
        .get("/organisations/{id}/preview", organisation(), preview_role)
        .post("/organisations/{id}/sites", organisation(), sites::add_site)
        .post(
            "/organisations/{id}/sites/{site}",
            organisation(),
            sites::change_site,
        )
        .post(
            "/organisations/{id}/review-deadlines",
            organisation(),
            review_deadlines::set,
        )
        .post("/organisations/{id}/units", organisation(), add_unit)
        .post("/units/{id}/name", unit(), rename_unit)
        .post("/units/{id}/closing", unit(), close_unit)
}

pub async fn to_administer(
    app: &App,
    signed_in: &SignedIn,
    id: &str,
) -> Result<Permit<Organisation, Administer>, Failure> {
    let id: OrganisationId = id.parse().or(Err(Failure::NotFound))?;
    app.access
        .organisation(id)
        .permit::<Administer>(&signed_in.actor)
        .await
}

#[utoipa::path(
    get, path = "/api/v1/organisations/{id}", tag = "people", params(("id" = OrganisationId, Path)),
    responses(
        (status = 200, body = OrganisationView),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn one(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<OrganisationView>, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    Ok(Json(view(&app, permit).await?))
}

pub async fn view(app: &App, permit: Permit<Organisation, Administer>) -> Result<OrganisationView, Failure> {
    let now = app.clock.now();
    let demo_mail = app.demo_people().map(|_| "/demo/outbox".to_owned());
    app.db
        .read(move |connection| {
            let house = places::house(connection, &permit)?;
            Ok(OrganisationView {
                id: house.id,
                name: house.name,
                kind: house.kind,
                home_region: house.home_region,
                roles: house.kind.roles().to_vec(),
                sites: places::sites(connection, house.id, now)?,
                review_deadlines: if house.kind.has_patients() {
                    Some(review::deadlines(connection, house.id)?)
                } else {
                    None
                },
                demo_mail,
            })
        })
        .await
}

/// What would be previewed.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    pub role: String,
    /// Units by id, with commas between them.
    #[serde(default)]
    pub units: String,
}

#[utoipa::path(
    get, path = "/api/v1/organisations/{id}/preview", tag = "people",
    params(("id" = OrganisationId, Path), PreviewQuery),
    responses(
        (status = 200, description = "What the policy gives to this role in these units", body = RolePreview),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn preview_role(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    query: Result<Query<PreviewQuery>, actix_web::Error>,
) -> Result<Json<RolePreview>, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let query = query.map_err(Failure::bad_request)?;
    let role = Role::parse(&query.role)
        .ok_or_else(|| Failure::BadRequest("Check the request: there is no such role.".to_owned()))?;
    let wanted: Vec<UnitId> = query
        .units
        .split(',')
        .filter(|id| !id.is_empty())
        .map(|id| id.parse().map_err(Failure::bad_request))
        .collect::<Result<_, _>>()?;
    let (house, units) = app
        .db
        .read(move |connection| {
            let house = places::house(connection, &permit)?;
            let units = places::unit_names(connection, house.id, &wanted)?;
            Ok::<_, Failure>((house, units))
        })
        .await?;
    if !house.kind.roles().contains(&role) {
        return Err(Failure::BadRequest(
            "This role does not exist at your organisation.".to_owned(),
        ));
    }
    let place = Place {
        organisation: &house.name,
        units: &units,
    };
    Ok(Json(preview::preview(&app.access.rules(), role, &place)))
}

fn must_be_free(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    name: &str,
) -> Result<(), Failure> {
    if places::unit_name_is_taken(connection, organisation, name)? {
        Err(Failure::BadRequest("Another open unit has this name.".to_owned()))
    } else {
        Ok(())
    }
}

fn about(unit: UnitId) -> AuditEntity {
    AuditEntity {
        kind: "unit",
        id: *unit.as_bytes(),
    }
}

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/units", tag = "people", params(("id" = OrganisationId, Path)),
    request_body = NewUnit,
    responses(
        (status = 201, description = "All units as they are now", body = OrganisationView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn add_unit(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let wanted: NewUnit = body::json(&request, payload).await?;
    let name = naming::name(&wanted.name, LONGEST_NAME, "the unit a name")?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    let organisation = permit.id();
    app.db
        .write(move |connection| {
            if !places::site_is_of(connection, organisation, wanted.site)? {
                return Err(Failure::BadRequest(
                    "There is no such site at your organisation.".to_owned(),
                ));
            }
            must_be_free(connection, organisation, &name)?;
            let unit = UnitId::new(now, desk.clock.entropy());
            let row = UnitRow {
                id: unit,
                organisation,
                site: wanted.site,
                name: &name,
                created_at: now,
            };
            organisations::add_unit(connection, &row)?;
            desk.note(
                connection,
                "unit_added",
                AuditAction::Create,
                about(unit),
                json!({ "site": wanted.site }),
            )
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(HttpResponse::Created().json(view(&app, permit).await?))
}

async fn unit_to_administer(
    app: &App,
    signed_in: &SignedIn,
    id: &str,
) -> Result<Permit<Unit, Administer>, Failure> {
    let id: UnitId = id.parse().or(Err(Failure::NotFound))?;
    app.access.unit(id).permit::<Administer>(&signed_in.actor).await
}

#[utoipa::path(
    post, path = "/api/v1/units/{id}/name", tag = "people", params(("id" = UnitId, Path)), request_body = UnitName,
    responses(
        (status = 204, description = "So it is called from now on"),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn rename_unit(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = unit_to_administer(&app, &signed_in, &id).await?;
    let wanted: UnitName = body::json(&request, payload).await?;
    let name = naming::name(&wanted.name, LONGEST_NAME, "the unit a name")?;
    let desk = Desk::of(&app, &signed_in, app.clock.now());
    let (unit, organisation) = (permit.id(), signed_in.actor.organisation);
    app.db
        .write(move |connection| {
            must_be_free(connection, organisation, &name)?;
            places::rename_unit(connection, unit, &name)?;
            desk.note(
                connection,
                "unit_renamed",
                AuditAction::Update,
                about(unit),
                json!({ "name": name }),
            )
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post, path = "/api/v1/units/{id}/closing", tag = "people", params(("id" = UnitId, Path)),
    responses(
        (status = 204, description = "Closed; what happened in it stays on record"),
        (status = 400, description = "What is still open in it", body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn close_unit(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    let permit = unit_to_administer(&app, &signed_in, &id).await?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    let (unit, organisation) = (permit.id(), signed_in.actor.organisation);
    app.db
        .write(move |connection| {
            let holds = places::held_by(connection, unit, now)?.in_words();
            if !holds.is_empty() {
                return Err(Failure::BadRequest(format!(
                    "This unit can’t be closed yet: there is still {} in it.",
                    holds.join(", ")
                )));
            }
            if !places::close_unit(connection, unit, now)? {
                return Err(Failure::BadRequest("This unit is closed already.".to_owned()));
            }
            desk.note(
                connection,
                "unit_closed",
                AuditAction::Update,
                about(unit),
                json!({}),
            )
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(HttpResponse::NoContent().finish())
}
