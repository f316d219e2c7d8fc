//! Recorded CSV files as a device.
//!
//! Owns the way from a file to frames: [`signal`] says which header means which metric, [`csv`] reads
//! a file, [`Replay`] lays several files over one time line as channels of one device, [`play`] hands
//! them to an agent. Promise: what comes back from the server is what was in the file, row by row and
//! digit by digit; where the file has nothing there is nothing. `docs/replay.md` is for people with
//! a file.
//!
//! Deliberately not here: event lists and nightly summaries, which are no samples and no readings.

pub mod csv;
mod play;
pub mod rate;
pub mod signal;
mod timeline;

pub use csv::ReadError;
pub use play::{Playing, play_back_dated, play_live};
pub use timeline::Replay;

use fleetward_common::{
    devices::{DeviceType, link::RawValue},
    metric::Metric,
    time::SampleRate,
};
use std::collections::BTreeMap;

/// What the files themselves don't say.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Some headers mean one thing on a monitor and another on a home device.
    pub device_type: Option<DeviceType>,
    /// By file name: the exact rate, where the name has only a rounded one.
    pub rates: BTreeMap<String, SampleRate>,
    /// By file name: the metric's key, for headers that nobody has listed.
    pub metrics: BTreeMap<String, String>,
}

/// One signal of one file.
#[derive(Debug, Clone)]
pub struct Recording {
    /// File and column, for messages.
    pub name: String,
    pub metric: &'static Metric,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Wave {
        rate: SampleRate,
        /// The most decimals of any sample in the file.
        exponent: i8,
        runs: Vec<Run>,
    },
    Series(Vec<Row>),
}

/// Samples without a hole between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which sample of the file the first one is.
    pub first: u64,
    pub samples: Vec<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Microseconds on the file's own time line.
    pub at: i64,
    pub value: RawValue,
}
