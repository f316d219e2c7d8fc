//! The battery of anything that has one.

use fleetward_common::{text::FaultCode, time::Instant};

use super::{
    Scenario,
    rhythm::{between, seconds},
};

/// The makers' code for a battery that needs charging now.
const BATTERY_LOW: &str = "F-118";
const LOW_PERCENT: f64 = 15.0;

#[derive(Debug, Clone, Copy)]
pub(super) struct Battery {
    seed: u64,
    runs_low: bool,
    /// From full to charged again.
    hours: f64,
}

impl Battery {
    pub fn new(seed: u64, scenario: Scenario, hours: f64) -> Self {
        Self {
            seed,
            runs_low: scenario == Scenario::BatteryLow,
            hours,
        }
    }

    pub fn percent(&self, at: Instant) -> f64 {
        let turn = seconds(at) / (self.hours * 3_600.0) + between(self.seed, 9_100, 0.0, 1.0);
        let used = turn - turn.floor();
        if self.runs_low {
            // Charged just enough to go on, never enough to be well.
            12.0 - 8.0 * used
        } else {
            100.0 - between(self.seed, 9_101, 20.0, 55.0) * used
        }
    }

    pub fn faults(&self, at: Instant) -> Vec<FaultCode> {
        let code = (self.percent(at) < LOW_PERCENT).then(|| FaultCode::parse(BATTERY_LOW));
        code.into_iter().flatten().collect()
    }
}
