//! The reference device agent.
//!
//! It takes what a device measured ([`FrameDraft`]), keeps it on disk until the server has said that
//! it is stored, and keeps one line to the server. Whatever breaks in between (the line, the server,
//! the agent itself), each frame is stored exactly once or is visibly missing.
//!
//! ```no_run
//! # async fn example(channels: Vec<fleetward_common::devices::link::Channel>, draft: fleetward_device::agent::FrameDraft)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! use fleetward_device::agent::{Agent, Credentials};
//! use std::path::Path;
//!
//! let folder = Path::new("data/devices/NW-M40-000317");
//! let agent = Agent::builder("NW-M40-000317".to_owned().try_into()?, "4.2.1".to_owned().try_into()?)
//!     .channels(channels)
//!     .folder(folder)
//!     .open(Credentials::from_folder(folder)?)?;
//! let line = tokio::spawn({
//!     let agent = agent.clone();
//!     async move { agent.run("127.0.0.1:8901").await }
//! });
//! agent.record(draft)?;
//! agent.settled().await;
//! agent.stop();
//! line.await?;
//! # Ok(()) }
//! ```
//!
//! Start with [`session`], which has no I/O, and [`buffer`], which has no network.

mod ack_log;
pub mod backoff;
pub mod buffer;
mod builder;
pub mod credentials;
pub mod draft;
mod line;
pub mod link;
pub mod session;
mod status;

pub use builder::{AgentBuilder, AgentError, Timing};
pub use credentials::{Credentials, CredentialsError};
pub use draft::FrameDraft;
pub use status::{AgentStatus, Plug};

use fleetward_common::{
    devices::link::ClockState,
    text::{SerialNumber, SoftwareVersion},
    time::SampleRate,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use ack_log::AckLog;
use buffer::{Buffer, Shed};
use session::Window;

/// One device. Clones are handles to the same one.
#[derive(Clone)]
pub struct Agent {
    shared: Arc<Shared>,
}

struct Shared {
    serial: SerialNumber,
    software: SoftwareVersion,
    clock: Arc<dyn Clock>,
    clock_state: ClockState,
    credentials: Credentials,
    timing: Timing,
    window: Window,
    rates: HashMap<u16, SampleRate>,
    buffer: Mutex<Buffer>,
    ack_log: Option<Mutex<AckLog>>,
    on_shed: Option<Box<dyn Fn(Shed) + Send + Sync>>,
    /// There is something new to send.
    work: Notify,
    plug: watch::Sender<Plug>,
    stop: watch::Sender<bool>,
    status: watch::Sender<AgentStatus>,
}

impl Agent {
    pub fn builder(serial: SerialNumber, software: SoftwareVersion) -> AgentBuilder {
        AgentBuilder::new(serial, software)
    }

    pub fn serial(&self) -> &SerialNumber {
        &self.shared.serial
    }

    /// Takes a measurement, and never waits: a device can't stop measuring. When the buffer is full
    /// the oldest waves go, and the log, the status and `on_shed` say so. Numerics and waves of one
    /// draft become frames of their own, and so does what is larger than one message.
    pub fn record(&self, draft: FrameDraft) -> Result<(), AgentError> {
        let portions = draft.portions(&|channel| self.shared.rates.get(&channel).copied())?;
        let mut shed = Shed::default();
        let mut buffer = self.buffer();
        for portion in portions {
            let now = buffer.append(portion)?;
            shed.waves += now.waves;
            shed.numerics += now.numerics;
        }
        self.publish(&buffer, |status| {
            status.shed.waves += shed.waves;
            status.shed.numerics += shed.numerics;
        });
        drop(buffer);
        if !shed.is_nothing() {
            tracing::warn!(
                device.serial = %self.shared.serial,
                waves = shed.waves,
                numerics = shed.numerics,
                "the buffer is full: the oldest frames were given up"
            );
            if let Some(on_shed) = &self.shared.on_shed {
                on_shed(shed);
            }
        }
        self.shared.work.notify_one();
        Ok(())
    }

    /// Takes a measurement that can wait: history, or a load as fast as the server takes it. Waits
    /// while the buffer is half full, so nothing is given up for it.
    pub async fn send(&self, draft: FrameDraft) -> Result<(), AgentError> {
        let half = self.buffer().limit() / 2;
        let mut status = self.shared.status.subscribe();
        // The sender lives as long as this agent does, so waiting can't fail.
        let _ = status.wait_for(|status| status.held_bytes < half).await;
        self.record(draft)
    }

    /// Resolves when the server has everything that was recorded so far and after.
    pub async fn settled(&self) {
        let mut status = self.shared.status.subscribe();
        let _ = status.wait_for(|status| status.held_frames == 0).await;
    }

    pub fn status(&self) -> watch::Receiver<AgentStatus> {
        self.shared.status.subscribe()
    }

    pub fn plug(&self, plug: Plug) {
        self.shared.plug.send_replace(plug);
    }

    /// Says `Bye` and ends [`Agent::run`]. What is not acknowledged stays in the buffer.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.shared.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, buffer: &Buffer, change: impl FnOnce(&mut AgentStatus)) {
        self.shared.status.send_modify(|status| {
            status.epoch = buffer.epoch();
            status.next_seq = buffer.next_seq();
            status.held_frames = buffer.held_frames();
            status.held_bytes = buffer.bytes();
            status.damaged = buffer.damaged();
            change(status);
        });
    }
}
