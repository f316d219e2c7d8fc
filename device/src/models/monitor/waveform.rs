//! ECG lead II and the pleth of one person. Each beat is a sum of bells around its R peak.

use fleetward_common::time::{Instant, Span};
use std::f64::consts::TAU;

use crate::models::{
    physiology::Person,
    rhythm::{between, chance, seconds, ticks},
};

const SAMPLE_MICROS: i64 = 4_000;

/// A bell: where it stands after the R peak, how wide it is, how high. Seconds and millivolts.
#[derive(Clone, Copy)]
struct Bell {
    after: f64,
    width: f64,
    height: f64,
}

/// `(first sample, ECG in µV, pleth in thousandths)` of all samples in the span; both waves are
/// sampled at the same moments, multiples of 4 ms.
pub(super) fn samples(person: &Person, seed: u64, span: Span) -> Option<(Instant, Vec<i32>, Vec<i32>)> {
    let moments: Vec<Instant> = ticks(span, SAMPLE_MICROS, 0).collect();
    let (first, last) = (*moments.first()?, *moments.last()?);
    let (from, until) = (seconds(first), seconds(last));
    let times: Vec<f64> = moments.iter().map(|at| seconds(*at)).collect();

    let mut ecg: Vec<f64> = times
        .iter()
        .map(|t| ecg_between_beats(person, seed, *t))
        .collect();
    let mut pleth: Vec<f64> = times.iter().map(|t| pleth_between_beats(person, *t)).collect();
    // A pulse reaches a second past its R peak, a P wave a quarter before it.
    for peak in person.r_peaks(from - 1.2, until + 0.4) {
        let breath = (TAU * person.breaths(peak)).sin();
        // The faster the heart, the closer the waves of a beat.
        let rr = 0.4 / (person.beats(peak + 0.2) - person.beats(peak - 0.2));
        for bell in ecg_bells(seed, rr.sqrt()) {
            add(&mut ecg, from, peak, bell, 1.0 + 0.07 * breath);
        }
        for bell in pleth_bells(person, seed, rr.sqrt()) {
            add(&mut pleth, from, peak, bell, 1.0 + 0.12 * breath);
        }
    }
    let thousandths = |wave: Vec<f64>| wave.into_iter().map(|value| (value * 1_000.0).round() as i32);
    Some((first, thousandths(ecg).collect(), thousandths(pleth).collect()))
}

/// Baseline that moves with the breath, and a little noise.
fn ecg_between_beats(person: &Person, seed: u64, t: f64) -> f64 {
    let grain = chance(seed ^ 0x0ec6, (t * 250.0).round() as i64) - 0.5;
    0.05 * (TAU * person.breaths(t)).sin() + 0.016 * grain
}

fn pleth_between_beats(person: &Person, t: f64) -> f64 {
    0.12 + 0.04 * (TAU * person.breaths(t)).sin()
}

fn ecg_bells(seed: u64, pace: f64) -> [Bell; 5] {
    let bell = |after, width, height| Bell { after, width, height };
    let height = between(seed, 40, 0.75, 1.35);
    [
        bell(-0.165 * pace, 0.022 * pace, between(seed, 41, 0.08, 0.16)),
        bell(-0.026, 0.009, -0.10 * height),
        bell(0.0, 0.011, height),
        bell(0.028, 0.010, -between(seed, 42, 0.12, 0.30) * height),
        bell(0.285 * pace, 0.045 * pace, between(seed, 43, 0.18, 0.36)),
    ]
}

fn pleth_bells(person: &Person, seed: u64, pace: f64) -> [Bell; 2] {
    [
        Bell {
            after: person.transit + 0.14 * pace,
            width: 0.062 * pace,
            height: 0.70,
        },
        // Behind the dicrotic notch.
        Bell {
            after: person.transit + 0.36 * pace,
            width: 0.10 * pace,
            height: between(seed, 44, 0.18, 0.34),
        },
    ]
}

/// Adds a bell to the samples it reaches: beyond four widths there is less than a sample's step.
fn add(wave: &mut [f64], from: f64, peak: f64, bell: Bell, scale: f64) {
    let centre = peak + bell.after - from;
    let step = SAMPLE_MICROS as f64 / 1e6;
    let first = ((centre - 4.0 * bell.width) / step).ceil().max(0.0) as usize;
    let last = ((centre + 4.0 * bell.width) / step).floor();
    if last < 0.0 {
        return;
    }
    for (n, sample) in wave.iter_mut().enumerate().take(last as usize + 1).skip(first) {
        let off = (n as f64 * step - centre) / bell.width;
        *sample += scale * bell.height * (-0.5 * off * off).exp();
    }
}
