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
    platform::db::{Append, DbConnection, QueryError, QueryResult, WriteFailed},
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
            return Err(QueryError::RollbackTransaction);
        }
        frames::append(connection, self.device, &self.rows)
    }

    fn bytes(&self) -> usize {
        let payloads = [&self.rows.numerics, &self.rows.waves];
        let payloads = payloads.iter().filter_map(|payload| payload.as_ref());
        payloads.map(|payload| payload.bytes.len() + ROW_BYTES).sum()
    }

    fn finish(self: Box<Self>, outcome: Result<(), WriteFailed>) {
        match outcome {
            Ok(()) => self.ledger.frame_stored(),
            Err(cause) => {
                if !self.ledger.has_failed() {
                    tracing::error!(device.id = %self.device, error = %cause, "a frame could not be stored and was not acknowledged");
                }
                self.ledger.frame_failed();
            }
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
