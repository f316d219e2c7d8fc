//! Wards, beds, patients.

use serde::{Deserialize, Serialize};

use crate::{
    devices::{ChannelState, Connection, DeviceType, DeviceView},
    id::{BedId, DeviceId, PatientId, UnitId},
    identity::UnitSummary,
    metric::MetricCode,
    text::SerialNumber,
    time::Instant,
    unit::{Decimal, Unit},
    unprintable::never_printed,
};

never_printed!(
    WardBoard,
    BoardBed,
    Occupancy,
    PatientIdentity,
    HomePatient,
    OwnPage,
    Sentence,
    BedView,
    PatientSearch,
    PatientFound,
);

/// `GET /api/v1/wards/{id}`: the whole board in one answer. Then the socket keeps it moving.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WardBoard {
    pub ward: UnitSummary,
    pub organisation_name: String,
    pub server_time: Instant,
    /// In the order of the board; positions never change.
    pub beds: Vec<BoardBed>,
}

/// `GET /api/v1/wards`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WardSummary {
    pub ward: UnitSummary,
    pub beds: u32,
    pub occupied: u32,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardBed {
    pub id: BedId,
    pub ward: UnitId,
    /// As painted on the wall: `7`.
    pub label: String,
    pub occupancy: Occupancy,
    /// Devices at this bed, the monitor first.
    pub devices: Vec<BedDevice>,
}

/// What is in the bed. "Free" and "not monitored" differ: the second has a patient and no device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Occupancy {
    Free,
    Occupied {
        /// Only for those who may know who it is, as is the next.
        patient: Option<PatientId>,
        since: Instant,
        identity: Option<PatientIdentity>,
        /// Since when no device has been here, if none is.
        unmonitored_since: Option<Instant>,
    },
}

impl Occupancy {
    pub const fn patient(&self) -> Option<PatientId> {
        match self {
            Occupancy::Free => None,
            Occupancy::Occupied { patient, .. } => *patient,
        }
    }
}

/// Two identifiers, NHS CUI order: family name, given name, born, record number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PatientIdentity {
    pub family_name: String,
    pub given_name: String,
    /// ISO date.
    pub born: String,
    pub sex: Sex,
    pub record_number: String,
}

/// `POST /api/v1/patients/search`: one of the ways to find a patient. In the body, never in an address:
/// a name must not stand in a history or a log.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PatientSearch {
    RecordNumber {
        record_number: String,
    },
    /// The whole surname with the ISO date of birth. Case and accents don't matter.
    SurnameAndBirth {
        family_name: String,
        born: String,
    },
    /// The first three letters of a surname; what follows them is not looked at.
    SurnameStart {
        family_name: String,
    },
}

/// Enough to tell two people of one name apart.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PatientFound {
    pub patient: PatientId,
    pub identity: PatientIdentity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sex {
    Female,
    Male,
    Other,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BedDevice {
    pub device: DeviceId,
    pub serial: SerialNumber,
    pub device_type: DeviceType,
    /// Short model name for the foot of the tile: `M40`.
    pub model: String,
    pub connection: Connection,
    pub battery_percent: Option<Decimal>,
    /// Empty for those who may not see clinical values.
    pub channels: Vec<ChannelState>,
}

/// `GET /api/v1/patients`: the provider's home patients, those with the oldest data first.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HomePatient {
    pub patient: PatientId,
    pub identity: Option<PatientIdentity>,
    pub devices: Vec<HomeDevice>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HomeDevice {
    pub device: DeviceId,
    pub device_type: DeviceType,
    pub model: String,
    pub connection: Connection,
    pub last_data: Option<Instant>,
    /// How often this kind of device is expected to send.
    pub expected_interval_s: u32,
    /// The newest measurement worth a line, e.g. usage of the last night.
    pub headline: Vec<Measurement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measurement {
    pub metric: MetricCode,
    pub unit: Unit,
    pub value: Decimal,
    pub at: Instant,
}

/// `GET /api/v1/me`: the patient's own page.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnPage {
    pub patient: PatientId,
    pub given_name: String,
    /// The device's zone: nights run noon to noon in it.
    pub time_zone: String,
    /// One plain sentence: the last night, or the last measurement, or why there is none.
    pub sentence: Sentence,
    /// Oldest first; a night without data is `None`, never 0.
    pub nights: Vec<Night>,
    /// Other home measurements, newest first.
    pub measurements: Vec<Measurement>,
    pub devices: Vec<HomeDevice>,
    pub server_time: Instant,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sentence {
    pub text: String,
    pub detail: Option<String>,
    pub tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Tone {
    Good,
    Plain,
    NoData,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Night {
    /// The date on which the night began (noon to noon), ISO.
    pub date: String,
    pub usage_minutes: Option<u32>,
    pub ahi: Option<Decimal>,
    pub leak_p95: Option<Decimal>,
}

/// `GET /api/v1/beds/{id}`: one bed in full, for the drawer.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BedView {
    pub bed: BoardBed,
    pub devices: Vec<DeviceView>,
    pub server_time: Instant,
}

/// `POST /api/v1/patients/{id}/transfer`: the patient lies in this bed from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    pub bed: BedId,
}
