//! Who gets through the handshake: holders of a client certificate that our device authority signed, that
//! is valid now, that is for clients, and that names one device.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::{
        NoServerSessionStorage, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use crate::devices::{
    authority::{AuthorityError, DeviceAuthority, DeviceCertificate},
    metrics::LinkMetrics,
};

pub fn server_config(
    authority: &DeviceAuthority,
    metrics: LinkMetrics,
) -> Result<ServerConfig, AuthorityError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.device_root().clone())?;
    let signed_by_us =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
    let (chain, key) = authority.port_identity()?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(DeviceVerifier {
            signed_by_us,
            metrics,
        }))
        .with_single_cert(chain, key)?;
    // A resumed session would carry an old certificate past every check, so there are none.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The usual checks, then ours; and a line in the log for each refusal, because the TLS alert tells the
/// device little and tells us nothing.
struct DeviceVerifier {
    signed_by_us: Arc<dyn ClientCertVerifier>,
    metrics: LinkMetrics,
}

impl std::fmt::Debug for DeviceVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceVerifier")
    }
}

impl ClientCertVerifier for DeviceVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed_by_us.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let read = DeviceCertificate::read(certificate);
        let verified = self
            .signed_by_us
            .verify_client_cert(certificate, intermediates, now);
        let refusal = match (verified, &read) {
            (Ok(verified), Ok(_)) => return Ok(verified),
            (Ok(_), Err(bad)) => (
                bad.to_string(),
                Error::from(CertificateError::ApplicationVerificationFailure),
            ),
            (Err(error), _) => (error.to_string(), error),
        };
        self.metrics.turned_away.with_label_values(&["certificate"]).inc();
        // Not yet proven to hold the key, so the name is only what was claimed.
        let claimed = read.ok().map(|certificate| certificate.device.to_string());
        tracing::warn!(
            claimed.device = claimed.as_deref().unwrap_or("none"), reason = %refusal.0,
            "a client certificate was refused"
        );
        Err(refusal.1)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_by_us
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed_by_us
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed_by_us.supported_verify_schemes()
    }
}
