//! Devices: the link protocol, and how a device looks in the API.

pub mod history;
pub mod link;

use serde::{Deserialize, Serialize};

use crate::{
    id::{DeviceId, DeviceModelId},
    metric::{FreshnessBudget, MetricCode},
    text::{FaultCode, SerialNumber, SoftwareVersion},
    time::{Instant, SampleRate},
    unit::{Decimal, Unit},
};
use link::NoValue;

/// What sort of thing a device is. 11073 calls it the medical device system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeviceType {
    PatientMonitor,
    InfusionPump,
    Ventilator,
    Cpap,
    BloodPressureCuff,
    PulseOximeter,
    ContinuousGlucoseMonitor,
    Scale,
}

impl DeviceType {
    pub const ALL: &'static [DeviceType] = &[
        DeviceType::PatientMonitor,
        DeviceType::InfusionPump,
        DeviceType::Ventilator,
        DeviceType::Cpap,
        DeviceType::BloodPressureCuff,
        DeviceType::PulseOximeter,
        DeviceType::ContinuousGlucoseMonitor,
        DeviceType::Scale,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            DeviceType::PatientMonitor => "patient_monitor",
            DeviceType::InfusionPump => "infusion_pump",
            DeviceType::Ventilator => "ventilator",
            DeviceType::Cpap => "cpap",
            DeviceType::BloodPressureCuff => "blood_pressure_cuff",
            DeviceType::PulseOximeter => "pulse_oximeter",
            DeviceType::ContinuousGlucoseMonitor => "continuous_glucose_monitor",
            DeviceType::Scale => "scale",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// ISO/IEEE 11073-10101 code of the device system.
    pub const fn mdc(self) -> u32 {
        match self {
            DeviceType::PatientMonitor => 69_965,
            DeviceType::InfusionPump => 70_049,
            DeviceType::Ventilator => 70_001,
            DeviceType::Cpap => 528_532,
            DeviceType::BloodPressureCuff => 528_391,
            DeviceType::PulseOximeter => 528_388,
            DeviceType::ContinuousGlucoseMonitor => 528_409,
            DeviceType::Scale => 528_399,
        }
    }
}

/// How the line to a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Connection {
    NeverSeen,
    Connected {
        since: Instant,
    },
    /// The line broke or the device has been silent: shown as gone, with the moment it was last heard.
    Gone {
        since: Instant,
    },
}

/// The technical slice of a device: what biomedical engineers and the maker see. No value, no name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceSummary {
    pub id: DeviceId,
    pub serial: SerialNumber,
    pub model: ModelSummary,
    pub software: Option<SoftwareVersion>,
    /// A spoken site code (`HERON-11`) for the maker; the place's name for its custodian.
    pub site: Option<String>,
    pub connection: Connection,
    pub last_seen: Option<Instant>,
    pub battery_percent: Option<Decimal>,
    pub faults: Vec<FaultCode>,
    /// Positive: the device's clock is ahead. Measured at the last `Hello`.
    pub clock_offset_ms: Option<i64>,
    pub clock_trusted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelSummary {
    pub id: DeviceModelId,
    /// `Monitor M40`
    pub name: String,
    pub device_type: DeviceType,
    /// How long this model may be silent before it counts as not seen.
    pub expected_interval_s: u32,
}

/// The clinical slice: what the device measures now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelState {
    pub metric: MetricCode,
    pub unit: Option<Unit>,
    pub signal: Signal,
    pub latest: Option<Reading>,
    /// When the newest reading is one without a value: the last one that had a value.
    pub last_known: Option<Reading>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Signal {
    Numeric { budget: FreshnessBudget },
    Wave { rate: SampleRate, exponent: i8 },
}

/// One reading as people see it. `at` is when it was measured, on the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reading {
    pub at: Instant,
    #[serde(flatten)]
    pub value: Value,
    /// Shown though its commit is more than 1 s late: "NOT RECORDED".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unrecorded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Value {
    Known(Decimal),
    /// Outside the accepted range: kept, marked, never shown as valid.
    Implausible(Decimal),
    Absent(NoValue),
}

/// The composition a page gets: only the slices its reader may see are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceView {
    pub technical: Option<DeviceSummary>,
    pub clinical: Option<Vec<ChannelState>>,
}
