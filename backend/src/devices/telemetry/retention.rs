//! How long raw waves are kept: 24 hours, or as many as fit into 2 GiB, whichever is less. Numerics stay.
//!
//! Until segments exist this is all the retention there is. It walks from the oldest arrival on, a small
//! batch at a time through the one writer, so that no frame waits long behind it.

use std::time::Duration;

use fleetward_common::time::Instant;

use crate::{
    devices::{metrics::LinkMetrics, store::waves},
    platform::{
        clock::Clock,
        db::{Db, DbError},
    },
};

/// What is kept of raw waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub age: Duration,
    pub bytes: u64,
}

impl Keep {
    pub const RAW_WAVES: Self = Self {
        age: Duration::from_secs(24 * 3_600),
        bytes: 2 << 30,
    };
}

/// Rows of one batch: a few milliseconds of the writer.
const BATCH: usize = 500;
const EVERY: Duration = Duration::from_secs(300);

/// Tidies for as long as the server runs.
pub async fn tidy_waves(db: Db, clock: Clock, metrics: LinkMetrics, keep: Keep) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match remove_what_is_over(&db, clock.now(), keep).await {
            Ok(0) => {}
            Ok(removed) => metrics.waves_removed.inc_by(removed),
            Err(error) => tracing::error!(%error, "old waves could not be removed; it is tried again soon"),
        }
    }
}

/// Removes what is too old or too much. Answers with the number of rows.
pub async fn remove_what_is_over(db: &Db, now: Instant, keep: Keep) -> Result<u64, DbError> {
    let mut removed = 0;
    let mut over = db.read(waves::bytes_kept).await?.saturating_sub(keep.bytes);
    loop {
        let oldest_kept = now - keep.age;
        let batch = db.write(move |connection| waves::remove_oldest(connection, oldest_kept, over, BATCH));
        let batch = batch.await?;
        over = over.saturating_sub(batch.bytes);
        removed += batch.rows;
        if batch.rows == 0 {
            return Ok(removed);
        }
    }
}
