//! One simulated person at a bed: heart, breath, blood pressure, saturation, temperature.

use fleetward_common::time::Instant;
use std::f64::consts::TAU;

use super::{
    Character, Scenario,
    rhythm::{Episodes, Wandering, between, chance, instant, noise, seconds},
};

const DAY: f64 = 86_400.0;
/// Numerics count the beats of so many seconds, as monitors do.
const COUNTED: f64 = 8.0;

#[derive(Debug, Clone)]
pub(super) struct Person {
    seed: u64,
    scenario: Scenario,
    episodes: Option<Episodes>,
    /// Beats per second, without breath and episodes.
    heart: Wandering,
    breath: Wandering,
    /// How many beats a breath moves the heart to and fro.
    sinus_arrhythmia: f64,
    saturation: f64,
    systolic: f64,
    diastolic: f64,
    temperature: f64,
    /// From the R peak to the foot of the pulse in the finger, in seconds.
    pub transit: f64,
}

impl Person {
    pub fn new(Character { seed, scenario }: Character) -> Self {
        let fixed = |index, low, high| between(seed, index, low, high);
        let heart = Wandering::around(fixed(1, 56.0, 92.0) / 60.0)
            .with(1.0 / 60.0, fixed(2, 38.0, 55.0), fixed(3, 0.0, 1.0))
            .with(2.2 / 60.0, fixed(4, 400.0, 700.0), fixed(5, 0.0, 1.0))
            .with(2.5 / 60.0, fixed(6, 2_500.0, 4_500.0), fixed(7, 0.0, 1.0))
            // Slowest at four in the morning.
            .with(3.5 / 60.0, DAY, 0.583);
        let breath = Wandering::around(fixed(8, 12.5, 19.5) / 60.0)
            .with(0.8 / 60.0, fixed(9, 65.0, 110.0), fixed(10, 0.0, 1.0))
            .with(1.2 / 60.0, fixed(11, 900.0, 1_900.0), fixed(12, 0.0, 1.0));
        Self {
            seed,
            scenario,
            episodes: scenario.episodes(seed),
            heart,
            breath,
            sinus_arrhythmia: fixed(13, 0.015, 0.045),
            saturation: fixed(14, 95.2, 98.6),
            systolic: fixed(15, 106.0, 148.0),
            diastolic: fixed(16, 60.0, 86.0),
            temperature: fixed(17, 36.4, 37.7),
            transit: fixed(18, 0.19, 0.27),
        }
    }

    fn level_of(&self, scenario: Scenario, t: f64) -> f64 {
        match self.episodes {
            Some(episodes) if self.scenario == scenario => episodes.level(t),
            _ => 0.0,
        }
    }

    /// How much faster the heart beats while the scenario's episode is on, in beats per second.
    fn hurry(&self) -> f64 {
        match self.scenario {
            Scenario::Tachycardia => between(self.seed, 20, 58.0, 74.0) / 60.0,
            Scenario::Desaturation => 9.0 / 60.0,
            _ => 0.0,
        }
    }

    /// Breaths so far; the whole part counts them, the rest says where in the breath one is.
    pub fn breaths(&self, t: f64) -> f64 {
        self.breath.integral(t)
    }

    /// Beats so far. An R peak is where this passes a whole number.
    pub fn beats(&self, t: f64) -> f64 {
        let episodes = self.episodes.map_or(0.0, |episodes| episodes.integral(t));
        self.heart.integral(t)
            + self.hurry() * episodes
            + self.sinus_arrhythmia * (TAU * self.breaths(t)).sin()
    }

    /// The moments of the R peaks from `from` to `until`, in seconds.
    pub fn r_peaks(&self, from: f64, until: f64) -> Vec<f64> {
        let (first, last) = (self.beats(from).ceil(), self.beats(until).floor());
        let mut peaks = Vec::new();
        let (mut beat, mut low) = (first, from);
        while beat <= last {
            let peak = self.moment_of_beat(beat, low, until);
            peaks.push(peak);
            (beat, low) = (beat + 1.0, peak);
        }
        peaks
    }

    /// Beats only ever grow, so the moment can be enclosed: regula falsi, kept honest by halving.
    fn moment_of_beat(&self, beat: f64, low: f64, high: f64) -> f64 {
        let (mut low, mut high) = (low, high);
        let (mut below, mut above) = (self.beats(low) - beat, self.beats(high) - beat);
        for round in 0..40 {
            let guess = if round % 3 == 2 || above - below < 1e-12 {
                (low + high) / 2.0
            } else {
                low - below * (high - low) / (above - below)
            };
            let found = self.beats(guess) - beat;
            if found.abs() < 2e-6 || high - low < 1e-6 {
                return guess;
            }
            if found < 0.0 {
                (low, below) = (guess, found);
            } else {
                (high, above) = (guess, found);
            }
        }
        (low + high) / 2.0
    }

    pub fn heart_rate(&self, at: Instant) -> f64 {
        let t = seconds(at);
        (self.beats(t) - self.beats(t - COUNTED)) * 60.0 / COUNTED
    }

    /// The finger feels a beat when the pulse arrives there.
    pub fn pulse_rate(&self, at: Instant) -> f64 {
        self.heart_rate(instant(seconds(at) - self.transit))
    }

    pub fn respiration_rate(&self, at: Instant) -> f64 {
        let t = seconds(at);
        (self.breaths(t) - self.breaths(t - 30.0)) * 2.0
    }

    pub fn saturation(&self, at: Instant) -> f64 {
        let t = seconds(at);
        let depth = match self.episodes {
            Some(episodes) => 8.0 + 6.0 * chance(self.seed ^ 0x5a7, episodes.number(t)),
            None => 0.0,
        };
        let wobble = 0.5 * noise(self.seed ^ 0x0a1, t, 45.0) + 0.5 * noise(self.seed ^ 0x0a2, t, 1_300.0);
        let fallen = depth * self.level_of(Scenario::Desaturation, t);
        (self.saturation + wobble - fallen).clamp(60.0, 100.0)
    }

    /// Strength of the pulse in the finger, in percent.
    pub fn perfusion(&self, at: Instant) -> f64 {
        let t = seconds(at);
        between(self.seed, 21, 1.4, 6.5) * (1.0 + 0.25 * noise(self.seed ^ 0x0b1, t, 90.0))
    }

    /// `(systolic, diastolic, mean)`.
    pub fn pressure(&self, at: Instant) -> (f64, f64, f64) {
        let t = seconds(at);
        let swing = 5.0 * noise(self.seed ^ 0x0c1, t, 1_700.0) + 3.0 * noise(self.seed ^ 0x0c2, t, 290.0);
        let night = 5.0 * (TAU * (t / DAY + 0.583)).sin();
        let fast = self.level_of(Scenario::Tachycardia, t);
        let systolic = (self.systolic + swing + night - 14.0 * fast).round();
        let diastolic = (self.diastolic + 0.6 * swing + 0.6 * night - 6.0 * fast).round();
        (
            systolic,
            diastolic,
            (diastolic + (systolic - diastolic) / 3.0).round(),
        )
    }

    pub fn temperature(&self, at: Instant) -> f64 {
        let t = seconds(at);
        // Warmest at five in the afternoon.
        self.temperature + 0.25 * (TAU * (t / DAY - 0.458)).sin() + 0.04 * noise(self.seed ^ 0x0d1, t, 240.0)
    }

    /// Whether the ECG electrodes are off.
    pub fn leads_are_off(&self, at: Instant) -> bool {
        self.level_of(Scenario::LeadOff, seconds(at)) > 0.5
    }
}
