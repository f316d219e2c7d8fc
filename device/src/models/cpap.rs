//! A CPAP at home: pressure and leak twice a second pair while the mask is on, and a summary of the
//! night when it comes off.

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
    rhythm::{between, chance, instant, noise, scramble, seconds, ticks},
};
use crate::agent::FrameDraft;

const USAGE: u16 = 1;
const AHI: u16 = 2;
const LEAK_P95: u16 = 3;
const PRESSURE_P95: u16 = 4;
const PRESSURE: u16 = 5;
const LEAK: u16 = 6;

const DAY: f64 = 86_400.0;
const DETAIL: Duration = Duration::from_secs(2);
/// How long before the end of recalled history the detail of a night is kept.
const DETAIL_KEPT: Duration = Duration::from_secs(36 * 3_600);

pub(super) struct Cpap {
    character: Character,
    /// cmH2O a quiet night needs.
    pressure: f64,
}

/// One night of use, from noon to noon, in seconds.
struct Night {
    mask_on: f64,
    mask_off: f64,
    ahi: f64,
    leak_p95: f64,
    pressure_p95: f64,
}

impl Cpap {
    pub fn new(character: Character) -> Self {
        Self {
            character,
            pressure: between(character.seed, 1, 6.4, 9.6),
        }
    }

    /// The night that begins on day `day`. `None` when the mask stayed in its box.
    fn night(&self, day: i64) -> Option<Night> {
        let seed = scramble(self.character.seed ^ scramble(day.cast_unsigned()));
        let luck = chance(seed, 1);
        if luck < 0.05 {
            return None;
        }
        let hours = if luck < 0.15 {
            between(seed, 2, 1.2, 3.7)
        } else {
            between(seed, 2, 5.1, 7.9)
        };
        let mask_on = (day as f64 * DAY + between(seed, 3, 21.9, 23.8) * 3_600.0).round();
        let bad = if chance(seed, 4) < 0.12 { 2.4 } else { 1.0 };
        Some(Night {
            mask_on,
            mask_off: mask_on + (hours * 60.0).round() * 60.0,
            ahi: between(seed, 5, 0.6, 3.8) * bad,
            leak_p95: between(seed, 6, 6.0, 17.0) * bad,
            pressure_p95: self.pressure + between(seed, 7, 1.4, 2.6),
        })
    }

    fn nights(&self, span: Span) -> impl Iterator<Item = Night> + '_ {
        let day = |at: Instant| (seconds(at) / DAY).floor() as i64;
        (day(span.from) - 1..=day(span.until)).filter_map(|day| self.night(day))
    }

    fn summaries(&self, span: Span) -> Vec<Read> {
        let mut readings: Vec<Read> = Vec::new();
        for night in self.nights(span) {
            let at = instant(night.mask_off);
            if span.contains(at) {
                let minutes = (night.mask_off - night.mask_on) / 60.0;
                readings.push((USAGE, at, known(minutes, 0)));
                readings.push((AHI, at, known(night.ahi, 1)));
                readings.push((LEAK_P95, at, known(night.leak_p95, 1)));
                readings.push((PRESSURE_P95, at, known(night.pressure_p95, 1)));
                // Ended, not lost: nobody should wait for the next pressure.
                readings.push((PRESSURE, at, RawValue::Absent(NoValue::NotMeasuring)));
                readings.push((LEAK, at, RawValue::Absent(NoValue::NotMeasuring)));
            }
        }
        readings
    }

    fn detail(&self, span: Span) -> Vec<Read> {
        let seed = self.character.seed;
        let mut readings: Vec<Read> = Vec::new();
        for night in self.nights(span) {
            let worn = Span {
                from: instant(night.mask_on),
                until: instant(night.mask_off),
            };
            let Some(worn) = worn.intersect(&span) else {
                continue;
            };
            for at in ticks(worn, 2_000_000, 0) {
                let t = seconds(at);
                // Pressure climbs for some minutes when the airway narrows, and comes back.
                let climbed = noise(seed ^ 0x11, t, 700.0).max(0.0) * (night.pressure_p95 - self.pressure);
                let pressure = self.pressure + 1.2 * climbed + 0.2 * noise(seed ^ 0x12, t, 8.0);
                let seep = night.leak_p95 * (0.35 + 0.6 * noise(seed ^ 0x13, t, 400.0).max(-0.4));
                let leak = (seep + 1.2 * noise(seed ^ 0x14, t, 5.0)).max(0.0);
                readings.push((PRESSURE, at, known(pressure, 1)));
                readings.push((LEAK, at, known(leak, 1)));
            }
        }
        readings
    }

    fn readings(&self, span: Span, detail: Span) -> Vec<Read> {
        let mut readings = self.detail(detail);
        readings.extend(self.summaries(span));
        readings.sort_by_key(|(_, at, _)| *at);
        readings
    }
}

impl DeviceModel for Cpap {
    fn channels(&self) -> Vec<Channel> {
        let night = Duration::from_secs(24 * 3_600);
        vec![
            numeric(USAGE, codes::CPAP_USAGE, night),
            numeric(AHI, codes::CPAP_AHI, night),
            numeric(LEAK_P95, codes::CPAP_LEAK_P95, night),
            numeric(PRESSURE_P95, codes::CPAP_PRESSURE_P95, night),
            numeric(PRESSURE, codes::CPAP_PRESSURE, DETAIL),
            numeric(LEAK, codes::CPAP_LEAK, DETAIL),
        ]
    }

    fn measured(&self, span: Span) -> Vec<FrameDraft> {
        by_second(self.readings(span, span))
    }

    fn recalled(&self, span: Span) -> Vec<FrameDraft> {
        let detail = Span {
            from: span.from.max(span.until - DETAIL_KEPT),
            until: span.until,
        };
        packed(self.readings(span, detail))
    }

    fn faults(&self, _: Instant) -> Vec<FaultCode> {
        Vec::new()
    }

    fn has_network(&self, at: Instant) -> bool {
        self.character.scenario.has_network(self.character.seed, at)
    }

    fn beat(&self) -> Duration {
        DETAIL
    }
}
