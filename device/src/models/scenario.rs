//! What goes wrong with a simulated device or its patient.

use fleetward_common::time::Instant;
use std::{fmt, str::FromStr};

use super::rhythm::{Episodes, seconds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    Stable,
    /// Saturation falls for a minute and a half, again and again.
    Desaturation,
    /// The heart runs away for some minutes.
    Tachycardia,
    /// The ECG electrodes are off most of the time; the finger probe stays on.
    LeadOff,
    BatteryLow,
    /// The device loses its network for half a minute now and then.
    NetworkLoss,
}

impl Scenario {
    pub const ALL: &'static [Scenario] = &[
        Scenario::Stable,
        Scenario::Desaturation,
        Scenario::Tachycardia,
        Scenario::LeadOff,
        Scenario::BatteryLow,
        Scenario::NetworkLoss,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Scenario::Stable => "stable",
            Scenario::Desaturation => "desaturation",
            Scenario::Tachycardia => "tachycardia",
            Scenario::LeadOff => "lead_off",
            Scenario::BatteryLow => "battery_low",
            Scenario::NetworkLoss => "network_loss",
        }
    }

    /// When, and how far, what the scenario is about happens. The seed shifts it, so that two
    /// devices of one scenario don't move in step.
    pub(super) fn episodes(self, seed: u64) -> Option<Episodes> {
        let shape = match self {
            Scenario::Stable | Scenario::BatteryLow => return None,
            Scenario::Desaturation => Episodes::every(420.0).rising(30.0).lasting(45.0).falling(25.0),
            Scenario::Tachycardia => Episodes::every(900.0).rising(40.0).lasting(240.0).falling(90.0),
            Scenario::LeadOff => Episodes::every(600.0).lasting(420.0),
            Scenario::NetworkLoss => Episodes::every(240.0).lasting(35.0),
        };
        Some(shape.shifted_by(seed))
    }

    pub(super) fn has_network(self, seed: u64, at: Instant) -> bool {
        self != Scenario::NetworkLoss
            || self
                .episodes(seed)
                .is_none_or(|losses| losses.level(seconds(at)) < 0.5)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadScenario(String);

impl fmt::Display for BadScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.as_str()).collect();
        write!(
            f,
            "no scenario is called {:?}; there are {}",
            self.0,
            known.join(", ")
        )
    }
}

impl std::error::Error for BadScenario {}

impl FromStr for Scenario {
    type Err = BadScenario;

    fn from_str(word: &str) -> Result<Self, BadScenario> {
        Self::ALL
            .iter()
            .copied()
            .find(|scenario| scenario.as_str() == word)
            .ok_or_else(|| BadScenario(word.to_owned()))
    }
}
