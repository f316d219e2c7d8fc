//! The manufacturer's fleet. No patient data, by design: see `devices::DeviceSummary`.

use serde::{Deserialize, Serialize};

/// `GET /api/v1/fleet/counts`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FleetCounts {
    pub total: u64,
    pub connected: u64,
    /// Silent for longer than the model's own interval allows.
    pub not_seen: u64,
    pub with_faults: u64,
}
