//! How an agent fares: for tests, load generators and the person at the device.

use fleetward_common::devices::link::ByeReason;
use std::sync::Arc;

use super::buffer::Shed;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentStatus {
    /// The server has said `Welcome` on the present line.
    pub connected: bool,
    /// How often it has said so.
    pub welcomes: u64,
    pub epoch: u64,
    /// What the next frame will be called.
    pub next_seq: u64,
    pub held_frames: u64,
    pub held_bytes: u64,
    /// Frames put on a line; one that had to go twice counts twice.
    pub sent: u64,
    /// Frames the server has said are stored.
    pub acknowledged: u64,
    pub refused: u64,
    /// Given up because the buffer was full.
    pub shed: Shed,
    /// Lost because the disk gave back something else than was written.
    pub damaged: u64,
    pub last_bye: Option<ByeReason>,
    /// Why there is no line now, or why the last one ended.
    pub last_failure: Option<Arc<str>>,
}

/// The plug in the wall, for simulated network loss and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plug {
    In,
    /// The line breaks at once and can't be made again; the server notices.
    Cut,
    /// Nothing gets through any more in either direction, though the line looks open.
    Silent,
}
