//! The listener: handshakes, connections, the one route.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_http::{HttpService, KeepAlive};
use actix_service::{ServiceFactoryExt, map_config};
use actix_tls::accept::{
    TlsError,
    rustls_0_23::{Acceptor, TlsStream},
};
use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::{AppConfig, Extensions, Server},
    rt::net::TcpStream,
    web,
};
use fleetward_common::devices::link::LINK_PATH;
use thiserror::Error;

use super::{line, tls};
use crate::devices::{
    authority::{AuthorityError, DeviceAuthority, DeviceCertificate},
    twin::Twins,
};

/// Slow hands are let go: the handshake, then the request.
const HANDSHAKE: Duration = Duration::from_secs(5);
const REQUEST: Duration = Duration::from_secs(5);
const MOST_CONNECTIONS: usize = 50_000;

#[derive(Debug, Error)]
pub enum PortError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("the device port can't listen")]
    Listen(#[from] io::Error),
}

pub struct DevicePort;

impl DevicePort {
    /// Serves devices on `listener` until the server it answers with is stopped.
    pub fn serve(
        listener: TcpListener,
        authority: &DeviceAuthority,
        twins: Twins,
        workers: usize,
    ) -> Result<Server, PortError> {
        let acceptor = {
            let mut acceptor = Acceptor::new(tls::server_config(authority, twins.metrics().clone())?);
            acceptor.set_handshake_timeout(HANDSHAKE);
            acceptor
        };
        let server = actix_server::Server::build()
            .workers(workers)
            .max_concurrent_connections(MOST_CONNECTIONS)
            .disable_signals()
            .shutdown_timeout(5)
            .listen("device-port", listener, move || {
                let twins = twins.clone();
                let metrics = twins.metrics().clone();
                let app = App::new()
                    .app_data(web::Data::new(twins))
                    .route(LINK_PATH, web::get().to(open_line))
                    .default_service(web::to(|| async { HttpResponse::NotFound().finish() }));
                let http = HttpService::build()
                    .client_request_timeout(REQUEST)
                    .client_disconnect_timeout(REQUEST)
                    .keep_alive(KeepAlive::Timeout(REQUEST))
                    .on_connect_ext(remember_certificate)
                    .h1(map_config(app, |()| AppConfig::default()))
                    .map_err(|error| tracing::debug!(%error, "a device connection ended"));
                acceptor
                    .clone()
                    .map_err(move |error| {
                        let reason = match error {
                            TlsError::Timeout => "handshake_timeout",
                            TlsError::Tls(_) | TlsError::Service(_) => "handshake",
                        };
                        metrics.turned_away.with_label_values(&[reason]).inc();
                        tracing::warn!(reason = %words(&error), "a device line was refused in the handshake");
                    })
                    .map(|io: TlsStream<TcpStream>| {
                        let peer = io.get_ref().0.peer_addr().ok();
                        (io, peer)
                    })
                    .and_then(http)
            })?
            .run();
        Ok(server)
    }
}

fn words<E: std::fmt::Display, F: std::fmt::Debug>(error: &TlsError<E, F>) -> String {
    match error {
        TlsError::Timeout => "it took too long".to_owned(),
        TlsError::Tls(error) => error.to_string(),
        TlsError::Service(error) => format!("{error:?}"),
    }
}

/// Who is at the other end, as its certificate says; the handshake has checked it.
fn remember_certificate(io: &TlsStream<TcpStream>, extensions: &mut Extensions) {
    let certificate = io
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .and_then(|certificate| DeviceCertificate::read(certificate).ok());
    if let Some(certificate) = certificate {
        extensions.insert(Arc::new(certificate));
    }
}

async fn open_line(
    request: HttpRequest,
    payload: web::Payload,
    twins: web::Data<Twins>,
) -> Result<HttpResponse, actix_web::Error> {
    let Some(certificate) = request.conn_data::<Arc<DeviceCertificate>>().cloned() else {
        return Ok(HttpResponse::Forbidden().finish());
    };
    let (response, session, messages) = actix_ws::handle(&request, payload)?;
    let twins = Twins::clone(&twins);
    actix_web::rt::spawn(line::run(twins, certificate, session, messages));
    Ok(response)
}
