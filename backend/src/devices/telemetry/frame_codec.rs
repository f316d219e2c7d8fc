//! How a frame's readings and samples lie in a row. Pure: bytes in, values out.
//!
//! A payload explains itself: metric, unit, interval or rate stand beside the values, so no other row
//! is needed to read it. Times are the device's own; the offset that was applied to them stands in the
//! header, so the server's time is `device time - offset`. Whoever reads a row checks its crc32c
//! first ([`checksum`]); the decoders bound what they allocate by the bytes that are there.
//!
//! Integers are LEB128, signed ones zigzag. Regular times cost one byte a reading (difference of
//! differences), a slowly moving wave one byte a sample.

use fleetward_common::{
    devices::{Value, link::NoValue},
    metric::MetricCode,
    text::FaultCode,
    time::{Instant, SampleRate},
    unit::Decimal,
};
use thiserror::Error;

const VERSION: u8 = 1;

/// The bytes can't be what [`NumericsWriter`] or [`WavesWriter`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a stored frame can't be read: {0}")]
pub struct CorruptFrame(&'static str);

impl CorruptFrame {
    pub const CHECKSUM: Self = Self("its checksum does not hold");
}

pub fn checksum(payload: &[u8]) -> u32 {
    crc32c::crc32c(payload)
}

/// What stands before the blocks of either payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// On the device's clock.
    pub base: Instant,
    /// Device clock minus server clock, in microseconds, as it was applied.
    pub offset: i64,
}

impl Times {
    /// The server's mapping of a moment `after` microseconds after the base.
    pub const fn on_server(&self, after: i64) -> Instant {
        Instant::from_micros(
            self.base
                .micros()
                .saturating_add(after)
                .saturating_sub(self.offset),
        )
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Numerics {
    pub times: Times,
    /// All faults active from this frame on, where the frame said so.
    pub faults: Option<Vec<FaultCode>>,
    pub blocks: Vec<NumericBlock>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NumericBlock {
    pub metric: MetricCode,
    /// 11073 dimension code as declared; kept for metrics that nobody knows yet.
    pub unit: u32,
    pub interval_ms: u32,
    /// Microseconds after the base, and the value.
    pub readings: Vec<(i64, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waves {
    pub times: Times,
    pub blocks: Vec<WaveBlock>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveBlock {
    pub metric: MetricCode,
    pub unit: u32,
    pub rate: SampleRate,
    pub exponent: i8,
    /// The first sample, in microseconds after the base.
    pub start: i64,
    pub samples: Vec<i32>,
}

pub struct NumericsWriter {
    bytes: Vec<u8>,
    last_at: i64,
    last_step: i64,
}

impl NumericsWriter {
    pub fn new(times: Times, faults: Option<&[FaultCode]>, blocks: usize) -> Self {
        let mut bytes = header(times, 256);
        match faults {
            None => put(&mut bytes, 0),
            Some(faults) => {
                put(&mut bytes, faults.len() as u64 + 1);
                for fault in faults {
                    put(&mut bytes, fault.as_str().len() as u64);
                    bytes.extend_from_slice(fault.as_str().as_bytes());
                }
            }
        }
        put(&mut bytes, blocks as u64);
        Self {
            bytes,
            last_at: 0,
            last_step: 0,
        }
    }

    /// Begins the next block; exactly `readings` calls of [`Self::reading`] must follow.
    pub fn block(&mut self, metric: MetricCode, unit: u32, interval_ms: u32, readings: usize) {
        put(&mut self.bytes, u64::from(metric.0));
        put(&mut self.bytes, u64::from(unit));
        put(&mut self.bytes, u64::from(interval_ms));
        put(&mut self.bytes, readings as u64);
        (self.last_at, self.last_step) = (0, 0);
    }

    pub fn reading(&mut self, at: i64, value: &Value) {
        let step = at.wrapping_sub(self.last_at);
        put_signed(&mut self.bytes, step.wrapping_sub(self.last_step));
        (self.last_at, self.last_step) = (at, step);
        match value {
            Value::Known(number) => {
                self.bytes.push(scale_byte(*number));
                put_signed(&mut self.bytes, number.mantissa);
            }
            Value::Implausible(number) => {
                self.bytes.push(scale_byte(*number) | IMPLAUSIBLE);
                put_signed(&mut self.bytes, number.mantissa);
            }
            Value::Absent(reason) => self.bytes.push(ABSENT | reason_byte(*reason)),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

pub struct WavesWriter {
    bytes: Vec<u8>,
}

impl WavesWriter {
    pub fn new(times: Times, blocks: usize) -> Self {
        let mut bytes = header(times, 1_024);
        put(&mut bytes, blocks as u64);
        Self { bytes }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the columns of one block, in the order they are written"
    )]
    pub fn block(
        &mut self,
        metric: MetricCode,
        unit: u32,
        rate: SampleRate,
        exponent: i8,
        start: i64,
        count: usize,
        samples: impl Iterator<Item = i32>,
    ) {
        put(&mut self.bytes, u64::from(metric.0));
        put(&mut self.bytes, u64::from(unit));
        put(&mut self.bytes, u64::from(rate.samples));
        put(&mut self.bytes, u64::from(rate.seconds));
        self.bytes.push(exponent.cast_unsigned());
        put_signed(&mut self.bytes, start);
        put(&mut self.bytes, count as u64);
        let mut last = 0i32;
        for sample in samples {
            put_signed(&mut self.bytes, i64::from(sample) - i64::from(last));
            last = sample;
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

pub fn read_numerics(payload: &[u8]) -> Result<Numerics, CorruptFrame> {
    let mut bytes = Bytes { rest: payload };
    let times = bytes.header()?;
    let faults = match bytes.count(1, 1)? {
        0 => None,
        marked => Some(bytes.faults(marked - 1)?),
    };
    let blocks = bytes.count(4, 0)?;
    let mut numerics = Numerics {
        times,
        faults,
        blocks: Vec::with_capacity(blocks),
    };
    for _ in 0..blocks {
        numerics.blocks.push(bytes.numeric_block()?);
    }
    bytes.end()?;
    Ok(numerics)
}

pub fn read_waves(payload: &[u8]) -> Result<Waves, CorruptFrame> {
    let mut bytes = Bytes { rest: payload };
    let times = bytes.header()?;
    let blocks = bytes.count(7, 0)?;
    let mut waves = Waves {
        times,
        blocks: Vec::with_capacity(blocks),
    };
    for _ in 0..blocks {
        waves.blocks.push(bytes.wave_block()?);
    }
    bytes.end()?;
    Ok(waves)
}

// One byte before a value: the low four bits are exponent + 9, or the reason why there is none.
const IMPLAUSIBLE: u8 = 0x10;
const ABSENT: u8 = 0x20;

const fn scale_byte(number: Decimal) -> u8 {
    number.exponent.wrapping_add(9).cast_unsigned() & 0x0f
}

const fn reason_byte(reason: NoValue) -> u8 {
    match reason {
        NoValue::SensorOff => 0,
        NoValue::Unreadable => 1,
        NoValue::NotMeasuring => 2,
        NoValue::Disconnected => 3,
    }
}

const fn reason_of(byte: u8) -> Option<NoValue> {
    match byte {
        0 => Some(NoValue::SensorOff),
        1 => Some(NoValue::Unreadable),
        2 => Some(NoValue::NotMeasuring),
        3 => Some(NoValue::Disconnected),
        _ => None,
    }
}

fn header(times: Times, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    bytes.push(VERSION);
    put_signed(&mut bytes, times.base.micros());
    put_signed(&mut bytes, times.offset);
    bytes
}

#[inline]
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[inline]
fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, CorruptFrame> {
        let (first, rest) = self.rest.split_first().ok_or(CorruptFrame("it ends early"))?;
        self.rest = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, CorruptFrame> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CorruptFrame("a number is too long"))
    }

    fn signed(&mut self) -> Result<i64, CorruptFrame> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    fn small(&mut self) -> Result<u32, CorruptFrame> {
        u32::try_from(self.number()?).or(Err(CorruptFrame("a number is too large")))
    }

    /// How many things follow, when each takes at least `least` bytes. `marked` of them take none.
    fn count(&mut self, least: usize, marked: usize) -> Result<usize, CorruptFrame> {
        let count = usize::try_from(self.number()?).or(Err(CorruptFrame("a count is too large")))?;
        if count.saturating_sub(marked) > self.rest.len() / least {
            return Err(CorruptFrame("a count is larger than the frame"));
        }
        Ok(count)
    }

    fn header(&mut self) -> Result<Times, CorruptFrame> {
        if self.byte()? != VERSION {
            return Err(CorruptFrame("its version is unknown"));
        }
        Ok(Times {
            base: Instant::from_micros(self.signed()?),
            offset: self.signed()?,
        })
    }

    fn faults(&mut self, count: usize) -> Result<Vec<FaultCode>, CorruptFrame> {
        let mut faults = Vec::with_capacity(count);
        for _ in 0..count {
            let length = self.count(1, 0)?;
            let (text, rest) = self
                .rest
                .split_at_checked(length)
                .ok_or(CorruptFrame("it ends early"))?;
            self.rest = rest;
            let fault = std::str::from_utf8(text)
                .ok()
                .and_then(|text| FaultCode::parse(text).ok());
            faults.push(fault.ok_or(CorruptFrame("a fault code is none"))?);
        }
        Ok(faults)
    }

    fn numeric_block(&mut self) -> Result<NumericBlock, CorruptFrame> {
        let metric = MetricCode(self.small()?);
        let (unit, interval_ms) = (self.small()?, self.small()?);
        let count = self.count(2, 0)?;
        let mut readings = Vec::with_capacity(count);
        let (mut at, mut step) = (0i64, 0i64);
        for _ in 0..count {
            step = step.wrapping_add(self.signed()?);
            at = at.wrapping_add(step);
            readings.push((at, self.value()?));
        }
        Ok(NumericBlock {
            metric,
            unit,
            interval_ms,
            readings,
        })
    }

    fn value(&mut self) -> Result<Value, CorruptFrame> {
        let head = self.byte()?;
        let low = head & 0x0f;
        match head & 0xf0 {
            ABSENT => reason_of(low)
                .map(Value::Absent)
                .ok_or(CorruptFrame("a reason is unknown")),
            kind @ (0 | IMPLAUSIBLE) => {
                let number = Decimal::new(self.signed()?, low.cast_signed() - 9);
                Ok(if kind == 0 {
                    Value::Known(number)
                } else {
                    Value::Implausible(number)
                })
            }
            _ => Err(CorruptFrame("a value is neither there nor absent")),
        }
    }

    fn wave_block(&mut self) -> Result<WaveBlock, CorruptFrame> {
        let metric = MetricCode(self.small()?);
        let unit = self.small()?;
        let rate = SampleRate {
            samples: self.small()?,
            seconds: self.small()?,
        };
        if !rate.is_sound() {
            return Err(CorruptFrame("a sample rate is none"));
        }
        let exponent = self.byte()?.cast_signed();
        let start = self.signed()?;
        let count = self.count(1, 0)?;
        let mut samples = Vec::with_capacity(count);
        let mut last = 0i64;
        for _ in 0..count {
            last = last.wrapping_add(self.signed()?);
            samples.push(i32::try_from(last).or(Err(CorruptFrame("a sample is too large")))?);
        }
        Ok(WaveBlock {
            metric,
            unit,
            rate,
            exponent,
            start,
            samples,
        })
    }

    fn end(&self) -> Result<(), CorruptFrame> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(CorruptFrame("bytes follow it"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn write(numerics: &Numerics) -> Vec<u8> {
        let mut writer =
            NumericsWriter::new(numerics.times, numerics.faults.as_deref(), numerics.blocks.len());
        for block in &numerics.blocks {
            writer.block(block.metric, block.unit, block.interval_ms, block.readings.len());
            for (at, value) in &block.readings {
                writer.reading(*at, value);
            }
        }
        writer.finish()
    }

    fn write_waves(waves: &Waves) -> Vec<u8> {
        let mut writer = WavesWriter::new(waves.times, waves.blocks.len());
        for block in &waves.blocks {
            let samples = block.samples.iter().copied();
            writer.block(
                block.metric,
                block.unit,
                block.rate,
                block.exponent,
                block.start,
                samples.len(),
                samples,
            );
        }
        writer.finish()
    }

    fn value() -> impl Strategy<Value = Value> {
        let number =
            (any::<i64>(), -9i8..=6).prop_map(|(mantissa, exponent)| Decimal::new(mantissa, exponent));
        let reason = prop_oneof![
            Just(NoValue::SensorOff),
            Just(NoValue::Unreadable),
            Just(NoValue::NotMeasuring),
            Just(NoValue::Disconnected)
        ];
        prop_oneof![
            number.clone().prop_map(Value::Known),
            number.prop_map(Value::Implausible),
            reason.prop_map(Value::Absent)
        ]
    }

    fn times() -> impl Strategy<Value = Times> {
        (any::<i64>(), any::<i64>()).prop_map(|(base, offset)| Times {
            base: Instant::from_micros(base),
            offset,
        })
    }

    fn numerics() -> impl Strategy<Value = Numerics> {
        let block = (
            any::<u32>(),
            any::<u32>(),
            any::<u32>(),
            vec((any::<i64>(), value()), 0..20),
        )
            .prop_map(|(metric, unit, interval_ms, readings)| NumericBlock {
                metric: MetricCode(metric),
                unit,
                interval_ms,
                readings,
            });
        let faults = proptest::option::of(vec(
            "[A-Z]-[0-9]{1,4}".prop_map(|text| FaultCode::parse(&text).unwrap()),
            0..4,
        ));
        (times(), faults, vec(block, 0..6)).prop_map(|(times, faults, blocks)| Numerics {
            times,
            faults,
            blocks,
        })
    }

    fn waves() -> impl Strategy<Value = Waves> {
        let block = (
            1u32..=100_000,
            1u32..=1_000,
            any::<i8>(),
            any::<i64>(),
            vec(any::<i32>(), 0..80),
        )
            .prop_map(|(samples, seconds, exponent, start, values)| WaveBlock {
                metric: MetricCode(131_330),
                unit: 266_418,
                rate: SampleRate { samples, seconds },
                exponent,
                start,
                samples: values,
            });
        (times(), vec(block, 0..4)).prop_map(|(times, blocks)| Waves { times, blocks })
    }

    proptest! {
        #[test]
        fn every_reading_comes_back_with_its_digits(sent in numerics()) {
            prop_assert_eq!(read_numerics(&write(&sent)), Ok(sent));
        }

        #[test]
        fn every_sample_comes_back(sent in waves()) {
            prop_assert_eq!(read_waves(&write_waves(&sent)), Ok(sent));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..300)) {
            let _ = read_numerics(&bytes);
            let _ = read_waves(&bytes);
        }

        #[test]
        fn one_flipped_bit_is_noticed(sent in numerics(), bit in any::<prop::sample::Index>()) {
            let stored = write(&sent);
            let sum = checksum(&stored);
            let mut read = stored.clone();
            let bit = bit.index(read.len() * 8);
            read[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(checksum(&read), sum);
        }
    }

    #[test]
    fn a_count_that_the_frame_can_not_hold_allocates_nothing() {
        let mut bytes = header(
            Times {
                base: Instant::EPOCH,
                offset: 0,
            },
            32,
        );
        put(&mut bytes, 0);
        put(&mut bytes, u64::MAX);
        assert_eq!(
            read_numerics(&bytes),
            Err(CorruptFrame("a count is larger than the frame"))
        );
    }

    #[test]
    fn ten_seconds_of_a_heart_rate_take_less_than_fifty_bytes() {
        let readings = (0..10)
            .map(|s| (s * 1_000_000, Value::Known(Decimal::whole(72))))
            .collect();
        let block = NumericBlock {
            metric: MetricCode(147_842),
            unit: 264_864,
            interval_ms: 1_000,
            readings,
        };
        let base = Instant::from_millis(1_764_000_000_000);
        let numerics = Numerics {
            times: Times { base, offset: 0 },
            faults: None,
            blocks: vec![block],
        };
        let length = write(&numerics).len();
        assert!(length < 75, "{length}");
    }
}
