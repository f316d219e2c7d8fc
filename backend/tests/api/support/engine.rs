//! Where a test's world is kept: a copy of a seeded template, made once per run and engine.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
};

use fleetward::{
    app::{App, Parts},
    platform::{
        clock::Clock,
        config::Store,
        db::Location,
        http::{assets::Portal as Assets, budget::Limits},
    },
};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// A data folder of one test, gone with it.
pub struct World {
    pub folder: TempDir,
    pub database_url: Option<String>,
}

impl World {
    /// A copy of the demo world.
    pub fn seeded(engine: Engine) -> Self {
        let template = template(engine);
        let world = Self::place(engine, template.database.as_deref());
        copy_folder(template.folder.path(), world.folder.path());
        world
    }

    /// An empty database, not even migrated.
    pub fn empty(engine: Engine) -> Self {
        Self::place(engine, None)
    }

    fn place(engine: Engine, copied_from: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database_url = match engine {
            Engine::Sqlite => None,
            #[cfg(feature = "postgres")]
            Engine::Postgres => Some(super::postgres::new_database(copied_from)),
        };
        #[cfg(not(feature = "postgres"))]
        let _ = copied_from;
        Self { folder, database_url }
    }

    pub fn store(&self) -> Store {
        Store {
            data: self.folder.path().to_owned(),
            database_url: self.database_url.clone(),
        }
    }

    pub fn engine(&self) -> Engine {
        match &self.database_url {
            None => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Some(_) => Engine::Postgres,
            #[cfg(not(feature = "postgres"))]
            Some(_) => unreachable!("no URL without PostgreSQL"),
        }
    }

    /// Where the database server keeps its files, if there is one.
    pub fn cluster_folder(&self) -> Option<PathBuf> {
        match self.engine() {
            Engine::Sqlite => None,
            #[cfg(feature = "postgres")]
            Engine::Postgres => Some(super::postgres::cluster_folder()),
        }
    }

    /// Brings what is in memory into the files. SQLite's are the write-ahead log and what it was merged
    /// into: both are there already.
    pub fn checkpoint(&self) {
        #[cfg(feature = "postgres")]
        if self.engine() == Engine::Postgres {
            super::postgres::checkpoint();
        }
    }

    pub fn location(&self) -> Location {
        match &self.database_url {
            None => Location::SqliteFile(self.folder.path().join("fleetward.sqlite")),
            #[cfg(feature = "postgres")]
            Some(url) => Location::Postgres(url.clone()),
            #[cfg(not(feature = "postgres"))]
            Some(_) => unreachable!("no URL without PostgreSQL"),
        }
    }
}

struct Template {
    folder: TempDir,
    database: Option<String>,
}

fn template(engine: Engine) -> &'static Template {
    static SQLITE: OnceLock<Template> = OnceLock::new();
    #[cfg(feature = "postgres")]
    static POSTGRES: OnceLock<Template> = OnceLock::new();
    let place = match engine {
        Engine::Sqlite => &SQLITE,
        #[cfg(feature = "postgres")]
        Engine::Postgres => &POSTGRES,
    };
    place.get_or_init(|| seed(engine))
}

fn seed(engine: Engine) -> Template {
    let world = World::empty(engine);
    let parts = Parts {
        store: world.store(),
        clock: Clock::system(),
        portal: Assets::default(),
        demo: true,
        limits: Limits::default(),
    };
    // A thread and a system of its own: what it starts ends with it, and the last connection closes the
    // database.
    let seeding = thread::spawn(|| {
        actix_web::rt::System::new().block_on(async {
            drop(App::open(parts).await.unwrap());
        });
    });
    seeding.join().expect("the demo world is seeded");
    Template {
        folder: world.folder,
        database: world.database_url,
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
