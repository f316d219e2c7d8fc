//! J1's frame: four vital signs at one reading a second, ten seconds of them in one frame.

use fleetward_common::{
    devices::link::{
        Channel, ChannelSignal, DeviceMessage, Frame, NumericBlock, RawReading, RawValue, encode,
    },
    metric::{MetricCode, codes},
    time::Instant,
    unit::{Decimal, Unit},
};

/// Metric, unit, decimal exponent, the value it wanders around as a mantissa, and how far.
const VITALS: [(MetricCode, Unit, i8, i64, i64); 4] = [
    (codes::HEART_RATE, Unit::BeatPerMinute, 0, 76, 20),
    (codes::SPO2, Unit::Percent, -1, 970, 20),
    (codes::PULSE_RATE_OXIMETER, Unit::BeatPerMinute, 0, 76, 20),
    (codes::RESPIRATION_RATE, Unit::BreathPerMinute, -1, 160, 50),
];

const SECOND: i64 = 1_000_000;

pub fn channels() -> Vec<Channel> {
    (0..)
        .zip(VITALS)
        .map(|(id, (metric, unit, ..))| Channel {
            id,
            metric,
            unit: unit.mdc(),
            signal: ChannelSignal::Numeric { interval_ms: 1_000 },
        })
        .collect()
}

/// What a device's frames hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// So many seconds of readings, each frame where the last one ended. A line that sends faster than
    /// real time sends what a device has buffered; rows and roll-ups are those of J1 all the same.
    Buffered { from: Instant, seconds: i64 },
    /// One reading a channel, measured now. Its heart rate carries the frame's own number in its last
    /// digits, so that a reader far behind the server knows which frame it sees: `76.000123` is 123.
    Marked,
}

/// One device's frames, one after the other.
pub struct Vitals {
    content: Content,
    frame: Frame,
    chance: u64,
}

impl Vitals {
    pub fn new(epoch: u64, content: Content, seed: u64) -> Self {
        let blocks = (0..).zip(VITALS).map(|(channel, _)| NumericBlock {
            channel,
            readings: Vec::new(),
        });
        Self {
            frame: Frame {
                epoch,
                seq: 0,
                base: match content {
                    Content::Buffered { from, .. } => from,
                    Content::Marked => Instant::EPOCH,
                },
                numerics: blocks.collect(),
                waves: Vec::new(),
                faults: None,
            },
            // Never zero: xorshift stays at zero for ever.
            chance: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            content,
        }
    }

    pub fn epoch(&self) -> u64 {
        self.frame.epoch
    }

    pub fn next_seq(&self) -> u64 {
        self.frame.seq
    }

    /// The next frame as it goes onto the line.
    pub fn next_message(&mut self, now: Instant) -> Vec<u8> {
        let next_base = match self.content {
            Content::Buffered { seconds, .. } => {
                self.fill(seconds);
                self.frame.base.shifted(seconds * SECOND)
            }
            Content::Marked => {
                self.frame.base = now;
                self.fill(1);
                self.mark();
                now
            }
        };
        let message = encode(&DeviceMessage::Frame(self.frame.clone()));
        self.frame.seq += 1;
        self.frame.base = next_base;
        message
    }

    fn fill(&mut self, seconds: i64) {
        let chance = &mut self.chance;
        for (block, (_, _, exponent, centre, reach)) in self.frame.numerics.iter_mut().zip(VITALS) {
            block.readings.clear();
            block.readings.extend((0..seconds).map(|second| {
                let value = Decimal::new(centre + drawn(chance) % reach, exponent);
                RawReading {
                    at: second * SECOND,
                    value: RawValue::Known(value),
                }
            }));
        }
    }

    fn mark(&mut self) {
        let mark = i64::try_from(self.frame.seq).unwrap_or(i64::MAX - MARKED_RATE);
        let heart_rate = self
            .frame
            .numerics
            .first_mut()
            .and_then(|block| block.readings.first_mut());
        if let Some(reading) = heart_rate {
            reading.value = RawValue::Known(Decimal::new(MARKED_RATE + mark, MARK_EXPONENT));
        }
    }
}

const MARK_EXPONENT: i8 = -6;
const MARKED_RATE: i64 = 76_000_000;

/// The number of the frame that a marked heart rate came in.
pub fn mark_of(value: Decimal) -> Option<u64> {
    let mark = value.mantissa_at(MARK_EXPONENT)?.checked_sub(MARKED_RATE)?;
    u64::try_from(mark).ok()
}

fn drawn(state: &mut u64) -> i64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    i64::try_from(*state >> 33).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::devices::link::decode;

    fn frame(bytes: &[u8]) -> Frame {
        match decode(bytes).unwrap() {
            DeviceMessage::Frame(frame) => frame,
            other => panic!("{other:?}"),
        }
    }

    fn buffered(from: Instant, seed: u64) -> Vitals {
        Vitals::new(3, Content::Buffered { from, seconds: 10 }, seed)
    }

    #[test]
    fn a_frame_of_j1_holds_forty_readings_and_the_next_follows_without_a_gap() {
        let start = Instant::from_millis(1_764_000_000_000);
        let mut vitals = buffered(start, 1);
        let mut next = || frame(&vitals.next_message(Instant::EPOCH));
        let (first, second) = (next(), next());
        let readings: usize = first.numerics.iter().map(|block| block.readings.len()).sum();
        assert_eq!(readings, 40);
        assert_eq!((first.seq, second.seq), (0, 1));
        assert_eq!((first.base, second.base), (start, start.shifted(10 * SECOND)));
    }

    #[test]
    fn every_value_is_one_that_the_registry_accepts() {
        for mut vitals in [buffered(Instant::EPOCH, 99), Vitals::new(3, Content::Marked, 99)] {
            for (block, (metric, ..)) in frame(&vitals.next_message(Instant::EPOCH))
                .numerics
                .iter()
                .zip(VITALS)
            {
                for reading in &block.readings {
                    let RawValue::Known(value) = reading.value else {
                        panic!()
                    };
                    assert!(
                        metric.metric().unwrap().accept.contains(value),
                        "{metric:?} {value}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_marked_heart_rate_tells_its_frame_and_an_ordinary_one_tells_none() {
        let mut vitals = Vitals::new(3, Content::Marked, 7);
        vitals.next_message(Instant::EPOCH);
        let now = Instant::from_millis(1_764_000_000_000);
        let second = frame(&vitals.next_message(now));
        let RawValue::Known(value) = second.numerics[0].readings[0].value else {
            panic!()
        };
        assert_eq!((second.base, mark_of(value)), (now, Some(1)));
        assert_eq!(mark_of("72".parse().unwrap()), None);
    }
}
