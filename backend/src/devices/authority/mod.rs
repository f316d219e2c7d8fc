//! The portal's own certificate authorities: one signs devices, one signs the device port.
//!
//! Made on first start in the secrets folder, readable by its owner only. In production the device
//! authority's root is kept offline; then this folder holds what that root signed.

mod certificate;
mod credentials;

pub use certificate::{BadCertificate, DeviceCertificate};
pub use credentials::{CredentialsError, issue_credentials};

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use fleetward_common::{
    id::DeviceId,
    text::SerialNumber,
    time::{Instant, Span},
};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use thiserror::Error;

use crate::platform::secrets::write_private;

/// What agents check the device port's certificate against, whatever address they dial.
pub const DEVICE_PORT_NAME: &str = "device-port.fleetward.internal";

const DAY: Duration = Duration::from_secs(86_400);
const ROOT_DAYS: u32 = 3_650;
const PORT_DAYS: u32 = 365;
/// The port's certificate is made anew when it has less than this left.
const PORT_DAYS_LEFT: u32 = 30;
/// Clocks of devices may be behind: a certificate is valid from the day before.
const BACKDATED: Duration = DAY;

#[derive(Debug, Error)]
pub enum AuthorityError {
    #[error("can't use {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} holds no key or certificate", path.display())]
    NotPem {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    #[error("a certificate can't be made")]
    Certificate(#[from] rcgen::Error),
    #[error("the device port's TLS can't be set up")]
    Tls(#[from] rustls::Error),
    #[error("the device port can't check client certificates")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// A key and the certificate that its authority signed.
pub struct Issued {
    pub key_pem: String,
    pub certificate_pem: String,
    pub certificate: CertificateDer<'static>,
    pub valid: Span,
}

struct Root {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    certificate: CertificateDer<'static>,
}

pub struct DeviceAuthority {
    devices: Root,
    ports: Root,
    port: Issued,
}

impl DeviceAuthority {
    /// Opens the authorities in `folder`; what is missing is made.
    pub fn open(folder: &Path, now: Instant) -> Result<Self, AuthorityError> {
        let devices = Root::open(folder, "device-ca", "Fleetward device authority", now)?;
        let ports = Root::open(folder, "server-ca", "Fleetward server authority", now)?;
        let port = open_port(folder, &ports, now)?;
        Ok(Self { devices, ports, port })
    }

    /// What agents trust.
    pub fn server_root_pem(&self) -> &str {
        &self.ports.pem
    }

    pub(super) fn device_root(&self) -> &CertificateDer<'static> {
        &self.devices.certificate
    }

    /// The device port's own chain and key.
    pub(super) fn port_identity(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let key = PrivateKeyDer::from_pem_slice(self.port.key_pem.as_bytes()).map_err(|source| {
            AuthorityError::NotPem {
                path: "device-port.key".into(),
                source,
            }
        })?;
        Ok((vec![self.port.certificate.clone()], key))
    }

    /// A client certificate for one device: its id in the SAN, its serial as the common name.
    pub fn issue_device(
        &self,
        device: DeviceId,
        serial: &SerialNumber,
        valid: Span,
    ) -> Result<Issued, AuthorityError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(certificate::urn(device).try_into()?)];
        params.distinguished_name = common_name(serial.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        self.devices.issue(params, valid)
    }

    /// Signs whatever it is given: for tests of what the port must refuse.
    #[cfg(test)]
    pub fn issue(&self, params: CertificateParams, valid: Span) -> Result<Issued, AuthorityError> {
        self.devices.issue(params, valid)
    }
}

impl Root {
    fn open(folder: &Path, name: &str, common: &str, now: Instant) -> Result<Self, AuthorityError> {
        let (key_path, pem_path) = (
            folder.join(format!("{name}.key")),
            folder.join(format!("{name}.pem")),
        );
        if !(key_path.exists() && pem_path.exists()) {
            Self::make(&key_path, &pem_path, common, now)?;
        }
        let key = KeyPair::from_pem(&read(&key_path)?)?;
        let pem = read(&pem_path)?;
        let certificate = read_certificate(&pem, &pem_path)?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate, key)?,
            pem,
            certificate,
        })
    }

    fn make(key_path: &Path, pem_path: &Path, common: &str, now: Instant) -> Result<(), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name = common_name(common);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid_for(
            &mut params,
            Span {
                from: now - BACKDATED,
                until: now + DAY * ROOT_DAYS,
            },
        );
        let certificate = params.self_signed(&key)?;
        write(key_path, &key.serialize_pem())?;
        write(pem_path, &certificate.pem())
    }

    fn issue(&self, mut params: CertificateParams, valid: Span) -> Result<Issued, AuthorityError> {
        valid_for(&mut params, valid);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            key_pem: key.serialize_pem(),
            certificate_pem: certificate.pem(),
            certificate: certificate.der().clone(),
            valid,
        })
    }
}

fn open_port(folder: &Path, ports: &Root, now: Instant) -> Result<Issued, AuthorityError> {
    let (key_path, pem_path) = (folder.join("device-port.key"), folder.join("device-port.pem"));
    if key_path.exists() && pem_path.exists() {
        let (key_pem, certificate_pem) = (read(&key_path)?, read(&pem_path)?);
        let certificate = read_certificate(&certificate_pem, &pem_path)?;
        let valid = certificate::validity(&certificate)
            .filter(|valid| valid.from <= now && now + DAY * PORT_DAYS_LEFT < valid.until);
        if let Some(valid) = valid {
            return Ok(Issued {
                key_pem,
                certificate_pem,
                certificate,
                valid,
            });
        }
    }
    let mut params = CertificateParams::new([DEVICE_PORT_NAME.to_owned()])?;
    params.distinguished_name = common_name(DEVICE_PORT_NAME);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let valid = Span {
        from: now - BACKDATED,
        until: now + DAY * PORT_DAYS,
    };
    let issued = ports.issue(params, valid)?;
    write(&key_path, &issued.key_pem)?;
    write(&pem_path, &issued.certificate_pem)?;
    Ok(issued)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Certificates are valid by whole days.
fn valid_for(params: &mut CertificateParams, valid: Span) {
    let day = |at: Instant| {
        let date = jiff::Timestamp::from_microsecond(at.micros())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .date();
        rcgen::date_time_ymd(
            i32::from(date.year()),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    params.not_before = day(valid.from);
    params.not_after = day(valid.until);
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(|source| AuthorityError::File {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, pem: &str) -> Result<(), AuthorityError> {
    write_private(path, pem.as_bytes()).map_err(|source| AuthorityError::File {
        path: path.to_owned(),
        source,
    })
}

fn read_certificate(pem: &str, path: &Path) -> Result<CertificateDer<'static>, AuthorityError> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|source| AuthorityError::NotPem {
        path: path.to_owned(),
        source,
    })
}
