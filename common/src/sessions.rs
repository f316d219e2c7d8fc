//! The sessions of one person, and the screens that belong to a ward instead of a person.

use serde::{Deserialize, Serialize};

use crate::{
    access::Role,
    id::{PersonId, SessionId, StationId, UnitId},
    text::StationName,
    time::Instant,
};

/// One line of `GET /api/v1/sessions`: where this person is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenSession {
    pub id: SessionId,
    /// The one that asks.
    pub is_this: bool,
    /// "Chrome on Linux", as the browser says of itself.
    pub browser: String,
    /// The network it came from, not the machine: `10.0.4.x`.
    pub network: String,
    /// The ward's screen on which the person acts for a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_station: Option<String>,
    pub since: Instant,
    pub last_used: Instant,
    pub expires_at: Instant,
}

/// `POST /api/v1/stations`: this browser becomes the screen of a ward, and whoever asked is signed out
/// of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolStation {
    pub unit: UnitId,
    pub name: StationName,
}

/// A ward's screen, as the page on it needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StationView {
    pub id: StationId,
    pub name: String,
    pub unit: UnitId,
    /// Someone acts on it now: then the session is theirs. Otherwise it is the screen's own.
    pub acting: bool,
}

/// Who acted on this screen lately: one press away in the window that asks who is acting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecentPerson {
    pub person: PersonId,
    pub name: String,
    pub role: Role,
    pub login: String,
    pub acted_at: Instant,
}
