//! A device's key and certificate, written where its agent finds them. Until devices claim themselves,
//! the seed of the demo world does what the factory would.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use fleetward_common::{
    id::DeviceId,
    text::SerialNumber,
    time::{Instant, Span},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use thiserror::Error;

use super::{AuthorityError, DeviceAuthority, DeviceCertificate};
use crate::{
    devices::store::registration,
    platform::{
        db::{DbConnection, QueryError},
        secrets::write_private,
    },
};

const VALID: Duration = Duration::from_secs(365 * 86_400);
/// With less left than this, the credentials are made anew.
const RENEW: Duration = Duration::from_secs(30 * 86_400);
const BACKDATED: Duration = Duration::from_secs(86_400);

#[derive(Debug, Error)]
pub enum CredentialsError {
    #[error("can't write the credentials in {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("the certificate can't be registered")]
    Query(#[from] QueryError),
}

/// Writes `device.key.pem`, `device.cert.pem` and `server-ca.pem` into `folder` and registers the
/// certificate. Credentials that still hold are kept, so that a second start changes nothing.
pub fn issue_credentials(
    authority: &DeviceAuthority,
    connection: &mut DbConnection,
    device: DeviceId,
    serial: &SerialNumber,
    folder: &Path,
    now: Instant,
) -> Result<(), CredentialsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| CredentialsError::File { path, source }
    };
    let (key, certificate) = (folder.join("device.key.pem"), folder.join("device.cert.pem"));
    let root = folder.join("server-ca.pem");
    if key.exists() && holds(&certificate, device, now) && registered(&certificate, connection)? {
        return write_private(&root, authority.server_root_pem().as_bytes()).map_err(failed(&root));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed(folder))?;
    let valid = Span {
        from: now - BACKDATED,
        until: now + VALID,
    };
    let issued = authority.issue_device(device, serial, valid)?;
    // Registered before it exists as a file: a certificate in the field is always known here.
    registration::register_certificate(connection, device, &issued.certificate, issued.valid)?;
    write_private(&root, authority.server_root_pem().as_bytes()).map_err(failed(&root))?;
    write_private(&key, issued.key_pem.as_bytes()).map_err(failed(&key))?;
    write_private(&certificate, issued.certificate_pem.as_bytes()).map_err(failed(&certificate))
}

fn read(path: &Path) -> Option<DeviceCertificate> {
    let der = CertificateDer::from_pem_slice(&fs::read(path).ok()?).ok()?;
    DeviceCertificate::read(&der).ok()
}

fn holds(path: &Path, device: DeviceId, now: Instant) -> bool {
    read(path)
        .is_some_and(|certificate| certificate.device == device && now + RENEW < certificate.valid.until)
}

fn registered(path: &Path, connection: &mut DbConnection) -> Result<bool, CredentialsError> {
    let Some(certificate) = read(path) else {
        return Ok(false);
    };
    let found = registration::find(connection, certificate.device, &certificate.fingerprint)?;
    Ok(found.is_some_and(|found| found.certificate == registration::CertificateState::Valid))
}
