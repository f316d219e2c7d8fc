//! What of a twin is kept while it sleeps, and the twin that wakes from it.

use std::time::Duration;

use fleetward_common::{
    devices::{Connection, Reading},
    id::DeviceId,
    text::FaultCode,
    time::Instant,
};

use super::{
    event::SnapshotRow,
    metric::MetricTwin,
    state::{Run, TwinState},
    view::{Snapshot, SnapshotMetric, SnapshotRun},
};
use crate::devices::telemetry::rollup::MinuteBook;

const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

impl TwinState {
    /// A snapshot no more often than once a minute of the server's time, however fast data comes.
    pub(super) fn snapshot_when_due(&mut self, now: Instant) -> Option<SnapshotRow> {
        let due = self
            .saved_at
            .is_none_or(|saved| now.since(saved) >= SNAPSHOT_EVERY);
        due.then(|| self.snapshot_row(now)).flatten()
    }

    pub(super) fn snapshot_row(&mut self, now: Instant) -> Option<SnapshotRow> {
        let run = self.run.as_ref()?;
        let state = serde_json::to_vec(&self.snapshot()).ok()?;
        self.saved_at = Some(now);
        Some(SnapshotRow {
            epoch: run.epoch,
            next_seq: run.next,
            state,
            saved_at: now,
        })
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            last_heard: self.last_heard,
            run: self.run.as_ref().map(|run| SnapshotRun {
                epoch: run.epoch,
                next: run.next,
                missing: run.missing.clone(),
            }),
            clock: self.clock,
            software: self.software.clone(),
            faults: self.pending_faults().unwrap_or(&self.faults).to_vec(),
            newest_measured: self.newest_measured,
            metrics: self
                .metrics
                .iter()
                .enumerate()
                .map(|(slot, metric)| SnapshotMetric {
                    code: metric.code,
                    signal: metric.signal,
                    newest: metric.newest,
                    latest: self.pending_reading(slot).or(metric.latest),
                    last_known: metric.last_known.as_deref().copied(),
                    open_minute: metric.minutes.open_minute(),
                    newest_minute: metric.minutes.newest(),
                })
                .collect(),
        }
    }

    // A snapshot is stored behind the frames that wait, so it speaks of them as stored.
    fn pending_reading(&self, slot: usize) -> Option<Reading> {
        self.pending.iter().rev().find_map(|pending| {
            let mut readings = pending.readings.iter();
            readings.find_map(|(of, reading)| (usize::from(*of) == slot).then_some(*reading))
        })
    }

    fn pending_faults(&self) -> Option<&[FaultCode]> {
        self.pending
            .iter()
            .rev()
            .find_map(|pending| pending.faults.as_deref())
    }
}

impl TwinState {
    /// As after a restart: nobody is connected, and what was open is rewritten from rows.
    pub fn restored(device: DeviceId, snapshot: Snapshot) -> Self {
        let mut state = Self::never_seen(device);
        state.connection = match snapshot.last_heard {
            Some(since) => Connection::Gone { since },
            None => Connection::NeverSeen,
        };
        state.last_heard = snapshot.last_heard;
        state.run = snapshot.run.map(|run| Run {
            epoch: run.epoch,
            next: run.next,
            stored: run.next,
            missing: run.missing,
        });
        state.clock = snapshot.clock;
        state.software = snapshot.software;
        state.faults = snapshot.faults;
        state.newest_measured = snapshot.newest_measured;
        state.metrics = snapshot
            .metrics
            .into_iter()
            .map(|kept| MetricTwin {
                newest: kept.newest,
                latest: kept.latest,
                last_known: kept.last_known.map(Box::new),
                minutes: MinuteBook::resumed(kept.open_minute, kept.newest_minute),
                ..MetricTwin::declared(kept.code, kept.signal)
            })
            .collect();
        state
    }
}
