//! Frames become rows, in the group commit.

use diesel::prelude::*;
use fleetward_common::{id::DeviceId, time::Instant};

use super::{minutes, snapshots};
use crate::{
    devices::twin::event::{FrameRows, GapChange, Payload, Saved},
    platform::db::{DbConnection, StoredId},
    schema::{devices, frame_gaps, numeric_frames, unknown_metrics, wave_frames},
};

/// Sequence numbers and epochs keep their 64 bits; in the database they are signed.
pub const fn column(number: u64) -> i64 {
    number.cast_signed()
}

pub const fn number(column: i64) -> u64 {
    column.cast_unsigned()
}

/// Inserts a row unless one with its key is there, which then stays as it is.
macro_rules! insert_or_leave {
    ($connection:expr, $table:expr, $row:expr) => {
        match $connection {
            DbConnection::Sqlite(sqlite) => {
                diesel::insert_or_ignore_into($table).values($row).execute(sqlite)
            }
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(postgres) => diesel::insert_into($table)
                .values($row)
                .on_conflict_do_nothing()
                .execute(postgres),
        }
    };
}

/// Stores one frame with all that its arrival closes. A frame that is already there stays as it is.
pub fn append(connection: &mut DbConnection, device: DeviceId, rows: &FrameRows) -> QueryResult<()> {
    let id = device.stored();
    if let Some(payload) = &rows.numerics {
        insert_numerics(connection, &id, rows, payload)?;
    }
    if let Some(payload) = &rows.waves {
        insert_waves(connection, &id, rows, payload)?;
    }
    if let Some(gap) = &rows.gap {
        change_gap(connection, &id, rows.epoch, rows.seq, gap)?;
    }
    minutes::store(connection, device, &rows.minutes)?;
    if let Some(snapshot) = &rows.snapshot {
        snapshots::store(connection, device, snapshot)?;
    }
    Ok(())
}

/// Stores what a twin keeps without a frame.
pub fn save(connection: &mut DbConnection, device: DeviceId, saved: &Saved, now: Instant) -> QueryResult<()> {
    let id = device.stored();
    if let Some((epoch, gap)) = &saved.gap {
        change_gap(connection, &id, *epoch, 0, gap)?;
    }
    minutes::store(connection, device, &saved.minutes)?;
    if let Some(snapshot) = &saved.snapshot {
        snapshots::store(connection, device, snapshot)?;
    }
    if let Some(software) = &saved.software {
        diesel::update(devices::table.find(&id))
            .set(devices::software.eq(software.as_str()))
            .execute(connection)?;
    }
    for (metric, unit) in &saved.unknown {
        let row = (
            unknown_metrics::device_id.eq(&id),
            unknown_metrics::metric.eq(i64::from(metric.0)),
            unknown_metrics::unit.eq(i64::from(*unit)),
            unknown_metrics::first_seen_at.eq(now.micros()),
        );
        insert_or_leave!(connection, unknown_metrics::table, row)?;
    }
    Ok(())
}

fn insert_numerics(
    connection: &mut DbConnection,
    id: &Vec<u8>,
    rows: &FrameRows,
    payload: &Payload,
) -> QueryResult<usize> {
    let row = (
        numeric_frames::device_id.eq(id),
        numeric_frames::epoch.eq(column(rows.epoch)),
        numeric_frames::seq.eq(column(rows.seq)),
        numeric_frames::measured_from.eq(payload.measured_from.micros()),
        numeric_frames::measured_until.eq(payload.measured_until.micros()),
        numeric_frames::received_at.eq(rows.received.micros()),
        numeric_frames::clock_untrusted.eq(rows.clock_untrusted),
        numeric_frames::payload.eq(&payload.bytes),
        numeric_frames::crc32c.eq(i64::from(payload.crc32c)),
    );
    insert_or_leave!(connection, numeric_frames::table, row)
}

fn insert_waves(
    connection: &mut DbConnection,
    id: &Vec<u8>,
    rows: &FrameRows,
    payload: &Payload,
) -> QueryResult<usize> {
    let row = (
        wave_frames::device_id.eq(id),
        wave_frames::epoch.eq(column(rows.epoch)),
        wave_frames::seq.eq(column(rows.seq)),
        wave_frames::measured_from.eq(payload.measured_from.micros()),
        wave_frames::measured_until.eq(payload.measured_until.micros()),
        wave_frames::received_at.eq(rows.received.micros()),
        wave_frames::clock_untrusted.eq(rows.clock_untrusted),
        wave_frames::payload.eq(&payload.bytes),
        wave_frames::payload_bytes.eq(i64::try_from(payload.bytes.len()).unwrap_or(i64::MAX)),
        wave_frames::crc32c.eq(i64::from(payload.crc32c)),
    );
    insert_or_leave!(connection, wave_frames::table, row)
}

fn change_gap(
    connection: &mut DbConnection,
    id: &Vec<u8>,
    epoch: u64,
    seq: u64,
    change: &GapChange,
) -> QueryResult<()> {
    match *change {
        GapChange::Opened {
            first,
            last,
            measured_from,
            measured_until,
        } => insert_gap(
            connection,
            id,
            epoch,
            (first, last),
            (measured_from.micros(), measured_until.micros()),
        ),
        GapChange::Filled { first, last } => {
            let gap = frame_gaps::table.find((id, column(epoch), column(first)));
            let measured: Option<(i64, i64)> = gap
                .select((frame_gaps::measured_from, frame_gaps::measured_until))
                .first(connection)
                .optional()?;
            let Some(measured) = measured else { return Ok(()) };
            diesel::delete(gap).execute(connection)?;
            if first < seq {
                insert_gap(connection, id, epoch, (first, seq - 1), measured)?;
            }
            if seq < last {
                insert_gap(connection, id, epoch, (seq + 1, last), measured)?;
            }
            Ok(())
        }
    }
}

fn insert_gap(
    connection: &mut DbConnection,
    id: &Vec<u8>,
    epoch: u64,
    (first, last): (u64, u64),
    (measured_from, measured_until): (i64, i64),
) -> QueryResult<()> {
    let row = (
        frame_gaps::device_id.eq(id),
        frame_gaps::epoch.eq(column(epoch)),
        frame_gaps::first_seq.eq(column(first)),
        frame_gaps::last_seq.eq(column(last)),
        frame_gaps::measured_from.eq(measured_from),
        frame_gaps::measured_until.eq(measured_until),
    );
    insert_or_leave!(connection, frame_gaps::table, row)?;
    Ok(())
}

/// The first sequence number of this epoch that nothing is stored for.
pub fn next_seq(connection: &mut DbConnection, device: DeviceId, epoch: u64) -> QueryResult<Option<u64>> {
    use diesel::dsl::max;
    let id = device.stored();
    let numeric: Option<i64> = numeric_frames::table
        .filter(numeric_frames::device_id.eq(&id))
        .filter(numeric_frames::epoch.eq(column(epoch)))
        .select(max(numeric_frames::seq))
        .first(connection)?;
    let wave: Option<i64> = wave_frames::table
        .filter(wave_frames::device_id.eq(&id))
        .filter(wave_frames::epoch.eq(column(epoch)))
        .select(max(wave_frames::seq))
        .first(connection)?;
    let gap: Option<i64> = frame_gaps::table
        .filter(frame_gaps::device_id.eq(&id))
        .filter(frame_gaps::epoch.eq(column(epoch)))
        .select(max(frame_gaps::last_seq))
        .first(connection)?;
    let kept = snapshots::next_seq(connection, device, epoch)?;
    let found = numeric
        .max(wave)
        .max(gap)
        .map(|seq| number(seq).saturating_add(1));
    Ok(found.max(kept))
}
