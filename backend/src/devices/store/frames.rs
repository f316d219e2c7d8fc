//! Frames as rows: written by the group commit, read by history and after a restart.

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use fleetward_common::{id::DeviceId, time::Instant};

use super::{minutes, snapshots};
use crate::{
    devices::{
        telemetry::frame_codec::{CorruptFrame, Numerics, Waves, checksum, read_numerics, read_waves},
        twin::event::{FrameRows, GapChange, Payload, Saved},
    },
    platform::db::{DbConnection, StoredId},
    schema::{devices, frame_gaps, numeric_frames, quarantined_frames, unknown_metrics, wave_frames},
};

/// Sequence numbers and epochs keep their 64 bits; in the database they are signed.
pub const fn column(number: u64) -> i64 {
    number.cast_signed()
}

pub const fn number(column: i64) -> u64 {
    column.cast_unsigned()
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
        match connection {
            DbConnection::Sqlite(sqlite) => diesel::insert_or_ignore_into(unknown_metrics::table)
                .values(row)
                .execute(sqlite)?,
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(postgres) => diesel::insert_into(unknown_metrics::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(postgres)?,
        };
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
    match connection {
        DbConnection::Sqlite(sqlite) => diesel::insert_or_ignore_into(numeric_frames::table)
            .values(row)
            .execute(sqlite),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => diesel::insert_into(numeric_frames::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(postgres),
    }
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
    match connection {
        DbConnection::Sqlite(sqlite) => diesel::insert_or_ignore_into(wave_frames::table)
            .values(row)
            .execute(sqlite),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => diesel::insert_into(wave_frames::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(postgres),
    }
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
    match connection {
        DbConnection::Sqlite(sqlite) => diesel::insert_or_ignore_into(frame_gaps::table)
            .values(row)
            .execute(sqlite)?,
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => diesel::insert_into(frame_gaps::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(postgres)?,
    };
    Ok(())
}

/// One stored numeric row, its checksum already held.
pub struct NumericRow {
    pub epoch: u64,
    pub seq: u64,
    pub received: Instant,
    pub clock_untrusted: bool,
    pub numerics: Numerics,
}

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

/// What a read found: the rows that hold, and those that don't.
pub struct Found<T> {
    pub rows: Vec<T>,
    pub corrupt: Vec<CorruptRow>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            corrupt: Vec::new(),
        }
    }
}

type StoredNumerics = (i64, i64, i64, bool, Vec<u8>, i64);

fn numeric_rows(stored: Vec<StoredNumerics>) -> Found<NumericRow> {
    let mut found = Found {
        rows: Vec::with_capacity(stored.len()),
        corrupt: Vec::new(),
    };
    for (epoch, seq, received, clock_untrusted, payload, crc32c) in stored {
        let (epoch, seq) = (number(epoch), number(seq));
        match sound(&payload, crc32c).and_then(read_numerics) {
            Ok(numerics) => found.rows.push(NumericRow {
                epoch,
                seq,
                received: Instant::from_micros(received),
                clock_untrusted,
                numerics,
            }),
            Err(_) => found.corrupt.push(CorruptRow {
                epoch,
                seq,
                lane: Lane::Numeric,
            }),
        }
    }
    found
}

pub(super) fn sound(payload: &[u8], crc32c: i64) -> Result<&[u8], CorruptFrame> {
    if i64::from(checksum(payload)) == crc32c {
        Ok(payload)
    } else {
        Err(CorruptFrame::CHECKSUM)
    }
}

const NUMERIC_COLUMNS: (
    numeric_frames::epoch,
    numeric_frames::seq,
    numeric_frames::received_at,
    numeric_frames::clock_untrusted,
    numeric_frames::payload,
    numeric_frames::crc32c,
) = (
    numeric_frames::epoch,
    numeric_frames::seq,
    numeric_frames::received_at,
    numeric_frames::clock_untrusted,
    numeric_frames::payload,
    numeric_frames::crc32c,
);

/// Frames are short as a rule; the few whose readings span more are found by an index of their own.
const SHORT_FRAME: i64 = 3_600_000_000;
/// The words of that index; a bound value would not find it.
const LONG_FRAME: &str = "measured_until - measured_from > 3600000000";

/// Every numeric row that holds something measured in `[from, until)`, in the order it was sent.
pub fn numerics_measured(
    connection: &mut DbConnection,
    device: DeviceId,
    from: Instant,
    until: Instant,
) -> QueryResult<Found<NumericRow>> {
    let id = device.stored();
    let (from, until) = (from.micros(), until.micros());
    let mut stored: Vec<StoredNumerics> = numeric_frames::table
        .filter(numeric_frames::device_id.eq(&id))
        .filter(numeric_frames::measured_until.ge(from))
        .filter(numeric_frames::measured_until.lt(until.saturating_add(SHORT_FRAME)))
        .filter(numeric_frames::measured_from.lt(until))
        .select(NUMERIC_COLUMNS)
        .load(connection)?;
    let long: Vec<StoredNumerics> = numeric_frames::table
        .filter(numeric_frames::device_id.eq(&id))
        .filter(sql::<Bool>(LONG_FRAME))
        .filter(numeric_frames::measured_from.lt(until))
        .filter(numeric_frames::measured_until.ge(until.saturating_add(SHORT_FRAME)))
        .select(NUMERIC_COLUMNS)
        .load(connection)?;
    stored.extend(long);
    stored.sort_unstable_by_key(|row| (row.0, row.1));
    Ok(numeric_rows(stored))
}

/// Every wave row that holds samples of `[from, until)`.
pub fn waves_measured(
    connection: &mut DbConnection,
    device: DeviceId,
    from: Instant,
    until: Instant,
) -> QueryResult<Found<Waves>> {
    type Stored = (i64, i64, Vec<u8>, i64);
    let columns = (
        wave_frames::epoch,
        wave_frames::seq,
        wave_frames::payload,
        wave_frames::crc32c,
    );
    let id = device.stored();
    let (from, until) = (from.micros(), until.micros());
    let mut stored: Vec<Stored> = wave_frames::table
        .filter(wave_frames::device_id.eq(&id))
        .filter(wave_frames::measured_until.ge(from))
        .filter(wave_frames::measured_until.lt(until.saturating_add(SHORT_FRAME)))
        .filter(wave_frames::measured_from.lt(until))
        .select(columns)
        .load(connection)?;
    let long: Vec<Stored> = wave_frames::table
        .filter(wave_frames::device_id.eq(&id))
        .filter(sql::<Bool>(LONG_FRAME))
        .filter(wave_frames::measured_from.lt(until))
        .filter(wave_frames::measured_until.ge(until.saturating_add(SHORT_FRAME)))
        .select(columns)
        .load(connection)?;
    stored.extend(long);
    let mut found = Found::default();
    for (epoch, seq, payload, crc32c) in stored {
        match sound(&payload, crc32c).and_then(read_waves) {
            Ok(waves) => found.rows.push(waves),
            Err(_) => found.corrupt.push(CorruptRow {
                epoch: number(epoch),
                seq: number(seq),
                lane: Lane::Wave,
            }),
        }
    }
    Ok(found)
}

/// Rows of `epoch` from `seq` on, and of any later epoch: what a snapshot doesn't know yet.
pub fn numerics_since(
    connection: &mut DbConnection,
    device: DeviceId,
    epoch: u64,
    seq: u64,
) -> QueryResult<Found<NumericRow>> {
    let stored: Vec<StoredNumerics> = numeric_frames::table
        .filter(numeric_frames::device_id.eq(device.stored()))
        .filter(numeric_frames::epoch.eq(column(epoch)))
        .filter(numeric_frames::seq.ge(column(seq)))
        .order(numeric_frames::seq.asc())
        .select(NUMERIC_COLUMNS)
        .load(connection)?;
    Ok(numeric_rows(stored))
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

/// Sets rows aside that can't be served, for whoever finds out why. Answers how many are new.
pub fn quarantine(
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

/// Flips one bit of a stored numeric frame.
#[cfg(test)]
pub fn damage_for_test(connection: &mut DbConnection, device: DeviceId, seq: u64) -> QueryResult<()> {
    let damaged = numeric_frames::seq
        .eq(column(seq))
        .and(numeric_frames::device_id.eq(device.stored()));
    let mut payload: Vec<u8> = numeric_frames::table
        .filter(damaged.clone())
        .select(numeric_frames::payload)
        .first(connection)?;
    let middle = payload.len() / 2;
    payload[middle] ^= 1;
    diesel::update(numeric_frames::table.filter(damaged))
        .set(numeric_frames::payload.eq(payload))
        .execute(connection)
        .map(|_| ())
}
