//! Audit entries and their chain.

use fleetward_common::{
    access::{Purpose, Role},
    id::{MembershipId, OrganisationId, PatientId, PersonId},
    time::Instant,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use super::store::audit::{append, verify};

use crate::platform::secrets::Key;

/// FHIR AuditEvent.action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    Create,
    Read,
    Update,
    Delete,
    Execute,
}

impl AuditAction {
    pub const fn code(self) -> &'static str {
        match self {
            AuditAction::Create => "C",
            AuditAction::Read => "R",
            AuditAction::Update => "U",
            AuditAction::Delete => "D",
            AuditAction::Execute => "E",
        }
    }
}

/// FHIR AuditEvent.outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    Success,
    MinorFailure,
    SeriousFailure,
    MajorFailure,
}

impl AuditOutcome {
    pub const fn code(self) -> i64 {
        match self {
            AuditOutcome::Success => 0,
            AuditOutcome::MinorFailure => 4,
            AuditOutcome::SeriousFailure => 8,
            AuditOutcome::MajorFailure => 12,
        }
    }
}

/// Who acted. The system itself acts without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditActor {
    pub person: Option<PersonId>,
    pub membership: Option<MembershipId>,
    pub role: Option<Role>,
    pub purpose: Option<Purpose>,
}

impl AuditActor {
    pub const SYSTEM: Self = Self {
        person: None,
        membership: None,
        role: None,
        purpose: None,
    };
}

/// What it was about: the kind's word and the id's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditEntity {
    pub kind: &'static str,
    pub id: [u8; 16],
}

/// One entry, before it has a number.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub organisation: OrganisationId,
    pub at: Instant,
    pub action: AuditAction,
    /// In the past tense: `session_started`.
    pub event: &'static str,
    pub outcome: AuditOutcome,
    pub actor: AuditActor,
    pub entity: Option<AuditEntity>,
    pub patient: Option<PatientId>,
    /// Ids, counts and codes; never a name, never a value.
    pub detail: serde_json::Value,
}

/// The first entry's predecessor.
pub(super) const CHAIN_START: [u8; 32] = [0; 32];

/// The link of one stored row: HMAC-SHA256 over the previous link and every column, each with its
/// length in front so that no two rows share an encoding.
pub(super) fn link(key: &Key, previous: &[u8], columns: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a 256-bit key");
    for column in std::iter::once(&previous).chain(columns) {
        mac.update(&(column.len() as u64).to_be_bytes());
        mac.update(column);
    }
    mac.finalize().into_bytes().into()
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainState {
    Whole {
        entries: i64,
        head: Option<[u8; 32]>,
    },
    /// The entry with this number is not the one that was written, or it is missing.
    BrokenAt {
        number: i64,
    },
}
