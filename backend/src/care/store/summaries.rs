//! What home devices measured, by the minute. Enough for a night's summary and a day's readings.

use std::time::Duration;

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{metric::MetricCode, unit::Decimal};

use crate::{
    access::HistoryPermit,
    care::night::MinuteReading,
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::minute_rollups,
};

const MINUTE: Duration = Duration::from_secs(60);

/// The newest `most` minutes in which one of `metrics` was measured, newest first, within what the
/// reader may see.
pub fn newest(
    connection: &mut DbConnection,
    permit: &HistoryPermit,
    metrics: &[MetricCode],
    most: i64,
) -> Result<Vec<MinuteReading>, DbError> {
    let metrics: Vec<i64> = metrics.iter().map(|metric| i64::from(metric.0)).collect();
    let mut readings = Vec::new();
    for span in permit.spans() {
        let rows: Vec<(i64, i64, i16, i64)> = minute_rollups::table
            .filter(minute_rollups::device_id.eq(permit.device().stored()))
            .filter(minute_rollups::metric.eq_any(&metrics))
            .filter(minute_rollups::minute.ge(micros(span.from)))
            // The minute in which the device changed hands has both patients' readings.
            .filter(minute_rollups::minute.le(micros(span.until - MINUTE)))
            .filter(minute_rollups::last_value.is_not_null())
            .order(minute_rollups::minute.desc())
            .limit(most)
            .select((
                minute_rollups::metric,
                minute_rollups::minute,
                minute_rollups::exponent,
                minute_rollups::last_value.assume_not_null(),
            ))
            .load(connection)?;
        readings.extend(
            rows.into_iter()
                .filter_map(|(metric, minute, exponent, mantissa)| {
                    Some(MinuteReading {
                        metric: MetricCode(u32::try_from(metric).ok()?),
                        at: instant(minute),
                        value: Decimal::new(mantissa, i8::try_from(exponent).ok()?),
                    })
                }),
        );
    }
    readings.sort_by_key(|reading| std::cmp::Reverse(reading.at));
    readings.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(readings)
}
