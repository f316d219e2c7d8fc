//! The device's key and certificate, and the authority it trusts servers by.

use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// Where they lie in a device's folder.
pub const KEY_FILE: &str = "device.key.pem";
pub const CERTIFICATE_FILE: &str = "device.cert.pem";
pub const SERVER_CA_FILE: &str = "server-ca.pem";

#[derive(Debug, Error)]
pub enum CredentialsError {
    #[error("could not read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is no PEM {what}", path.display())]
    NotPem {
        path: PathBuf,
        what: &'static str,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("the key or a certificate can't be used for TLS")]
    Unusable(#[from] rustls::Error),
}

/// Ready for mutual TLS. Cheap to clone; says nothing about the key when printed.
#[derive(Clone)]
pub struct Credentials {
    tls: Arc<ClientConfig>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    pub fn from_folder(folder: &Path) -> Result<Self, CredentialsError> {
        let read = |name: &str| {
            let path = folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => Ok((path, bytes)),
                Err(source) => Err(CredentialsError::Unreadable { path, source }),
            }
        };
        let (path, bytes) = read(KEY_FILE)?;
        let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(|source| CredentialsError::NotPem {
            path,
            what: "private key",
            source,
        })?;
        let (path, bytes) = read(CERTIFICATE_FILE)?;
        let chain = certificates(path, &bytes)?;
        let (path, bytes) = read(SERVER_CA_FILE)?;
        let authorities = certificates(path, &bytes)?;
        Self::new(key, chain, authorities)
    }

    pub fn new(
        key: PrivateKeyDer<'static>,
        chain: Vec<CertificateDer<'static>>,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, CredentialsError> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)?;
        // A resumed session would carry on with a certificate that may be expired by now.
        tls.resumption = Resumption::disabled();
        Ok(Self { tls: Arc::new(tls) })
    }

    /// What a line of one's own to the device port needs.
    pub fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }
}

fn certificates(path: PathBuf, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let not_pem = |source| CredentialsError::NotPem {
        path: path.clone(),
        what: "certificate",
        source,
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(not_pem)?;
    if found.is_empty() {
        return Err(not_pem(rustls::pki_types::pem::Error::NoItemsFound));
    }
    Ok(found)
}
