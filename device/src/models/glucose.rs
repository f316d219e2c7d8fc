//! A continuous glucose monitor: one value every five minutes, day and night, with meals in it.

use fleetward_common::{
    devices::link::Channel,
    metric::codes,
    text::FaultCode,
    time::{Instant, Span},
};
use std::time::Duration;

use super::{
    Character, DeviceModel,
    channel::{Read, by_second, known, numeric, packed},
    power::Battery,
    rhythm::{between, chance, noise, scramble, seconds, ticks},
};
use crate::agent::FrameDraft;

const GLUCOSE: u16 = 1;
const BATTERY: u16 = 2;

const EVERY: Duration = Duration::from_secs(300);
const DAY: f64 = 86_400.0;
/// Such sensors report nothing outside.
const REPORTED: std::ops::RangeInclusive<f64> = 40.0..=400.0;

pub(super) struct GlucoseMonitor {
    character: Character,
    battery: Battery,
    fasting: f64,
    /// mg/dL that a usual meal adds at its height.
    meal: f64,
    offset: i64,
}

impl GlucoseMonitor {
    pub fn new(character: Character) -> Self {
        let seed = character.seed;
        Self {
            character,
            battery: Battery::new(seed, character.scenario, 24.0 * 10.0),
            fasting: between(seed, 1, 98.0, 128.0),
            meal: between(seed, 2, 38.0, 82.0),
            offset: (scramble(seed) % 300).cast_signed() * 1_000_000,
        }
    }

    fn glucose(&self, at: Instant) -> f64 {
        let (seed, t) = (self.character.seed, seconds(at));
        let today = (t / DAY).floor() as i64;
        let meals: f64 = (today - 1..=today)
            .flat_map(|day| (0..3).map(move |meal| (day, meal)))
            .map(|(day, meal)| self.meal_effect(day, meal, t))
            .sum();
        let drift = 13.0 * noise(seed ^ 0x21, t, 5_400.0) + 5.0 * noise(seed ^ 0x22, t, 900.0);
        (self.fasting + drift + meals).clamp(*REPORTED.start(), *REPORTED.end())
    }

    /// Rises for three quarters of an hour after the meal and is gone after three hours.
    fn meal_effect(&self, day: i64, meal: i64, t: f64) -> f64 {
        let seed = scramble(self.character.seed ^ scramble((day * 3 + meal).cast_unsigned()));
        let usual = [7.5, 12.6, 18.7];
        let hour = usual.get(meal as usize).copied().unwrap_or(12.0) + between(seed, 1, -0.7, 0.7);
        let since = (t - day as f64 * DAY - hour * 3_600.0) / 2_700.0;
        if since <= 0.0 {
            return 0.0;
        }
        self.meal * between(seed, 2, 0.55, 1.5) * since * (1.0 - since).exp()
    }

    fn readings(&self, span: Span) -> Vec<Read> {
        let mut readings: Vec<Read> = Vec::new();
        for at in ticks(span, 300_000_000, self.offset) {
            // The sensor and its receiver are out of reach of each other now and then.
            let out_of_reach = chance(self.character.seed ^ 0x23, at.millis() / 1_800_000) < 0.02;
            if !out_of_reach {
                readings.push((GLUCOSE, at, known(self.glucose(at), 0)));
            }
        }
        for at in ticks(span, 3_600_000_000, self.offset) {
            readings.push((BATTERY, at, known(self.battery.percent(at), 0)));
        }
        readings.sort_by_key(|(_, at, _)| *at);
        readings
    }
}

impl DeviceModel for GlucoseMonitor {
    fn channels(&self) -> Vec<Channel> {
        vec![
            numeric(GLUCOSE, codes::GLUCOSE, EVERY),
            numeric(BATTERY, codes::BATTERY_CHARGE, Duration::from_secs(3_600)),
        ]
    }

    fn measured(&self, span: Span) -> Vec<FrameDraft> {
        by_second(self.readings(span))
    }

    fn recalled(&self, span: Span) -> Vec<FrameDraft> {
        packed(self.readings(span))
    }

    fn faults(&self, at: Instant) -> Vec<FaultCode> {
        self.battery.faults(at)
    }

    fn has_network(&self, at: Instant) -> bool {
        self.character.scenario.has_network(self.character.seed, at)
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(5)
    }
}
