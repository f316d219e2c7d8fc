//! Raw waves as a heap that is kept small.

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
use fleetward_common::time::Instant;

use crate::{
    platform::db::{DbConnection, DbError},
    schema::wave_frames,
};

/// What one batch took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    pub rows: u64,
    pub bytes: u64,
}

/// Read from an index alone: no payload is touched.
pub fn bytes_kept(connection: &mut DbConnection) -> Result<u64, DbError> {
    let bytes: i64 = wave_frames::table
        .select(sql::<BigInt>("CAST(COALESCE(SUM(payload_bytes), 0) AS BIGINT)"))
        .first(connection)?;
    Ok(bytes.unsigned_abs())
}

/// Removes at most `most` rows: the oldest ones that arrived before `oldest_kept`, or while `over` bytes
/// are too many.
pub fn remove_oldest(
    connection: &mut DbConnection,
    oldest_kept: Instant,
    over: u64,
    most: usize,
) -> Result<Removed, DbError> {
    type Row = (Vec<u8>, i64, i64, i64, i64);
    let oldest: Vec<Row> = wave_frames::table
        .order(wave_frames::received_at.asc())
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((
            wave_frames::device_id,
            wave_frames::epoch,
            wave_frames::seq,
            wave_frames::received_at,
            wave_frames::payload_bytes,
        ))
        .load(connection)?;
    let mut removed = Removed::default();
    for (device, epoch, seq, received_at, bytes) in oldest {
        if received_at >= oldest_kept.micros() && removed.bytes >= over {
            break;
        }
        let row = wave_frames::table.find((device, epoch, seq));
        removed.rows += diesel::delete(row).execute(connection)? as u64;
        removed.bytes += bytes.unsigned_abs();
    }
    Ok(removed)
}
