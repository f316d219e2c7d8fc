//! How a twin looks from outside, and how it is kept over a restart.

use fleetward_common::{
    devices::{ChannelState, Connection, Reading, link::ChannelSignal},
    metric::MetricCode,
    text::{FaultCode, SoftwareVersion},
    time::Instant,
    unit::Decimal,
};
use serde::{Deserialize, Serialize};

use super::clock::DeviceClock;

/// The live state of one device, for boards and pages. Replaced as a whole, never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct TwinView {
    /// The clinical slice, in the order the device declared it.
    pub channels: Vec<ChannelState>,
    pub technical: Technical,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Technical {
    pub connection: Connection,
    pub last_seen: Option<Instant>,
    pub software: Option<SoftwareVersion>,
    pub battery_percent: Option<Decimal>,
    pub faults: Vec<FaultCode>,
    /// Positive: the device's clock is ahead.
    pub clock_offset_ms: Option<i64>,
    pub clock_trusted: bool,
}

impl TwinView {
    /// Without what was measured before `since`, when the device was on somebody else.
    pub fn channels_since(&self, since: Instant) -> Vec<ChannelState> {
        let theirs = |reading: Option<Reading>| reading.filter(|reading| reading.at >= since);
        self.channels
            .iter()
            .map(|channel| ChannelState {
                latest: theirs(channel.latest),
                last_known: theirs(channel.last_known),
                ..channel.clone()
            })
            .collect()
    }

    /// Of a device that was never heard.
    pub fn never_seen() -> Self {
        Self {
            channels: Vec::new(),
            technical: Technical {
                connection: Connection::NeverSeen,
                last_seen: None,
                software: None,
                battery_percent: None,
                faults: Vec::new(),
                clock_offset_ms: None,
                clock_trusted: true,
            },
        }
    }
}

/// Stored with closed minutes and when the twin goes to sleep. Fields are only ever added, with a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub last_heard: Option<Instant>,
    pub run: Option<SnapshotRun>,
    pub clock: Option<DeviceClock>,
    pub software: Option<SoftwareVersion>,
    pub faults: Vec<FaultCode>,
    pub newest_measured: Option<Instant>,
    pub metrics: Vec<SnapshotMetric>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotRun {
    pub epoch: u64,
    /// Frames from this one on are not in the snapshot; a restart replays them.
    pub next: u64,
    /// First and last of each run of numbers that never came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotMetric {
    pub code: MetricCode,
    pub signal: ChannelSignal,
    pub newest: Option<Instant>,
    pub latest: Option<Reading>,
    pub last_known: Option<Reading>,
    pub open_minute: Option<Instant>,
    pub newest_minute: Option<Instant>,
}
