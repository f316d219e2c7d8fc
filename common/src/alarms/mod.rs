//! Alarms, shaped by IEC 60601-1-8: what is wrong ([`Condition`]) and how loudly it is said
//! ([`Signal`]) are two things. Everything a hospital's record needs of an alarm (IHE ACM, FHIR) can be
//! told from these words.

mod condition;
pub mod lane;
pub mod news2;
mod rules;

pub use condition::{BadCondition, Condition, Side};
pub use rules::{BadRules, Bound, Level, LimitRule, RuleSet, Step, Technical};

use serde::{Deserialize, Serialize};

use crate::{
    id::{AlarmId, BedId, DeviceId, PatientId, PersonId, UnitId},
    time::Instant,
    unit::Decimal,
};

/// How urgent. Orders by urgency: `High` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Priority {
    Low,
    Medium,
    High,
}

impl Priority {
    pub const ALL: [Priority; 3] = [Priority::Low, Priority::Medium, Priority::High];

    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word)
    }

    /// A latching alarm stays until somebody has acknowledged it, though its cause is over. After IEC
    /// 60601-1-8 that is a choice of the maker; here: High latches, the others end with their cause.
    pub const fn latches(self) -> bool {
        matches!(self, Priority::High)
    }

    /// IHE ACM, code set 68484.
    pub const fn acm(self) -> &'static str {
        match self {
            Priority::Low => "PL",
            Priority::Medium => "PM",
            Priority::High => "PH",
        }
    }
}

/// About the patient, or about what watches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlarmKind {
    Physiological,
    Technical,
}

/// How the cause stands (IHE ACM, code set 68482).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "presence")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Presence {
    Active,
    /// The cause is over, and nobody has acknowledged the alarm yet.
    Latched {
        over_at: Instant,
    },
    Ended {
        at: Instant,
        because: Ending,
    },
}

impl Presence {
    pub const fn is_open(self) -> bool {
        !matches!(self, Presence::Ended { .. })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Ending {
    /// What was measured came back, the probe is on again, the device is heard again.
    CauseOver,
    /// The patient left the bed.
    PatientLeft,
    /// The device was taken off the patient.
    DeviceLeft,
    /// The rule that raised it is in force no more.
    RuleChanged,
}

impl Ending {
    pub const ALL: [Ending; 4] = [
        Ending::CauseOver,
        Ending::PatientLeft,
        Ending::DeviceLeft,
        Ending::RuleChanged,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Ending::CauseOver => "cause_over",
            Ending::PatientLeft => "patient_left",
            Ending::DeviceLeft => "device_left",
            Ending::RuleChanged => "rule_changed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == word)
    }
}

/// Who did something to an alarm, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deed {
    pub by: PersonId,
    /// Of staff, as printed: `R. Okafor`.
    pub name: String,
    pub at: Instant,
}

/// One alarm from its first moment to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    pub id: AlarmId,
    pub unit: UnitId,
    pub bed: BedId,
    pub patient: PatientId,
    pub device: DeviceId,
    pub condition: Condition,
    pub kind: AlarmKind,
    pub priority: Priority,
    /// When the cause began, as it was measured.
    pub since: Instant,
    /// When this alarm was raised here.
    pub raised_at: Instant,
    /// What crossed the limit, and the limit.
    pub value: Option<Decimal>,
    pub limit: Option<Decimal>,
    #[serde(flatten)]
    pub presence: Presence,
    /// The first who said that they saw it. Later ones change nothing.
    pub acknowledged: Option<Deed>,
    /// Who is asked to come now.
    pub asked: Level,
}

/// How loudly an open alarm is said on a board. The board's deeds never reach the bedside device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "signal")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlarmSignal))]
pub enum Signal {
    Sounding,
    /// Silent and steady: somebody owns it.
    Acknowledged,
    /// Flashes without sound until then.
    Paused {
        until: Instant,
    },
    /// Neither flashes nor sounds; the board says so all the time.
    Off {
        until: Instant,
    },
}

/// The sound of one bed is off for at most this long.
pub const LONGEST_PAUSE_S: u64 = 120;
/// A bed's alarms are off for at most this long.
pub const LONGEST_OFF_S: u64 = 12 * 3_600;

/// `POST /api/v1/beds/{id}/alarms/off`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchOff {
    pub reason: OffReason,
    pub until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OffReason {
    /// Washing, turning, physiotherapy.
    Care,
    /// A procedure at the bed, with staff present.
    Procedure,
    /// The patient is away from the bed.
    Away,
    /// Comfort care: nobody will act on these numbers.
    Comfort,
}

impl OffReason {
    pub const ALL: [OffReason; 4] = [
        OffReason::Care,
        OffReason::Procedure,
        OffReason::Away,
        OffReason::Comfort,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            OffReason::Care => "care",
            OffReason::Procedure => "procedure",
            OffReason::Away => "away",
            OffReason::Comfort => "comfort",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_is_more_urgent_than_medium_and_medium_than_low() {
        assert!(Priority::High > Priority::Medium && Priority::Medium > Priority::Low);
    }

    #[test]
    fn only_a_high_alarm_waits_for_somebody_after_its_cause_is_over() {
        let latching: Vec<_> = Priority::ALL.into_iter().filter(|p| p.latches()).collect();
        assert_eq!(latching, [Priority::High]);
    }
}
