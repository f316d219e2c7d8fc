//! `GET /live`: one socket per tab.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};

use super::session;
use crate::{
    app::App,
    identity::Watching,
    platform::http::{Failure, Guard, Routes, csrf},
};

pub fn routes() -> Routes {
    Routes::new().get("/live", Guard::Stream, open)
}

/// Far above what a tab has to say.
const MOST_CLIENT_BYTES: usize = 8 * 1024;

#[utoipa::path(
    get, path = "/api/v1/live", tag = "live",
    description = "A WebSocket. Text messages are JSON: subscriptions up, updates down. Binary messages down are wave blocks.",
    responses((status = 101, description = "Switching protocols"), (status = 401, body = fleetward_common::error::ErrorBody))
)]
pub async fn open(
    app: Data<App>,
    Watching(watching): Watching,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Failure> {
    csrf::check_socket(request.head())?;
    let (response, socket, messages) =
        actix_ws::handle(&request, body).map_err(|error| Failure::BadRequest(format!("{error}.")))?;
    let messages = messages
        .max_frame_size(MOST_CLIENT_BYTES)
        .aggregate_continuations()
        .max_continuation_size(MOST_CLIENT_BYTES);
    actix_web::rt::spawn(session::run(app, watching, socket, messages));
    Ok(response)
}
