//! Everything a request can reach. Built here, for the program and for tests alike.

use std::{
    fs::{self, File},
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use fleetward_common::identity::DemoPerson;
use thiserror::Error;

use crate::{
    access::{
        Access,
        break_glass::LookUps,
        policy::{Policy, PolicyError},
    },
    alarms::vigil::Vigil,
    care::{
        PatientKeys,
        blind_index::BlindIndexes,
        key_provider::{FileKeys, KeyError},
    },
    demo,
    devices::{
        authority::{AuthorityError, DeviceAuthority},
        ingest::PortError,
        metrics::LinkMetrics,
        twin::{Everyone, Twins},
    },
    identity::{SignInDesk, demo_people},
    live::Hub,
    ops::Metrics,
    platform::{
        clock::Clock,
        config::Store,
        db::{Db, DbError, Location},
        http::{
            Failure,
            assets::Portal,
            budget::{Budgets, Limits},
            counters::HttpCounters,
            failure::chain,
            origin::Origin,
        },
        outbox::{Carrier, MailServerError},
        secrets::{Secrets, SecretsError, private_file, private_folder},
        tls::CertificateError,
    },
    privacy::{Recorder, recorder::RecordError},
    reviews,
};

pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub secrets: Secrets,
    pub access: Access,
    pub live: Hub,
    pub authority: Arc<DeviceAuthority>,
    pub twins: Twins,
    /// Judges what devices measure, and keeps every alarm.
    pub vigil: Vigil,
    pub sign_in: SignInDesk,
    /// What sessions and addresses may ask for.
    pub budgets: Budgets,
    pub keys: PatientKeys,
    /// Writes down who looked, and keeps the record whole.
    pub recorder: Recorder,
    pub portal: Portal,
    pub metrics: Metrics,
    /// Where people reach the portal; links in messages begin with it.
    pub origin: Origin,
    /// How messages leave. The demo's go into the folder `outbox` of the data folder.
    pub carrier: Carrier,
    /// How many patients each person may still look up for an emergency.
    pub look_ups: LookUps,
    /// What the privacy officers' desk knows between requests.
    pub desk: reviews::Desk,
    pub http: HttpCounters,
    demo: Option<Vec<DemoPerson>>,
    /// Held for as long as the app lives: one process per data folder.
    _lock: File,
}

/// How an app is put together.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub portal: Portal,
    /// Seed the demo world if it is absent, and let anyone sign in as its people.
    pub demo: bool,
    pub limits: Limits,
}

/// Why the server can't start: one line, with what to do.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("can't write to the data folder {}: {source}. Choose another with --data, or give this user the right to write there", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the data folder {} is in use by another Fleetward server. Stop it, or choose another with --data", path.display())]
    InUse { path: PathBuf },
    #[error("{}", chain(.0))]
    Secrets(#[from] SecretsError),
    #[error("{}", chain(.0))]
    Database(#[from] DbError),
    #[error("{}", chain(.0))]
    Policy(#[from] PolicyError),
    #[error("can't {step}: {source}. {advice}")]
    Step {
        step: String,
        source: io::Error,
        advice: &'static str,
    },
    #[error("{}", chain(.0))]
    Refused(#[from] Failure),
    #[error("{}", chain(.0))]
    Authority(#[from] AuthorityError),
    #[error("{}", chain(.0))]
    DevicePort(#[from] PortError),
    #[error("{}", chain(.0))]
    Metrics(#[from] prometheus::Error),
    #[error(
        "the portal would be open to the network at {address} without encryption. Give --tls-cert and --tls-key, or leave --listen out"
    )]
    OpenToTheNetwork { address: IpAddr },
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    #[error("{}", chain(.0))]
    MailServer(#[from] MailServerError),
    #[error("{}", chain(.0))]
    Keys(#[from] KeyError),
    #[error("no organisation is called {0}. Its name is written as in the portal; its id works too")]
    NoSuchOrganisation(String),
    #[error("{}", chain(.0))]
    Record(#[from] RecordError),
    #[error("--database-url needs a server built with the feature `postgres`")]
    NoPostgres,
}

impl App {
    pub async fn open(parts: Parts) -> Result<Self, StartError> {
        let Parts {
            store,
            clock,
            portal,
            demo: is_demo,
            limits,
        } = parts;
        let lock = lock_folder(&store.data)?;
        let secrets = Secrets::open(&store.data.join("secrets"))?;
        let db = Db::open(&location(&store)?)?;
        let keys = open_keys(&store.data, &secrets)?;
        let access = Access::new(db.clone(), clock.clone(), Policy::built_in().await?);
        let recorder = Recorder::open(db.clone(), secrets.audit.clone(), &journal_folder(&store.data))?;
        let authority = Arc::new(DeviceAuthority::open(&store.data.join("secrets"), clock.now())?);
        let (live, metrics) = (Hub::default(), Metrics::default());
        let link = LinkMetrics::registered(&metrics.registry)?;
        let vigil = Vigil::default();
        let audience = Everyone(vec![Arc::new(live.clone()), Arc::new(vigil.clone())]);
        let twins = Twins::new(db.clone(), clock.clone(), Arc::new(audience), link);
        let sign_in = SignInDesk::new(&secrets)?;
        let http = HttpCounters::registered(&metrics.registry)?;
        let mut app = Self {
            db,
            clock,
            secrets,
            access,
            live,
            authority,
            twins,
            vigil,
            sign_in,
            budgets: Budgets::new(limits),
            keys,
            recorder,
            portal,
            metrics,
            origin: Origin::default(),
            carrier: if is_demo {
                Carrier::Folder(store.data.join("outbox"))
            } else {
                Carrier::Nobody
            },
            look_ups: LookUps::default(),
            desk: reviews::Desk::default(),
            http,
            demo: None,
            _lock: lock,
        };
        app.recorder.note_start(app.clock.now()).await?;
        if is_demo {
            demo::seed(&app, &store.data).await?;
            let people = demo_people::read(&app.secrets).map_err(|source| StartError::Step {
                step: "read the demo people".to_owned(),
                source,
                advice: "Start over with an empty data folder.",
            })?;
            app.demo = Some(people);
        }
        if let Err(error) = app.recorder.note_checkpoint(app.clock.now()).await {
            // A forged one keeps no bed from being watched; the desk and `audit verify` say it.
            tracing::error!(cause = %chain(&error), "the audit checkpoint could not be noted at the start");
        }
        Ok(app)
    }

    /// The people anyone may sign in as; `None` outside the demo.
    pub fn demo_people(&self) -> Option<&[DemoPerson]> {
        self.demo.as_deref()
    }
}

/// The patients' keys, and behind them the organisations'.
pub fn open_keys(data: &Path, secrets: &Secrets) -> Result<PatientKeys, StartError> {
    let provider = FileKeys::open(&data.join("secrets"), secrets.master.clone())?;
    let indexes = BlindIndexes::new(secrets.master.clone());
    Ok(PatientKeys::open(
        &data.join("keys.sqlite"),
        Arc::new(provider),
        indexes,
    )?)
}

/// What the audit keeps outside the database.
pub fn journal_folder(data: &Path) -> PathBuf {
    data.join("journal")
}

fn lock_folder(data: &Path) -> Result<File, StartError> {
    let unusable = |source| StartError::Folder {
        path: data.to_owned(),
        source,
    };
    private_folder(data).map_err(unusable)?;
    let lock = data.join("fleetward.lock");
    private_file(&lock).map_err(unusable)?;
    let lock = File::create(lock).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse {
            path: data.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(unusable(source)),
    }
}

pub fn location(store: &Store) -> Result<Location, StartError> {
    match &store.database_url {
        None => Ok(Location::SqliteFile(store.data.join("fleetward.sqlite"))),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Location::Postgres(url.clone())),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::NoPostgres),
    }
}
