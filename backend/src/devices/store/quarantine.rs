//! Rows that are not what was written.

use diesel::prelude::*;
use fleetward_common::{id::DeviceId, time::Instant};

use super::frames::column;
use crate::{
    platform::db::{DbConnection, StoredId},
    schema::quarantined_frames,
};

/// A row whose bytes are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorruptRow {
    pub epoch: u64,
    pub seq: u64,
    pub lane: Lane,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Numeric,
    Wave,
}

impl Lane {
    pub const fn as_str(self) -> &'static str {
        match self {
            Lane::Numeric => "numeric",
            Lane::Wave => "wave",
        }
    }
}

/// Sets rows aside that can't be served, for whoever finds out why. Answers how many are new.
pub fn set_aside(
    connection: &mut DbConnection,
    device: DeviceId,
    corrupt: &[CorruptRow],
    now: Instant,
) -> QueryResult<usize> {
    let mut new = 0;
    for row in corrupt {
        let row = (
            quarantined_frames::device_id.eq(device.stored()),
            quarantined_frames::epoch.eq(column(row.epoch)),
            quarantined_frames::seq.eq(column(row.seq)),
            quarantined_frames::lane.eq(row.lane.as_str()),
            quarantined_frames::found_at.eq(now.micros()),
        );
        new += match connection {
            DbConnection::Sqlite(sqlite) => diesel::insert_or_ignore_into(quarantined_frames::table)
                .values(row)
                .execute(sqlite)?,
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(postgres) => diesel::insert_into(quarantined_frames::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(postgres)?,
        };
    }
    Ok(new)
}
