//! A bedside monitor: vital signs each second, cuff every five minutes, ECG and pleth at 250 Hz in
//! frames of 250 ms.

mod waveform;

use fleetward_common::{
    devices::link::{Channel, NoValue, RawValue},
    metric::codes,
    text::FaultCode,
    time::{Instant, SampleRate, Span},
};
use std::time::Duration;

use super::{
    Character, DeviceModel, Scenario,
    channel::{Read, by_second, known, numeric, packed, wave},
    physiology::Person,
    power::Battery,
    rhythm::{scramble, ticks},
};
use crate::agent::FrameDraft;

const HEART_RATE: u16 = 1;
const SATURATION: u16 = 2;
const PULSE_RATE: u16 = 3;
const RESPIRATION: u16 = 4;
const TEMPERATURE: u16 = 5;
const SYSTOLIC: u16 = 6;
const DIASTOLIC: u16 = 7;
const MEAN: u16 = 8;
const BATTERY: u16 = 9;
const ECG: u16 = 20;
const PLETH: u16 = 21;

const WAVE_RATE: SampleRate = SampleRate::hertz(250);
const WAVE_EXPONENT: i8 = -3;
const FRAME: Duration = Duration::from_millis(250);

const SECOND: i64 = 1_000_000;
const CUFF_EVERY: i64 = 300 * SECOND;

/// How far apart readings are, in microseconds.
struct Density {
    vital: i64,
    temperature: i64,
    battery: i64,
}

const LIVE: Density = Density {
    vital: SECOND,
    temperature: 10 * SECOND,
    battery: 60 * SECOND,
};
/// Close enough together that a trend knows no gaps: a channel of 1 s is stale after 5 s.
const RECALLED: Density = Density {
    vital: 4 * SECOND,
    temperature: 20 * SECOND,
    battery: 60 * SECOND,
};

pub(super) struct Monitor {
    character: Character,
    person: Person,
    battery: Battery,
    /// So that a ward of monitors does not speak in chorus.
    offset: i64,
}

impl Monitor {
    pub fn new(character: Character) -> Self {
        Self {
            character,
            person: Person::new(character),
            battery: Battery::new(character.seed, character.scenario, 9.0),
            offset: (scramble(character.seed) % CUFF_EVERY.unsigned_abs()).cast_signed() / 4_000 * 4_000,
        }
    }

    fn readings(&self, span: Span, density: &Density) -> Vec<Read> {
        let person = &self.person;
        let mut readings: Vec<Read> = Vec::new();
        for at in ticks(span, density.vital, self.offset % density.vital) {
            let by_electrodes = |value: f64| match person.leads_are_off(at) {
                true => RawValue::Absent(NoValue::SensorOff),
                false => known(value, 0),
            };
            readings.push((HEART_RATE, at, by_electrodes(person.heart_rate(at))));
            readings.push((SATURATION, at, known(person.saturation(at), 0)));
            readings.push((PULSE_RATE, at, known(person.pulse_rate(at), 0)));
            readings.push((RESPIRATION, at, by_electrodes(person.respiration_rate(at))));
        }
        for at in ticks(span, density.temperature, self.offset % density.temperature) {
            readings.push((TEMPERATURE, at, known(person.temperature(at), 1)));
        }
        for at in ticks(span, CUFF_EVERY, self.offset) {
            let (systolic, diastolic, mean) = person.pressure(at);
            readings.push((SYSTOLIC, at, known(systolic, 0)));
            readings.push((DIASTOLIC, at, known(diastolic, 0)));
            readings.push((MEAN, at, known(mean, 0)));
        }
        for at in ticks(span, density.battery, self.offset % density.battery) {
            readings.push((BATTERY, at, known(self.battery_percent(at), 0)));
        }
        readings.sort_by_key(|(_, at, _)| *at);
        readings
    }

    /// A bedside monitor is plugged in, unless running low is its story.
    fn battery_percent(&self, at: Instant) -> f64 {
        match self.character.scenario {
            Scenario::BatteryLow => self.battery.percent(at),
            _ => 100.0,
        }
    }

    fn waves(&self, span: Span) -> Option<FrameDraft> {
        let leads_are_off = self.person.leads_are_off(span.from);
        let (start, ecg, pleth) = waveform::samples(&self.person, self.character.seed, span)?;
        let mut draft = FrameDraft::at(start);
        if !leads_are_off {
            draft.add_samples(ECG, start, &ecg);
        }
        draft.add_samples(PLETH, start, &pleth);
        Some(draft)
    }
}

impl DeviceModel for Monitor {
    fn channels(&self) -> Vec<Channel> {
        let second = Duration::from_secs(1);
        vec![
            numeric(HEART_RATE, codes::HEART_RATE, second),
            numeric(SATURATION, codes::SPO2, second),
            numeric(PULSE_RATE, codes::PULSE_RATE_OXIMETER, second),
            numeric(RESPIRATION, codes::RESPIRATION_RATE, second),
            numeric(TEMPERATURE, codes::TEMPERATURE, second * 10),
            numeric(SYSTOLIC, codes::NIBP_SYSTOLIC, second * 300),
            numeric(DIASTOLIC, codes::NIBP_DIASTOLIC, second * 300),
            numeric(MEAN, codes::NIBP_MEAN, second * 300),
            numeric(BATTERY, codes::BATTERY_CHARGE, second * 60),
            wave(ECG, codes::ECG_LEAD_II, WAVE_RATE, WAVE_EXPONENT),
            wave(PLETH, codes::PLETH, WAVE_RATE, WAVE_EXPONENT),
        ]
    }

    fn measured(&self, span: Span) -> Vec<FrameDraft> {
        let mut frames = by_second(self.readings(span, &LIVE));
        let mut from = span.from;
        while from < span.until {
            let until = (from + FRAME).min(span.until);
            frames.extend(self.waves(Span { from, until }));
            from = until;
        }
        frames
    }

    fn recalled(&self, span: Span) -> Vec<FrameDraft> {
        packed(self.readings(span, &RECALLED))
    }

    fn faults(&self, at: Instant) -> Vec<FaultCode> {
        match self.character.scenario {
            Scenario::BatteryLow => self.battery.faults(at),
            _ => Vec::new(),
        }
    }

    fn has_network(&self, at: Instant) -> bool {
        self.character.scenario.has_network(self.character.seed, at)
    }

    fn beat(&self) -> Duration {
        FRAME
    }
}
