//! Reading a body: whole, small and soon, or not at all.

use actix_web::{
    HttpRequest,
    http::header,
    web::{Bytes, BytesMut, Payload},
};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::{Failure, limits};

/// An object, as each body that the API describes is one.
pub async fn json<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<T, Failure> {
    if !has_media_type(request, "application/json") {
        return Err(Failure::UnsupportedMediaType);
    }
    let bytes = whole(payload).await?;
    // A struct would take a list of its fields too, in an order that nobody promised.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::BadRequest(
            "Check the request: its body is no JSON object.".to_owned(),
        ));
    }
    serde_json::from_slice(&bytes).map_err(Failure::bad_request)
}

/// The fields of an HTML form, in order.
pub async fn form(request: &HttpRequest, payload: Payload) -> Result<Vec<(String, String)>, Failure> {
    if !is_form(request) {
        return Err(Failure::UnsupportedMediaType);
    }
    let bytes = whole(payload).await?;
    let text = std::str::from_utf8(&bytes).map_err(Failure::bad_request)?;
    actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map(actix_web::web::Query::into_inner)
        .map_err(Failure::bad_request)
}

pub fn is_form(request: &HttpRequest) -> bool {
    has_media_type(request, "application/x-www-form-urlencoded")
}

fn has_media_type(request: &HttpRequest, wanted: &str) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(wanted))
}

async fn whole(mut payload: Payload) -> Result<Bytes, Failure> {
    let read = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(Failure::bad_request)?;
            if bytes.len() + chunk.len() > limits::MAX_BODY_BYTES {
                return Err(Failure::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    match tokio::time::timeout(limits::BODY_TIMEOUT, read).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(Failure::BadRequest(
            "The request took too long to arrive. Try again.".to_owned(),
        )),
    }
}
