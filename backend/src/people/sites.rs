//! Sites: where an organisation's units are, and which time they keep.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Payload},
};
use fleetward_common::{
    error::ErrorBody,
    id::{OrganisationId, SiteId},
    people::{OrganisationView, SiteForm},
};
use jiff::tz::TimeZone;
use serde_json::json;

use super::{
    desk::Desk,
    naming,
    places::{LONGEST_NAME, to_administer, view},
    store::places,
};
use crate::{
    app::App,
    identity::{
        SignedIn,
        store::organisations::{self, NewSite},
    },
    platform::{
        clock::random,
        db::DbConnection,
        http::{Failure, body},
    },
    privacy::audit::{AuditAction, AuditEntity},
};

/// A maker hears one of these with a number, and can say it on the telephone.
const BIRDS: [&str; 32] = [
    "AVOCET", "BITTERN", "BUNTING", "BUZZARD", "COOT", "CRANE", "CURLEW", "DIPPER", "DUNLIN", "EGRET",
    "EIDER", "FALCON", "FINCH", "GANNET", "GREBE", "HERON", "HOBBY", "HOOPOE", "IBIS", "JAY", "KESTREL",
    "LAPWING", "LINNET", "MARTIN", "MERLIN", "OSPREY", "PLOVER", "ROBIN", "SISKIN", "SWIFT", "THRUSH",
    "WREN",
];

fn spoken_code(chance: [u8; 3]) -> String {
    let [bird, high, low] = chance;
    let bird = BIRDS.get(usize::from(bird % 32)).unwrap_or(&"WREN");
    format!("{bird}-{:03}", u16::from_be_bytes([high, low]) % 1_000)
}

fn free_code(connection: &mut DbConnection) -> Result<String, Failure> {
    loop {
        let code = spoken_code(random());
        if !places::code_is_taken(connection, &code)? {
            return Ok(code);
        }
    }
}

fn parsed(form: SiteForm) -> Result<SiteForm, Failure> {
    let zone = TimeZone::get(form.time_zone.trim()).ok();
    let time_zone = zone.as_ref().and_then(TimeZone::iana_name).ok_or_else(|| {
        Failure::BadRequest("There is no time zone of this name. One looks like Europe/London.".to_owned())
    })?;
    Ok(SiteForm {
        name: naming::name(&form.name, LONGEST_NAME, "the site a name")?,
        time_zone: time_zone.to_owned(),
    })
}

fn must_be_free(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    name: &str,
    but: Option<SiteId>,
) -> Result<(), Failure> {
    match places::site_of_name(connection, organisation, name)? {
        Some(other) if Some(other) != but => {
            Err(Failure::BadRequest("Another site has this name.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn about(site: SiteId) -> AuditEntity {
    AuditEntity {
        kind: "site",
        id: *site.as_bytes(),
    }
}

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/sites", tag = "people", params(("id" = OrganisationId, Path)),
    request_body = SiteForm,
    responses(
        (status = 201, description = "All sites as they are now", body = OrganisationView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn add_site(
    app: Data<App>,
    signed_in: SignedIn,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let permit = to_administer(&app, &signed_in, &id).await?;
    let form = parsed(body::json(&request, payload).await?)?;
    let now = app.clock.now();
    let desk = Desk::of(&app, &signed_in, now);
    let organisation = permit.id();
    app.db
        .write(move |connection| {
            must_be_free(connection, organisation, &form.name, None)?;
            let site = SiteId::new(now, desk.clock.entropy());
            let row = NewSite {
                id: site,
                organisation,
                name: &form.name,
                spoken_code: &free_code(connection)?,
                time_zone: &form.time_zone,
            };
            organisations::add_site(connection, &row)?;
            let detail = json!({ "time_zone": form.time_zone });
            desk.note(connection, "site_added", AuditAction::Create, about(site), detail)
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(HttpResponse::Created().json(view(&app, permit).await?))
}

#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/sites/{site}", tag = "people",
    params(("id" = OrganisationId, Path), ("site" = SiteId, Path)), request_body = SiteForm,
    responses(
        (status = 200, description = "All sites as they are now", body = OrganisationView),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)
    )
)]
pub async fn change_site(
    app: Data<App>,
    signed_in: SignedIn,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<OrganisationView>, Failure> {
    let (id, site) = path.into_inner();
    let permit = to_administer(&app, &signed_in, &id).await?;
    let site: SiteId = site.parse().or(Err(Failure::NotFound))?;
    let form = parsed(body::json(&request, payload).await?)?;
    let desk = Desk::of(&app, &signed_in, app.clock.now());
    let organisation = permit.id();
    app.db
        .write(move |connection| {
            if !places::site_is_of(connection, organisation, site)? {
                return Err(Failure::NotFound);
            }
            must_be_free(connection, organisation, &form.name, Some(site))?;
            places::change_site(connection, site, &form.name, &form.time_zone)?;
            let detail = json!({ "name": form.name, "time_zone": form.time_zone });
            desk.note(
                connection,
                "site_changed",
                AuditAction::Update,
                about(site),
                detail,
            )
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(Json(view(&app, permit).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_maker_hears_of_a_site_says_nothing_about_it() {
        assert_eq!(spoken_code([15, 0, 11]), "HERON-011");
        assert_eq!(spoken_code([255, 255, 255]), "WREN-535");
    }

    #[test]
    fn a_zone_is_written_as_the_tables_write_it() {
        let form = |zone: &str| {
            parsed(SiteForm {
                name: "South".to_owned(),
                time_zone: zone.to_owned(),
            })
        };
        assert_eq!(form(" europe/london ").unwrap().time_zone, "Europe/London");
        for zone in ["", "London", "+01:00"] {
            assert!(form(zone).is_err(), "{zone}");
        }
    }
}
