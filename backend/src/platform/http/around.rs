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

use super::{Failure, csrf, headers, limits};
use crate::app::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static REQUEST: RequestId;
}

/// The request this task answers, if it answers one.
pub fn current_request() -> Option<RequestId> {
    REQUEST.try_with(|id| *id).ok()
}

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
    REQUEST.scope(id, answer(app, id, request, next)).await
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
    let refusal = csrf::check(request.head())
        .and_then(|()| limits::check(request.head()))
        .err();
    let mut response = match refusal {
        Some(refusal) => request
            .into_response(refusal.error_response())
            .map_into_right_body(),
        None => match next.call(request).await {
            Ok(response) => response.map_into_left_body(),
            Err(error) => return Err(error),
        },
    };
    headers::harden(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let duration_ms = app.clock.now().since(received).as_millis() as u64;
    tracing::info!(request.id = %id, %method, route = %pattern, status, duration_ms, "answered {status} in {duration_ms} ms");
    Ok(response)
}
