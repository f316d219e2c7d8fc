//! The monitor at Ward 4B's bed 7, as its agent.

use std::time::Duration;

use fleetward_common::{
    devices::{
        DeviceType,
        history::History,
        link::{Channel, ChannelSignal, RawValue},
    },
    id::{BedId, DeviceId},
    metric::{MetricCode, codes},
    time::{Instant, SampleRate},
    unit::Decimal,
};
use fleetward_device::agent::{Agent, Credentials, FrameDraft};

use crate::{
    care::board_of,
    support::{Person, Portal},
};

pub const HEART_RATE: u16 = 0;
pub const SPO2: u16 = 1;
pub const ECG: u16 = 2;

pub struct Monitor {
    pub bed: BedId,
    pub device: DeviceId,
    pub agent: Agent,
}

impl Monitor {
    /// Switched on, with the channels of a bedside monitor.
    pub async fn at_bed_7(portal: &Portal) -> Self {
        Self::with_channels(portal, monitor()).await
    }

    pub async fn with_channels(portal: &Portal, channels: Vec<Channel>) -> Self {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let bed = board.beds.iter().find(|bed| bed.label == "7").unwrap();
        let is_monitor =
            |device: &&fleetward_common::care::BedDevice| device.device_type == DeviceType::PatientMonitor;
        let device = bed.devices.iter().find(is_monitor).unwrap();
        let serial = device.serial.clone();
        let folder = portal.data().join("devices").join(serial.as_str());
        let agent = Agent::builder(serial, "4.2.1".to_owned().try_into().unwrap())
            .channels(channels)
            .folder(&folder)
            .open(Credentials::from_folder(&folder).unwrap())
            .unwrap();
        let monitor = Self {
            bed: bed.id,
            device: device.device,

            agent,
        };
        monitor.connect(portal);
        monitor
    }

    /// Keeps a line to this server until the agent is stopped.
    pub fn connect(&self, portal: &Portal) -> tokio::task::JoinHandle<()> {
        let (agent, address) = (self.agent.clone(), portal.device.to_string());
        tokio::spawn(async move { agent.run(&address).await })
    }

    pub async fn measure(&self, at: Instant, heart_rate: i64) {
        let draft = FrameDraft::at(at)
            .with_reading(HEART_RATE, at, RawValue::Known(Decimal::whole(heart_rate)))
            .with_reading(SPO2, at, RawValue::Known(Decimal::new(970, -1)));
        self.agent.record(draft).unwrap();
    }

    pub fn history_of(&self, metric: &str, from: Instant, until: Instant, most_points: usize) -> String {
        format!(
            "/api/v1/devices/{}/history?metric={metric}&from={}&until={}&max_points={most_points}",
            self.device,
            from.micros(),
            until.micros(),
        )
    }

    pub async fn history(
        &self,
        reader: &Person<'_>,
        metric: &str,
        (from, until): (Instant, Instant),
        most_points: usize,
    ) -> History {
        reader
            .read(&self.history_of(metric, from, until, most_points))
            .await
    }
}

fn monitor() -> Vec<Channel> {
    let channel = |id, metric: MetricCode, signal| Channel {
        id,
        metric,
        unit: metric.metric().unwrap().unit.mdc(),
        signal,
    };
    let every_second = ChannelSignal::Numeric { interval_ms: 1_000 };
    let at_250_hz = ChannelSignal::Wave {
        rate: SampleRate::hertz(250),
        exponent: -3,
    };
    vec![
        channel(HEART_RATE, codes::HEART_RATE, every_second),
        channel(SPO2, codes::SPO2, every_second),
        channel(ECG, codes::ECG_LEAD_II, at_250_hz),
    ]
}

/// Waits until `done` holds; a minute is far more than it takes.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited in vain: {what}");
}
