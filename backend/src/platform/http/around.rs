//! What happens around every request: an id, a verdict on where it came from, headers, one log line.

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use fleetward_common::id::RequestId;
use sha2::{Digest, Sha256};

use super::{Failure, Tariff, asking::Asking, budget::Place, caller, csrf, headers, limits};
use crate::{app::App, platform::db::statements};

/// Read here only to tell one bucket from another; `identity` says what it is worth.
pub const SESSION_COOKIE: &str = "__Host-session";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn around<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        let refusal = Failure::Internal {
            step: "find the app of this request",
            source: "no app data".into(),
        };
        return Ok(request
            .into_response(refusal.error_response())
            .map_into_right_body());
    };
    let id = RequestId::new(app.clock.now(), app.clock.entropy());
    Asking::new(id).scope(answer(app, id, request, next)).await
}

/// Draws what the request costs and takes a place for it. The metrics' own port counts nothing.
fn admit(app: &App, request: &ServiceRequest, pattern: &str) -> Result<Option<Place>, Failure> {
    let Some(tariff) = request.app_data::<Data<Tariff>>() else {
        return Ok(None);
    };
    let (cost, lane) = tariff.price(request.method(), pattern);
    let session = request
        .request()
        .cookie(SESSION_COOKIE)
        .map(|cookie| Sha256::digest(cookie.value().as_bytes()).into());
    let address = caller::address(request.request());
    let standing = app.budgets.draw(lane, cost, session, address, app.clock.now())?;
    app.budgets.take_place(lane, standing).map(Some)
}

async fn answer<B: MessageBody + 'static>(
    app: Data<App>,
    id: RequestId,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let received = app.clock.now();
    let method = request.method().clone();
    // The pattern, not the path: ids in a path would put people into the log.
    let pattern = request.match_pattern().unwrap_or_else(|| "(none)".to_owned());
    let secure = request.app_config().secure();
    let admitted = csrf::check(request.head())
        .and_then(|()| limits::check(request.head()))
        .and_then(|()| admit(&app, &request, &pattern));
    let (mut response, statements) = match admitted {
        Err(refusal) => {
            let response = request.into_response(refusal.error_response());
            (response.map_into_right_body(), 0)
        }
        Ok(_place) => match statements::counted(next.call(request)).await {
            (Ok(response), statements) => (response.map_into_left_body(), statements),
            (Err(error), _) => return Err(error),
        },
    };
    headers::harden(response.headers_mut(), secure);
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let duration_ms = app.clock.now().since(received).as_millis() as u64;
    app.http.answered(method.as_str(), &pattern, status, statements);
    tracing::info!(request.id = %id, %method, route = %pattern, status, duration_ms, statements, "answered {status} in {duration_ms} ms");
    Ok(response)
}
