//! What a client certificate says. The only place that reads one.

use fleetward_common::{
    id::DeviceId,
    time::{Instant, Span},
};
use sha2::{Digest, Sha256};
use thiserror::Error;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

const URN: &str = "urn:fleetward:device:";

pub(super) fn urn(device: DeviceId) -> String {
    format!("{URN}{device}")
}

/// Who a device is, as its certificate says. Whoever holds one has checked who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    pub device: DeviceId,
    /// The common name: the serial number on the plate.
    pub serial: String,
    pub valid: Span,
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadCertificate {
    #[error("it can't be read")]
    Unreadable,
    #[error("it is not for clients")]
    NotForClients,
    #[error("it names no device, or several")]
    NoDevice,
}

impl DeviceCertificate {
    pub fn read(der: &[u8]) -> Result<Self, BadCertificate> {
        let (_, certificate) = X509Certificate::from_der(der).or(Err(BadCertificate::Unreadable))?;
        // rustls lets a certificate without key usages pass; a device's always says what it is for.
        let for_clients = certificate
            .extended_key_usage()
            .ok()
            .flatten()
            .is_some_and(|usage| usage.value.client_auth);
        if !for_clients {
            return Err(BadCertificate::NotForClients);
        }
        let names = certificate
            .subject_alternative_name()
            .ok()
            .flatten()
            .ok_or(BadCertificate::NoDevice)?;
        let [GeneralName::URI(name)] = names.value.general_names.as_slice() else {
            return Err(BadCertificate::NoDevice);
        };
        let device = name
            .strip_prefix(URN)
            .and_then(|id| id.parse().ok())
            .ok_or(BadCertificate::NoDevice)?;
        let serial = certificate
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok())
            .ok_or(BadCertificate::NoDevice)?;
        Ok(Self {
            device,
            serial: serial.to_owned(),
            valid: span(&certificate),
            fingerprint: Sha256::digest(der).into(),
        })
    }
}

pub(super) fn validity(der: &[u8]) -> Option<Span> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(span(&certificate))
}

fn span(certificate: &X509Certificate<'_>) -> Span {
    let validity = certificate.validity();
    let at = |time: x509_parser::time::ASN1Time| Instant::from_millis(time.timestamp().saturating_mul(1_000));
    Span {
        from: at(validity.not_before),
        until: at(validity.not_after),
    }
}
