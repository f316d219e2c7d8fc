//! Every address the portal answers. The only file that knows a prefix.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{self, Data},
};
use fleetward_common::access::Portal as Audience;

use crate::{
    access,
    app::App,
    care, devices, fleet, identity, live, ops, people,
    platform::http::{Declared, Failure, Guard, Routes, assets, failure, shell},
    reviews,
};

/// Everything on the portal's port, in one list.
pub fn portal() -> Routes {
    let api = identity::routes::routes()
        .and(care::routes::routes())
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
    config.default_service(web::to(failure::not_found));
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
    let wants_html = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    if request.method() != Method::GET || !wants_html {
        return Err(Failure::NotFound);
    }
    shell::shell(&app.portal, audience)
        .map(shell::page)
        .ok_or(Failure::NotFound)
}
