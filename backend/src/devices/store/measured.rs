//! What was measured, read back from rows. A row whose checksum doesn't hold is never served.

use diesel::{dsl::sql, prelude::*, sql_types::Bool};
use fleetward_common::{id::DeviceId, time::Instant};

use super::{
    frames::{column, number},
    quarantine::{CorruptRow, Lane},
};
use crate::{
    devices::telemetry::frame_codec::{CorruptFrame, Numerics, Waves, checksum, read_numerics, read_waves},
    platform::db::{DbConnection, StoredId},
    schema::{numeric_frames, wave_frames},
};

/// One stored numeric row, its checksum already held.
pub struct NumericRow {
    pub epoch: u64,
    pub seq: u64,
    pub received: Instant,
    pub clock_untrusted: bool,
    pub numerics: Numerics,
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

fn sound(payload: &[u8], crc32c: i64) -> Result<&[u8], CorruptFrame> {
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

/// Where, from `from` on, the next numeric row holds something: at `from` itself inside a long frame.
pub fn next_numerics(
    connection: &mut DbConnection,
    device: DeviceId,
    from: Instant,
) -> QueryResult<Option<Instant>> {
    let of_device = numeric_frames::table.filter(numeric_frames::device_id.eq(device.stored()));
    let ending = of_device.filter(numeric_frames::measured_until.ge(from.micros()));
    let short: Option<i64> = ending
        .clone()
        .order(numeric_frames::measured_until.asc())
        .select(numeric_frames::measured_from)
        .first(connection)
        .optional()?;
    let long: Option<i64> = ending
        .filter(sql::<Bool>(LONG_FRAME))
        .order(numeric_frames::measured_from.asc())
        .select(numeric_frames::measured_from)
        .first(connection)
        .optional()?;
    Ok(nearest(from, short, long))
}

/// The same of waves.
pub fn next_waves(
    connection: &mut DbConnection,
    device: DeviceId,
    from: Instant,
) -> QueryResult<Option<Instant>> {
    let of_device = wave_frames::table.filter(wave_frames::device_id.eq(device.stored()));
    let ending = of_device.filter(wave_frames::measured_until.ge(from.micros()));
    let short: Option<i64> = ending
        .clone()
        .order(wave_frames::measured_until.asc())
        .select(wave_frames::measured_from)
        .first(connection)
        .optional()?;
    let long: Option<i64> = ending
        .filter(sql::<Bool>(LONG_FRAME))
        .order(wave_frames::measured_from.asc())
        .select(wave_frames::measured_from)
        .first(connection)
        .optional()?;
    Ok(nearest(from, short, long))
}

fn nearest(from: Instant, short: Option<i64>, long: Option<i64>) -> Option<Instant> {
    let nearest = [short, long].into_iter().flatten().min()?;
    Some(Instant::from_micros(nearest).max(from))
}

/// One stored row of waves.
pub struct WaveRow {
    pub clock_untrusted: bool,
    pub waves: Waves,
}

/// Every wave row that holds samples of `[from, until)`.
pub fn waves_measured(
    connection: &mut DbConnection,
    device: DeviceId,
    from: Instant,
    until: Instant,
) -> QueryResult<Found<WaveRow>> {
    type Stored = (i64, i64, bool, Vec<u8>, i64);
    let columns = (
        wave_frames::epoch,
        wave_frames::seq,
        wave_frames::clock_untrusted,
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
    for (epoch, seq, clock_untrusted, payload, crc32c) in stored {
        match sound(&payload, crc32c).and_then(read_waves) {
            Ok(waves) => found.rows.push(WaveRow {
                clock_untrusted,
                waves,
            }),
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
