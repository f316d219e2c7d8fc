//! Devices and the fleet they make.

use fleetward_common::{
    devices::{DeviceSummary, DeviceView},
    fleet::FleetCounts,
    id::{DeviceId, IntervalId},
    page::Page,
    support::{OpenToSupport, SupportAccess},
};

use super::{
    ApiError,
    client::{delete, get, tell, with_query},
};

/// Which devices: what the address of the fleet page holds, handed to the server as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceFilter {
    pub q: Option<String>,
    pub state: Option<String>,
    pub after: Option<String>,
}

pub async fn list(filter: &DeviceFilter) -> Result<Page<DeviceSummary>, ApiError> {
    get(&with_query(
        "devices",
        &[
            ("q", filter.q.clone()),
            ("state", filter.state.clone()),
            ("after", filter.after.clone()),
        ],
    ))
    .await
}

pub async fn get_device(device: DeviceId) -> Result<DeviceView, ApiError> {
    get(&format!("devices/{device}")).await
}

pub async fn counts() -> Result<FleetCounts, ApiError> {
    get("fleet/counts").await
}

pub async fn support_access(device: DeviceId) -> Result<SupportAccess, ApiError> {
    get(&format!("devices/{device}/support-access")).await
}

pub async fn open_to_support(device: DeviceId, wanted: &OpenToSupport) -> Result<(), ApiError> {
    tell(&format!("devices/{device}/support-access"), wanted).await
}

pub async fn close_to_support(device: DeviceId, grant: IntervalId) -> Result<(), ApiError> {
    delete(&format!("devices/{device}/support-access/{grant}")).await
}
