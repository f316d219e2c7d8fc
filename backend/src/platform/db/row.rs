//! Between typed words and columns: ids are 16 bytes, instants are microseconds.

use fleetward_common::{
    id::{
        AccessReviewId, AlarmId, AlarmRulesId, BedId, ConsentId, DeviceId, DeviceModelId, EmergencyGrantId,
        IntervalId, InvitationId, MembershipId, MessageId, OrganisationId, PasskeyId, PatientId, PersonId,
        RecoveryId, SessionId, SiteId, StationId, UnitId,
    },
    time::Instant,
};
use thiserror::Error;

/// A row that no version of this program can have written.
#[derive(Debug, Error)]
#[error("a stored row can't be read: {what}")]
pub struct CorruptRow {
    pub what: &'static str,
}

pub trait StoredId: Sized {
    fn stored(&self) -> Vec<u8>;
    fn restored(bytes: &[u8]) -> Result<Self, CorruptRow>;
}

macro_rules! stored_ids {
    ($($name:ident),+ $(,)?) => {$(
        impl StoredId for $name {
            fn stored(&self) -> Vec<u8> {
                self.as_bytes().to_vec()
            }

            fn restored(bytes: &[u8]) -> Result<Self, CorruptRow> {
                Self::try_from(bytes).or(Err(CorruptRow { what: stringify!($name) }))
            }
        }
    )+};
}

stored_ids!(
    AccessReviewId,
    AlarmId,
    AlarmRulesId,
    BedId,
    ConsentId,
    DeviceId,
    DeviceModelId,
    EmergencyGrantId,
    IntervalId,
    InvitationId,
    MembershipId,
    MessageId,
    OrganisationId,
    PasskeyId,
    PatientId,
    PersonId,
    RecoveryId,
    SessionId,
    SiteId,
    StationId,
    UnitId,
);

pub const fn micros(at: Instant) -> i64 {
    at.micros()
}

pub const fn instant(micros: i64) -> Instant {
    Instant::from_micros(micros)
}
