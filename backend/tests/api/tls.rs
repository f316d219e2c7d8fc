//! The portal by HTTPS: which lines it speaks, and which it does not.

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::web::Data;
use fleetward::{
    app::{App, Parts, StartError},
    platform::{
        clock::Clock,
        http::{assets::Portal as Assets, budget::Limits},
        tls::portal_config,
    },
    serve::{self, Door, Ports},
};
use rcgen::generate_simple_self_signed;
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{
    Portal,
    engine::{Engine, World},
    portal::Options,
};

struct Secure {
    portal: Portal,
    certificate: CertificateDer<'static>,
}

fn with_https(test: impl AsyncFn(&Secure)) {
    let folder = tempfile::tempdir().unwrap();
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let options = Options {
        door: Door {
            listen: None,
            tls: Some(portal_config(&cert, &key).unwrap()),
            ..Door::default()
        },
        ..Options::default()
    };
    let secure = Secure {
        portal: Portal::start(Engine::Sqlite, options),
        certificate: made.cert.der().clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test(&secure));
}

impl Secure {
    async fn line(
        &self,
        version: &'static SupportedProtocolVersion,
        protocol: &[u8],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.portal.address).await?;
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
    }

    /// The first bytes that the portal answers a hand-made hello with.
    async fn answer_to(&self, hello: &[u8]) -> Vec<u8> {
        let mut line = TcpStream::connect(self.portal.address).await.unwrap();
        line.write_all(hello).await.unwrap();
        let mut answer = vec![0; 64];
        let read = timeout(Duration::from_secs(8), line.read(&mut answer)).await;
        let read = read.expect("an answer or an end within 8 s").unwrap_or(0);
        answer.truncate(read);
        answer
    }
}

/// A ClientHello of the older kind: no extension names a newer version than `version`.
fn hello(version: [u8; 2], suites: &[u16], extensions: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(version);
    body.extend([7; 32]);
    body.push(0);
    body.extend(((suites.len() * 2) as u16).to_be_bytes());
    body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0]);
    if !extensions.is_empty() {
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
    }
    let mut handshake = vec![1, 0];
    handshake.extend((body.len() as u16).to_be_bytes());
    handshake.extend(body);
    let mut record = vec![0x16, 3, 1];
    record.extend((handshake.len() as u16).to_be_bytes());
    record.extend(handshake);
    record
}

/// supported_groups x25519 and P-256, ec_point_formats, signature_algorithms: what TLS 1.2 asks for.
const USUAL_EXTENSIONS: [u8; 32] = [
    0, 10, 0, 6, 0, 4, 0, 29, 0, 23, // groups
    0, 11, 0, 2, 1, 0, // point formats
    0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1, // signatures
    0, 23, 0, 0, // extended_main_secret
];

const AEAD: [u16; 6] = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
/// With CBC, with RC4, with 3DES, without encryption, without forward secrecy.
const OLD: [u16; 16] = [
    0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0x002f, 0x0035, 0x003c, 0x009c, 0x0005,
    0x000a, 0xc008, 0x0001,
];

fn is_server_hello(answer: &[u8]) -> bool {
    answer.first() == Some(&0x16) && answer.get(5) == Some(&2)
}

fn is_alert(answer: &[u8]) -> bool {
    answer.first() == Some(&0x15)
}

#[test]
fn a_scan_finds_no_old_protocol_and_no_old_suite() {
    with_https(async |secure| {
        // The scan itself works: what should be spoken is.
        let modern = secure.answer_to(&hello([3, 3], &AEAD, &USUAL_EXTENSIONS)).await;
        assert!(is_server_hello(&modern), "{modern:?}");

        for (name, version) in [("SSL 3.0", [3, 0]), ("TLS 1.0", [3, 1]), ("TLS 1.1", [3, 2])] {
            for suites in [&AEAD[..], &OLD[..]] {
                let answer = secure.answer_to(&hello(version, suites, &USUAL_EXTENSIONS)).await;
                assert!(answer.is_empty() || is_alert(&answer), "{name}: {answer:?}");
            }
        }
        for suite in OLD {
            let answer = secure
                .answer_to(&hello([3, 3], &[suite], &USUAL_EXTENSIONS))
                .await;
            assert!(answer.is_empty() || is_alert(&answer), "{suite:#06x}: {answer:?}");
        }
        // An SSL 2.0 hello has a shape of its own.
        let answer = secure
            .answer_to(&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80])
            .await;
        assert!(answer.is_empty() || is_alert(&answer), "SSL 2.0: {answer:?}");
    });
}

#[test]
fn both_newer_protocols_are_spoken_and_the_browser_is_told_to_come_this_way_only() {
    with_https(async |secure| {
        for version in [&TLS12, &TLS13] {
            let mut line = secure.line(version, b"http/1.1").await.unwrap();
            let suite = line.get_ref().1.negotiated_cipher_suite().unwrap().suite();
            let name = format!("{suite:?}");
            assert!(name.contains("GCM") || name.contains("POLY1305"), "{name}");
            line.write_all(b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut answer = String::new();
            // The server ends the line without a goodbye of its own.
            let _ = line.read_to_string(&mut answer).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(
                answer.contains("strict-transport-security: max-age=31536000; includeSubDomains"),
                "{answer}"
            );
        }
    });
}

#[test]
fn http_2_is_spoken_to_whoever_asks_for_it() {
    with_https(async |secure| {
        let mut line = secure.line(&TLS13, b"h2").await.unwrap();
        assert_eq!(line.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        line.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .await
            .unwrap();
        let mut frame = [0; 9];
        line.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[3], 4, "the first frame is SETTINGS: {frame:?}");
    });
}

#[test]
fn in_the_open_nobody_is_told_to_come_by_tls() {
    let portal = Portal::start(Engine::Sqlite, Options::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = portal.stranger().get("/sign-in").await;
        assert_eq!(answer.header("strict-transport-security"), "");
        assert!(portal.address.ip().is_loopback());
    });
}

#[test]
fn without_a_certificate_the_portal_refuses_to_listen_to_the_network() {
    let world = World::seeded(Engine::Sqlite);
    actix_web::rt::System::new().block_on(async {
        let parts = Parts {
            store: world.store(),
            clock: Clock::system(),
            portal: Assets::default(),
            demo: true,
            limits: Limits::default(),
        };
        let app = Data::new(App::open(parts).await.unwrap());
        let door = Door {
            listen: Some(IpAddr::from([0, 0, 0, 0])),
            tls: None,
            ..Door::default()
        };
        let Err(refusal) = serve::start_behind(&app, Ports::default(), door) else {
            panic!("open to the network");
        };
        assert!(matches!(refusal, StartError::OpenToTheNetwork { .. }));
        let words = refusal.to_string();
        assert!(
            words.contains("--tls-cert") && words.lines().count() == 1,
            "{words}"
        );
    });
}
