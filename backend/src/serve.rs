//! Opens the ports and keeps them open until told to stop.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    thread,
};

use actix_web::{App as HttpApp, HttpServer, dev::ServerHandle, middleware::from_fn, web::Data};
use futures_util::future::join_all;
use rustls::ServerConfig;

use crate::{
    access::hours,
    alarms::vigil::keep_watch,
    app::{App, StartError},
    care::{emergency::closing::keep_closing, key_rotation},
    devices::{
        ingest::DevicePort,
        telemetry::retention::{Keep, tidy_waves},
        twin::{Twins, watchdog},
    },
    live::Hub,
    ops,
    platform::{
        http::{Tariff, around::around, caller::TrustedProxy, limits},
        outbox,
    },
    privacy::{reads::recorded, recorder},
    reviews::watch::keep_watching,
    routes,
};

#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    pub portal: u16,
    pub device: u16,
    pub ops: u16,
}

/// Where browsers come in.
#[derive(Debug, Clone, Default)]
pub struct Door {
    /// `None`: this machine only.
    pub listen: Option<IpAddr>,
    /// `None`: in the open, which never leaves this machine.
    pub tls: Option<ServerConfig>,
    /// Where devices come in. `None`: this machine only.
    pub devices: Option<IpAddr>,
    /// Whose word about the browser's address is believed.
    pub proxy: TrustedProxy,
}

/// A server with its ports open.
pub struct Running {
    pub portal: SocketAddr,
    pub device: SocketAddr,
    pub ops: SocketAddr,
    servers: Vec<ServerHandle>,
    live: Hub,
    twins: Twins,
    app: Data<App>,
    background: Vec<actix_web::rt::task::JoinHandle<()>>,
    ended: Vec<actix_web::rt::task::JoinHandle<io::Result<()>>>,
}

/// Enough for two cores; a handler that waits doesn't hold a worker.
const MOST_WORKERS: usize = 4;
const SHUTDOWN_SECONDS: u64 = 5;

/// The portal for this machine only, in the open.
pub fn start(app: &Data<App>, ports: Ports) -> Result<Running, StartError> {
    start_behind(app, ports, Door::default())
}

pub fn start_behind(app: &Data<App>, ports: Ports, door: Door) -> Result<Running, StartError> {
    let portal_listeners = match (door.listen, &door.tls) {
        (None, _) => listen_on_loopback(ports.portal)?,
        (Some(address), None) if !address.is_loopback() => {
            return Err(StartError::OpenToTheNetwork { address });
        }
        (Some(address), _) => vec![listen((address, ports.portal).into())?],
    };
    if door.tls.is_none() {
        tracing::info!(
            "the portal has no certificate (--tls-cert, --tls-key): it listens on this machine's loopback address only"
        );
    }
    let device_listener = listen((door.devices.unwrap_or(Ipv4Addr::LOCALHOST.into()), ports.device).into())?;
    let ops_listener = listen((Ipv4Addr::LOCALHOST, ports.ops).into())?;
    let workers = thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, MOST_WORKERS);

    let served = app.clone();
    let tariff = Data::new(Tariff::of(routes::declared()));
    let proxy = Data::new(door.proxy);
    let mut portal = HttpServer::new(move || {
        HttpApp::new()
            .app_data(served.clone())
            .app_data(tariff.clone())
            .app_data(proxy.clone())
            .configure(routes::mount)
            .wrap(from_fn(recorded))
            .wrap(from_fn(around))
    })
    .workers(workers)
    .max_connections(limits::MAX_CONNECTIONS_PER_WORKER)
    .client_request_timeout(limits::HEAD_TIMEOUT)
    .tls_handshake_timeout(limits::HEAD_TIMEOUT)
    .client_disconnect_timeout(limits::DISCONNECT_TIMEOUT)
    // Whoever hangs up is not waited for: what they asked for ends.
    .h1_allow_half_closed(false)
    .keep_alive(limits::KEEP_ALIVE)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals();
    let portal_address = address_of(portal_listeners.first())?;
    let scheme = if door.tls.is_some() { "https" } else { "http" };
    app.origin
        .settle(&format!("{scheme}://localhost:{}", portal_address.port()));
    app.sign_in.passkeys.serve_at(app.origin.as_str())?;
    for listener in portal_listeners {
        let listening = match &door.tls {
            None => portal.listen(listener),
            Some(tls) => portal.listen_rustls_0_23(listener, tls.clone()),
        };
        portal = listening.map_err(|source| broken("serve the portal", source))?;
    }

    let served = app.clone();
    let ops_address = address_of(Some(&ops_listener))?;
    let metrics = HttpServer::new(move || {
        HttpApp::new()
            .app_data(served.clone())
            .configure(ops::routes::mount_metrics)
            .wrap(from_fn(around))
    })
    .workers(1)
    .client_request_timeout(limits::HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(ops_listener)
    .map_err(|source| broken("serve the metrics", source))?;

    let device_address = address_of(Some(&device_listener))?;
    let devices = DevicePort::serve(device_listener, &app.authority, app.twins.clone(), workers)?;
    let background = vec![
        actix_web::rt::spawn(watchdog::watch(app.twins.clone())),
        actix_web::rt::spawn(keep_watch(app.clone())),
        actix_web::rt::spawn(hours::keep(app.clone())),
        actix_web::rt::spawn(keep_closing(app.clone())),
        actix_web::rt::spawn(keep_watching(app.clone())),
        actix_web::rt::spawn(tidy_waves(
            app.db.clone(),
            app.clock.clone(),
            app.twins.metrics().clone(),
            Keep::RAW_WAVES,
        )),
        actix_web::rt::spawn(outbox::deliver(
            app.db.clone(),
            app.clock.clone(),
            app.carrier.clone(),
            app.secrets.outbox.clone(),
        )),
        actix_web::rt::spawn(recorder::keep(app.clone())),
        actix_web::rt::spawn(key_rotation::keep(app.clone())),
    ];

    let (portal, metrics) = (portal.run(), metrics.run());
    Ok(Running {
        portal: portal_address,
        device: device_address,
        ops: ops_address,
        servers: vec![devices.handle(), portal.handle(), metrics.handle()],
        live: app.live.clone(),
        twins: app.twins.clone(),
        app: app.clone(),
        background,
        ended: vec![
            actix_web::rt::spawn(devices),
            actix_web::rt::spawn(portal),
            actix_web::rt::spawn(metrics),
        ],
    })
}

impl Running {
    /// Takes no new connection, lets open requests finish, and returns.
    pub async fn stop(self) {
        self.live.stop();
        self.twins.close().await;
        join_all(self.servers.iter().map(|server| server.stop(true))).await;
        for task in &self.background {
            task.abort();
        }
        // The last word on how far the record came: nothing is written after it.
        if let Err(error) = self.app.recorder.note_checkpoint(self.app.clock.now()).await {
            tracing::error!(cause = %error, "the last audit checkpoint could not be noted");
        }
        for ended in self.ended {
            if let Ok(Err(error)) = ended.await {
                tracing::warn!(cause = %error, "a port did not close in order");
            }
        }
    }
}

/// `localhost` is one of two addresses; which one a browser tries first is its own affair.
fn listen_on_loopback(port: u16) -> Result<Vec<TcpListener>, StartError> {
    let first = listen((Ipv4Addr::LOCALHOST, port).into())?;
    let taken = address_of(Some(&first))?.port();
    let second = listen((Ipv6Addr::LOCALHOST, taken).into()).ok();
    Ok(std::iter::once(first).chain(second).collect())
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|source| {
        let advice = if source.kind() == io::ErrorKind::AddrInUse {
            "Another program uses it: choose another port, or 0 for a free one."
        } else {
            "Choose another port, or 0 for a free one."
        };
        StartError::Step {
            step: format!("open port {}", address.port()),
            source,
            advice,
        }
    })
}

fn address_of(listener: Option<&TcpListener>) -> Result<SocketAddr, StartError> {
    let address = match listener {
        Some(listener) => listener.local_addr(),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    address.map_err(|source| broken("find the port that was opened", source))
}

fn broken(step: &str, source: io::Error) -> StartError {
    StartError::Step {
        step: step.to_owned(),
        source,
        advice: "Start again.",
    }
}
