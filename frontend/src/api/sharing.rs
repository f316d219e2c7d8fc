//! What a patient shares, and who looked.

use fleetward_common::{
    id::ConsentId,
    sharing::{AccessLog, GiveConsent, Sharing},
};

use super::{
    ApiError,
    client::{delete_for, get, post, with_query},
};

pub async fn access_log(after: Option<String>) -> Result<AccessLog, ApiError> {
    get(&with_query("me/access-log", &[("after", after)])).await
}

pub async fn sharing() -> Result<Sharing, ApiError> {
    get("me/consents").await
}

pub async fn give(consent: &GiveConsent) -> Result<Sharing, ApiError> {
    post("me/consents", consent).await
}

pub async fn withdraw(id: ConsentId) -> Result<Sharing, ApiError> {
    delete_for(&format!("me/consents/{id}")).await
}
