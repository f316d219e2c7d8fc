//! `/devices` and `/fleet`.

use std::collections::HashMap;

use actix_web::web::{Data, Json, Path, Query};
use fleetward_common::{
    access::{Action, DataClass, Kind},
    devices::{DeviceSummary, DeviceView},
    error::ErrorBody,
    fleet::FleetCounts,
    id::DeviceId,
    page::Page,
};

use super::{
    query::{self, DeviceQuery},
    support,
};
use crate::{
    access::{Actor, Device, Listing, Permit, Read},
    app::App,
    devices::{
        store::summaries::{self, DeviceRow, Place},
        summary::summarise,
    },
    identity::SignedIn,
    platform::http::{Failure, Guard, Routes},
    privacy::trail,
};

pub fn routes() -> Routes {
    let to_support = || Guard::Point(Kind::Device, Action::OpenToSupport);
    Routes::new()
        .get("/devices", Guard::List(Kind::Device, Action::Read), list)
        .get("/devices/{id}", Guard::Point(Kind::Device, Action::Read), one)
        .get(
            "/devices/{id}/support-access",
            to_support(),
            support::support_access,
        )
        .post(
            "/devices/{id}/support-access",
            to_support(),
            support::open_to_support,
        )
        .delete(
            "/devices/{id}/support-access/{grant}",
            to_support(),
            support::close_to_support,
        )
        .get("/fleet/counts", Guard::List(Kind::Device, Action::Read), counts)
}

#[utoipa::path(
    get, path = "/api/v1/devices", tag = "fleet", params(DeviceQuery),
    responses((status = 200, body = Page<DeviceSummary>), (status = 401, body = ErrorBody))
)]
pub async fn list(
    app: Data<App>,
    signed_in: SignedIn,
    query: Result<Query<DeviceQuery>, actix_web::Error>,
) -> Result<Json<Page<DeviceSummary>>, Failure> {
    let query = query.map_err(Failure::bad_request)?.into_inner();
    if query.is_plain() {
        return plain_page(&app, &signed_in.actor, query).await.map(Json);
    }
    let devices = in_reach(&app, &signed_in.actor).await?;
    let page = query.page(devices, app.clock.now())?;
    trail::note_results(page.items.len());
    Ok(Json(page))
}

#[utoipa::path(
    get, path = "/api/v1/devices/{id}", tag = "fleet", params(("id" = DeviceId, Path)),
    responses((status = 200, body = DeviceView), (status = 404, body = ErrorBody))
)]
pub async fn one(app: Data<App>, signed_in: SignedIn, id: Path<String>) -> Result<Json<DeviceView>, Failure> {
    let id: DeviceId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app.access.device(id).permit::<Read>(&signed_in.actor).await?;
    Ok(Json(view(&app, permit).await?))
}

#[utoipa::path(
    get, path = "/api/v1/fleet/counts", tag = "fleet",
    responses((status = 200, body = FleetCounts), (status = 401, body = ErrorBody))
)]
pub async fn counts(app: Data<App>, signed_in: SignedIn) -> Result<Json<FleetCounts>, Failure> {
    let devices = in_reach(&app, &signed_in.actor).await?;
    Ok(Json(query::counts(&devices, app.clock.now())))
}

/// One device, made of the classes that the permit carries.
async fn view(app: &App, permit: Permit<Device, Read>) -> Result<DeviceView, Failure> {
    let now = permit.granted_at();
    let asked = permit.clone();
    let (row, mut places) = app
        .db
        .read(move |connection| {
            let row = summaries::one(connection, &asked)?;
            let places = summaries::places(connection, std::slice::from_ref(&row), now)?;
            Ok::<_, Failure>((row, places))
        })
        .await?;
    let twin = app.twins.views(&[row.id]).await?.remove(&row.id);
    let twin = twin.as_deref();
    Ok(DeviceView {
        technical: permit.has(DataClass::Technical).then(|| {
            let place = places.remove(&row.id);
            summarise(&row, place.as_ref(), twin, permit.actor())
        }),
        clinical: permit
            .has(DataClass::Clinical)
            .then(|| twin.map(|twin| row.channels(twin)).unwrap_or_default()),
    })
}

/// A page that the database cuts, and its count: one condition for both.
async fn plain_page(app: &App, actor: &Actor, query: DeviceQuery) -> Result<Page<DeviceSummary>, Failure> {
    const CLASS: DataClass = DataClass::Technical;
    let listing: Listing<Device, Read> = app.access.listing(actor);
    let now = listing.at();
    let after = query.cursor()?;
    let (rows, places, total) = app
        .db
        .read(move |connection| {
            let limit = i64::try_from(query::PAGE + 1).unwrap_or(i64::MAX);
            let after = after.as_ref().map(|after| (after.serial.as_str(), after.id));
            let rows = summaries::page_within(connection, &listing, CLASS, after, limit)?;
            let places = summaries::places(connection, &rows, now)?;
            let total = summaries::count_within(connection, &listing, CLASS)?;
            Ok::<_, Failure>((rows, places, total))
        })
        .await?;
    Ok(DeviceQuery::cut(
        summarised(app, actor, &rows, &places).await?,
        total,
    ))
}

/// The technical slice of every device in the actor's reach, by serial number.
async fn in_reach(app: &App, actor: &Actor) -> Result<Vec<DeviceSummary>, Failure> {
    let listing: Listing<Device, Read> = app.access.listing(actor);
    let now = listing.at();
    let (rows, places) = app
        .db
        .read(move |connection| {
            let rows = summaries::within(connection, &listing, DataClass::Technical)?;
            let places = summaries::places(connection, &rows, now)?;
            Ok::<_, Failure>((rows, places))
        })
        .await?;
    summarised(app, actor, &rows, &places).await
}

async fn summarised(
    app: &App,
    actor: &Actor,
    rows: &[DeviceRow],
    places: &HashMap<DeviceId, Place>,
) -> Result<Vec<DeviceSummary>, Failure> {
    let ids: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    let twins = app.twins.views(&ids).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let twin = twins.get(&row.id).map(AsRef::as_ref);
            summarise(row, places.get(&row.id), twin, actor)
        })
        .collect())
}
