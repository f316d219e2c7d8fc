//! Opening a patient in an emergency: found exactly, opened for a reason, closed after minutes.

use serde::{Deserialize, Serialize};

use crate::{
    access::Purpose,
    care::{BoardBed, PatientIdentity},
    id::{BedId, PatientId, UnitId},
    identity::UnitSummary,
    time::Instant,
    unprintable::never_printed,
};

never_printed!(
    LookUp,
    FoundPatient,
    OpenInEmergency,
    EmergencyState,
    OpenEmergency,
    PatientRecord,
);

/// Why someone opens a patient whom nothing else opens to them. Nothing is chosen beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EmergencyReason {
    /// Collapse, arrest, rapid decline.
    Life,
    /// Here, but not yet admitted to the person who asks.
    Arrival,
    /// By a colleague; the list is not updated.
    Asked,
    /// The one who can answer it is not of this ward.
    Alarm,
}

impl EmergencyReason {
    /// In the order of the keys 1 to 4.
    pub const ALL: &'static [EmergencyReason] = &[
        EmergencyReason::Life,
        EmergencyReason::Arrival,
        EmergencyReason::Asked,
        EmergencyReason::Alarm,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            EmergencyReason::Life => "life",
            EmergencyReason::Arrival => "arrival",
            EmergencyReason::Asked => "asked",
            EmergencyReason::Alarm => "alarm",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }

    pub const fn purpose(self) -> Purpose {
        match self {
            EmergencyReason::Life => Purpose::EmergencyTreatment,
            EmergencyReason::Arrival => Purpose::EmergencyRoom,
            EmergencyReason::Asked | EmergencyReason::Alarm => Purpose::BreakTheGlass,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            EmergencyReason::Life => "Life in danger now",
            EmergencyReason::Arrival => "Emergency arrival",
            EmergencyReason::Asked => "Asked to treat at once",
            EmergencyReason::Alarm => "Alarm at the bed",
        }
    }

    pub const fn hint(self) -> &'static str {
        match self {
            EmergencyReason::Life => "Collapse, arrest, rapid decline",
            EmergencyReason::Arrival => "Here, but not yet admitted to me",
            EmergencyReason::Asked => "By a colleague, list not updated",
            EmergencyReason::Alarm => "I am the one who can answer it",
        }
    }
}

/// The fewest letters of a sentence that says anything.
pub const SHORTEST_SENTENCE: usize = 10;
pub const LONGEST_SENTENCE: usize = 500;

/// Whether this says something, in words, at a length that someone will read.
pub fn is_a_sentence(text: &str) -> bool {
    let words = text
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric));
    words.count() >= 2 && (SHORTEST_SENTENCE..=LONGEST_SENTENCE).contains(&text.trim().chars().count())
}

/// `POST /api/v1/emergency/look-up`: exactly one of the ways to name one patient. In the body, never in
/// an address: a record number must not stand in a history or a log.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LookUp {
    RecordNumber {
        record_number: String,
    },
    /// The ward, and what is painted on the wall.
    Place {
        ward: UnitId,
        bed: String,
    },
    /// A bed whose address the person has.
    Bed {
        bed: BedId,
    },
}

/// Enough for the two-identifier check, and nothing more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundPatient {
    pub patient: PatientId,
    pub identity: PatientIdentity,
    pub place: Option<Place>,
    /// Open to this person anyway; there is nothing to open.
    pub already_open: bool,
    pub recorded_at: Instant,
    /// Who will hear of an opening.
    pub told: Vec<Told>,
    pub review_hours: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    pub ward: UnitId,
    pub ward_name: String,
    pub time_zone: String,
    pub bed: BedId,
    pub bed_label: String,
}

/// Staff who are told of an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Told {
    pub name: String,
    pub role: String,
}

/// `POST /api/v1/patients/{id}/emergency` and `POST /api/v1/emergency/extension`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenInEmergency {
    pub reason: EmergencyReason,
    /// Read by the privacy officer, and perhaps by the patient.
    pub sentence: String,
}

/// `GET /api/v1/emergency`: what this session has open, if anything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmergencyState {
    pub open: Option<OpenEmergency>,
    pub server_time: Instant,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenEmergency {
    pub patient: PatientId,
    pub identity: Option<PatientIdentity>,
    pub reason: EmergencyReason,
    /// As the person wrote it.
    pub sentence: Option<String>,
    pub opened_at: Instant,
    pub closes_at: Instant,
    /// Once; with a reason and a sentence of its own.
    pub can_extend: bool,
    pub told: Vec<Told>,
    /// Views of this patient on record since the opening.
    pub views: u64,
}

/// `GET /api/v1/emergency/wards`: names to choose from, of this person's own hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmergencyWard {
    pub ward: UnitId,
    pub name: String,
}

/// `GET /api/v1/patients/{id}`: one patient, as far as the reader may see. Then the socket's topic
/// `patient/<id>` keeps it moving.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PatientRecord {
    pub patient: PatientId,
    pub identity: Option<PatientIdentity>,
    pub organisation_name: String,
    /// The ward and the bed; none for someone who lies in no bed.
    pub ward: Option<UnitSummary>,
    pub bed: Option<BoardBed>,
    /// How far back this reader may look; none: as far as there is anything.
    pub history_from: Option<Instant>,
    pub server_time: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_a_kind_of_emergency_treatment() {
        for reason in EmergencyReason::ALL {
            assert_eq!(EmergencyReason::parse(reason.as_str()), Some(*reason));
            assert!(
                reason
                    .purpose()
                    .with_ancestors()
                    .any(|purpose| purpose == Purpose::EmergencyTreatment)
            );
        }
    }

    #[test]
    fn ten_letters_are_a_sentence_and_blanks_are_none() {
        assert!(is_a_sentence("Called now"));
        assert!(!is_a_sentence("emergency"));
        assert!(!is_a_sentence(".......... ....."));
        assert!(!is_a_sentence("xxxxxxxxxxxxxx"));
        assert!(!is_a_sentence("             x"));
        assert!(!is_a_sentence(&"x".repeat(501)));
    }
}
