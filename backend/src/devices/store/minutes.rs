//! Roll-ups by the minute.

use diesel::prelude::*;
use fleetward_common::{
    id::DeviceId,
    metric::MetricCode,
    time::{Instant, Span},
    unit::Decimal,
};
use std::time::Duration;

use super::measured::numerics_measured;
use crate::{
    devices::{
        telemetry::rollup::{Closed, Minute},
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
                let at = row.numerics.times.on_server(*after);
                if at.minute() == minute {
                    anew.add(at, value);
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
}

/// Minutes that begin in the span, or hold its beginning.
pub fn measured(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    span: Span,
) -> QueryResult<Vec<RolledUp>> {
    type Row = (i64, i16, Option<i64>, Option<i64>);
    let rows: Vec<Row> = minute_rollups::table
        .filter(minute_rollups::device_id.eq(device.stored()))
        .filter(minute_rollups::metric.eq(i64::from(metric.0)))
        .filter(minute_rollups::minute.ge(span.from.minute().micros()))
        .filter(minute_rollups::minute.lt(span.until.micros()))
        .order(minute_rollups::minute.asc())
        .select((
            minute_rollups::minute,
            minute_rollups::exponent,
            minute_rollups::min_value,
            minute_rollups::max_value,
        ))
        .load(connection)?;
    let rolled_up = |(minute, exponent, least, greatest): Row| {
        let exponent = i8::try_from(exponent).unwrap_or(0);
        RolledUp {
            minute: Instant::from_micros(minute),
            extremes: least
                .zip(greatest)
                .map(|(least, greatest)| (Decimal::new(least, exponent), Decimal::new(greatest, exponent))),
        }
    };
    Ok(rows.into_iter().map(rolled_up).collect())
}

/// How many readings the span's minutes hold.
pub fn count(
    connection: &mut DbConnection,
    device: DeviceId,
    metric: MetricCode,
    span: Span,
) -> QueryResult<u64> {
    let counts: Vec<(i64, i64)> = minute_rollups::table
        .filter(minute_rollups::device_id.eq(device.stored()))
        .filter(minute_rollups::metric.eq(i64::from(metric.0)))
        .filter(minute_rollups::minute.ge(span.from.minute().micros()))
        .filter(minute_rollups::minute.lt(span.until.micros()))
        .select((minute_rollups::readings, minute_rollups::absent))
        .load(connection)?;
    Ok(counts
        .into_iter()
        .map(|(readings, absent)| readings.unsigned_abs() + absent.unsigned_abs())
        .sum())
}
