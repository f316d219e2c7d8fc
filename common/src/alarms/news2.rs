//! National Early Warning Score 2, as it is told (RCP 2017). How it is computed: `backend/src/alarms/news2.rs`.

use serde::{Deserialize, Serialize};

use crate::{time::Instant, unit::Decimal};

/// What the score is made of, in the order of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Input {
    RespirationRate,
    Spo2,
    AirOrOxygen,
    SystolicPressure,
    Pulse,
    Consciousness,
    Temperature,
}

impl Input {
    pub const ALL: [Input; 7] = [
        Input::RespirationRate,
        Input::Spo2,
        Input::AirOrOxygen,
        Input::SystolicPressure,
        Input::Pulse,
        Input::Consciousness,
        Input::Temperature,
    ];

    /// As part of a sentence: "missing: consciousness, temperature".
    pub const fn words(self) -> &'static str {
        match self {
            Input::RespirationRate => "respiration rate",
            Input::Spo2 => "SpO2",
            Input::AirOrOxygen => "air or oxygen",
            Input::SystolicPressure => "systolic pressure",
            Input::Pulse => "pulse",
            Input::Consciousness => "consciousness",
            Input::Temperature => "temperature",
        }
    }
}

/// ACVPU: alert, new confusion, responds to voice, to pain, unresponsive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Consciousness {
    Alert,
    Confused,
    Voice,
    Pain,
    Unresponsive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Breathing {
    Air,
    Oxygen,
}

/// One input that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scored {
    pub input: Input,
    /// 0 to 3.
    pub score: u8,
    /// Absent for what is no number.
    pub value: Option<Decimal>,
    pub at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Risk {
    Low,
    /// 3 in one input, whatever the total.
    LowMedium,
    Medium,
    High,
}

impl Risk {
    pub const fn response(self) -> &'static str {
        match self {
            Risk::Low => "A registered nurse assesses.",
            Risk::LowMedium => "Urgent ward review: one value alone scores 3.",
            Risk::Medium => "Urgent review by somebody with acute-illness competence, within 1 h.",
            Risk::High => "Emergency assessment by the critical-care team, within 30 min.",
        }
    }
}

/// Either all seven inputs are fresh and there is a total, or what is missing is named and there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct News2 {
    pub total: Option<u8>,
    pub risk: Option<Risk>,
    pub scores: Vec<Scored>,
    /// Never measured, or too old to count.
    pub missing: Vec<Input>,
}
