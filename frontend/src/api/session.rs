//! Who is signed in.

use fleetward_common::{
    id::SessionId,
    identity::{DemoPerson, SessionView, SignIn},
    sessions::OpenSession,
};

use serde_json::{Value, json};

use super::{ApiError, PasskeyError, client, passkeys};

pub async fn current() -> Result<SessionView, ApiError> {
    client::get("session").await
}

/// Proves who someone is: in a browser of their own, or for the moment on a ward's screen.
pub async fn sign_in(proof: SignIn) -> Result<SessionView, ApiError> {
    client::post("session", &proof).await
}

/// The same with a passkey, whichever the person chooses.
pub async fn sign_in_with_passkey() -> Result<SessionView, PasskeyError> {
    let options: Value = client::post("session/passkey/options", &json!({})).await?;
    let answer = passkeys::get(&options).await?;
    Ok(client::post("session/passkey", &answer).await?)
}

/// Someone touched this page: the time after which the session ends by itself begins anew.
pub async fn present() -> Result<SessionView, ApiError> {
    client::post("session/presence", &()).await
}

/// Everywhere this person is signed in.
pub async fn open() -> Result<Vec<OpenSession>, ApiError> {
    client::get("sessions").await
}

pub async fn end_one(session: SessionId) -> Result<(), ApiError> {
    client::delete(&format!("sessions/{session}")).await
}

pub async fn end_everywhere() -> Result<(), ApiError> {
    client::delete("sessions").await
}

/// The people of the demo; refused everywhere else.
pub async fn demo_people() -> Result<Vec<DemoPerson>, ApiError> {
    client::get("demo/people").await
}

pub async fn sign_out() -> Result<(), ApiError> {
    client::delete("session").await
}

/// To the sign-in page, if nobody is signed in here any more.
pub async fn leave_if_signed_out() {
    if current().await.is_err_and(|error| error.needs_sign_in()) {
        go_to_sign_in();
    }
}

/// Leaves the portal for the sign-in page, which is server HTML.
pub fn go_to_sign_in() {
    // Nothing is lost if the browser refuses: the page still says that nobody is signed in.
    let _ = gloo::utils::window().location().assign("/sign-in");
}

pub fn reload() {
    let _ = gloo::utils::window().location().reload();
}

/// The start page of whoever is signed in now, in the portal that is theirs.
pub fn go_home() {
    let _ = gloo::utils::window().location().assign("/");
}
