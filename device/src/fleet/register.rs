//! `devices/fleet.json`: which devices there are to simulate. The server's seed writes it.

use fleetward_common::{
    devices::DeviceType,
    text::{SerialNumber, SoftwareVersion},
    time::{Instant, Span},
};
use serde::Deserialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

use crate::models::Scenario;

#[derive(Debug, Error)]
pub enum RegisterError {
    #[error("could not read {}; `fleetward seed --data DIR` writes it", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a fleet register", path.display())]
    Malformed {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{} names no device {serial}", path.display())]
    NoSuchDevice { path: PathBuf, serial: SerialNumber },
}

#[derive(Debug, Clone, Deserialize)]
pub struct Register {
    pub devices: Vec<DeviceEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeviceEntry {
    pub serial: SerialNumber,
    pub device_type: DeviceType,
    pub software: SoftwareVersion,
    #[serde(deserialize_with = "scenario")]
    pub scenario: Scenario,
    pub seed: u64,
    /// Ward and bed, for people who read logs.
    #[serde(default)]
    pub bed: Option<String>,
    #[serde(default)]
    pub home: bool,
    /// What it measured before the world began.
    #[serde(default)]
    pub history: Option<HistorySpan>,
    /// False for a device that has fallen silent: it only has a history.
    #[serde(default = "yes")]
    pub live: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct HistorySpan {
    pub from: Instant,
    pub until: Instant,
}

impl From<HistorySpan> for Span {
    fn from(HistorySpan { from, until }: HistorySpan) -> Self {
        Span { from, until }
    }
}

fn yes() -> bool {
    true
}

fn scenario<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Scenario, D::Error> {
    let word = String::deserialize(deserializer)?;
    word.parse().map_err(serde::de::Error::custom)
}

impl Register {
    pub fn path(data: &Path) -> PathBuf {
        data.join("devices").join("fleet.json")
    }

    pub fn load(data: &Path) -> Result<Self, RegisterError> {
        let path = Self::path(data);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(RegisterError::Unreadable { path, source }),
        };
        match serde_json::from_slice(&text) {
            Ok(register) => Ok(register),
            Err(source) => Err(RegisterError::Malformed { path, source }),
        }
    }

    pub fn device(self, data: &Path, serial: &SerialNumber) -> Result<DeviceEntry, RegisterError> {
        let found = self.devices.into_iter().find(|device| device.serial == *serial);
        found.ok_or_else(|| RegisterError::NoSuchDevice {
            path: Self::path(data),
            serial: serial.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLEET: &str = r#"{"server":{"ca":"server-ca.pem"},"devices":[
        {"serial":"NW-M40-000317","device_type":"patient_monitor","software":"4.2.1","scenario":"stable",
         "seed":17,"bed":"4B/7","home":false,"history":{"from":1000,"until":2000}},
        {"serial":"NW-C3-000004","device_type":"cpap","software":"2.0","scenario":"network_loss","seed":4,
         "bed":null,"home":true,"history":null,"live":false}]}"#;

    fn written(text: &str) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("devices")).unwrap();
        fs::write(Register::path(data.path()), text).unwrap();
        data
    }

    #[test]
    fn the_register_of_the_seed_is_read() {
        let data = written(FLEET);
        let register = Register::load(data.path()).unwrap();
        let monitor = &register.devices[0];
        assert_eq!(
            (monitor.seed, monitor.bed.as_deref(), monitor.live),
            (17, Some("4B/7"), true)
        );
        assert_eq!(monitor.history.unwrap().until, Instant::from_micros(2_000));
        assert_eq!(register.devices[1].scenario, Scenario::NetworkLoss);
        assert!(!register.devices[1].live);
    }

    #[test]
    fn an_unknown_scenario_is_named_with_those_there_are() {
        let data = written(&FLEET.replace("\"stable\"", "\"sleepy\""));
        let error = Register::load(data.path()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            cause.contains("sleepy") && cause.contains("tachycardia"),
            "{cause}"
        );
    }

    #[test]
    fn a_folder_without_a_register_says_what_writes_one() {
        let data = tempfile::tempdir().unwrap();
        let error = Register::load(data.path()).unwrap_err().to_string();
        assert!(error.contains("fleetward seed"), "{error}");
    }

    #[test]
    fn a_device_that_is_not_in_the_register_is_named() {
        let data = written(FLEET);
        let serial = SerialNumber::parse("NW-M40-999999").unwrap();
        let error = Register::load(data.path()).unwrap().device(data.path(), &serial);
        assert!(error.unwrap_err().to_string().contains("NW-M40-999999"));
    }
}
