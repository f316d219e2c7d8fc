//! What a twin knew when it was last written down.

use diesel::prelude::*;
use fleetward_common::{id::DeviceId, time::Instant};

use super::frames::{column, number};
use crate::{
    devices::twin::{Snapshot, event::SnapshotRow},
    platform::db::{DbConnection, StoredId},
    schema::{device_streams, twin_snapshots},
};

pub fn store(connection: &mut DbConnection, device: DeviceId, row: &SnapshotRow) -> QueryResult<()> {
    let id = device.stored();
    let snapshot = (
        twin_snapshots::device_id.eq(&id),
        twin_snapshots::state.eq(&row.state),
        twin_snapshots::saved_at.eq(row.saved_at.micros()),
    );
    let stream = (
        device_streams::device_id.eq(&id),
        device_streams::epoch.eq(column(row.epoch)),
        device_streams::next_seq.eq(column(row.next_seq)),
        device_streams::started_at.eq(row.saved_at.micros()),
    );
    match connection {
        DbConnection::Sqlite(sqlite) => {
            diesel::replace_into(twin_snapshots::table)
                .values(snapshot)
                .execute(sqlite)?;
            diesel::insert_into(device_streams::table)
                .values(stream)
                .on_conflict((device_streams::device_id, device_streams::epoch))
                .do_update()
                .set(device_streams::next_seq.eq(column(row.next_seq)))
                .execute(sqlite)?;
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(postgres) => {
            diesel::insert_into(twin_snapshots::table)
                .values(snapshot)
                .on_conflict(twin_snapshots::device_id)
                .do_update()
                .set((
                    twin_snapshots::state.eq(&row.state),
                    twin_snapshots::saved_at.eq(row.saved_at.micros()),
                ))
                .execute(postgres)?;
            diesel::insert_into(device_streams::table)
                .values(stream)
                .on_conflict((device_streams::device_id, device_streams::epoch))
                .do_update()
                .set(device_streams::next_seq.eq(column(row.next_seq)))
                .execute(postgres)?;
        }
    }
    Ok(())
}

/// A snapshot that this program can't read counts as none: the rows have the truth.
pub fn load(connection: &mut DbConnection, device: DeviceId) -> QueryResult<Option<Snapshot>> {
    let state: Option<Vec<u8>> = twin_snapshots::table
        .find(device.stored())
        .select(twin_snapshots::state)
        .first(connection)
        .optional()?;
    Ok(state.and_then(|state| read(device, &state)))
}

pub fn load_many(
    connection: &mut DbConnection,
    devices: &[DeviceId],
) -> QueryResult<Vec<(DeviceId, Snapshot)>> {
    let mut found = Vec::with_capacity(devices.len());
    for some in devices.chunks(500) {
        let ids: Vec<Vec<u8>> = some.iter().map(StoredId::stored).collect();
        let rows: Vec<(Vec<u8>, Vec<u8>)> = twin_snapshots::table
            .filter(twin_snapshots::device_id.eq_any(ids))
            .select((twin_snapshots::device_id, twin_snapshots::state))
            .load(connection)?;
        found.extend(rows.into_iter().filter_map(|(id, state)| {
            let device = DeviceId::restored(&id).ok()?;
            Some((device, read(device, &state)?))
        }));
    }
    Ok(found)
}

fn read(device: DeviceId, state: &[u8]) -> Option<Snapshot> {
    serde_json::from_slice(state)
        .inspect_err(|cause| tracing::error!(device.id = %device, error = %cause, "a twin's snapshot can't be read; its rows are replayed"))
        .ok()
}

pub fn next_seq(connection: &mut DbConnection, device: DeviceId, epoch: u64) -> QueryResult<Option<u64>> {
    let next: Option<i64> = device_streams::table
        .find((device.stored(), column(epoch)))
        .select(device_streams::next_seq)
        .first(connection)
        .optional()?;
    Ok(next.map(number))
}

/// The newest epoch that anything is known of.
pub fn newest_epoch(connection: &mut DbConnection, device: DeviceId) -> QueryResult<Option<(u64, Instant)>> {
    let newest: Option<(i64, i64)> = device_streams::table
        .filter(device_streams::device_id.eq(device.stored()))
        .order(device_streams::epoch.desc())
        .select((device_streams::epoch, device_streams::started_at))
        .first(connection)
        .optional()?;
    Ok(newest.map(|(epoch, at)| (number(epoch), Instant::from_micros(at))))
}
