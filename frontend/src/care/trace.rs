//! The last seconds of one wave, and the clock all waves are drawn by. Pure.
//!
//! Samples lie in a ring by their number since the trace began, so that a late block still lands
//! where it was measured and a missing one stays a hole.

use fleetward_common::{
    id::DeviceId,
    live::WavePacket,
    metric::{MetricCode, codes},
    time::{Instant, SampleRate},
};
use std::{collections::HashMap, ops::RangeInclusive, time::Duration};

/// A little more than the longest sweep on any page (12 s).
const KEPT_SECONDS: i64 = 16;

/// After so long without a sample the pen stops, the lane goes blank and says so. It is 2 s of
/// silence on top of the half second that a sample is on its way.
pub const SILENCE: Duration = Duration::from_millis(2_500);

pub type LaneKey = (DeviceId, MetricCode);

/// Every wave of the page.
#[derive(Default)]
pub struct Traces {
    traces: HashMap<LaneKey, Trace>,
    pub jitter: Jitter,
}

impl Traces {
    pub fn take(&mut self, packet: &WavePacket, now: Instant) {
        let count = packet.samples.len() as u64;
        let end = packet.rate.instant_of(packet.start, count);
        self.jitter
            .heard(now.offset_from(packet.start), end.offset_from(packet.start), now);
        let key = (packet.device, packet.metric);
        let fits = self
            .traces
            .get(&key)
            .is_some_and(|trace| trace.rate == packet.rate);
        if !fits {
            self.traces.insert(key, Trace::new(packet));
        }
        if let Some(trace) = self.traces.get_mut(&key) {
            trace.take(packet);
        }
    }

    pub fn get(&self, key: LaneKey) -> Option<&Trace> {
        self.traces.get(&key)
    }

    pub fn get_mut(&mut self, key: LaneKey) -> Option<&mut Trace> {
        self.traces.get_mut(&key)
    }

    /// When the newest sample of this lane was taken.
    pub fn newest(&self, key: LaneKey) -> Option<Instant> {
        let trace = self.traces.get(&key)?;
        Some(trace.instant_of(trace.newest))
    }

    /// The device was passed on: what was drawn of it belongs to somebody else.
    pub fn forget(&mut self, device: DeviceId) {
        self.traces.retain(|(of, _), _| *of != device);
    }

    /// After a reconnect or sleep: nothing that was drawn before may look new.
    pub fn clear(&mut self) {
        self.traces.clear();
        self.jitter = Jitter::default();
    }
}

/// One wave.
pub struct Trace {
    rate: SampleRate,
    origin: Instant,
    ring: Vec<f32>,
    /// Number of the newest sample. The ring holds those from `newest - ring.len() + 1`.
    newest: i64,
    pub scale: Scale,
}

impl Trace {
    fn new(packet: &WavePacket) -> Self {
        let per_second = i64::from(packet.rate.samples) / i64::from(packet.rate.seconds.max(1)) + 1;
        let kept = usize::try_from(per_second * KEPT_SECONDS).unwrap_or(0).max(1);
        Self {
            rate: packet.rate,
            origin: packet.start,
            ring: vec![f32::NAN; kept],
            newest: -1,
            scale: Scale::of(packet.metric),
        }
    }

    fn take(&mut self, packet: &WavePacket) {
        let measured = self.number_at(packet.start);
        // Times are rounded to microseconds; a block that starts a sample beside the end of the
        // last one follows it.
        let next = self.newest + 1;
        let first = if (measured - next).abs() <= 1 {
            next
        } else {
            measured
        };
        if first > next {
            // A hole longer than the ring leaves nothing of what was before.
            let hole = (first - next).min(self.ring.len() as i64);
            for number in first - hole..first {
                self.put(number, f32::NAN);
            }
        }
        let unit = 10f32.powi(i32::from(packet.exponent));
        let mut last = self.newest;
        for (number, sample) in (first..).zip(&packet.samples) {
            if number > self.newest - self.ring.len() as i64 {
                let value = *sample as f32 * unit;
                self.put(number, value);
                self.scale.see(value);
            }
            last = number;
        }
        self.newest = self.newest.max(last);
    }

    fn slot(&self, number: i64) -> usize {
        usize::try_from(number.rem_euclid(self.ring.len().max(1) as i64)).unwrap_or(0)
    }

    fn put(&mut self, number: i64, value: f32) {
        let slot = self.slot(number);
        if let Some(place) = self.ring.get_mut(slot) {
            *place = value;
        }
    }

    /// `None` where nothing was measured.
    pub fn at(&self, number: i64) -> Option<f32> {
        if number > self.newest || number <= self.newest - self.ring.len() as i64 {
            return None;
        }
        self.ring
            .get(self.slot(number))
            .copied()
            .filter(|value| !value.is_nan())
    }

    /// The samples taken from `from` until `until`, as far as they have come.
    pub fn between(&self, from: Instant, until: Instant) -> RangeInclusive<i64> {
        let oldest = self.newest - self.ring.len() as i64 + 1;
        self.number_at(from).max(oldest)..=self.number_at(until).min(self.newest)
    }

    pub fn newest_at(&self) -> Instant {
        self.instant_of(self.newest)
    }

    fn number_at(&self, at: Instant) -> i64 {
        let micros = i128::from(at.offset_from(self.origin));
        let per = i128::from(self.rate.seconds) * 1_000_000;
        let number = (micros * i128::from(self.rate.samples) + per / 2).div_euclid(per.max(1));
        i64::try_from(number).unwrap_or(i64::MAX)
    }

    pub fn instant_of(&self, number: i64) -> Instant {
        let micros = i128::from(number) * i128::from(self.rate.seconds) * 1_000_000;
        let offset = micros / i128::from(self.rate.samples.max(1));
        self.origin.shifted(i64::try_from(offset).unwrap_or(0))
    }
}

/// What the height of a lane means. It grows at once when a wave leaves it, and shrinks only at the
/// start of a sweep, so that the drawing holds still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub low: f32,
    pub high: f32,
    least: Option<(f32, f32)>,
    seen: Option<(f32, f32)>,
}

impl Scale {
    /// An ECG never fills the lane with noise: at least 1.4 mV are shown.
    fn of(metric: MetricCode) -> Self {
        let is_ecg = metric == codes::ECG || metric.metric().is_some_and(|m| m.key.starts_with("ecg"));
        let least = is_ecg.then_some((-0.4, 1.0));
        let (low, high) = least.unwrap_or((0.0, 0.0));
        Self {
            low,
            high,
            least,
            seen: None,
        }
    }

    fn see(&mut self, value: f32) {
        let (low, high) = self.seen.unwrap_or((value, value));
        self.seen = Some((low.min(value), high.max(value)));
    }

    fn wanted(&self) -> Option<(f32, f32)> {
        let (low, high) = self.seen?;
        let (least_low, least_high) = self.least.unwrap_or((low, high));
        let (low, high) = (low.min(least_low), high.max(least_high));
        let room = ((high - low) * 0.06).max(1e-6);
        Some((low - room, high + room))
    }

    /// True when the lane means something else now and must be drawn anew.
    pub fn grow(&mut self) -> bool {
        let Some((low, high)) = self.seen else {
            return false;
        };
        if low >= self.low && high <= self.high && self.high > self.low {
            return false;
        }
        self.settle()
    }

    /// At the start of a sweep: forget old extremes, and give small waves the room they need.
    pub fn new_sweep(&mut self) -> bool {
        let Some((low, high)) = self.wanted() else {
            return false;
        };
        let much_smaller = (high - low) < 0.7 * (self.high - self.low);
        let changed = much_smaller && self.settle();
        self.seen = None;
        changed
    }

    fn settle(&mut self) -> bool {
        let Some((low, high)) = self.wanted() else {
            return false;
        };
        (self.low, self.high) = (low, high);
        true
    }

    /// 0 at the bottom of the lane, 1 at its top.
    pub fn level(&self, value: f32) -> f32 {
        let span = self.high - self.low;
        if span > 0.0 {
            (value - self.low) / span
        } else {
            0.5
        }
    }
}

/// How far behind the server's time the pens run: as little as lets samples arrive in time, from
/// 300 to 500 ms. One delay for all beds, so that all pens stand at the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter {
    delay: i64,
    worst: i64,
    window_ends: Instant,
}

impl Default for Jitter {
    fn default() -> Self {
        Self {
            delay: 450_000,
            worst: 0,
            window_ends: Instant::EPOCH,
        }
    }
}

impl Jitter {
    const LEAST: i64 = 300_000;
    const MOST: i64 = 500_000;
    const STEP: i64 = 20_000;

    /// A block whose first sample is `first_age` old was just heard; it is `length` long, so the
    /// next one comes when its first sample is as old.
    fn heard(&mut self, first_age: i64, length: i64, now: Instant) {
        self.worst = self.worst.max(first_age.max(length));
        if now >= self.window_ends {
            let wanted = (self.worst + 50_000).clamp(Self::LEAST, Self::MOST);
            // By small steps: a jump of the clock would be a jump of every pen.
            self.delay += (wanted - self.delay).clamp(-Self::STEP, Self::STEP);
            self.worst = 0;
            self.window_ends = now + Duration::from_secs(2);
        }
    }

    /// The moment that all pens draw now.
    pub fn pen_time(&self, now: Instant) -> Instant {
        now.shifted(-self.delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const DEVICE: DeviceId = DeviceId::from_bytes([3; 16]);

    fn at(millis: i64) -> Instant {
        Instant::from_millis(1_764_000_000_000 + millis)
    }

    fn packet(start: Instant, samples: Vec<i32>) -> WavePacket {
        WavePacket {
            device: DEVICE,
            metric: codes::ECG_LEAD_II,
            start,
            rate: SampleRate::hertz(250),
            exponent: -3,
            samples,
        }
    }

    fn traces(packets: &[WavePacket]) -> Traces {
        let mut traces = Traces::default();
        for packet in packets {
            traces.take(packet, packet.start + Duration::from_millis(300));
        }
        traces
    }

    fn drawn(traces: &Traces, from: i64, until: i64) -> Vec<Option<f32>> {
        let trace = traces.get((DEVICE, codes::ECG_LEAD_II)).unwrap();
        trace
            .between(at(from), at(until))
            .map(|number| trace.at(number))
            .collect()
    }

    #[test]
    fn samples_come_back_in_order_and_in_millivolts() {
        let traces = traces(&[packet(at(0), vec![100, 200]), packet(at(8), vec![300])]);
        assert_eq!(drawn(&traces, 0, 100), [Some(0.1), Some(0.2), Some(0.3)]);
    }

    #[test]
    fn a_missing_block_stays_a_hole() {
        let traces = traces(&[packet(at(0), vec![100]), packet(at(16), vec![500])]);
        assert_eq!(drawn(&traces, 0, 100), [Some(0.1), None, None, None, Some(0.5)]);
    }

    #[test]
    fn a_late_block_lands_where_it_was_measured() {
        let traces = traces(&[
            packet(at(0), vec![100]),
            packet(at(16), vec![500]),
            packet(at(4), vec![200, 300, 400]),
        ]);
        let all = [0.1, 0.2, 0.3, 0.4, 0.5].map(Some);
        assert_eq!(drawn(&traces, 0, 100), all);
        assert_eq!(traces.newest((DEVICE, codes::ECG_LEAD_II)), Some(at(16)));
    }

    #[test]
    fn a_break_longer_than_the_ring_leaves_nothing_of_before() {
        let traces = traces(&[packet(at(0), vec![100]), packet(at(60_000), vec![500])]);
        let seen: Vec<f32> = drawn(&traces, 0, 100_000).into_iter().flatten().collect();
        assert_eq!(seen, [0.5]);
    }

    #[test]
    fn after_a_reconnect_nothing_old_is_left() {
        let mut traces = traces(&[packet(at(0), vec![100])]);
        traces.clear();
        assert_eq!(traces.newest((DEVICE, codes::ECG_LEAD_II)), None);
    }

    #[test]
    fn a_small_ecg_does_not_fill_the_lane_but_a_great_one_fits() {
        let mut traces = traces(&[packet(at(0), vec![-100, 100])]);
        let trace = traces.get_mut((DEVICE, codes::ECG_LEAD_II)).unwrap();
        trace.scale.grow();
        assert!(trace.scale.level(0.1) < 0.5);
        trace.take(&packet(at(8), vec![3_000]));
        assert!(trace.scale.grow());
        assert!(trace.scale.level(3.0) < 1.0);
    }

    #[test]
    fn the_pens_run_behind_by_300_to_500_ms() {
        let mut jitter = Jitter::default();
        for second in 0..100 {
            jitter.heard(200_000, 250_000, at(second * 3_000));
        }
        assert_eq!(jitter.pen_time(at(0)), at(-300));
        for second in 100..200 {
            jitter.heard(2_000_000, 250_000, at(second * 3_000));
        }
        assert_eq!(jitter.pen_time(at(0)), at(-500));
    }
}
