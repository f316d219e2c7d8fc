//! Roll-ups by the minute.

use diesel::prelude::*;
use fleetward_common::{
    devices::{history::GapReason, link::NoValue},
    id::DeviceId,
    metric::MetricCode,
    time::{Instant, Span},
    unit::Decimal,
};
use std::time::Duration;

use super::measured::numerics_measured;
use crate::{
    devices::{
        telemetry::rollup::{Closed, Counted, Minute},
        twin::Minutes,
    },
    platform::db::{DbConnection, StoredId},
    schema::minute_rollups,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Writes closed minutes. Those that the twin saw only in part are made anew from the stored rows, in
/// the transaction that stores the frame which closed them.
pub fn store(connection: &mut DbConnection, device: DeviceId, minutes: &Minutes) -> QueryResult<()> {
    for (metric, closed) in minutes {
        match closed {
            Closed::Whole(minute) => upsert(connection, device, *metric, minute)?,
            Closed::Rewrite(minute) => {
                let anew = recompute(connection, device, *metric, *minute)?;
                if !anew.is_empty() {
                    upsert(connection, device, *metric, &anew)?;
                }
            }
        }
    }
    Ok(())
}

/// The minute as the stored rows have it.
pub fn recompute(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    minute: Instant,
) -> QueryResult<Minute> {
    let found = numerics_measured(connection, device, minute, minute + MINUTE)?;
    let mut anew = Minute::starting(minute);
    for row in &found.rows {
        for block in row.numerics.blocks.iter().filter(|block| block.metric == metric) {
            for (after, value) in &block.readings {
                let counted = Counted {
                    at: row.numerics.times.on_server(*after),
                    value,
                    interval_ms: block.interval_ms,
                    clock_untrusted: row.clock_untrusted,
                };
                if counted.at.minute() == minute {
                    anew.add(counted);
                }
            }
        }
    }
    Ok(anew)
}

fn upsert(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    minute: &Minute,
) -> QueryResult<()> {
    let valued = |value: i64| (minute.readings > 0).then_some(value);
    let row = (
        minute_rollups::device_id.eq(device.stored()),
        minute_rollups::metric.eq(i64::from(metric.0)),
        minute_rollups::minute.eq(minute.minute.micros()),
        minute_rollups::exponent.eq(i16::from(minute.exponent)),
        minute_rollups::readings.eq(i64::from(minute.readings)),
        minute_rollups::absent.eq(i64::from(minute.absent)),
        minute_rollups::min_value.eq(valued(minute.least)),
        minute_rollups::max_value.eq(valued(minute.greatest)),
        minute_rollups::sum_value.eq(valued(minute.sum)),
        minute_rollups::last_value.eq(valued(minute.last)),
        minute_rollups::first_at.eq(minute.measured.0.micros()),
        minute_rollups::last_at.eq(minute.measured.1.micros()),
        minute_rollups::known_from.eq(valued(minute.known.0.micros())),
        minute_rollups::known_until.eq(valued(minute.known.1.micros())),
        minute_rollups::absent_reason.eq(minute.absent_for.map(reason_code)),
        minute_rollups::interval_ms.eq(i64::from(minute.interval_ms)),
    );
    match connection {
        DbConnection::Sqlite(sqlite) => diesel::replace_into(minute_rollups::table)
            .values(row)
            .execute(sqlite)?,
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => {
            use diesel::upsert::excluded;
            diesel::insert_into(minute_rollups::table)
                .values(row)
                .on_conflict((
                    minute_rollups::device_id,
                    minute_rollups::metric,
                    minute_rollups::minute,
                ))
                .do_update()
                .set((
                    minute_rollups::exponent.eq(excluded(minute_rollups::exponent)),
                    minute_rollups::readings.eq(excluded(minute_rollups::readings)),
                    minute_rollups::absent.eq(excluded(minute_rollups::absent)),
                    minute_rollups::min_value.eq(excluded(minute_rollups::min_value)),
                    minute_rollups::max_value.eq(excluded(minute_rollups::max_value)),
                    minute_rollups::sum_value.eq(excluded(minute_rollups::sum_value)),
                    minute_rollups::last_value.eq(excluded(minute_rollups::last_value)),
                    minute_rollups::first_at.eq(excluded(minute_rollups::first_at)),
                    minute_rollups::last_at.eq(excluded(minute_rollups::last_at)),
                    minute_rollups::known_from.eq(excluded(minute_rollups::known_from)),
                    minute_rollups::known_until.eq(excluded(minute_rollups::known_until)),
                    minute_rollups::absent_reason.eq(excluded(minute_rollups::absent_reason)),
                    minute_rollups::interval_ms.eq(excluded(minute_rollups::interval_ms)),
                ))
                .execute(postgres)?
        }
    };
    Ok(())
}

/// A stored minute, as charts need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolledUp {
    pub minute: Instant,
    /// Least and greatest; `None` when no reading had a value.
    pub extremes: Option<(Decimal, Decimal)>,
    /// Its first and its last reading.
    pub measured: (Instant, Instant),
    /// Its first and its last reading with a value.
    pub known: Option<(Instant, Instant)>,
    pub absent_for: Option<GapReason>,
    pub interval_ms: u32,
}

impl From<&Minute> for RolledUp {
    fn from(minute: &Minute) -> Self {
        Self {
            minute: minute.minute,
            extremes: minute.extremes(),
            measured: minute.measured,
            known: (minute.readings > 0).then_some(minute.known),
            absent_for: minute.absent_for,
            interval_ms: minute.interval_ms,
        }
    }
}

/// Minutes that begin in the span.
pub fn measured(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    span: Span,
) -> QueryResult<Vec<RolledUp>> {
    type Both = (Option<i64>, Option<i64>);
    type Row = (i64, i16, Both, (i64, i64), Both, Option<i16>, i64);
    let rows: Vec<Row> = minute_rollups::table
        .filter(minute_rollups::device_id.eq(device.stored()))
        .filter(minute_rollups::metric.eq(i64::from(metric.0)))
        .filter(minute_rollups::minute.ge(span.from.micros()))
        .filter(minute_rollups::minute.lt(span.until.micros()))
        .order(minute_rollups::minute.asc())
        .select((
            minute_rollups::minute,
            minute_rollups::exponent,
            (minute_rollups::min_value, minute_rollups::max_value),
            (minute_rollups::first_at, minute_rollups::last_at),
            (minute_rollups::known_from, minute_rollups::known_until),
            minute_rollups::absent_reason,
            minute_rollups::interval_ms,
        ))
        .load(connection)?;
    let rolled_up = |(minute, exponent, extremes, (first, last), known, absent, interval_ms): Row| {
        let exponent = i8::try_from(exponent).unwrap_or(0);
        let both = |(one, other): Both| one.zip(other);
        let at = Instant::from_micros;
        RolledUp {
            minute: at(minute),
            extremes: both(extremes)
                .map(|(least, greatest)| (Decimal::new(least, exponent), Decimal::new(greatest, exponent))),
            measured: (at(first), at(last)),
            known: both(known).map(|(first, last)| (at(first), at(last))),
            absent_for: absent.map(reason_of),
            interval_ms: u32::try_from(interval_ms).unwrap_or(u32::MAX),
        }
    };
    Ok(rows.into_iter().map(rolled_up).collect())
}

/// Never changed: rows that hold them are old.
const fn reason_code(reason: GapReason) -> i16 {
    match reason {
        GapReason::NoData => 0,
        GapReason::Absent(NoValue::SensorOff) => 1,
        GapReason::Absent(NoValue::Unreadable) => 2,
        GapReason::Absent(NoValue::NotMeasuring) => 3,
        GapReason::Absent(NoValue::Disconnected) => 4,
        GapReason::Implausible => 5,
        GapReason::ClockUntrusted => 6,
        GapReason::FramesLost => 7,
    }
}

const fn reason_of(code: i16) -> GapReason {
    match code {
        1 => GapReason::Absent(NoValue::SensorOff),
        2 => GapReason::Absent(NoValue::Unreadable),
        3 => GapReason::Absent(NoValue::NotMeasuring),
        4 => GapReason::Absent(NoValue::Disconnected),
        5 => GapReason::Implausible,
        6 => GapReason::ClockUntrusted,
        7 => GapReason::FramesLost,
        _ => GapReason::NoData,
    }
}

/// Whether the span's minutes hold more readings than this.
pub fn hold_more_than(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    span: Span,
    enough: u64,
) -> QueryResult<bool> {
    let mut counted = 0;
    // A year's minutes need not be counted to find that they are too many.
    let mut from = span.from.minute().micros();
    loop {
        let counts: Vec<(i64, i64, i64)> = minute_rollups::table
            .filter(minute_rollups::device_id.eq(device.stored()))
            .filter(minute_rollups::metric.eq(i64::from(metric.0)))
            .filter(minute_rollups::minute.ge(from))
            .filter(minute_rollups::minute.lt(span.until.micros()))
            .order(minute_rollups::minute.asc())
            .limit(COUNTED_AT_ONCE)
            .select((
                minute_rollups::minute,
                minute_rollups::readings,
                minute_rollups::absent,
            ))
            .load(connection)?;
        for (minute, readings, absent) in &counts {
            counted += readings.unsigned_abs() + absent.unsigned_abs();
            from = minute.saturating_add(1);
        }
        if counted > enough || (counts.len() as i64) < COUNTED_AT_ONCE {
            return Ok(counted > enough);
        }
    }
}

const COUNTED_AT_ONCE: i64 = 2_000;
