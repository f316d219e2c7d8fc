//! A blood-pressure cuff at home: two readings a minute apart, each morning and evening.

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
    physiology::Person,
    power::Battery,
    rhythm::{between, chance, instant, scramble, seconds},
};
use crate::agent::FrameDraft;

const SYSTOLIC: u16 = 1;
const DIASTOLIC: u16 = 2;
const PULSE: u16 = 3;
const BATTERY: u16 = 4;

const HALF_DAY: f64 = 43_200.0;

pub(super) struct Cuff {
    character: Character,
    person: Person,
    battery: Battery,
}

impl Cuff {
    pub fn new(character: Character) -> Self {
        Self {
            character,
            person: Person::new(character),
            battery: Battery::new(character.seed, character.scenario, 24.0 * 40.0),
        }
    }

    /// When the person sits down with the cuff in half-day number `half`: even in the morning, odd in
    /// the evening. Now and then it is forgotten.
    fn sitting(&self, half: i64) -> Option<f64> {
        let seed = scramble(self.character.seed ^ scramble(half.cast_unsigned()));
        let hour = if half.rem_euclid(2) == 0 {
            between(seed, 1, 6.6, 8.4)
        } else {
            between(seed, 1, 7.4, 9.6)
        };
        (chance(seed, 2) > 0.06).then_some((half as f64 * HALF_DAY + hour * 3_600.0).round())
    }

    fn readings(&self, span: Span) -> Vec<Read> {
        let half = |at: Instant| (seconds(at) / HALF_DAY).floor() as i64;
        let mut readings: Vec<Read> = Vec::new();
        for sitting in (half(span.from)..=half(span.until)).filter_map(|half| self.sitting(half)) {
            for inflation in [0.0, 60.0] {
                let at = instant(sitting + inflation);
                if span.contains(at) {
                    let (systolic, diastolic, _) = self.person.pressure(at);
                    // The second reading is a little lower, as it is with people.
                    let calmer = inflation / 20.0;
                    readings.push((SYSTOLIC, at, known(systolic - calmer, 0)));
                    readings.push((DIASTOLIC, at, known(diastolic - calmer / 2.0, 0)));
                    readings.push((PULSE, at, known(self.person.heart_rate(at), 0)));
                    readings.push((BATTERY, at, known(self.battery.percent(at), 0)));
                }
            }
        }
        readings
    }
}

impl DeviceModel for Cuff {
    fn channels(&self) -> Vec<Channel> {
        let half_a_day = Duration::from_secs(12 * 3_600);
        vec![
            numeric(SYSTOLIC, codes::NIBP_SYSTOLIC, half_a_day),
            numeric(DIASTOLIC, codes::NIBP_DIASTOLIC, half_a_day),
            numeric(PULSE, codes::PULSE_RATE_CUFF, half_a_day),
            numeric(BATTERY, codes::BATTERY_CHARGE, half_a_day),
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
