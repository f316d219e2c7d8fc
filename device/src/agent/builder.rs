//! Putting an agent together.

use fleetward_common::{
    devices::link::{Channel, ChannelSignal, ClockState},
    text::{SerialNumber, SoftwareVersion},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use thiserror::Error;
use tokio::sync::{Notify, watch};

use super::{
    Agent, AgentStatus, Credentials, Plug, Shared,
    ack_log::AckLog,
    backoff::Backoff,
    buffer::{Buffer, BufferError, Shed},
    draft::Indivisible,
    session::Window,
};
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Error)]
pub enum AgentError {
    #[error(transparent)]
    Buffer(#[from] BufferError),
    #[error(transparent)]
    Indivisible(#[from] Indivisible),
    #[error("could not open the log of acknowledgements {}", path.display())]
    AckLog {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    pub backoff: Backoff,
    /// For each step of connecting, and for handing a message to the line.
    pub patience: Duration,
    /// After this long without a word from the server comes a ping; after three times, the end.
    pub pulse: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            patience: Duration::from_secs(10),
            pulse: Duration::from_secs(10),
        }
    }
}

pub struct AgentBuilder {
    serial: SerialNumber,
    software: SoftwareVersion,
    channels: Vec<Channel>,
    clock: Arc<dyn Clock>,
    clock_state: ClockState,
    folder: Option<PathBuf>,
    buffer_limit: u64,
    ack_log: bool,
    timing: Timing,
    window: Window,
    on_shed: Option<Box<dyn Fn(Shed) + Send + Sync>>,
}

impl AgentBuilder {
    pub(super) fn new(serial: SerialNumber, software: SoftwareVersion) -> Self {
        Self {
            serial,
            software,
            channels: Vec::new(),
            clock: Arc::new(SystemClock),
            clock_state: ClockState::Synchronised,
            folder: None,
            buffer_limit: 64 << 20,
            ack_log: false,
            timing: Timing::default(),
            window: Window::default(),
            on_shed: None,
        }
    }

    pub fn channels(mut self, channels: Vec<Channel>) -> Self {
        self.channels = channels;
        self
    }

    pub fn clock(mut self, clock: impl Clock + 'static, state: ClockState) -> Self {
        (self.clock, self.clock_state) = (Arc::new(clock), state);
        self
    }

    /// The device's folder: the buffer lies in `buffer/` there. Without one, frames are kept in
    /// memory and die with the process.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// The most bytes the buffer takes. 64 MiB is about 15 hours of a bedside monitor.
    pub fn buffer_limit(mut self, bytes: u64) -> Self {
        self.buffer_limit = bytes;
        self
    }

    /// Appends `epoch seq` to `ack.log` in the device's folder for each frame the server has stored.
    pub fn with_ack_log(mut self) -> Self {
        self.ack_log = true;
        self
    }

    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Called whenever a full buffer gives frames up.
    pub fn on_shed(mut self, tell: impl Fn(Shed) + Send + Sync + 'static) -> Self {
        self.on_shed = Some(Box::new(tell));
        self
    }

    pub fn open(self, credentials: Credentials) -> Result<Agent, AgentError> {
        let rates = self
            .channels
            .iter()
            .filter_map(|channel| match channel.signal {
                ChannelSignal::Wave { rate, .. } => Some((channel.id, rate)),
                ChannelSignal::Numeric { .. } => None,
            })
            .collect();
        let now = self.clock.now();
        let buffer = match &self.folder {
            Some(folder) => Buffer::open(&folder.join("buffer"), self.buffer_limit, self.channels, now)?,
            None => Buffer::in_memory(self.buffer_limit, self.channels, now),
        };
        let ack_log = match &self.folder {
            Some(folder) if self.ack_log => {
                let path = folder.join("ack.log");
                let log = AckLog::open(&path).map_err(|source| AgentError::AckLog { path, source })?;
                Some(Mutex::new(log))
            }
            _ => None,
        };
        let agent = Agent {
            shared: Arc::new(Shared {
                serial: self.serial,
                software: self.software,
                clock: self.clock,
                clock_state: self.clock_state,
                credentials,
                timing: self.timing,
                window: self.window,
                rates,
                buffer: Mutex::new(buffer),
                ack_log,
                on_shed: self.on_shed,
                work: Notify::new(),
                plug: watch::Sender::new(Plug::In),
                stop: watch::Sender::new(false),
                status: watch::Sender::new(AgentStatus::default()),
            }),
        };
        agent.publish(&agent.buffer(), |_| {});
        Ok(agent)
    }
}
