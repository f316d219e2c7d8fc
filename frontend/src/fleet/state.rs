//! A device counts once, at its worst. Pure.

use fleetward_common::{
    devices::{Connection, DeviceSummary},
    time::Instant,
};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    Fault,
    /// Silent for longer than its model's own interval allows.
    NotSeen,
    NeverSeen,
    Healthy,
}

impl DeviceState {
    /// Word, drawing, and class of the chip. Only trouble is filled.
    pub fn look(self) -> (&'static str, &'static str, &'static str) {
        match self {
            DeviceState::Fault => ("Fault", "fault", "chip act"),
            DeviceState::NotSeen => ("Not seen", "not-seen", "chip nodata"),
            DeviceState::NeverSeen => ("Never seen", "no-data", "chip plain"),
            DeviceState::Healthy => ("Healthy", "check", "chip calm"),
        }
    }
}

/// The server counts by the same rule.
pub fn state(device: &DeviceSummary, now: Instant) -> DeviceState {
    let patience = Duration::from_secs(u64::from(device.model.expected_interval_s));
    match device.connection {
        _ if !device.faults.is_empty() => DeviceState::Fault,
        Connection::NeverSeen => DeviceState::NeverSeen,
        Connection::Gone { since } if now.since(device.last_seen.unwrap_or(since)) > patience => {
            DeviceState::NotSeen
        }
        Connection::Gone { .. } | Connection::Connected { .. } => DeviceState::Healthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::{DeviceType, ModelSummary},
        id::{DeviceId, DeviceModelId},
        text::{FaultCode, SerialNumber},
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Instant = Instant::from_millis(1_764_000_000_000);

    fn device(expected_interval_s: u32, seconds_ago: Option<u64>, faults: &[&str]) -> DeviceSummary {
        DeviceSummary {
            id: DeviceId::from_bytes([4; 16]),
            serial: SerialNumber::parse("NW-M40-000317").unwrap(),
            model: ModelSummary {
                id: DeviceModelId::from_bytes([7; 16]),
                name: "Monitor M40".into(),
                device_type: DeviceType::PatientMonitor,
                expected_interval_s,
            },
            software: None,
            site: None,
            connection: seconds_ago.map_or(Connection::NeverSeen, |_| Connection::Gone { since: NOW }),
            last_seen: seconds_ago.map(|seconds| NOW - Duration::from_secs(seconds)),
            battery_percent: None,
            faults: faults
                .iter()
                .map(|fault| FaultCode::parse(fault).unwrap())
                .collect(),
            clock_offset_ms: None,
            clock_trusted: true,
        }
    }

    #[test]
    fn not_seen_is_judged_by_the_models_own_interval() {
        assert_eq!(state(&device(60, Some(600), &[]), NOW), DeviceState::NotSeen);
        assert_eq!(state(&device(86_400, Some(600), &[]), NOW), DeviceState::Healthy);
    }

    #[test]
    fn a_fault_counts_before_silence() {
        assert_eq!(state(&device(60, Some(600), &["F-311"]), NOW), DeviceState::Fault);
    }

    #[test]
    fn a_device_that_never_spoke_is_not_one_that_fell_silent() {
        assert_eq!(state(&device(60, None, &[]), NOW), DeviceState::NeverSeen);
    }
}
