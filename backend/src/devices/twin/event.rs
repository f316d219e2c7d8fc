//! What happens to a twin, and what it wants done about it.

use fleetward_common::{
    devices::link::{Frame, Hello, ServerMessage},
    live::{ChannelUpdate, TechnicalUpdate, WavePacket},
    metric::MetricCode,
    text::SoftwareVersion,
    time::Instant,
};

use crate::devices::telemetry::rollup::Closed;

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A line was opened and said who it is. `stored` is the first sequence number of the `Hello`'s
    /// epoch that the store doesn't hold; only asked of the store when the epoch is another one.
    Connected {
        hello: Box<Hello>,
        stored: Option<u64>,
    },
    Frame(Frame),
    /// The oldest so many frames that were handed out to be stored are committed.
    Stored {
        frames: usize,
    },
    /// Time passed while something waits: a commit, or a minute to be closed.
    Tick,
    /// The device said that it closes.
    SaidBye,
    /// Nothing was heard for so long that the device counts as gone.
    FellSilent {
        last_heard: Instant,
    },
    /// The twin goes to sleep: what is open must be written.
    Passivating,
}

#[derive(Debug, Default)]
pub struct Effects {
    pub replies: Vec<ServerMessage>,
    pub store: Option<Box<FrameRows>>,
    /// What is to be stored without a frame.
    pub save: Option<Box<Saved>>,
    pub publication: Publication,
}

/// What people who look at this device should see change.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Publication {
    pub clinical: Vec<ChannelUpdate>,
    pub technical: Option<TechnicalUpdate>,
    pub waves: Vec<WavePacket>,
    /// Every value that arrived while it was live, oldest first of each channel: what alarms are judged by.
    pub measured: Vec<ChannelUpdate>,
}

impl Publication {
    pub fn is_empty(&self) -> bool {
        self.clinical.is_empty()
            && self.technical.is_none()
            && self.waves.is_empty()
            && self.measured.is_empty()
    }
}

/// One frame as rows, complete: stored in one piece or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameRows {
    pub epoch: u64,
    pub seq: u64,
    pub received: Instant,
    pub clock_untrusted: bool,
    pub numerics: Option<Payload>,
    pub waves: Option<Payload>,
    pub gap: Option<GapChange>,
    pub minutes: Vec<(MetricCode, Closed)>,
    pub snapshot: Option<SnapshotRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub measured_from: Instant,
    pub measured_until: Instant,
    pub bytes: Vec<u8>,
    pub crc32c: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapChange {
    /// These sequence numbers were jumped over.
    Opened {
        first: u64,
        last: u64,
        measured_from: Instant,
        measured_until: Instant,
    },
    /// This frame is one that was missing.
    Filled { first: u64, last: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    pub epoch: u64,
    pub next_seq: u64,
    pub state: Vec<u8>,
    pub saved_at: Instant,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Saved {
    pub minutes: Vec<(MetricCode, Closed)>,
    pub snapshot: Option<SnapshotRow>,
    /// As the device named it at `Hello`.
    pub software: Option<SoftwareVersion>,
    /// Declared metrics that no registry line explains, with their unit.
    pub unknown: Vec<(MetricCode, u32)>,
    /// A frame that was refused leaves its number as a gap, so that a restart doesn't wait for it.
    pub gap: Option<(u64, GapChange)>,
}
