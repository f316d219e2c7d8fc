//! `/healthz`, `/readyz`, the API's description; and `/metrics` on its own port.

use std::sync::OnceLock;

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Data},
};
use fleetward_common::ops::{Check, Readiness};

use crate::{
    app::App,
    platform::{
        db::DbError,
        http::{Failure, Guard, Routes, failure},
    },
};

pub fn routes() -> Routes {
    Routes::new()
        .get("/healthz", Guard::Public, alive)
        .get("/readyz", Guard::Public, ready)
        .get("/api/openapi.json", Guard::Public, openapi)
}

/// Mounted on the operations port only.
pub fn mount_metrics(config: &mut web::ServiceConfig) {
    Routes::new()
        .get("/metrics", Guard::Public, metrics)
        .mount(config);
    config.default_service(web::to(failure::not_found));
}

#[utoipa::path(get, path = "/healthz", tag = "ops", responses((status = 200, description = "The process answers", body = String)))]
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

#[utoipa::path(
    get, path = "/readyz", tag = "ops",
    responses((status = 200, description = "All checks are well", body = Readiness), (status = 503, body = Readiness))
)]
pub async fn ready(app: Data<App>) -> HttpResponse {
    let database = app.db.read(super::store::answers).await;
    let backlog = app.db.backlog();
    let checks = vec![
        check(
            "database",
            database
                .map(|()| "answers".to_owned())
                .map_err(|error: DbError| failure::chain(&error)),
        ),
        check(
            "writer",
            if backlog.jobs < MOST_WAITING_JOBS {
                Ok(format!("{} jobs wait", backlog.jobs))
            } else {
                Err(format!("{} jobs wait", backlog.jobs))
            },
        ),
    ];
    let ready = checks.iter().all(|check| check.well);
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response.json(Readiness { ready, checks })
}

/// Ten full groups: the writer is far behind what comes in.
const MOST_WAITING_JOBS: usize = 10_000;

fn check(name: &str, outcome: Result<String, String>) -> Check {
    Check {
        name: name.to_owned(),
        well: outcome.is_ok(),
        detail: outcome.unwrap_or_else(|trouble| trouble),
    }
}

#[utoipa::path(get, path = "/api/openapi.json", tag = "ops", responses((status = 200, description = "This document", body = serde_json::Value)))]
pub async fn openapi() -> Result<HttpResponse, Failure> {
    // The same for everyone, and large: anybody may ask for it, so it is made once.
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = match TEXT.get() {
        Some(text) => text,
        None => {
            let made = super::openapi::document()
                .to_json()
                .map_err(|source| Failure::Internal {
                    step: "write the API's description",
                    source: source.into(),
                })?;
            TEXT.get_or_init(|| made)
        }
    };
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(text.as_str()))
}

async fn metrics(app: Data<App>) -> Result<HttpResponse, Failure> {
    let text = app.metrics.text(&app).map_err(|source| Failure::Internal {
        step: "read the metrics",
        source: source.into(),
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(text))
}
