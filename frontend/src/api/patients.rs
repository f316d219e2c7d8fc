//! People treated at home.

use fleetward_common::{
    care::{HomePatient, OwnPage},
    page::Page,
};

use super::{
    ApiError,
    client::{get, with_query},
};

pub async fn home_patients(after: Option<String>) -> Result<Page<HomePatient>, ApiError> {
    get(&with_query("patients", &[("after", after)])).await
}

pub async fn own_page() -> Result<OwnPage, ApiError> {
    get("me").await
}
