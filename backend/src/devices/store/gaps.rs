//! Where frames never came.

use diesel::prelude::*;
use fleetward_common::{
    id::DeviceId,
    time::{Instant, Span},
};

use crate::{
    platform::db::{DbConnection, StoredId},
    schema::frame_gaps,
};

/// The spans of time in which frames were lost, as far as they touch `span`.
pub fn lost(connection: &mut DbConnection, device: DeviceId, span: Span) -> QueryResult<Vec<Span>> {
    let found: Vec<(i64, i64)> = frame_gaps::table
        .filter(frame_gaps::device_id.eq(device.stored()))
        .filter(frame_gaps::measured_until.ge(span.from.micros()))
        .filter(frame_gaps::measured_from.le(span.until.micros()))
        .order(frame_gaps::measured_from.asc())
        .select((frame_gaps::measured_from, frame_gaps::measured_until))
        .load(connection)?;
    let span = |(from, until)| Span {
        from: Instant::from_micros(from),
        until: Instant::from_micros(until),
    };
    Ok(found.into_iter().map(span).collect())
}
