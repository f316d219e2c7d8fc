//! Waves as blocks: cut to a span, put together again, folded into buckets. Pure.

use fleetward_common::{
    devices::history::{Block, Gap, GapReason},
    time::{Instant, SampleRate, Span},
    unit::Decimal,
};

use super::decimate::Buckets;
use crate::devices::telemetry::frame_codec::WaveBlock;

/// The part of a block that lies in the stretch.
pub(super) fn cut(start: Instant, block: WaveBlock, stretch: Span) -> Option<Block> {
    let WaveBlock {
        rate,
        exponent,
        mut samples,
        ..
    } = block;
    let before = first_at_or_after(start, rate, stretch.from, samples.len());
    let inside = first_at_or_after(start, rate, stretch.until, samples.len());
    samples.truncate(inside);
    samples.drain(..before.min(samples.len()));
    (!samples.is_empty()).then(|| Block {
        start: rate.instant_of(start, before as u64),
        rate,
        exponent,
        samples,
        clock_untrusted: false,
    })
}

/// Samples of a clock that nobody trusts are told, not drawn.
pub(super) fn not_to_be_shown(block: &Block) -> Gap {
    Gap {
        span: Span {
            from: block.start,
            until: end_of(block),
        },
        reason: GapReason::ClockUntrusted,
    }
}

fn first_at_or_after(start: Instant, rate: SampleRate, at: Instant, count: usize) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if rate.instant_of(start, middle as u64) < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

pub(super) fn end_of(block: &Block) -> Instant {
    block.rate.instant_of(block.start, block.samples.len() as u64)
}

/// A block that goes on where the last one ended becomes part of it. Where a rate is no whole number of
/// microseconds, "where it ended" is rounded, so one microsecond makes no difference.
pub(super) fn append(blocks: &mut Vec<Block>, block: Block) {
    if let Some(last) = blocks.last_mut() {
        let goes_on = end_of(last).offset_from(block.start).abs() <= 1;
        let alike = |block: &Block| (block.rate, block.exponent, block.clock_untrusted);
        if goes_on && alike(last) == alike(&block) {
            last.samples.extend(block.samples);
            return;
        }
    }
    blocks.push(block);
}

pub(super) fn silence_before(block: &Block, end: Option<Instant>, span: Span) -> Option<Gap> {
    let before = end.unwrap_or(span.from);
    let tolerated = block.rate.length_of(1) * 3 / 2;
    (block.start.since(before) > tolerated).then_some(Gap {
        span: Span {
            from: before,
            until: block.start,
        },
        reason: GapReason::NoData,
    })
}

pub(super) fn add_to_buckets(block: &Block, buckets: &mut Buckets) {
    let mut from = 0;
    while from < block.samples.len() {
        let at = block.rate.instant_of(block.start, from as u64);
        let until = first_at_or_after(block.start, block.rate, buckets.reach(at), block.samples.len());
        let part = block.samples.get(from..until.max(from + 1)).unwrap_or_default();
        if let (Some(least), Some(greatest)) = (part.iter().min(), part.iter().max()) {
            let value = |sample: &i32| Decimal::new(i64::from(*sample), block.exponent);
            buckets.add_extremes(at, value(least), value(greatest));
        }
        from = until.max(from + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::metric::MetricCode;

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: at(from),
            until: at(until),
        }
    }

    fn block(start: i64, samples: Vec<i32>) -> WaveBlock {
        WaveBlock {
            metric: MetricCode(131_330),
            unit: 266_418,
            rate: SampleRate::hertz(250),
            exponent: -3,
            start,
            samples,
        }
    }

    #[test]
    fn a_block_is_cut_at_samples_and_keeps_their_times() {
        let cut = cut(at(0), block(0, vec![10, 11, 12, 13]), span(4_000, 12_000)).unwrap();
        assert_eq!((cut.start, cut.samples), (at(4_000), vec![11, 12]));
    }

    #[test]
    fn a_block_outside_is_not_there() {
        assert_eq!(cut(at(0), block(0, vec![1, 2]), span(8_000, 12_000)), None);
    }

    #[test]
    fn blocks_that_follow_each_other_become_one() {
        let whole = span(0, 1_000_000);
        let mut blocks = Vec::new();
        for start in [0, 8_000, 40_000] {
            append(&mut blocks, cut(at(start), block(0, vec![1, 2]), whole).unwrap());
        }
        let shapes: Vec<_> = blocks
            .iter()
            .map(|block| (block.start.micros(), block.samples.len()))
            .collect();
        assert_eq!(shapes, [(0, 4), (40_000, 2)]);
    }
}
