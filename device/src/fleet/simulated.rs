//! One simulated device: its model measures, its agent sends.

use fleetward_common::{
    devices::DeviceType,
    text::FaultCode,
    time::{Instant, Span},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{
    sync::{mpsc::UnboundedSender, watch},
    time::sleep,
};

use super::{
    FleetOptions, Report,
    back_fill::{BackFillError, back_fill, is_done},
    register::DeviceEntry,
};
use crate::{
    agent::{Agent, AgentError, Credentials, CredentialsError, FrameDraft, Plug},
    clock::{Clock, SystemClock},
    models::{Character, DeviceModel, Scenario, model},
};

#[derive(Debug, Error)]
pub enum SimulationError {
    #[error("there is no simulator for a {}", .0.as_str())]
    NoModel(DeviceType),
    #[error("device {serial} has no usable key and certificate")]
    Credentials {
        serial: String,
        #[source]
        source: CredentialsError,
    },
    #[error("device {serial} can't buffer what it measures")]
    Agent {
        serial: String,
        #[source]
        source: AgentError,
    },
    #[error("the history of device {serial} can't be sent")]
    BackFill {
        serial: String,
        #[source]
        source: BackFillError,
    },
    #[error("a simulated device broke off")]
    Panicked(#[source] tokio::task::JoinError),
}

pub struct SimulatedDevice {
    entry: DeviceEntry,
    folder: PathBuf,
    model: Arc<dyn DeviceModel>,
    agent: Agent,
    clock: SystemClock,
}

/// Longer than this without measuring (a laptop that slept) is a gap, as it would be at a bed.
const SLEPT: Duration = Duration::from_secs(60);
/// More than this at once is sent as history, without waves.
const AT_ONCE: Duration = Duration::from_secs(5);

impl SimulatedDevice {
    pub fn open(entry: DeviceEntry, options: &FleetOptions) -> Result<Self, SimulationError> {
        let character = Character {
            seed: entry.seed,
            scenario: entry.scenario,
        };
        let model = model(entry.device_type, character).ok_or(SimulationError::NoModel(entry.device_type))?;
        let folder = options.data.join("devices").join(entry.serial.as_str());
        let serial = || entry.serial.to_string();
        let credentials =
            Credentials::from_folder(&folder).map_err(|source| SimulationError::Credentials {
                serial: serial(),
                source,
            })?;
        let mut builder = Agent::builder(entry.serial.clone(), entry.software.clone())
            .channels(model.channels())
            .folder(&folder);
        if options.ack_log {
            builder = builder.with_ack_log();
        }
        let agent = builder
            .open(credentials)
            .map_err(|source| SimulationError::Agent {
                serial: serial(),
                source,
            })?;
        Ok(Self {
            entry,
            folder,
            model: model.into(),
            agent,
            clock: SystemClock,
        })
    }

    pub(super) async fn run(
        self,
        server: &str,
        sends_history: bool,
        goes_live: bool,
        mut stop: watch::Receiver<bool>,
        reports: &UnboundedSender<Report>,
    ) -> Result<(), SimulationError> {
        if !goes_live && self.has_nothing_to_say(sends_history)? {
            // It fell silent, and stays so: a line would be a sign of life.
            let _ = reports.send(Report::HistoryStored);
            return Ok(());
        }
        let line = tokio::spawn({
            let (agent, server) = (self.agent.clone(), server.to_owned());
            async move { agent.run(&server).await }
        });
        let work = self.work(sends_history, goes_live, reports);
        let done = tokio::select! {
            done = work => done,
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        };
        self.agent.stop();
        line.await.map_err(SimulationError::Panicked)?;
        done
    }

    fn has_nothing_to_say(&self, sends_history: bool) -> Result<bool, SimulationError> {
        let history_waits = sends_history
            && self.entry.history.is_some()
            && !is_done(&self.folder).map_err(|source| SimulationError::BackFill {
                serial: self.entry.serial.to_string(),
                source,
            })?;
        Ok(!history_waits && self.agent.status().borrow().held_frames == 0)
    }

    async fn work(
        &self,
        sends_history: bool,
        goes_live: bool,
        reports: &UnboundedSender<Report>,
    ) -> Result<(), SimulationError> {
        let mut from = self.clock.now();
        if let Some(history) = self.entry.history
            && sends_history
        {
            let until = back_fill(
                &self.agent,
                &*self.model,
                &self.folder,
                history.into(),
                self.clock.now(),
            )
            .await
            .map_err(|source| SimulationError::BackFill {
                serial: self.entry.serial.to_string(),
                source,
            })?;
            self.agent.settled().await;
            tracing::info!(device.serial = %self.entry.serial, bed = self.entry.bed, "history is stored");
            from = until;
        }
        // The fleet only counts; when it stops, it no longer does.
        let _ = reports.send(Report::HistoryStored);
        if !goes_live {
            return Ok(());
        }
        tokio::select! {
            done = self.measure(from) => done.map_err(|source| SimulationError::Agent {
                serial: self.entry.serial.to_string(),
                source,
            }),
            () = self.report_live(reports) => Ok(()),
        }
    }

    /// Never returns: being live ends only by being stopped.
    async fn report_live(&self, reports: &UnboundedSender<Report>) {
        let mut status = self.agent.status();
        let before = status.borrow().acknowledged;
        let (home, scenario) = (self.entry.home, self.entry.scenario);
        if scenario != Scenario::NetworkLoss {
            // A device at home may have nothing to say for hours; being on the line is all there is.
            let _ = status
                .wait_for(|status| status.connected && (home || status.acknowledged > before))
                .await;
        }
        let _ = reports.send(Report::Live);
        std::future::pending::<()>().await;
    }

    async fn measure(&self, from: Instant) -> Result<(), AgentError> {
        let beat = self.model.beat();
        let mut faults: Option<Vec<FaultCode>> = None;
        let mut from = from;
        loop {
            let now = self.clock.now();
            let until = self.last_beat(now, beat);
            if until > from {
                if until.since(from) > SLEPT {
                    from = until - beat;
                }
                self.record(Span { from, until }, &mut faults)?;
                from = until;
            }
            self.agent.plug(match self.model.has_network(now) {
                true => Plug::In,
                false => Plug::Cut,
            });
            sleep((self.last_beat(now, beat) + beat).since(self.clock.now())).await;
        }
    }

    /// The moment of this device's last beat. Each device has its own phase, so that a ward does not
    /// send all its frames in one millisecond.
    fn last_beat(&self, now: Instant, beat: Duration) -> Instant {
        let beat = i64::try_from(beat.as_micros()).unwrap_or(i64::MAX).max(1);
        let phase = (self.entry.seed.wrapping_mul(7_919) % 1_000_003).cast_signed() * 4_000 % beat;
        Instant::from_micros((now.micros() - phase).div_euclid(beat) * beat + phase)
    }

    fn record(&self, span: Span, told: &mut Option<Vec<FaultCode>>) -> Result<(), AgentError> {
        let faults = self.model.faults(span.until);
        if told.as_ref() != Some(&faults) {
            let draft = FrameDraft::at(span.until).with_faults(faults.clone());
            self.agent.record(draft)?;
            *told = Some(faults);
        }
        let frames = if span.length() > AT_ONCE {
            self.model.recalled(span)
        } else {
            self.model.measured(span)
        };
        frames.into_iter().try_for_each(|draft| self.agent.record(draft))
    }
}
