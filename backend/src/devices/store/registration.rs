//! Which devices and certificates we know.

use diesel::prelude::*;
use fleetward_common::{
    id::DeviceId,
    time::{Instant, Span},
};
use sha2::{Digest, Sha256};

use crate::{
    platform::db::{DbConnection, StoredId},
    schema::{device_certificates, devices},
};

/// What is registered about the device that a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub serial: String,
    pub revoked: bool,
    pub certificate: CertificateState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateState {
    Valid,
    Revoked,
    /// Signed by our authority and never registered, or for another device.
    Unknown,
}

pub fn find(
    connection: &mut DbConnection,
    device: DeviceId,
    fingerprint: &[u8; 32],
) -> QueryResult<Option<Registered>> {
    let found: Option<(String, Option<i64>)> = devices::table
        .find(device.stored())
        .select((devices::serial, devices::revoked_at))
        .first(connection)
        .optional()?;
    let Some((serial, revoked_at)) = found else {
        return Ok(None);
    };
    let certificate: Option<Option<i64>> = device_certificates::table
        .find(fingerprint.to_vec())
        .filter(device_certificates::device_id.eq(device.stored()))
        .select(device_certificates::revoked_at)
        .first(connection)
        .optional()?;
    Ok(Some(Registered {
        serial,
        revoked: revoked_at.is_some(),
        certificate: match certificate {
            None => CertificateState::Unknown,
            Some(None) => CertificateState::Valid,
            Some(Some(_)) => CertificateState::Revoked,
        },
    }))
}

pub fn register_certificate(
    connection: &mut DbConnection,
    device: DeviceId,
    certificate: &[u8],
    valid: Span,
) -> QueryResult<()> {
    diesel::insert_into(device_certificates::table)
        .values((
            device_certificates::fingerprint.eq(Sha256::digest(certificate).to_vec()),
            device_certificates::device_id.eq(device.stored()),
            device_certificates::valid_from.eq(valid.from.micros()),
            device_certificates::valid_until.eq(valid.until.micros()),
        ))
        .execute(connection)
        .map(|_| ())
}

pub fn revoke(connection: &mut DbConnection, device: DeviceId, now: Instant) -> QueryResult<()> {
    diesel::update(devices::table.find(device.stored()))
        .set(devices::revoked_at.eq(now.micros()))
        .execute(connection)
        .map(|_| ())
}
