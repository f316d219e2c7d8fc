//! Who is signed in.

use fleetward_common::identity::SessionView;

use super::{ApiError, client};

pub async fn current() -> Result<SessionView, ApiError> {
    client::get("session").await
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
