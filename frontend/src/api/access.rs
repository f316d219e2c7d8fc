//! What this session may do, and the policy that says so.

use fleetward_common::access::{Capabilities, Kind, PolicyView};

use super::{
    ApiError,
    client::{get, with_query},
};

pub async fn capabilities() -> Result<Capabilities, ApiError> {
    get("capabilities").await
}

/// What may be done to one row now.
pub async fn capabilities_on(kind: Kind, id: String) -> Result<Capabilities, ApiError> {
    let pairs = [("kind", Some(kind.as_str().to_owned())), ("id", Some(id))];
    get(&with_query("capabilities", &pairs)).await
}

pub async fn policy() -> Result<PolicyView, ApiError> {
    get("policy").await
}
