//! A server's device side, and a clinic of agents that talk to it.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use actix_web::dev::ServerHandle;
use fleetward_common::{
    devices::link::{Channel, ChannelSignal},
    id::DeviceId,
    metric::codes,
    text::SerialNumber,
    time::{Instant, SampleRate},
};
use fleetward_device::agent::{Agent, AgentBuilder, Credentials};
use prometheus::Registry;
use tempfile::TempDir;

use crate::{
    devices::{
        authority::{CredentialsError, DeviceAuthority, issue_credentials},
        ingest::DevicePort,
        metrics::LinkMetrics,
        store::{fixture, measured},
        twin::{Audience, Twins, event::Publication, watchdog},
    },
    platform::{
        clock::Clock,
        db::{Db, DbError, Location},
    },
};

/// Remembers what people would have seen.
#[derive(Default)]
pub struct Witness(Mutex<Vec<(DeviceId, Publication)>>);

impl Audience for Witness {
    fn publish(&self, device: DeviceId, publication: &Publication) {
        self.0.lock().unwrap().push((device, publication.clone()));
    }
}

impl Witness {
    pub fn seen(&self, device: DeviceId) -> Vec<Publication> {
        let seen = self.0.lock().unwrap();
        seen.iter()
            .filter(|(of, _)| *of == device)
            .map(|(_, what)| what.clone())
            .collect()
    }
}

pub struct Server {
    pub folder: TempDir,
    pub clock: Clock,
    pub db: Db,
    pub authority: DeviceAuthority,
    pub twins: Twins,
    pub witness: Arc<Witness>,
    pub address: SocketAddr,
    port: ServerHandle,
}

pub fn location(folder: &TempDir) -> Location {
    Location::SqliteFile(folder.path().join("fleetward.sqlite"))
}

impl Server {
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    pub fn start_in(folder: TempDir) -> Self {
        let clock = Clock::system();
        let db = Db::open(&location(&folder)).unwrap();
        let authority = DeviceAuthority::open(folder.path(), clock.now()).unwrap();
        let witness = Arc::new(Witness::default());
        let metrics = LinkMetrics::registered(&Registry::new()).unwrap();
        let twins = Twins::new(db.clone(), clock.clone(), witness.clone(), metrics);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = DevicePort::serve(listener, &authority, twins.clone(), 2).unwrap();
        let port = server.handle();
        actix_web::rt::spawn(server);
        actix_web::rt::spawn(watchdog::watch(twins.clone()));
        Self {
            folder,
            clock,
            db,
            authority,
            twins,
            witness,
            address,
            port,
        }
    }

    /// Closes the port and hands the folder on, as for a restart.
    pub async fn stop(self) -> TempDir {
        self.port.stop(false).await;
        self.folder
    }

    pub async fn register(&self, serial: &str) -> DeviceId {
        let (serial, now) = (SerialNumber::parse(serial).unwrap(), self.clock.now());
        let chance = self.clock.entropy()[0];
        let register = self.db.write(move |connection| {
            fixture::register_device(connection, &serial, now, chance).map_err(DbError::Query)
        });
        register.await.unwrap()
    }

    pub fn device_folder(&self, serial: &str) -> PathBuf {
        self.folder.path().join("devices").join(serial)
    }

    /// A registered device with credentials in its folder.
    pub async fn device(&self, serial: &str) -> DeviceId {
        let device = self.register(serial).await;
        let folder = self.device_folder(serial);
        let (serial, now) = (SerialNumber::parse(serial).unwrap(), self.clock.now());
        let authority = DeviceAuthority::open(self.folder.path(), now).unwrap();
        let issued = self.db.write(move |connection| {
            issue_credentials(&authority, connection, device, &serial, &folder, now).map_err(|error| {
                match error {
                    CredentialsError::Query(error) => DbError::Query(error),
                    other => panic!("{other}"),
                }
            })
        });
        issued.await.unwrap();
        device
    }

    pub fn agent(&self, serial: &str) -> AgentBuilder {
        Agent::builder(
            SerialNumber::parse(serial).unwrap(),
            "4.2.1".to_owned().try_into().unwrap(),
        )
        .channels(monitor())
        .folder(&self.device_folder(serial))
    }

    pub fn credentials(&self, serial: &str) -> Credentials {
        Credentials::from_folder(&self.device_folder(serial)).unwrap()
    }

    pub async fn numerics(&self, device: DeviceId) -> Vec<measured::NumericRow> {
        let everything = self.db.read(move |connection| {
            let (from, until) = (Instant::EPOCH, Instant::from_micros(i64::MAX / 2));
            measured::numerics_measured(connection, device, from, until).map_err(DbError::Query)
        });
        everything.await.unwrap().rows
    }
}

pub const HEART_RATE: u16 = 0;
pub const SPO2: u16 = 1;
pub const ECG: u16 = 2;

pub fn monitor() -> Vec<Channel> {
    let numeric = |id, metric: fleetward_common::metric::MetricCode| Channel {
        id,
        metric,
        unit: metric.metric().unwrap().unit.mdc(),
        signal: ChannelSignal::Numeric { interval_ms: 1_000 },
    };
    vec![
        numeric(HEART_RATE, codes::HEART_RATE),
        numeric(SPO2, codes::SPO2),
        Channel {
            id: ECG,
            metric: codes::ECG_LEAD_II,
            unit: codes::ECG_LEAD_II.metric().unwrap().unit.mdc(),
            signal: ChannelSignal::Wave {
                rate: SampleRate::hertz(250),
                exponent: -3,
            },
        },
    ]
}

/// Waits until `done` holds; a minute is far more than it takes.
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("waited in vain: {what}");
}
