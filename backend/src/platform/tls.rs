//! The portal's own certificate and the lines it speaks: TLS 1.2 and 1.3, authenticated encryption only.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use rustls::{
    ServerConfig, crypto,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    version::{TLS12, TLS13},
};
use thiserror::Error;

/// One line each, with what to do.
#[derive(Debug, Error)]
pub enum CertificateError {
    #[error("can't read {file}: {source}")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{file} is not a certificate in PEM form; it must begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate { file: String },
    #[error(
        "{file} is not a private key in PEM form (PKCS#8, PKCS#1 or SEC1); it must not have a passphrase"
    )]
    NoKey { file: String },
    #[error("the key in {key} does not belong to the certificate in {certificate}")]
    Mismatch { key: String, certificate: String },
    #[error("the certificate in {certificate} can't be used: {source}")]
    Refused {
        certificate: String,
        source: rustls::Error,
    },
}

/// Reads the chain (the portal's certificate first) and its key.
pub fn portal_config(certificate: &Path, key: &Path) -> Result<ServerConfig, CertificateError> {
    let (chain_pem, key_pem) = (read(certificate)?, read(key)?);
    let certificate = certificate.display().to_string();
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain_pem)
        .collect::<Result<_, pem::Error>>()
        .or(Err(CertificateError::NoCertificate {
            file: certificate.clone(),
        }))?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate { file: certificate });
    }
    let private = PrivateKeyDer::from_pem_slice(&key_pem).or(Err(CertificateError::NoKey {
        file: key.display().to_string(),
    }))?;
    if fs::metadata(key).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %key.display(), "other users of this machine can read the portal's private key");
    }
    // This provider's suites are all AEAD; CBC and older protocols are not in it at all.
    let provider = Arc::new(crypto::ring::default_provider());
    let refused = |source| match source {
        rustls::Error::InconsistentKeys(_) => CertificateError::Mismatch {
            key: key.display().to_string(),
            certificate: certificate.clone(),
        },
        source => CertificateError::Refused {
            certificate: certificate.clone(),
            source,
        },
    };
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(&refused)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(refused)
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(file).map_err(|source| CertificateError::Unreadable {
        file: file.display().to_string(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use std::path::PathBuf;

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn made() -> CertifiedKey<rcgen::KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    #[test]
    fn a_certificate_with_its_key_is_taken_and_with_anothers_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (made(), made());
        let cert = written(folder.path(), "cert.pem", &ours.cert.pem());
        let key = written(folder.path(), "key.pem", &ours.signing_key.serialize_pem());
        let other = written(folder.path(), "other.pem", &theirs.signing_key.serialize_pem());
        assert!(portal_config(&cert, &key).is_ok());
        let refusal = portal_config(&cert, &other).unwrap_err().to_string();
        assert!(
            refusal.contains("does not belong to the certificate"),
            "{refusal}"
        );
        assert_eq!(refusal.lines().count(), 1);
    }

    #[test]
    fn what_is_missing_empty_or_swapped_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let ours = made();
        let cert = written(folder.path(), "cert.pem", &ours.cert.pem());
        let key = written(folder.path(), "key.pem", &ours.signing_key.serialize_pem());
        let empty = written(folder.path(), "empty.pem", "");
        for (cert, key, words) in [
            (&folder.path().join("none.pem"), &key, "can't read"),
            (&empty, &key, "is not a certificate"),
            (&key, &cert, "is not a certificate"),
            (&cert, &empty, "is not a private key"),
            (&cert, &cert, "is not a private key"),
        ] {
            let refusal = portal_config(cert, key).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
    }

    #[test]
    fn every_suite_encrypts_and_authenticates_in_one() {
        for suite in crypto::ring::default_provider().cipher_suites {
            let name = format!("{:?}", suite.suite());
            assert!(name.contains("GCM") || name.contains("POLY1305"), "{name}");
        }
    }
}
