//! Reads that may take seconds: a few at a time, and only while somebody waits for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use super::{Db, DbConnection, DbError};

/// How long one waits for a place before being asked to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says to the thread that reads whether the task that asked is still there.
#[derive(Debug, Clone)]
pub struct StillWanted(Arc<AtomicBool>);

impl StillWanted {
    /// To be asked between two parts of the work.
    pub fn check(&self) -> Result<(), DbError> {
        if self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(DbError::NobodyWaits)
        }
    }
}

/// Lives in the future that waits; a request that is given up drops it.
struct Asker(StillWanted);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

impl Db {
    /// [`Db::read`] for work that goes through much: it leaves half of the readers to the others, and is
    /// to end when [`StillWanted::check`] says so.
    pub async fn read_long<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection, &StillWanted) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let asker = Asker(StillWanted(Arc::new(AtomicBool::new(true))));
        let wanted = asker.0.clone();
        let place = timeout(PATIENCE, Arc::clone(&self.long_reads).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(DbError::Full.into());
        };
        self.read(move |connection| {
            // Kept by the work itself: it goes on for a while after its asker has left.
            let _place = place;
            wanted.check()?;
            work(connection, &wanted)
        })
        .await
    }
}
