//! Simulated devices, as functions of time.
//!
//! A model is made of a seed and a [`Scenario`] and answers for any span of time what the device
//! measured in it. It has no clock and remembers nothing, so the same span always gives the same
//! frames, at any speed: live, as a month of history in a second, or in a test.
//!
//! All of it is made up. Rhythms are sums of sines whose phase is known in closed form, so that a
//! beat that the ECG shows is the beat that the pleth shows and the heart rate counts.

mod channel;
mod cpap;
mod cuff;
mod glucose;
mod infusion;
mod monitor;
mod oximeter;
mod physiology;
mod power;
mod rhythm;
mod scenario;

pub use scenario::{BadScenario, Scenario};

use fleetward_common::{
    devices::{DeviceType, link::Channel},
    text::FaultCode,
    time::{Instant, Span},
};
use std::time::Duration;

use crate::agent::FrameDraft;

/// What a simulated device is, once it is known to which bed or home it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Character {
    pub seed: u64,
    pub scenario: Scenario,
}

pub trait DeviceModel: Send + Sync {
    fn channels(&self) -> Vec<Channel>;

    /// Everything measured in the span, as the device sends it while it happens.
    fn measured(&self, span: Span) -> Vec<FrameDraft>;

    /// The same span as seen from later: fewer readings, no waves, many readings to a frame.
    fn recalled(&self, span: Span) -> Vec<FrameDraft>;

    /// All faults active at this moment.
    fn faults(&self, at: Instant) -> Vec<FaultCode>;

    /// Whether the device has a network at this moment.
    fn has_network(&self, at: Instant) -> bool;

    /// How often the device sends while it is live.
    fn beat(&self) -> Duration;
}

/// `None` for types that nobody has written a simulator for.
pub fn model(device_type: DeviceType, character: Character) -> Option<Box<dyn DeviceModel>> {
    Some(match device_type {
        DeviceType::PatientMonitor => Box::new(monitor::Monitor::new(character)),
        DeviceType::InfusionPump => Box::new(infusion::Pump::new(character)),
        DeviceType::Cpap => Box::new(cpap::Cpap::new(character)),
        DeviceType::BloodPressureCuff => Box::new(cuff::Cuff::new(character)),
        DeviceType::PulseOximeter => Box::new(oximeter::Oximeter::new(character)),
        DeviceType::ContinuousGlucoseMonitor => Box::new(glucose::GlucoseMonitor::new(character)),
        DeviceType::Ventilator | DeviceType::Scale => return None,
    })
}

#[cfg(test)]
mod tests;
