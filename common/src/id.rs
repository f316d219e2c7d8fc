//! Typed identifiers. Each is a UUIDv7, so rows sort by the moment they were made.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::{Builder, Uuid};

use crate::time::Instant;

/// Random bits for a new id. Chance is an argument here: the caller asks the platform for it.
pub type Entropy = [u8; 10];

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        #[cfg(feature = "openapi")]
        crate::openapi::written_as_text!($name, "A UUIDv7", format "uuid");

        impl $name {
            pub fn new(at: Instant, entropy: Entropy) -> Self {
                let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid())
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text).map(Self).map_err(|source| BadId { kind: stringify!($name), source })
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = BadId;

            fn try_from(bytes: &[u8]) -> Result<Self, BadId> {
                Uuid::from_slice(bytes).map(Self).map_err(|source| BadId { kind: stringify!($name), source })
            }
        }
    )+};
}

ids! {
    /// A hospital, a home-care provider, a manufacturer or the platform's own operator.
    OrganisationId,
    SiteId,
    /// A ward, a clinic: the smallest part of an organisation that people belong to.
    UnitId,
    /// Someone who signs in.
    PersonId,
    MembershipId,
    SessionId,
    /// The screen of a ward.
    StationId,
    PasskeyId,
    /// Someone who is cared for. Says nothing about who they are.
    PatientId,
    BedId,
    DeviceId,
    DeviceModelId,
    /// One span of time during which something belonged to something: custody, assignment, stay.
    IntervalId,
    RequestId,
    /// A message to the outside.
    MessageId,
    InvitationId,
    RecoveryId,
    /// An emergency opening or an odd access that a privacy officer looks at.
    AccessReviewId,
    AlarmId,
    AlarmRulesId,
    /// One emergency access: one session, one patient, some minutes.
    EmergencyGrantId,
    ConsentId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadId {
    kind: &'static str,
    source: uuid::Error,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a {}", self.kind)
    }
}

impl std::error::Error for BadId {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_sort_later() {
        let early = DeviceId::new(Instant::from_millis(1_000), [0xff; 10]);
        let late = DeviceId::new(Instant::from_millis(1_001), [0; 10]);
        assert!(early < late);
    }

    #[test]
    fn an_id_survives_text_and_json() {
        let id = PatientId::new(Instant::from_millis(1_764_000_000_000), [7; 10]);
        assert_eq!(id.to_string().parse::<PatientId>().unwrap(), id);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<PatientId>(&json).unwrap(), id);
    }

    #[test]
    fn text_that_is_no_id_says_which_id_it_is_not() {
        assert_eq!("bed 7".parse::<BedId>().unwrap_err().to_string(), "not a BedId");
    }
}
