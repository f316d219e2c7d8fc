//! A raw WebSocket echo on the server's own stack (actix-web, actix-ws, rustls): every binary message
//! goes back as it came. It decodes nothing, knows nobody and stores nothing.
//!
//! It runs in a process of its own, so that its CPU can be counted apart from the generator's. Over
//! mutual TLS it uses the device port's certificates and asks for the client's, like the device port.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::Message;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use std::{
    ffi::OsString,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    child::{Child, exit_with_parent},
    failure::{Failure, Step},
};

pub const COMMAND: &str = "ruler-echo";

/// Certificates of the device port, as the data folder keeps them.
#[derive(Debug, Clone)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub device_authority: PathBuf,
}

impl Identity {
    /// As [`start`] hands them to the child: all three, or none for plain TCP.
    pub fn from_arguments(arguments: &[OsString]) -> Option<Self> {
        let [certificate, key, device_authority] = arguments else {
            return None;
        };
        Some(Self {
            certificate: certificate.into(),
            key: key.into(),
            device_authority: device_authority.into(),
        })
    }
}

/// Starts the echo as a child process. Without an identity it speaks plain TCP.
pub async fn start(identity: Option<&Identity>) -> Result<(Child, SocketAddr), Failure> {
    let program = std::env::current_exe().step("find this program")?;
    let mut arguments = vec![COMMAND.into()];
    if let Some(Identity {
        certificate,
        key,
        device_authority,
    }) = identity
    {
        arguments.extend([certificate, key, device_authority].map(|path| path.clone().into_os_string()));
    }
    let mut child = Child::start(&program, &arguments, None)?;
    let address = child
        .next_line()
        .await?
        .trim()
        .parse()
        .step("learn where the echo listens")?;
    Ok((child, address))
}

/// The child's side.
#[expect(clippy::print_stdout, reason = "the parent reads the address from here")]
pub fn serve(identity: Option<&Identity>) -> Result<(), Failure> {
    let tls = identity.map(tls).transpose()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).step("listen")?;
    let address = listener.local_addr().step("listen")?;
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(|| App::new().default_service(web::to(echo))).disable_signals();
        let server = match tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls),
            None => server.listen(listener),
        };
        let running = server.step("listen")?.run();
        let handle = running.handle();
        exit_with_parent(move || drop(handle.stop(false)));
        println!("{address}");
        running.await.step("echo")
    })
}

async fn echo(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            let answered = match message {
                Message::Binary(bytes) => session.binary(bytes).await,
                Message::Ping(bytes) => session.pong(&bytes).await,
                Message::Close(_) => break,
                _ => Ok(()),
            };
            if answered.is_err() {
                return;
            }
        }
        // The client may be gone already.
        let _ = session.close(None).await;
    });
    Ok(response)
}

fn tls(identity: &Identity) -> Result<ServerConfig, Failure> {
    let chain = certificates(&identity.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&identity.key).step("read the device port's key")?;
    let mut authorities = RootCertStore::empty();
    for authority in certificates(&identity.device_authority)? {
        authorities.add(authority).step("trust the device authority")?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider.clone())
        .build()
        .step("ask for client certificates")?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .step("choose TLS versions")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .step("use the device port's certificate")?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .step("read certificates")
}
