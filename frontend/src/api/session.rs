//! Who is signed in.

use fleetward_common::identity::SessionView;

use super::{ApiError, client};

pub async fn current() -> Result<SessionView, ApiError> {
    client::get("session").await
}

pub async fn sign_out() -> Result<(), ApiError> {
    client::delete("session").await
}

/// Leaves the portal for the sign-in page, which is server HTML.
pub fn go_to_sign_in() {
    // Nothing is lost if the browser refuses: the page still says that nobody is signed in.
    let _ = gloo::utils::window().location().assign("/sign-in");
}

pub fn reload() {
    let _ = gloo::utils::window().location().reload();
}
