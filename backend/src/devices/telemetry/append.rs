//! Frames on their way into the group commit.

use std::sync::Arc;

use fleetward_common::{id::DeviceId, time::Instant};

use crate::{
    devices::{
        store::frames,
        twin::{
            event::{FrameRows, Saved},
            ledger::CommitLedger,
        },
    },
    platform::db::{Append, DbConnection, QueryResult, WriteFailed},
};

/// Keys, times and index entries of a row, beside its payload.
const ROW_BYTES: usize = 96;

pub struct FrameAppend {
    pub device: DeviceId,
    pub rows: Box<FrameRows>,
    pub ledger: Arc<CommitLedger>,
}

impl Append for FrameAppend {
    fn append(&self, connection: &mut DbConnection) -> QueryResult<()> {
        if self.ledger.has_failed() {
            // An earlier frame of this twin was not stored. `finish` says nothing of this one either.
            return Ok(());
        }
        frames::append(connection, self.device, &self.rows).inspect_err(|cause| {
            tracing::error!(
                device.id = %self.device, seq = self.rows.seq, error = %cause,
                "a frame could not be stored and was not acknowledged"
            );
            // At once, so that no later frame of this group is stored and taken for this one.
            self.ledger.frame_failed();
        })
    }

    fn bytes(&self) -> usize {
        let payloads = [&self.rows.numerics, &self.rows.waves];
        let payloads = payloads.iter().filter_map(|payload| payload.as_ref());
        payloads.map(|payload| payload.bytes.len() + ROW_BYTES).sum()
    }

    fn finish(self: Box<Self>, outcome: Result<(), WriteFailed>) {
        match outcome {
            Ok(()) if self.ledger.has_failed() => {}
            Ok(()) => self.ledger.frame_stored(),
            Err(_) => self.ledger.frame_failed(),
        }
    }
}

/// What a twin keeps beside its frames: minutes that ended, its snapshot.
pub struct TwinAppend {
    pub device: DeviceId,
    pub saved: Box<Saved>,
    pub now: Instant,
}

impl Append for TwinAppend {
    fn append(&self, connection: &mut DbConnection) -> QueryResult<()> {
        frames::save(connection, self.device, &self.saved, self.now)
    }

    fn bytes(&self) -> usize {
        self.saved.minutes.len() * ROW_BYTES
            + self
                .saved
                .snapshot
                .as_ref()
                .map_or(0, |snapshot| snapshot.state.len())
    }

    fn finish(self: Box<Self>, outcome: Result<(), WriteFailed>) {
        // Nothing is lost: minutes and snapshots can be made again from the frames.
        if let Err(cause) = outcome {
            tracing::warn!(device.id = %self.device, error = %cause, "a twin's minutes or snapshot could not be stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        devices::{
            store::measured,
            telemetry::frame_codec::{NumericsWriter, Times, checksum},
            twin::{
                event::{Payload, SnapshotRow},
                ledger::CommitNotices,
            },
        },
        platform::db::{Db, DbError, Location},
    };
    use futures_util::StreamExt;

    fn frame(device: DeviceId, seq: u64, refused: bool, ledger: &Arc<CommitLedger>) -> Box<FrameAppend> {
        let at = Instant::from_millis(1_764_000_000_000);
        let bytes = NumericsWriter::new(Times { base: at, offset: 0 }, None, 0).finish();
        let numerics = Payload {
            measured_from: at,
            measured_until: at,
            crc32c: checksum(&bytes),
            bytes,
        };
        // A snapshot of a device that nobody registered is refused by the database.
        let snapshot = refused.then(|| SnapshotRow {
            epoch: 1,
            next_seq: seq,
            state: Vec::new(),
            saved_at: at,
        });
        let rows = Box::new(FrameRows {
            epoch: 1,
            seq,
            received: at,
            clock_untrusted: false,
            numerics: Some(numerics),
            waves: None,
            gap: None,
            minutes: Vec::new(),
            snapshot,
        });
        Box::new(FrameAppend {
            device,
            rows,
            ledger: ledger.clone(),
        })
    }

    #[actix_web::test]
    async fn after_a_frame_that_could_not_be_stored_no_later_one_is_counted_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::SqliteFile(folder.path().join("fleetward.sqlite"))).unwrap();
        let device = DeviceId::new(Instant::EPOCH, [9; 10]);
        let ledger = Arc::new(CommitLedger::default());
        for seq in 0..6 {
            db.append(frame(device, seq, seq == 3, &ledger));
        }
        // Nothing after this one comes before it.
        db.write(|_| Ok::<_, DbError>(())).await.unwrap();
        let commits = CommitNotices(ledger).next().await.unwrap();
        assert!(commits.failed);
        let stored = db.read(move |connection| {
            measured::numerics_since(connection, device, 1, 0).map_err(DbError::Query)
        });
        let stored: Vec<u64> = stored.await.unwrap().rows.iter().map(|row| row.seq).collect();
        assert_eq!(stored, (0..commits.frames as u64).collect::<Vec<_>>());
        assert!(commits.frames <= 3);
    }
}
