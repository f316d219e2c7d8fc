//! What a patient shares and with whom, and who looked.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ConsentId, OrganisationId, PatientId},
    time::Instant,
    unprintable::never_printed,
};

never_printed!(Sharing, GiveConsent, AccessLog, AccessLook);

words! {
    /// What a consent is for.
    ConsentPurpose {
        /// The maker may see measurements while it helps with the device, each time for a limited time.
        ManufacturerSupport = "manufacturer_support",
        Research = "research",
        /// One person, by name.
        NamedPerson = "named_person",
    }
}

impl ConsentPurpose {
    /// Which words the page shows. New words get a new number: a consent says what it was given to.
    pub const fn wording(self) -> &'static str {
        match self {
            ConsentPurpose::ManufacturerSupport => "manufacturer_support/1",
            ConsentPurpose::Research => "research/1",
            ConsentPurpose::NamedPerson => "named_person/1",
        }
    }
}

/// `GET /api/v1/me/consents`: every choice there is, given or not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sharing {
    pub patient: PatientId,
    /// The patient's first name, for someone who acts for them.
    pub given_name: String,
    pub yours: bool,
    pub choices: Vec<SharingChoice>,
    pub people: Vec<SharedWith>,
    /// The zone of the patient's home.
    pub time_zone: String,
    pub server_time: Instant,
}

/// Sharing with one organisation for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SharingChoice {
    pub purpose: ConsentPurpose,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    /// In force now; none when it was never given, or withdrawn.
    pub given: Option<GivenConsent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenConsent {
    pub id: ConsentId,
    /// How often it was given, this time included.
    pub version: u32,
    pub since: Instant,
}

/// Sharing with one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SharedWith {
    pub consent: GivenConsent,
    pub name: String,
    pub role: String,
    pub organisation_name: String,
}

/// `POST /api/v1/me/consents`. Giving what is given already changes nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GiveConsent {
    /// With the maker of one of the patient's devices.
    ManufacturerSupport { organisation: OrganisationId },
    /// With whoever cares for the patient.
    Research {},
    /// How the person signs in, as they tell it.
    NamedPerson { login: String },
}

/// `GET /api/v1/me/access-log`: who looked, newest first, a month at a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessLog {
    pub looks: Vec<AccessLook>,
    /// Nothing before this moment is in `looks`.
    pub from: Instant,
    /// Hand it back as `?after=` for what came before; none when nothing did.
    pub next: Option<String>,
    pub yours: bool,
    pub given_name: String,
    /// Days and times are those of the patient's home.
    pub time_zone: String,
    pub server_time: Instant,
}

/// One person's looks of one day, in words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessLook {
    pub first: Instant,
    pub last: Instant,
    pub times: u32,
    pub kind: LookKind,
    /// `Rosa Lind, Larkfield Sleep Clinic`.
    pub who: String,
    /// `Respiratory technician`; none where the organisation stands for its people.
    pub role: Option<String>,
    /// `Saw your name and your measurements.`
    pub what: String,
    /// `is in your care team`.
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LookKind {
    Care,
    /// Someone who acts for the patient, or whom the patient named.
    Chosen,
    /// The device and nothing of the patient.
    Device,
    Emergency,
    Office,
}
