//! A real server on free ports, on a thread of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use actix_web::web::Data;
use diesel::connection::SimpleConnection;
use fleetward::{
    app::{App, Parts},
    platform::{
        clock::Clock,
        config::Store,
        db::{DbError, Location},
        http::{assets::Portal as Assets, budget::Limits},
    },
    serve::{self, Door, Ports},
};
use tokio::sync::oneshot;

use super::{
    engine::{Engine, World},
    people::Person,
};

pub struct Portal {
    pub address: SocketAddr,
    pub device: SocketAddr,
    pub ops: SocketAddr,
    /// The inside of the server, for what can't be seen from outside yet.
    pub app: Data<App>,
    pub http: reqwest::Client,
    /// There for as long as the portal runs.
    world: Option<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// How a portal is started; the default is the demo on the system's clock.
pub struct Options {
    pub clock: Clock,
    pub demo: bool,
    pub assets: Assets,
    pub limits: Limits,
    pub door: Door,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            demo: true,
            assets: Assets::default(),
            limits: Limits::default(),
            door: Door::default(),
        }
    }
}

/// Runs one test body against a fresh portal.
pub fn run<F: Future<Output = ()>>(engine: Engine, body: impl FnOnce(Portal) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { body(Portal::start(engine, Options::default())).await });
}

impl Portal {
    pub fn start(engine: Engine, options: Options) -> Self {
        Self::start_in(World::seeded(engine), options)
    }

    pub fn start_in(world: World, options: Options) -> Self {
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let store = world.store();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let parts = Parts {
                    store,
                    clock: options.clock,
                    portal: options.assets,
                    demo: options.demo,
                    limits: options.limits,
                };
                let app = Data::new(App::open(parts).await.unwrap());
                let running = serve::start_behind(&app, Ports::default(), options.door).unwrap();
                let addresses = (running.portal, running.device, running.ops);
                ready.send((addresses, app)).unwrap();
                let _ = stopped.await;
                running.stop().await;
            });
        });
        let ((address, device, ops), app) = started.recv().expect("the server starts");
        Self {
            address,
            device,
            ops,
            app,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            world: Some(world),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stopped, and started again on the same data.
    pub fn restarted(mut self, options: Options) -> Self {
        let world = self.world.take().expect("a world");
        drop(self);
        Self::start_in(world, options)
    }

    /// Stopped; its world is left.
    pub fn stopped(mut self) -> World {
        self.world.take().expect("a world")
    }

    pub fn store(&self) -> Store {
        self.world.as_ref().expect("a world").store()
    }

    pub fn location(&self) -> Location {
        self.world.as_ref().expect("a world").location()
    }

    /// Statements of someone who owns the database.
    pub async fn execute(&self, sqlite: &str, postgres: &str) {
        let engine = self.world.as_ref().expect("a world").engine();
        let sql = match engine {
            Engine::Sqlite => sqlite.to_owned(),
            #[cfg(feature = "postgres")]
            Engine::Postgres => postgres.to_owned(),
        };
        #[cfg(not(feature = "postgres"))]
        let _ = postgres;
        let done: Result<(), DbError> = self
            .app
            .db
            .write(move |connection| Ok(connection.batch_execute(&sql)?))
            .await;
        done.unwrap();
    }

    /// Every folder in which the database, its logs and the keys are.
    pub fn database_folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.data().to_owned()];
        folders.extend(self.world.as_ref().expect("a world").cluster_folder());
        folders
    }

    /// Brings what is in memory into the files.
    pub fn checkpoint_database(&self) {
        self.world.as_ref().expect("a world").checkpoint();
    }

    pub fn data(&self) -> &Path {
        self.world.as_ref().expect("a world").folder.path()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Someone who has not signed in.
    pub fn stranger(&self) -> Person<'_> {
        Person::new(self, None)
    }

    pub fn password_of(&self, login: &str) -> String {
        let people = self.app.demo_people().unwrap();
        let person = people.iter().find(|person| person.login == login);
        person.expect("a person of the demo world").password.clone()
    }

    pub async fn sign_in(&self, login: &str) -> Person<'_> {
        let body = serde_json::json!({ "login": login, "password": self.password_of(login) });
        let answer = self.stranger().post("/api/v1/session", &body).await;
        assert_eq!(answer.status, 200, "{login}: {}", answer.text);
        Person::new(self, Some(answer.session_cookie().expect("a session cookie")))
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
