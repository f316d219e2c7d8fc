//! Raising a review: something a privacy officer has to look at, in the transaction that makes it so.
//!
//! What becomes of it is the desk's affair (`crate::reviews`).

use fleetward_common::{
    access::Role,
    id::{AccessReviewId, EmergencyGrantId, MembershipId, OrganisationId, PatientId, PersonId},
    review::{ReviewKind, Signal},
    time::{Instant, Span},
};

pub use super::store::{
    entries::views_since,
    reviews::{deadlines, raise, set_deadlines},
};

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct NewReview {
    pub id: AccessReviewId,
    /// Of the patient.
    pub organisation: OrganisationId,
    pub person: PersonId,
    pub membership: MembershipId,
    pub role: Role,
    pub about: About,
    pub signals: Vec<Signal>,
    /// Of the rules that found it.
    pub rules_version: i64,
    pub span: Span,
    pub raised_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Emergency {
        grant: EmergencyGrantId,
        patient: PatientId,
    },
    Patient(PatientId),
    /// So many of them.
    Patients(u32),
}

impl About {
    pub const fn kind(self) -> ReviewKind {
        match self {
            About::Emergency { .. } => ReviewKind::Emergency,
            About::Patient(_) | About::Patients(_) => ReviewKind::Unexplained,
        }
    }

    pub const fn patient(self) -> Option<PatientId> {
        match self {
            About::Emergency { patient, .. } | About::Patient(patient) => Some(patient),
            About::Patients(_) => None,
        }
    }

    pub const fn patients(self) -> u32 {
        match self {
            About::Emergency { .. } | About::Patient(_) => 1,
            About::Patients(count) => count,
        }
    }
}

/// `no_care_relation,same_surname`
pub fn signals_text(signals: &[Signal]) -> String {
    signals
        .iter()
        .map(|signal| signal.as_str())
        .collect::<Vec<_>>()
        .join(",")
}
