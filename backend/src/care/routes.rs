//! Wards, beds, patients, and the patient's own page.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload, Query},
};
use fleetward_common::{
    access::{Action, DataClass, Kind},
    care::{BedView, HomePatient, OwnPage, PatientFound, PatientSearch, Transfer, WardBoard, WardSummary},
    devices::{DeviceView, history::History},
    error::ErrorBody,
    id::{BedId, DeviceId, PatientId, UnitId},
    page::Page,
};

use super::{
    bed_history,
    board::{self, Around},
    emergency, own_page, own_privacy, search,
    store::{self, homes, identity, wards},
    transfer,
};
use crate::{
    access::{Bed, Device, Listing, Patient, Read, ReadHistory, Unit},
    app::App,
    care::home,
    devices::{routes::HistoryQuery, store::summaries, summary::summarise},
    identity::{SignedIn, Watching},
    platform::{
        db::StoredId,
        http::{Failure, Guard, Routes, body},
    },
    privacy::trail,
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/wards", Guard::List(Kind::Unit, Action::Read), list_wards)
        .get("/wards/{id}", Guard::Point(Kind::Unit, Action::Read), ward)
        .get("/beds/{id}", Guard::Point(Kind::Bed, Action::Read), one_bed)
        .get(
            "/beds/{id}/history",
            Guard::Point(Kind::Bed, Action::ReadHistory),
            bed_history_of,
        )
        .get(
            "/patients",
            Guard::List(Kind::Patient, Action::Read),
            list_patients,
        )
        .post(
            "/patients/{id}/transfer",
            Guard::Point(Kind::Patient, Action::Transfer),
            transfer_patient,
        )
        .post(
            "/patients/search",
            Guard::List(Kind::Patient, Action::Read),
            search_patients,
        )
        .get("/me", Guard::SignedIn, me)
        .and(emergency::routes::routes())
        .and(own_privacy::routes())
}

#[utoipa::path(
    get, path = "/api/v1/wards", tag = "care",
    responses((status = 200, body = Vec<WardSummary>), (status = 401, body = ErrorBody))
)]
pub async fn list_wards(
    app: Data<App>,
    Watching(watching): Watching,
) -> Result<Json<Vec<WardSummary>>, Failure> {
    let listing: Listing<Unit, Read> = app.access.listing(&watching.actor);
    let found = app
        .db
        .read(move |connection| wards::list(connection, &listing))
        .await?;
    trail::note_results(found.len());
    Ok(Json(found))
}

#[utoipa::path(
    get, path = "/api/v1/wards/{id}", tag = "care", params(("id" = UnitId, Path)),
    responses((status = 200, body = WardBoard), (status = 404, body = ErrorBody))
)]
pub async fn ward(
    app: Data<App>,
    Watching(watching): Watching,
    id: Path<String>,
) -> Result<Json<WardBoard>, Failure> {
    let id: UnitId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app.access.unit(id).permit::<Read>(&watching.actor).await?;
    permit.requires(DataClass::Technical)?;
    let of_beds: Listing<Bed, Read> = app.access.listing(&watching.actor);
    let of_devices: Listing<Device, Read> = app.access.listing(&watching.actor);
    let keys = app.keys.clone();
    let (ward, organisation_name, rows, mut around) = app
        .db
        .read(move |connection| {
            let (ward, organisation) = wards::ward(connection, &permit)?;
            let rows = wards::beds_of(connection, id, &of_beds, &of_devices)?;
            let identities = identity::in_beds_of(connection, &keys, id, &of_beds)?;
            let listed: Vec<DeviceId> = rows.iter().flat_map(|row| row.devices.clone()).collect();
            let around = around(connection, &listed, &of_devices)?;
            Ok::<_, Failure>((ward, organisation, rows, Around { identities, ..around }))
        })
        .await?;
    let listed: Vec<DeviceId> = around.devices.keys().copied().collect();
    around.twins = app.twins.views(&listed).await?;
    Ok(Json(WardBoard {
        ward,
        organisation_name,
        server_time: app.clock.now(),
        beds: rows.iter().map(|row| board::bed(row, &around)).collect(),
    }))
}

#[utoipa::path(
    get, path = "/api/v1/beds/{id}", tag = "care", params(("id" = BedId, Path)),
    responses((status = 200, body = BedView), (status = 404, body = ErrorBody))
)]
pub async fn one_bed(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
) -> Result<Json<BedView>, Failure> {
    let id: BedId = id.parse().or(Err(Failure::NotFound))?;
    let permit = app.access.bed(id).permit::<Read>(&signed_in.actor).await?;
    let of_devices: Listing<Device, Read> = app.access.listing(&signed_in.actor);
    let keys = app.keys.clone();
    let now = permit.granted_at();
    let (row, mut around, places) = app
        .db
        .read(move |connection| {
            let row = wards::one_bed(connection, &permit, &of_devices)?.ok_or(Failure::NotFound)?;
            let mut around = around(connection, &row.devices, &of_devices)?;
            if let (Some((patient, _)), Some(known)) =
                (row.stay, identity::in_bed(connection, &keys, &permit)?)
            {
                around.identities.insert(patient, known);
            }
            let listed: Vec<_> = around.devices.values().cloned().collect();
            let places = summaries::places(connection, &listed, now)?;
            Ok::<_, Failure>((row, around, places))
        })
        .await?;
    around.twins = app.twins.views(&row.devices).await?;
    let bed = board::bed(&row, &around);
    let devices = bed
        .devices
        .iter()
        .filter_map(|at_bed| around.devices.get(&at_bed.device))
        .map(|device| {
            let twin = around.twins.get(&device.id).map(AsRef::as_ref);
            DeviceView {
                technical: Some(summarise(device, places.get(&device.id), twin, &signed_in.actor)),
                clinical: around
                    .clinical
                    .contains(&device.id)
                    .then(|| twin.map(|twin| device.channels(twin)).unwrap_or_default()),
            }
        })
        .collect();
    Ok(Json(BedView {
        bed,
        devices,
        server_time: app.clock.now(),
    }))
}

#[utoipa::path(
    get, path = "/api/v1/beds/{id}/history", tag = "care", params(("id" = BedId, Path), HistoryQuery),
    responses(
        (status = 200, description = "During the stay of whoever lies here now", body = History),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn bed_history_of(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    query: Result<Query<HistoryQuery>, actix_web::Error>,
) -> Result<Json<History>, Failure> {
    let id: BedId = id.parse().or(Err(Failure::NotFound))?;
    let question = query.map_err(Failure::bad_request)?.question()?;
    let permit = app.access.bed(id).permit::<ReadHistory>(&signed_in.actor).await?;
    bed_history::read(&app, &signed_in.actor, &permit, question)
        .await
        .map(Json)
}

#[utoipa::path(
    get, path = "/api/v1/patients", tag = "care",
    responses((status = 200, body = Page<HomePatient>), (status = 401, body = ErrorBody))
)]
pub async fn list_patients(app: Data<App>, signed_in: SignedIn) -> Result<Json<Page<HomePatient>>, Failure> {
    let listing: Listing<Patient, Read> = app.access.listing(&signed_in.actor);
    let of_devices: Listing<Device, Read> = app.access.listing(&signed_in.actor);
    let keys = app.keys.clone();
    let (patients, on, identities, rows) = app
        .db
        .read(move |connection| {
            let patients = homes::list(connection, &listing)?;
            let on = homes::devices_on(connection, &patients, &of_devices)?;
            let identities = identity::of_patients(connection, &keys, &patients, &listing)?;
            let listed: Vec<DeviceId> = on.devices.values().flatten().copied().collect();
            let rows = summaries::of_devices(connection, &listed, &of_devices)?;
            Ok::<_, Failure>((patients, on, identities, rows))
        })
        .await?;
    let listed: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    let twins = app.twins.views(&listed).await?;
    let rows: HashMap<DeviceId, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut items: Vec<HomePatient> = patients
        .into_iter()
        .map(|patient| HomePatient {
            patient,
            identity: identities.get(&patient).cloned(),
            devices: on
                .devices
                .get(&patient)
                .into_iter()
                .flatten()
                .filter_map(|device| rows.get(device))
                .map(|row| {
                    let twin = twins.get(&row.id).map(AsRef::as_ref);
                    home::in_one_line(row, twin, on.clinical.contains(&row.id))
                })
                .collect(),
        })
        .collect();
    // Who has been silent longest needs someone first; never heard comes before everyone.
    items.sort_by_key(|patient| {
        let newest = patient
            .devices
            .iter()
            .map(|device| device.last_data)
            .max()
            .flatten();
        (newest, patient.patient)
    });
    trail::note_results(items.len());
    Ok(Json(Page {
        total: items.len() as u64,
        items,
        next: None,
    }))
}

#[utoipa::path(
    post, path = "/api/v1/patients/search", tag = "care", request_body = PatientSearch,
    responses(
        (status = 200, description = "At most fifty, by the age of their records", body = Page<PatientFound>),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)
    )
)]
pub async fn search_patients(
    app: Data<App>,
    signed_in: SignedIn,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Page<PatientFound>>, Failure> {
    let wanted: PatientSearch = body::json(&request, payload).await?;
    trail::note_question(search::in_the_record(&wanted, &app.secrets.audit));
    let listing: Listing<Patient, Read> = app.access.listing(&signed_in.actor);
    let keys = app.keys.clone();
    let (found, mut identities) = app
        .db
        .read(move |connection| {
            let found = store::search::found(connection, &keys, &listing, &wanted)?;
            let identities = identity::of_patients(connection, &keys, &found, &listing)?;
            Ok::<_, Failure>((found, identities))
        })
        .await?;
    let items: Vec<PatientFound> = found
        .into_iter()
        .filter_map(|patient| {
            let identity = identities.remove(&patient)?;
            Some(PatientFound { patient, identity })
        })
        .collect();
    trail::note_results(items.len());
    Ok(Json(Page {
        total: items.len() as u64,
        items,
        next: None,
    }))
}

#[utoipa::path(
    get, path = "/api/v1/me", tag = "care",
    responses((status = 200, body = OwnPage), (status = 404, description = "No patient record is this person's own", body = ErrorBody))
)]
pub async fn me(app: Data<App>, signed_in: SignedIn) -> Result<Json<OwnPage>, Failure> {
    own_page::own_page(&app, &signed_in.actor).await.map(Json)
}

#[utoipa::path(
    post, path = "/api/v1/patients/{id}/transfer", tag = "care", params(("id" = PatientId, Path)),
    request_body = Transfer,
    responses(
        (status = 204, description = "The patient lies in the other bed"), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn transfer_patient(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let id: PatientId = id.parse().or(Err(Failure::NotFound))?;
    let moves = app.access.patient(id).permit(&signed_in.actor).await?;
    let Transfer { bed } = body::json(&request, payload).await?;
    transfer::transfer(&app, moves, bed).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rows of these devices, and of which the reader may see the values.
pub(super) fn around(
    connection: &mut crate::platform::db::DbConnection,
    listed: &[DeviceId],
    of_devices: &Listing<Device, Read>,
) -> Result<Around, Failure> {
    let rows = summaries::of_devices(connection, listed, of_devices)?;
    let ids = listed.iter().map(StoredId::stored).collect();
    Ok(Around {
        devices: rows.into_iter().map(|row| (row.id, row)).collect(),
        twins: HashMap::new(),
        clinical: wards::seen_among(connection, ids, of_devices, DataClass::Clinical)?,
        identities: HashMap::new(),
    })
}
