//! An infusion pump: one bag after the other, each at its own rate, with a pause between.

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
    power::Battery,
    rhythm::{between, scramble, seconds, ticks},
};
use crate::agent::FrameDraft;

const RATE: u16 = 1;
const DELIVERED: u16 = 2;
const REMAINING: u16 = 3;
const TIME_REMAINING: u16 = 4;
const BATTERY: u16 = 5;

const EVERY: Duration = Duration::from_secs(30);
const CHANGING_BAGS: f64 = 12.0 * 60.0;

pub(super) struct Pump {
    character: Character,
    battery: Battery,
    /// mL
    bag: f64,
    /// mL/h
    rate: f64,
    offset: i64,
}

/// What the pump's display shows.
struct Display {
    /// `None` while the bag is changed.
    rate: Option<f64>,
    delivered: f64,
    remaining: f64,
}

impl Pump {
    pub fn new(character: Character) -> Self {
        let seed = character.seed;
        let bags = [50.0, 100.0, 250.0, 500.0];
        let pick = (scramble(seed) % 4) as usize;
        let bag = bags.get(pick).copied().unwrap_or(500.0);
        Self {
            character,
            battery: Battery::new(seed, character.scenario, 11.0),
            bag,
            // Two to nine hours a bag, set in steps of 0.1 mL/h.
            rate: (bag / between(seed, 1, 2.0, 9.0) * 10.0).round() / 10.0,
            offset: (scramble(seed ^ 1) % 30_000_000).cast_signed(),
        }
    }

    fn display(&self, at: Instant) -> Display {
        let infusing = self.bag / self.rate * 3_600.0;
        let cycle = infusing + CHANGING_BAGS;
        let turns = seconds(at) / cycle + between(self.character.seed, 2, 0.0, 1.0);
        let since_start = (turns - turns.floor()) * cycle;
        let delivered = (self.rate * since_start / 3_600.0).min(self.bag);
        Display {
            rate: (since_start < infusing).then_some(self.rate),
            delivered,
            remaining: self.bag - delivered,
        }
    }

    fn readings(&self, span: Span, every: Duration) -> Vec<Read> {
        let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        ticks(span, every, self.offset % every)
            .flat_map(|at| self.readings_at(at))
            .collect()
    }

    fn readings_at(&self, at: Instant) -> [Read; 5] {
        let display = self.display(at);
        let time_remaining = match display.rate {
            Some(rate) => known((display.remaining / rate * 60.0).ceil(), 0),
            None => RawValue::Absent(NoValue::NotMeasuring),
        };
        [
            (RATE, at, known(display.rate.unwrap_or(0.0), 1)),
            (DELIVERED, at, known(display.delivered, 1)),
            (REMAINING, at, known(display.remaining, 1)),
            (TIME_REMAINING, at, time_remaining),
            (BATTERY, at, known(self.battery.percent(at), 0)),
        ]
    }
}

impl DeviceModel for Pump {
    fn channels(&self) -> Vec<Channel> {
        vec![
            numeric(RATE, codes::PUMP_RATE, EVERY),
            numeric(DELIVERED, codes::PUMP_VOLUME_DELIVERED, EVERY),
            numeric(REMAINING, codes::PUMP_VOLUME_REMAINING, EVERY),
            numeric(TIME_REMAINING, codes::PUMP_TIME_REMAINING, EVERY),
            numeric(BATTERY, codes::BATTERY_CHARGE, EVERY),
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
        Duration::from_secs(2)
    }
}
