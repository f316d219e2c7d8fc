//! Devices of the demo world as this crate plays them: the reference agent, with measurements made here.

use crate::{
    portal::Portal,
    trouble::{Outcome, Trouble, While},
};
use fleetward_common::{
    devices::{
        DeviceType,
        link::{Channel, ChannelSignal, RawValue},
    },
    metric::{MetricCode, codes},
    text::{SerialNumber, SoftwareVersion},
    time::{Instant, SampleRate},
    unit::Decimal,
};
use fleetward_device::agent::{Agent, Credentials, FrameDraft, Plug, Timing, backoff::Backoff};
use serde::Deserialize;
use std::{fs, time::Duration};
use tokio::task::JoinHandle;

/// One line of the list of devices that the seed wrote.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    pub serial: SerialNumber,
    pub device_type: DeviceType,
    pub software: SoftwareVersion,
    /// `4B/7`: ward and bed.
    #[serde(default)]
    pub bed: Option<String>,
}

#[derive(Deserialize)]
struct Fleet {
    devices: Vec<Entry>,
}

/// Every device of the demo world.
pub fn fleet(portal: &Portal) -> Outcome<Vec<Entry>> {
    let path = portal.data().join("devices/fleet.json");
    let text = fs::read_to_string(&path).while_doing("reading the list of devices")?;
    let fleet: Fleet = serde_json::from_str(&text).map_err(Trouble::wrong)?;
    Ok(fleet.devices)
}

/// The bedside monitor of a bed like `4B/7`.
pub fn monitor_at(portal: &Portal, bed: &str) -> Outcome<Entry> {
    fleet(portal)?
        .into_iter()
        .find(|entry| entry.device_type == DeviceType::PatientMonitor && entry.bed.as_deref() == Some(bed))
        .ok_or_else(|| Trouble::Missing(format!("the demo world has no monitor at bed {bed}")))
}

const HEART_RATE: u16 = 1;
const ECG: u16 = 2;
const INTERVAL_MS: u32 = 1_000;

/// A device with its line to the server. The plug is pulled when this value goes.
pub struct Bedside {
    agent: Agent,
    line: JoinHandle<()>,
}

impl Bedside {
    /// Measures a heart rate each second, and an ECG.
    pub fn connect(portal: &Portal, entry: &Entry) -> Outcome<Self> {
        let folder = portal.device_folder(entry.serial.as_str());
        let credentials = Credentials::from_folder(&folder).map_err(Trouble::wrong)?;
        let agent = Agent::builder(entry.serial.clone(), entry.software.clone())
            .channels(vec![
                channel(
                    HEART_RATE,
                    codes::HEART_RATE,
                    ChannelSignal::Numeric {
                        interval_ms: INTERVAL_MS,
                    },
                )?,
                channel(
                    ECG,
                    codes::ECG_LEAD_II,
                    ChannelSignal::Wave {
                        rate: SampleRate::hertz(250),
                        exponent: -3,
                    },
                )?,
            ])
            .folder(&folder)
            .with_ack_log()
            .timing(Timing {
                // A server that is back is found soon; journeys are short.
                backoff: Backoff {
                    least: Duration::from_millis(50),
                    most: Duration::from_millis(500),
                },
                ..Timing::default()
            })
            .open(credentials)
            .map_err(Trouble::wrong)?;
        Ok(Self::of(agent, portal))
    }

    /// An agent made elsewhere, put on the line.
    pub fn of(agent: Agent, portal: &Portal) -> Self {
        let line = tokio::spawn({
            let (agent, server) = (agent.clone(), portal.device_port().to_string());
            async move { agent.run(&server).await }
        });
        Self { agent, line }
    }

    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    pub fn heart_rate(&self, at: Instant, beats: Decimal) -> Outcome {
        let draft = FrameDraft::at(at).with_reading(HEART_RATE, at, RawValue::Known(beats));
        self.agent.record(draft).map_err(Trouble::wrong)
    }

    pub fn ecg(&self, at: Instant, samples: &[i32]) -> Outcome {
        let draft = FrameDraft::at(at).with_samples(ECG, at, samples);
        self.agent.record(draft).map_err(Trouble::wrong)
    }

    /// The cable is out, and nobody says so: the line just falls silent.
    pub fn pull_the_plug(&self) {
        self.agent.plug(Plug::Silent);
    }

    pub fn plug_in(&self) {
        self.agent.plug(Plug::In);
    }

    /// Waits until the server has stored everything.
    pub async fn settled(&self, patience: Duration) -> Outcome {
        let serial = self.agent.serial().clone();
        tokio::time::timeout(patience, self.agent.settled())
            .await
            .map_err(|_elapsed| {
                let status = self.agent.status();
                Trouble::Wrong(format!(
                    "{serial} could not hand over everything: {:?}",
                    *status.borrow()
                ))
            })
    }
}

impl Drop for Bedside {
    fn drop(&mut self) {
        self.line.abort();
    }
}

fn channel(id: u16, metric: MetricCode, signal: ChannelSignal) -> Outcome<Channel> {
    let known = metric
        .metric()
        .ok_or_else(|| Trouble::Wrong(format!("{metric:?} is not in the registry")))?;
    Ok(Channel {
        id,
        metric,
        unit: known.unit.mdc(),
        signal,
    })
}
