//! A pulse oximeter at home: on the finger through the night, and for two minutes now and then by day.

use fleetward_common::{
    devices::link::{Channel, NoValue, RawValue},
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
    rhythm::{between, instant, scramble, seconds, ticks},
};
use crate::agent::FrameDraft;

const SATURATION: u16 = 1;
const PULSE: u16 = 2;
const PERFUSION: u16 = 3;
const BATTERY: u16 = 4;

/// The oximeter averages over so long.
const EVERY: Duration = Duration::from_secs(4);
const DAY: f64 = 86_400.0;

pub(super) struct Oximeter {
    character: Character,
    person: Person,
    battery: Battery,
}

impl Oximeter {
    pub fn new(character: Character) -> Self {
        Self {
            character,
            person: Person::new(character),
            battery: Battery::new(character.seed, character.scenario, 24.0 * 6.0),
        }
    }

    /// When it was on the finger on day `day`, in seconds: `(from, until)`.
    fn wearings(&self, day: i64) -> [(f64, f64); 4] {
        let seed = scramble(self.character.seed ^ scramble(day.cast_unsigned()));
        let midnight = day as f64 * DAY;
        let checked = |index, hour: f64| {
            let from = midnight + (hour + between(seed, index, -0.6, 0.6)) * 3_600.0;
            (from, from + 120.0)
        };
        let to_bed = midnight + between(seed, 4, 21.6, 23.4) * 3_600.0;
        [
            checked(1, 9.0),
            checked(2, 13.0),
            checked(3, 17.5),
            (to_bed, to_bed + between(seed, 5, 6.2, 8.2) * 3_600.0),
        ]
    }

    fn readings(&self, span: Span, every: Duration) -> Vec<Read> {
        let day = |at: Instant| (seconds(at) / DAY).floor() as i64;
        let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        let mut readings: Vec<Read> = Vec::new();
        for (from, until) in (day(span.from) - 1..=day(span.until)).flat_map(|day| self.wearings(day)) {
            let worn = Span {
                from: instant(from),
                until: instant(until),
            };
            for at in worn
                .intersect(&span)
                .into_iter()
                .flat_map(|worn| ticks(worn, every, 0))
            {
                readings.push((SATURATION, at, known(self.person.saturation(at), 0)));
                readings.push((PULSE, at, known(self.person.pulse_rate(at), 0)));
                readings.push((PERFUSION, at, known(self.person.perfusion(at), 1)));
            }
            if span.contains(worn.until) {
                for channel in [SATURATION, PULSE, PERFUSION] {
                    readings.push((channel, worn.until, RawValue::Absent(NoValue::SensorOff)));
                }
                readings.push((BATTERY, worn.until, known(self.battery.percent(worn.until), 0)));
            }
        }
        readings.sort_by_key(|(_, at, _)| *at);
        readings
    }
}

impl DeviceModel for Oximeter {
    fn channels(&self) -> Vec<Channel> {
        vec![
            numeric(SATURATION, codes::SPO2, EVERY),
            numeric(PULSE, codes::PULSE_RATE_OXIMETER, EVERY),
            numeric(PERFUSION, codes::PERFUSION_INDEX, EVERY),
            numeric(BATTERY, codes::BATTERY_CHARGE, Duration::from_secs(12 * 3_600)),
        ]
    }

    fn measured(&self, span: Span) -> Vec<FrameDraft> {
        by_second(self.readings(span, EVERY))
    }

    fn recalled(&self, span: Span) -> Vec<FrameDraft> {
        packed(self.readings(span, EVERY * 2))
    }

    fn faults(&self, at: Instant) -> Vec<FaultCode> {
        self.battery.faults(at)
    }

    fn has_network(&self, at: Instant) -> bool {
        self.character.scenario.has_network(self.character.seed, at)
    }

    fn beat(&self) -> Duration {
        EVERY
    }
}
