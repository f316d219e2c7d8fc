//! Audit entries and their chain.

use fleetward_common::{
    access::{Purpose, Role},
    id::{MembershipId, OrganisationId, PatientId, PersonId},
    time::Instant,
};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

pub use super::store::{
    audit::{append, entries, verify},
    chains::every_organisation,
};

use super::checkpoint::Head;
use crate::platform::{http::asking, secrets::Key};

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

/// What an entry says, in words that outlive this program's version: as it goes into the row, and into
/// the journal while the database can't take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub organisation: OrganisationId,
    pub at: Instant,
    pub action: String,
    pub event: String,
    pub outcome: i64,
    pub person: Option<PersonId>,
    pub membership: Option<MembershipId>,
    pub role: Option<String>,
    pub purpose: Option<String>,
    pub entity_kind: Option<String>,
    pub entity: Option<[u8; 16]>,
    pub patient: Option<PatientId>,
    pub detail: Value,
}

impl From<&AuditEntry> for Content {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            organisation: entry.organisation,
            at: entry.at,
            action: entry.action.code().to_owned(),
            event: entry.event.to_owned(),
            outcome: entry.outcome.code(),
            person: entry.actor.person,
            membership: entry.actor.membership,
            role: entry.actor.role.map(|role| role.as_str().to_owned()),
            purpose: entry.actor.purpose.map(|purpose| purpose.as_str().to_owned()),
            entity_kind: entry.entity.map(|entity| entity.kind.to_owned()),
            entity: entry.entity.map(|entity| entity.id),
            patient: entry.patient,
            detail: with_request(entry.detail.clone()),
        }
    }
}

/// Every entry names the request it was written for, so that a log line and an entry find each other.
fn with_request(mut detail: Value) -> Value {
    if let (Some(fields), Some(request)) = (detail.as_object_mut(), asking::current_request()) {
        fields
            .entry("request")
            .or_insert_with(|| Value::String(request.to_string()));
    }
    detail
}

/// An entry as it was read back.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEntry {
    pub number: i64,
    pub content: Content,
}

/// The first entry's predecessor.
pub(super) const CHAIN_START: [u8; 32] = [0; 32];

/// HMAC-SHA256 over `parts`, each with its length in front so that no two lists share an encoding.
pub(super) fn mac_of(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a 256-bit key");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is the one that was written, in its place.
    Verified {
        entries: i64,
        head: Option<Head>,
        /// Entries after this one could be cut off without a trace until the next checkpoint.
        checkpointed: Option<i64>,
    },
    Broken {
        /// The first entry that is not as it was written.
        number: i64,
        how: Breach,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The entry, or the one before it, was changed or written by someone without the key.
    Changed,
    /// It is missing, and later ones are there.
    Missing,
    /// It and everything after it were there at the last checkpoint, and are gone.
    Cut,
}

impl Breach {
    pub const fn in_words(self) -> &'static str {
        match self {
            Breach::Changed => "is not the one that was written",
            Breach::Missing => "is missing",
            Breach::Cut => "and whatever followed it were cut off",
        }
    }
}
