//! The screens of wards.

use fleetward_common::{
    id::{StationId, UnitId},
    sessions::{EnrolStation, RecentPerson},
    text::StationName,
};

use super::{
    ApiError,
    client::{delete, get, tell},
};

/// This browser becomes the screen of a ward, and nobody's any more.
pub async fn enrol(unit: UnitId, name: StationName) -> Result<(), ApiError> {
    tell("stations", &EnrolStation { unit, name }).await
}

pub async fn retire(station: StationId) -> Result<(), ApiError> {
    delete(&format!("stations/{station}")).await
}

/// Who acted on this screen in the last day.
pub async fn acted_lately() -> Result<Vec<RecentPerson>, ApiError> {
    get("station/people").await
}
