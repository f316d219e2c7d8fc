//! Who may open a line, and who may not: each refusal beside the success.

use std::{sync::Arc, time::Duration};

use fleetward_common::{
    devices::link::{
        self, ByeReason, ClockState, DeviceMessage, Hello, LINK_PATH, PROTOCOL_VERSION, ServerMessage,
    },
    id::DeviceId,
    text::SerialNumber,
    time::Span,
};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, SanType};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::fixture::{Server, monitor};
use crate::devices::authority::{DEVICE_PORT_NAME, DeviceAuthority, Issued};

const SERIAL: &str = "NW-M40-000317";
const DAY: Duration = Duration::from_secs(86_400);

type Socket = WebSocketStream<TlsStream<TcpStream>>;

fn around_now(server: &Server) -> Span {
    let now = server.clock.now();
    Span {
        from: now - DAY,
        until: now + DAY * 30,
    }
}

fn params(device: DeviceId, usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(
        format!("urn:fleetward:device:{device}").try_into().unwrap(),
    )];
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, SERIAL);
    params.distinguished_name = name;
    params.extended_key_usages = vec![usage];
    params
}

/// Opens a line with this certificate, as far as it gets. The refusal of a TLS 1.3 client certificate
/// arrives with the first answer, so the upgrade is part of it.
async fn open(server: &Server, issued: Option<&Issued>) -> Result<Socket, String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(server.authority.server_root_pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match issued {
        None => config.with_no_client_auth(),
        Some(issued) => {
            let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
            config
                .with_client_auth_cert(vec![issued.certificate.clone()], key)
                .unwrap()
        }
    };
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = DEVICE_PORT_NAME.try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| error.to_string())?;
    client_async(format!("wss://{DEVICE_PORT_NAME}{LINK_PATH}"), stream)
        .await
        .map(|(socket, _)| socket)
        .map_err(|error| error.to_string())
}

fn hello(serial: &str) -> Hello {
    Hello {
        protocol: PROTOCOL_VERSION,
        serial: SerialNumber::parse(serial).unwrap(),
        software: "4.2.1".to_owned().try_into().unwrap(),
        epoch: 1,
        next_seq: 0,
        device_time: crate::platform::clock::Clock::system().now(),
        clock: ClockState::Synchronised,
        channels: monitor(),
    }
}

async fn say(socket: &mut Socket, message: &DeviceMessage) {
    socket
        .send(Message::Binary(link::encode(message).into()))
        .await
        .unwrap();
}

async fn answer(socket: &mut Socket) -> Option<ServerMessage> {
    loop {
        match socket.next().await?.ok()? {
            Message::Binary(bytes) => return link::decode(&bytes).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

async fn said_hello(server: &Server, issued: &Issued, serial: &str) -> Option<ServerMessage> {
    let mut socket = open(server, Some(issued)).await.unwrap();
    say(&mut socket, &DeviceMessage::Hello(hello(serial))).await;
    answer(&mut socket).await
}

/// A certificate that is registered, so that only what a test changes is wrong.
async fn issue(server: &Server, device: DeviceId, serial: &str, valid: Span) -> Issued {
    let serial = SerialNumber::parse(serial).unwrap();
    let issued = server.authority.issue_device(device, &serial, valid).unwrap();
    let (certificate, valid) = (issued.certificate.clone(), issued.valid);
    let registered = server.db.write(move |connection| {
        crate::devices::store::registration::register_certificate(connection, device, &certificate, valid)
            .map_err(crate::platform::db::DbError::Query)
    });
    registered.await.unwrap();
    issued
}

#[actix_web::test]
async fn a_device_with_its_own_certificate_is_welcome() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    assert!(matches!(
        said_hello(&server, &issued, SERIAL).await,
        Some(ServerMessage::Welcome(welcome)) if welcome.next_seq == 0
    ));
}

#[actix_web::test]
async fn without_a_certificate_nobody_gets_through() {
    let server = Server::start();
    let refused = open(&server, None).await.unwrap_err();
    assert!(refused.contains("ertificate"), "{refused}");
}

#[actix_web::test]
async fn a_certificate_of_another_authority_is_refused() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = DeviceAuthority::open(elsewhere.path(), server.clock.now()).unwrap();
    let serial = SerialNumber::parse(SERIAL).unwrap();
    let issued = other.issue_device(device, &serial, around_now(&server)).unwrap();
    assert!(open(&server, Some(&issued)).await.is_err());
}

#[actix_web::test]
async fn an_expired_certificate_is_refused() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let now = server.clock.now();
    let past = Span {
        from: now - DAY * 30,
        until: now - DAY * 2,
    };
    let issued = issue(&server, device, SERIAL, past).await;
    assert!(open(&server, Some(&issued)).await.is_err());
}

#[actix_web::test]
async fn a_certificate_that_is_not_valid_yet_is_refused() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let now = server.clock.now();
    let future = Span {
        from: now + DAY * 2,
        until: now + DAY * 30,
    };
    let issued = issue(&server, device, SERIAL, future).await;
    assert!(open(&server, Some(&issued)).await.is_err());
}

#[actix_web::test]
async fn a_certificate_for_servers_is_refused_even_from_our_authority() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let params = params(device, ExtendedKeyUsagePurpose::ServerAuth);
    let issued = server.authority.issue(params, around_now(&server)).unwrap();
    assert!(open(&server, Some(&issued)).await.is_err());
}

#[actix_web::test]
async fn a_certificate_that_does_not_say_what_it_is_for_is_refused() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let mut params = params(device, ExtendedKeyUsagePurpose::ClientAuth);
    params.extended_key_usages.clear();
    let issued = server.authority.issue(params, around_now(&server)).unwrap();
    assert!(open(&server, Some(&issued)).await.is_err());
}

#[actix_web::test]
async fn a_device_that_says_another_ones_serial_is_turned_away() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    server.register("NW-M40-000318").await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    let reason = ByeReason::WrongSerial;
    assert_eq!(
        said_hello(&server, &issued, "NW-M40-000318").await,
        Some(ServerMessage::Bye { reason })
    );
}

#[actix_web::test]
async fn a_certificate_that_was_never_registered_is_turned_away() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let serial = SerialNumber::parse(SERIAL).unwrap();
    let issued = server
        .authority
        .issue_device(device, &serial, around_now(&server))
        .unwrap();
    let reason = ByeReason::UnknownDevice;
    assert_eq!(
        said_hello(&server, &issued, SERIAL).await,
        Some(ServerMessage::Bye { reason })
    );
}

#[actix_web::test]
async fn a_revoked_device_is_turned_away() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    let now = server.clock.now();
    let revoked = server.db.write(move |connection| {
        crate::devices::store::registration::revoke(connection, device, now)
            .map_err(crate::platform::db::DbError::Query)
    });
    revoked.await.unwrap();
    let reason = ByeReason::UnknownDevice;
    assert_eq!(
        said_hello(&server, &issued, SERIAL).await,
        Some(ServerMessage::Bye { reason })
    );
}

#[actix_web::test]
async fn whoever_speaks_before_hello_or_says_it_twice_is_turned_away() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    let reason = ByeReason::ProtocolError;

    let mut early = open(&server, Some(&issued)).await.unwrap();
    say(&mut early, &DeviceMessage::Bye).await;
    assert_eq!(answer(&mut early).await, Some(ServerMessage::Bye { reason }));

    let mut twice = open(&server, Some(&issued)).await.unwrap();
    say(&mut twice, &DeviceMessage::Hello(hello(SERIAL))).await;
    assert!(matches!(
        answer(&mut twice).await,
        Some(ServerMessage::Welcome(_))
    ));
    say(&mut twice, &DeviceMessage::Hello(hello(SERIAL))).await;
    assert_eq!(answer(&mut twice).await, Some(ServerMessage::Bye { reason }));
}

#[actix_web::test]
async fn the_newer_line_of_a_device_wins() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    let mut older = open(&server, Some(&issued)).await.unwrap();
    say(&mut older, &DeviceMessage::Hello(hello(SERIAL))).await;
    assert!(matches!(
        answer(&mut older).await,
        Some(ServerMessage::Welcome(_))
    ));
    assert!(matches!(
        said_hello(&server, &issued, SERIAL).await,
        Some(ServerMessage::Welcome(_))
    ));
    let reason = ByeReason::Superseded;
    assert_eq!(answer(&mut older).await, Some(ServerMessage::Bye { reason }));
}

#[actix_web::test]
async fn a_message_of_more_than_64_kib_is_refused_and_the_line_stays_open() {
    let server = Server::start();
    let device = server.register(SERIAL).await;
    let issued = issue(&server, device, SERIAL, around_now(&server)).await;
    let mut socket = open(&server, Some(&issued)).await.unwrap();
    say(&mut socket, &DeviceMessage::Hello(hello(SERIAL))).await;
    assert!(matches!(
        answer(&mut socket).await,
        Some(ServerMessage::Welcome(_))
    ));
    socket
        .send(Message::Binary(vec![0u8; 100_000].into()))
        .await
        .unwrap();
    match answer(&mut socket).await {
        Some(ServerMessage::Refused(refusal)) => {
            assert_eq!((refusal.seq, refusal.code), (None, link::RefusalCode::TooLarge));
        }
        other => panic!("{other:?}"),
    }
    say(&mut socket, &DeviceMessage::Frame(empty_frame())).await;
    assert_eq!(
        answer(&mut socket).await,
        Some(ServerMessage::Ack { epoch: 1, through: 0 })
    );
}

fn empty_frame() -> link::Frame {
    link::Frame {
        epoch: 1,
        seq: 0,
        base: crate::platform::clock::Clock::system().now(),
        numerics: Vec::new(),
        waves: Vec::new(),
        faults: None,
    }
}
