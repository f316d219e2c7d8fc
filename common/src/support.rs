//! A device that its custodian opens to one person at its maker, for a while.

use serde::{Deserialize, Serialize};

use crate::{
    id::{IntervalId, PersonId},
    time::Instant,
};

/// Longer than this is no help with one fault.
pub const LONGEST_HOURS: u8 = 24;

/// `GET /api/v1/devices/{id}/support-access`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SupportAccess {
    pub maker_name: String,
    /// To whom it is open now, the one that ends first first.
    pub open: Vec<OpenedTo>,
    /// To whom it can be opened: the maker's support agents, by name.
    pub agents: Vec<SupportAgent>,
    pub server_time: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedTo {
    pub grant: IntervalId,
    pub name: String,
    /// Who opened it.
    pub by: String,
    pub until: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SupportAgent {
    pub person: PersonId,
    pub name: String,
}

/// `POST /api/v1/devices/{id}/support-access`. What is measured is seen only while the patient agrees too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenToSupport {
    pub person: PersonId,
    /// From now, 1 to [`LONGEST_HOURS`].
    pub hours: u8,
}
