//! One database, two engines, one way to write.
//!
//! Reads run on a pool of connections on blocking threads: [`Db::read`]. Every write goes through one
//! writer thread that commits in groups ([`writer`]): [`Db::write`] for changes, [`Db::append`] for
//! device frames. A reply always follows the commit.
//!
//! Start with `writer.rs`. Engine differences live in `engine.rs` and in the few upserts that match
//! on [`DbConnection`].

mod engine;
mod failure;
mod interval;
mod long_read;
mod migrate;
mod row;
pub mod statements;
mod writer;

#[cfg(test)]
mod tests;

/// What a query answers with, for those who hand it on and ask nothing themselves.
pub use diesel::{QueryResult, result::Error as QueryError};
pub use engine::{DbConnection, Location};
pub(crate) use interval::open_at;
pub use long_read::StillWanted;
pub use migrate::{migrate_down, migrate_up};
pub use row::{CorruptRow, StoredId, instant, micros};
pub use writer::{Append, Backlog, WriteFailed};

use diesel::r2d2;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

#[derive(Debug, Error)]
pub enum DbError {
    #[error("the database refused a statement")]
    Query(#[from] diesel::result::Error),
    #[error("the database can't be opened")]
    Connect(#[from] diesel::ConnectionError),
    #[error("no database connection became free")]
    Pool(#[from] r2d2::PoolError),
    #[error("every place for long reads is taken")]
    Full,
    #[error("whoever asked has left")]
    NobodyWaits,
    #[error("migrations failed: {0}")]
    Migrate(String),
    #[error("the database is not set up as it must be: {0}")]
    Settings(String),
    #[error(transparent)]
    Write(#[from] WriteFailed),
    #[error(transparent)]
    CorruptRow(#[from] CorruptRow),
    #[error("the reading task was stopped")]
    Stopped,
}

/// Cloneable handle; the last one to go stops the writer after its last commit.
#[derive(Clone)]
pub struct Db {
    readers: r2d2::Pool<engine::Readers>,
    long_reads: Arc<Semaphore>,
    writer: Arc<writer::Writer>,
}

const READERS: u32 = 8;
/// Of the readers: the others stay free for what takes a moment.
const LONG_READERS: usize = 4;

impl Db {
    /// Opens and migrates the database and checks its settings.
    pub fn open(location: &Location) -> Result<Self, DbError> {
        let mut connection = location.connect_writer()?;
        migrate_up(&mut connection)?;
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            .build(location.readers())?;
        let writer = Arc::new(writer::Writer::start(location.clone(), connection)?);
        Ok(Self {
            readers,
            long_reads: Arc::new(Semaphore::new(LONG_READERS)),
            writer,
        })
    }

    /// Runs `work` on a reading connection, off the async threads.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let readers = self.readers.clone();
        let counter = statements::counter();
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = readers.get().map_err(DbError::Pool)?;
            statements::on_behalf_of(counter, || work(&mut connection))
        });
        task.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }

    /// Runs `work` in the writer's next group: all of it is committed, or none of it. Answers after
    /// the commit. `work` holds up every other writer, so it must not wait for anything.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
    {
        self.writer.change(work).await
    }

    /// Hands rows to the writer without waiting; `rows.finish` hears of the commit.
    pub fn append(&self, rows: Box<dyn Append>) {
        self.writer.append(rows);
    }

    pub fn backlog(&self) -> Backlog {
        self.writer.backlog()
    }
}
