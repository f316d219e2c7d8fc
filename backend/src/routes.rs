//! Every address the portal answers. The only file that knows a prefix.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::{self, Data},
};
use fleetward_common::access::Portal as Audience;

use crate::{
    access, alarms,
    app::App,
    care, devices, fleet, identity, live, ops, people,
    platform::http::{Declared, Failure, Guard, Routes, assets, shell},
    reviews,
};

/// Everything on the portal's port, in one list.
pub fn portal() -> Routes {
    let api = identity::routes::routes()
        .and(care::routes::routes())
        .and(alarms::routes::routes())
        .and(fleet::routes::routes())
        .and(devices::routes::routes())
        .and(live::routes::routes())
        .and(reviews::routes::routes())
        .and(access::routes::routes())
        .and(people::routes())
        .under("/api/v1");
    let pages = Routes::new()
        .get("/ward", Guard::Public, ward)
        .get("/ward/{rest:.*}", Guard::Public, ward)
        .get("/staff", Guard::Public, staff)
        .get("/staff/{rest:.*}", Guard::Public, staff)
        .get("/patient", Guard::Public, patient)
        .get("/patient/{rest:.*}", Guard::Public, patient);
    api.and(identity::routes::page_routes())
        .and(people::page_routes())
        .and(pages)
        .and(ops::routes::routes())
        .and(Routes::new().get("/a/{name}", Guard::Public, assets::asset))
}

/// What [`portal`] serves, for the golden file and the tests that try every route.
pub fn declared() -> Vec<Declared> {
    portal().declared()
}

pub fn mount(config: &mut web::ServiceConfig) {
    portal().mount(config);
    config.default_service(web::to(nothing));
}

/// Whatever matched no route: a page for a person, JSON for a program.
async fn nothing(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let api = request.path().starts_with("/api/") || request.path().starts_with("/a/");
    let names_html = accepts(&request).is_some_and(|accept| accept.contains("text/html"));
    if api || !names_html || !is_get(&request) {
        return Err(Failure::NotFound);
    }
    let look = identity::pages::Look::of(&app, request.query_string());
    let mut response = shell::page(identity::pages::nothing_here(&look));
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

fn accepts(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::ACCEPT)?.to_str().ok()
}

fn is_get(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Shells hold no data, so anyone may fetch one; what fills them asks for itself.
async fn ward(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    page(&app, &request, Audience::Ward)
}

async fn staff(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    page(&app, &request, Audience::Staff)
}

async fn patient(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    page(&app, &request, Audience::Patient)
}

fn page(app: &App, request: &HttpRequest, audience: Audience) -> Result<HttpResponse, Failure> {
    let wants_html =
        accepts(request).is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    if !is_get(request) || !wants_html {
        return Err(Failure::NotFound);
    }
    shell::shell(&app.portal, audience)
        .map(shell::page)
        .ok_or(Failure::NotFound)
}
