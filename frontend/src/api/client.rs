//! One request, one answer. JSON in both directions, the session in the cookie.

use fleetward_common::{
    error::{ErrorBody, ErrorCode},
    time::Instant,
};
use gloo_net::http::{Request, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::ApiError;

const ROOT: &str = "/api/v1/";

pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    let response = Request::get(&format!("{ROOT}{path}"))
        .header("Accept", "application/json")
        // Pages ask by themselves too; that someone is there is told by `session::present`.
        .header("X-Unattended", "yes")
        .send()
        .await
        .or(Err(ApiError::NoAnswer))?;
    read(response).await
}

/// For what is handed on as it came.
pub async fn get_text(path: &str) -> Result<String, ApiError> {
    let response = Request::get(&format!("{ROOT}{path}"))
        .send()
        .await
        .or(Err(ApiError::NoAnswer))?;
    if !response.ok() {
        return Err(refusal(response).await);
    }
    response.text().await.or(Err(ApiError::NoAnswer))
}

/// Sends JSON and reads the JSON that comes back.
pub async fn post<B: Serialize, T: DeserializeOwned>(path: &str, body: &B) -> Result<T, ApiError> {
    read(send(path, body).await?).await
}

/// Sends JSON; that it was taken is the whole answer.
pub async fn tell<B: Serialize>(path: &str, body: &B) -> Result<(), ApiError> {
    let response = send(path, body).await?;
    if response.ok() {
        Ok(())
    } else {
        Err(refusal(response).await)
    }
}

async fn send<B: Serialize>(path: &str, body: &B) -> Result<Response, ApiError> {
    Request::post(&format!("{ROOT}{path}"))
        .header("Accept", "application/json")
        .json(body)
        .or(Err(ApiError::NoAnswer))?
        .send()
        .await
        .or(Err(ApiError::NoAnswer))
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    if !response.ok() {
        return Err(refusal(response).await);
    }
    let status = response.status();
    let text = response.text().await.or(Err(ApiError::NoAnswer))?;
    serde_json::from_str(&text).or(Err(ApiError::Unreadable { status }))
}

/// Takes something away and reads what holds then.
pub async fn delete_for<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    let response = Request::delete(&format!("{ROOT}{path}"))
        .send()
        .await
        .or(Err(ApiError::NoAnswer))?;
    read(response).await
}

pub async fn delete(path: &str) -> Result<(), ApiError> {
    let response = Request::delete(&format!("{ROOT}{path}"))
        .send()
        .await
        .or(Err(ApiError::NoAnswer))?;
    if response.ok() {
        Ok(())
    } else {
        Err(refusal(response).await)
    }
}

async fn refusal(response: Response) -> ApiError {
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    match serde_json::from_str::<ErrorBody>(&body) {
        Ok(body) => ApiError::Refused(body),
        // A 401 sends the person to the sign-in page whatever stands in it.
        Err(_) if status == 401 => ApiError::Refused(ErrorBody {
            code: ErrorCode::SignInRequired,
            message: "Please sign in.".to_owned(),
            request: None,
        }),
        Err(_) => ApiError::Unreadable { status },
    }
}

/// `name=value` pairs behind a path; values that are absent or empty are left out.
pub fn with_query(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let mut url = path.to_owned();
    let mut mark = '?';
    for (name, value) in pairs {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            url.push(mark);
            url.push_str(name);
            url.push('=');
            url.push_str(&String::from(js_sys::encode_uri_component(value)));
            mark = '&';
        }
    }
    url
}

/// How history queries write an instant.
pub fn micros(at: Instant) -> Option<String> {
    Some(at.micros().to_string())
}
