//! Functions of time that need no memory: sines whose sum has a known integral, episodes that come
//! back, noise out of a seed, and the moments of a fixed interval.

use fleetward_common::time::{Instant, Span};
use std::f64::consts::TAU;

/// Simulated time counts from 2025-01-01, so that an `f64` of seconds is good to a microsecond.
const BEGINNING: Instant = Instant::from_millis(1_735_689_600_000);

pub(super) fn seconds(at: Instant) -> f64 {
    at.offset_from(BEGINNING) as f64 / 1e6
}

pub(super) fn instant(seconds: f64) -> Instant {
    BEGINNING.shifted((seconds * 1e6).round() as i64)
}

/// Scrambles a seed: near seeds have nothing in common.
pub(super) fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Chance number `index` of `seed`, in `0..1`.
pub(super) fn chance(seed: u64, index: i64) -> f64 {
    let bits = scramble(seed ^ scramble(index.cast_unsigned()));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Between `low` and `high`, fixed by seed and trait.
pub(super) fn between(seed: u64, index: i64, low: f64, high: f64) -> f64 {
    low + (high - low) * chance(seed, index)
}

/// Smooth noise in `-1..1` that is a new draw every `period` seconds.
pub(super) fn noise(seed: u64, t: f64, period: f64) -> f64 {
    let place = t / period;
    let (step, within) = (place.floor(), place - place.floor());
    let smooth = within * within * (3.0 - 2.0 * within);
    let draw = |step: f64| 2.0 * chance(seed, step as i64) - 1.0;
    draw(step) + (draw(step + 1.0) - draw(step)) * smooth
}

/// A rate that wanders: `mean + Σ amplitude · sin`. Its integral is known, so it can drive a phase.
#[derive(Debug, Clone)]
pub(super) struct Wandering {
    mean: f64,
    sines: Vec<Sine>,
}

#[derive(Debug, Clone, Copy)]
struct Sine {
    amplitude: f64,
    period: f64,
    phase: f64,
}

impl Wandering {
    pub fn around(mean: f64) -> Self {
        Self {
            mean,
            sines: Vec::new(),
        }
    }

    /// `phase` in turns.
    pub fn with(mut self, amplitude: f64, period: f64, phase: f64) -> Self {
        self.sines.push(Sine {
            amplitude,
            period,
            phase: phase * TAU,
        });
        self
    }

    #[cfg(test)]
    fn value(&self, t: f64) -> f64 {
        let sine = |s: &Sine| s.amplitude * (TAU * t / s.period + s.phase).sin();
        self.mean + self.sines.iter().map(sine).sum::<f64>()
    }

    pub fn integral(&self, t: f64) -> f64 {
        let sine = |s: &Sine| -s.amplitude * s.period / TAU * (TAU * t / s.period + s.phase).cos();
        self.mean * t + self.sines.iter().map(sine).sum::<f64>()
    }
}

/// Something that rises, stays and falls again, once in each period. Its level is in `0..=1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Episodes {
    period: f64,
    offset: f64,
    rise: f64,
    hold: f64,
    fall: f64,
}

impl Episodes {
    pub fn every(period: f64) -> Self {
        Self {
            period,
            offset: 0.0,
            rise: 0.001,
            hold: 0.0,
            fall: 0.001,
        }
    }

    pub fn rising(self, rise: f64) -> Self {
        Self { rise, ..self }
    }

    pub fn lasting(self, hold: f64) -> Self {
        Self { hold, ..self }
    }

    pub fn falling(self, fall: f64) -> Self {
        Self { fall, ..self }
    }

    pub fn shifted_by(self, seed: u64) -> Self {
        Self {
            offset: between(seed, 9_001, 0.0, self.period),
            ..self
        }
    }

    fn place(&self, t: f64) -> (f64, f64) {
        let turns = ((t - self.offset) / self.period).floor();
        (turns, t - self.offset - turns * self.period)
    }

    /// Which episode `t` belongs to.
    pub fn number(&self, t: f64) -> i64 {
        self.place(t).0 as i64
    }

    pub fn level(&self, t: f64) -> f64 {
        let u = self.place(t).1;
        let rising = u / self.rise;
        let falling = (self.rise + self.hold + self.fall - u) / self.fall;
        rising.min(falling).clamp(0.0, 1.0)
    }

    pub fn integral(&self, t: f64) -> f64 {
        let (turns, u) = self.place(t);
        let whole = self.rise / 2.0 + self.hold + self.fall / 2.0;
        turns * whole + self.integral_within(u)
    }

    fn integral_within(&self, u: f64) -> f64 {
        let rising = u.min(self.rise);
        let held = (u - self.rise).clamp(0.0, self.hold);
        let fallen = (u - self.rise - self.hold).clamp(0.0, self.fall);
        rising * rising / (2.0 * self.rise) + held + fallen - fallen * fallen / (2.0 * self.fall)
    }
}

/// The moments in `span` that lie `offset` after a multiple of `every`, both in microseconds.
pub(super) fn ticks(span: Span, every: i64, offset: i64) -> impl Iterator<Item = Instant> {
    let every = every.max(1);
    let first = (span.from.micros() - offset).div_euclid(every) * every + offset;
    let first = if first < span.from.micros() {
        first + every
    } else {
        first
    };
    (0..)
        .map(move |n| Instant::from_micros(first + n * every))
        .take_while(move |at| *at < span.until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_integral_of_a_wandering_rate_grows_by_the_rate(t in 0.0f64..4e7) {
            let rate = Wandering::around(1.2).with(0.1, 47.0, 0.3).with(0.05, 3_000.0, 0.7);
            let step = 0.01;
            let grown = (rate.integral(t + step) - rate.integral(t)) / step;
            prop_assert!((grown - rate.value(t + step / 2.0)).abs() < 1e-4);
        }

        #[test]
        fn the_integral_of_episodes_grows_by_their_level(t in 0.0f64..1e6) {
            let episodes = Episodes::every(420.0).rising(30.0).lasting(45.0).falling(25.0).shifted_by(7);
            let step = 0.01;
            let grown = (episodes.integral(t + step) - episodes.integral(t)) / step;
            prop_assert!((grown - episodes.level(t + step / 2.0)).abs() < 1e-3);
        }

        #[test]
        fn ticks_of_neighbouring_spans_neither_repeat_nor_leave_out(
            from in -1_000_000i64..1_000_000, a in 0i64..50_000, b in 0i64..50_000, offset in 0i64..4_000,
        ) {
            let at = Instant::from_micros;
            let span = |from, until| Span { from: at(from), until: at(until) };
            let whole: Vec<_> = ticks(span(from, from + a + b), 4_000, offset).collect();
            let mut parts: Vec<_> = ticks(span(from, from + a), 4_000, offset).collect();
            parts.extend(ticks(span(from + a, from + a + b), 4_000, offset));
            prop_assert_eq!(whole, parts);
        }
    }
}
