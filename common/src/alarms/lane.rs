//! What a ward's screens are told of alarms: the state once, then every change of it, numbered, none left out.

use serde::{Deserialize, Serialize};

use super::{Alarm, Deed, LimitRule, OffReason, Side};
use crate::{
    id::{AlarmId, BedId},
    metric::MetricCode,
    time::Instant,
    unit::Decimal,
};

/// `GET /api/v1/wards/{id}/alarms`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WardAlarms {
    /// All changes up to this one are in here: subscribe to what came after it.
    pub number: u64,
    /// Open ones, oldest first.
    pub alarms: Vec<Alarm>,
    /// Beds of which something is silent or changed.
    pub beds: Vec<BedState>,
    pub server_time: Instant,
}

/// What is silent or changed at one bed, on every screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BedState {
    pub bed: BedId,
    pub pause: Option<SoundPause>,
    pub off: Option<AlarmsOff>,
    /// Limits of the patient's own that differ from the unit's.
    pub limits: Vec<ChangedLimit>,
}

impl BedState {
    /// A bed of which nothing is silent and nothing is changed.
    pub const fn plain(bed: BedId) -> Self {
        Self {
            bed,
            pause: None,
            off: None,
            limits: Vec::new(),
        }
    }

    pub const fn is_plain(&self) -> bool {
        self.pause.is_none() && self.off.is_none() && self.limits.is_empty()
    }
}

/// One limit that is set differently for the patient at this bed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedLimit {
    pub metric: MetricCode,
    pub side: Side,
    /// Of the unit; `None` when it has none.
    pub usual: Option<Decimal>,
    /// Now; `None` when the patient has none.
    pub own: Option<Decimal>,
    pub by: String,
    pub at: Instant,
}

/// `GET /api/v1/patients/{id}/alarm-limits`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PatientLimits {
    /// Of the unit where the patient lies.
    pub unit: Vec<LimitRule>,
    /// The patient's own, in the place of the unit's.
    pub own: Vec<LimitRule>,
    /// How often they were changed.
    pub version: u64,
    /// Who changed them last.
    pub changed: Option<Deed>,
}

/// `POST /api/v1/patients/{id}/alarm-limits`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetLimits {
    pub own: Vec<LimitRule>,
    /// As it was read: what somebody else changed meanwhile is not overwritten unseen.
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SoundPause {
    pub by: String,
    pub until: Instant,
    /// What begins after the pause sounds.
    pub of: Vec<AlarmId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmsOff {
    pub by: String,
    pub reason: OffReason,
    pub until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlarmEvent {
    Raised,
    Latched,
    Returned,
    Acknowledged,
    Asked,
    Ended,
    SoundPaused,
    SoundResumed,
    SwitchedOff,
    SwitchedOn,
    LimitsChanged,
}

impl AlarmEvent {
    pub const ALL: [AlarmEvent; 11] = [
        AlarmEvent::Raised,
        AlarmEvent::Latched,
        AlarmEvent::Returned,
        AlarmEvent::Acknowledged,
        AlarmEvent::Asked,
        AlarmEvent::Ended,
        AlarmEvent::SoundPaused,
        AlarmEvent::SoundResumed,
        AlarmEvent::SwitchedOff,
        AlarmEvent::SwitchedOn,
        AlarmEvent::LimitsChanged,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            AlarmEvent::Raised => "raised",
            AlarmEvent::Latched => "latched",
            AlarmEvent::Returned => "returned",
            AlarmEvent::Acknowledged => "acknowledged",
            AlarmEvent::Asked => "asked",
            AlarmEvent::Ended => "ended",
            AlarmEvent::SoundPaused => "sound_paused",
            AlarmEvent::SoundResumed => "sound_resumed",
            AlarmEvent::SwitchedOff => "switched_off",
            AlarmEvent::SwitchedOn => "switched_on",
            AlarmEvent::LimitsChanged => "limits_changed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }
}

/// One change. The alarm and the bed are as they are when it is sent: a screen that missed some catches up
/// with the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmNews {
    pub number: u64,
    pub at: Instant,
    pub event: AlarmEvent,
    pub alarm: Option<Alarm>,
    pub state: BedState,
}
