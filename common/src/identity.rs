//! Signing in, and who is signed in.

use serde::{Deserialize, Serialize};

use crate::{
    access::{Portal, Role},
    id::{OrganisationId, PersonId, UnitId},
    sessions::StationView,
    time::Instant,
};

/// `POST /api/v1/session`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    pub login: String,
    pub password: String,
    /// Of the authenticator app, or a recovery code; only from those who are asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `GET /api/v1/session`: everything the portal's frame needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    pub person: PersonId,
    pub name: String,
    pub role: Role,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub portal: Portal,
    /// Wards or clinics of this membership, now.
    pub units: Vec<UnitSummary>,
    pub expires_at: Instant,
    /// Untouched, the session ends here; a ward's session then goes on showing its board.
    pub idle_until: Instant,
    /// This browser is the screen of a ward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<StationView>,
    pub server_time: Instant,
}

impl SessionView {
    /// Only the board may be looked at: a screen on which nobody acts, or a ward's own session that
    /// nobody has touched for too long.
    pub fn only_the_board(&self, now: Instant) -> bool {
        let nobody_acts = self.station.as_ref().is_some_and(|station| !station.acting);
        nobody_acts || (self.portal == Portal::Ward && self.idle_until <= now)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitSummary {
    pub id: UnitId,
    pub name: String,
    /// IANA name; ward times are shown in it.
    pub time_zone: String,
}

/// `GET /api/v1/demo/people`, in demo mode only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DemoPerson {
    pub login: String,
    pub password: String,
    pub name: String,
    pub role: Role,
    pub organisation: String,
    /// What this person sees, in the person's words: the line on the sign-in card.
    pub sees: String,
    /// Base32, for those who have an authenticator app: what it makes its codes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code_secret: Option<String>,
}
