//! What one bed shows now. Pure; `parts/bed_tile.rs` draws it.

use fleetward_common::{
    care::{BedDevice, BoardBed, Occupancy, PatientIdentity},
    devices::{ChannelState, Connection, Signal, Value, link::NoValue},
    id::BedId,
    metric::{MetricCode, Shape, codes},
    time::Instant,
    unit::Decimal,
};
use std::time::Duration;

use super::{
    alarms::{Alarms, BedAlarms},
    trace::{LaneKey, SILENCE},
    vitals::{self, Shown},
};

/// One bed of the board.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    pub bed: BedId,
    pub label: String,
    /// `HARTE, M`
    pub name: Option<String>,
    /// `MH`
    pub initials: Option<String>,
    pub body: Body,
    pub alarms: BedAlarms,
}

impl Tile {
    /// A lost or late signal: nothing may lie on it.
    pub fn needs_a_look(&self) -> bool {
        match &self.body {
            Body::Free | Body::NotMonitored { .. } => false,
            Body::NeverSeen { .. } => true,
            Body::Monitored(monitored) => {
                let lost = |lane: &Lane| matches!(lane.absence, Some(Absence::NoSignal(_)));
                monitored.gone || monitored.lanes.iter().any(lost)
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Free,
    /// A patient and no device. Not the same as a signal that was lost.
    NotMonitored {
        since: Option<Instant>,
    },
    /// A device is assigned and was never heard.
    NeverSeen {
        model: String,
        serial: String,
    },
    Monitored(Box<Monitored>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Monitored {
    pub lanes: Vec<Lane>,
    /// Heart rate, or the pulse where no ECG is.
    pub rate: Vital,
    pub spo2: Vital,
    pub respiration: Vital,
    pub pressure: Vital,
    pub model: String,
    /// Age of the newest thing the device said.
    pub heard: Option<Duration>,
    pub gone: bool,
    pub battery: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Vital {
    pub label: &'static str,
    pub unit: &'static str,
    pub shown: Shown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    pub key: LaneKey,
    pub label: &'static str,
    pub absence: Option<Absence>,
}

/// Why a lane is blank, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    SensorOff(Option<Duration>),
    NoSignal(Option<Duration>),
}

/// What the judgement depends on besides the bed.
pub struct Moment<'a> {
    pub now: Instant,
    /// Since when waves may have come: before that, silence says nothing.
    pub listening_since: Instant,
    pub newest_sample: &'a dyn Fn(LaneKey) -> Option<Instant>,
    pub alarms: &'a Alarms,
}

/// Best first. A tile has room for two waves.
const WAVES: &[MetricCode] = &[
    codes::ECG_LEAD_II,
    codes::ECG,
    MetricCode(131_329),
    MetricCode(131_389),
    codes::PLETH,
    codes::ARTERIAL_PRESSURE,
];

pub fn tile(bed: &BoardBed, moment: &Moment<'_>) -> Tile {
    let identity = match &bed.occupancy {
        Occupancy::Free => None,
        Occupancy::Occupied { identity, .. } => identity.as_ref(),
    };
    Tile {
        bed: bed.id,
        label: bed.label.clone(),
        name: identity.map(short_name),
        initials: identity.map(initials),
        body: body(bed, moment),
        alarms: moment.alarms.on_tile(bed.id, moment.now),
    }
}

fn body(bed: &BoardBed, moment: &Moment<'_>) -> Body {
    match (&bed.occupancy, bed.devices.first()) {
        (Occupancy::Free, _) => Body::Free,
        (
            Occupancy::Occupied {
                unmonitored_since, ..
            },
            None,
        ) => Body::NotMonitored {
            since: *unmonitored_since,
        },
        (_, Some(device)) if bed.devices.iter().all(never_seen) => Body::NeverSeen {
            model: device.model.clone(),
            serial: device.serial.to_string(),
        },
        (_, Some(device)) => Body::Monitored(Box::new(monitored(bed, device, moment))),
    }
}

fn never_seen(device: &BedDevice) -> bool {
    device.connection == Connection::NeverSeen
}

fn is_gone(device: &BedDevice) -> bool {
    matches!(device.connection, Connection::Gone { .. })
}

fn monitored(bed: &BoardBed, monitor: &BedDevice, moment: &Moment<'_>) -> Monitored {
    let lanes = lanes(bed, moment);
    let heard = newest(monitor, &lanes, moment).map(|at| moment.now.since(at));
    let rate = if channel(bed, codes::HEART_RATE).is_some() {
        vital(bed, codes::HEART_RATE, moment.now)
    } else {
        vital(bed, codes::PULSE_RATE_OXIMETER, moment.now)
    };
    Monitored {
        rate,
        spo2: vital(bed, codes::SPO2, moment.now),
        respiration: vital(bed, codes::RESPIRATION_RATE, moment.now),
        pressure: pressure(bed, moment.now),
        model: monitor.model.clone(),
        heard,
        gone: is_gone(monitor),
        battery: monitor.battery_percent,
        lanes,
    }
}

fn newest(device: &BedDevice, lanes: &[Lane], moment: &Moment<'_>) -> Option<Instant> {
    let waves = lanes
        .iter()
        .filter(|lane| lane.key.0 == device.device)
        .filter_map(|lane| (moment.newest_sample)(lane.key));
    let readings = device.channels.iter().filter_map(|channel| channel.latest);
    readings.map(|reading| reading.at).chain(waves).max()
}

/// The first device at the bed that measures this.
fn channel(bed: &BoardBed, metric: MetricCode) -> Option<(&BedDevice, &ChannelState)> {
    bed.devices
        .iter()
        .flat_map(|device| device.channels.iter().map(move |channel| (device, channel)))
        .find(|(_, channel)| channel.metric == metric)
}

pub fn vital(bed: &BoardBed, metric: MetricCode, now: Instant) -> Vital {
    let found = channel(bed, metric);
    let gone = found.is_some_and(|(device, _)| is_gone(device));
    let known = metric.metric();
    Vital {
        label: known.map_or("", |known| known.label),
        unit: known.map_or("", |known| known.unit.printed()),
        shown: vitals::shown(found.map(|(_, channel)| channel), now, gone),
    }
}

pub fn pressure(bed: &BoardBed, now: Instant) -> Vital {
    let systolic = channel(bed, codes::NIBP_SYSTOLIC);
    let diastolic = channel(bed, codes::NIBP_DIASTOLIC);
    let gone = systolic.is_some_and(|(device, _)| is_gone(device));
    Vital {
        label: "NIBP",
        unit: "mmHg",
        shown: vitals::pressure(
            systolic.map(|(_, channel)| channel),
            diastolic.map(|(_, channel)| channel),
            now,
            gone,
        ),
    }
}

/// Every wave at the bed, best first.
pub fn lanes(bed: &BoardBed, moment: &Moment<'_>) -> Vec<Lane> {
    let mut found: Vec<(usize, Lane)> = Vec::new();
    for device in &bed.devices {
        for channel in &device.channels {
            let is_wave = matches!(channel.signal, Signal::Wave { .. });
            let Some(metric) = channel
                .metric
                .metric()
                .filter(|m| is_wave && m.shape == Shape::Wave)
            else {
                continue;
            };
            let rank = WAVES
                .iter()
                .position(|wave| *wave == metric.code)
                .unwrap_or(WAVES.len());
            let key = (device.device, metric.code);
            let lane = Lane {
                key,
                label: metric.label,
                absence: absence(device, key, moment),
            };
            found.push((rank, lane));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, lane)| lane).collect()
}

fn absence(device: &BedDevice, key: LaneKey, moment: &Moment<'_>) -> Option<Absence> {
    let now = moment.now;
    if let Connection::Gone { since } = device.connection {
        return Some(Absence::NoSignal(Some(now.since(since))));
    }
    if let Some(since) = sensor_off(device, key.1) {
        return Some(Absence::SensorOff(since.map(|since| now.since(since))));
    }
    let newest = (moment.newest_sample)(key);
    let silent_since = newest.unwrap_or(moment.listening_since);
    let silence = now.since(silent_since);
    (silence > SILENCE).then(|| Absence::NoSignal(newest.map(|_| silence)))
}

/// Whether the sensor behind a wave is off, told by the number made from it, and since when.
fn sensor_off(device: &BedDevice, wave: MetricCode) -> Option<Option<Instant>> {
    let number = match wave {
        codes::PLETH => codes::SPO2,
        codes::ECG | codes::ECG_LEAD_II => codes::HEART_RATE,
        _ => return None,
    };
    let channel = device.channels.iter().find(|channel| channel.metric == number)?;
    match channel.latest?.value {
        Value::Absent(NoValue::SensorOff) => Some(channel.last_known.map(|reading| reading.at)),
        _ => None,
    }
}

/// `HARTE, M`: the NHS order, short enough for a tile.
fn short_name(identity: &PatientIdentity) -> String {
    let family = identity.family_name.to_uppercase();
    match identity.given_name.chars().next() {
        Some(first) => format!("{family}, {first}"),
        None => family,
    }
}

fn initials(identity: &PatientIdentity) -> String {
    [&identity.given_name, &identity.family_name]
        .into_iter()
        .filter_map(|name| name.chars().next())
        .collect::<String>()
        .to_uppercase()
}

/// `22 monitored · 1 not monitored · 1 free`
pub fn census(tiles: &[std::rc::Rc<Tile>]) -> String {
    let count = |wanted: fn(&Body) -> bool| tiles.iter().filter(|tile| wanted(&tile.body)).count();
    let monitored = count(|body| matches!(body, Body::Monitored(monitored) if !monitored.gone));
    let gone = count(|body| matches!(body, Body::Monitored(monitored) if monitored.gone));
    let unmonitored = count(|body| matches!(body, Body::NotMonitored { .. }));
    let never = count(|body| matches!(body, Body::NeverSeen { .. }));
    let free = count(|body| matches!(body, Body::Free));
    let mut parts = vec![format!("{monitored} monitored")];
    if gone > 0 {
        parts.push(format!("{gone} without signal"));
    }
    if never > 0 {
        parts.push(format!("{never} waiting"));
    }
    parts.push(format!("{unmonitored} not monitored"));
    parts.push(format!("{free} free"));
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
