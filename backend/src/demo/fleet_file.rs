//! `devices/fleet.json`: what the simulated devices play.

use std::{fs, io, path::Path};

use fleetward_common::{devices::DeviceType, text::SerialNumber, time::Span};
use serde::{Deserialize, Serialize};

use crate::platform::secrets::write_private;

#[derive(Debug, Serialize, Deserialize)]
pub struct FleetFile {
    pub server: ServerTrust,
    pub devices: Vec<SimulatedDevice>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ServerTrust {
    /// In each device's folder: what the device port's certificate is checked against.
    pub ca: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SimulatedDevice {
    pub serial: SerialNumber,
    pub device_type: DeviceType,
    pub software: String,
    pub scenario: String,
    pub seed: u64,
    /// `4B/7`; absent at home.
    pub bed: Option<String>,
    pub home: bool,
    /// What it has measured before it goes live.
    pub history: Span,
    /// Whether it is switched on now. One that is not has only its history.
    pub live: bool,
}

pub fn write(data: &Path, file: &FleetFile) -> io::Result<()> {
    let folder = data.join("devices");
    fs::create_dir_all(&folder)?;
    write_private(&folder.join("fleet.json"), &serde_json::to_vec_pretty(file)?)
}
