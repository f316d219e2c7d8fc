//! Several recordings on one time line, as channels of one device.

use fleetward_common::{
    devices::link::{Channel, ChannelSignal},
    time::{Instant, SampleRate},
};
use std::{ops::Range, path::PathBuf, time::Duration};

use super::{
    Content, ReadError, ReadOptions, Recording, Row, Run,
    csv::{self},
};
use crate::agent::FrameDraft;

/// A frame of a whole recording holds at most so many, which keeps it well below 64 KiB.
const SAMPLES_PER_FRAME: usize = 8_192;
const READINGS_PER_FRAME: usize = 2_000;

/// Offsets are microseconds on the files' own time line, which all files share: a waveform begins at
/// 0, a series where its first column says.
#[derive(Debug, Clone)]
pub struct Replay {
    recordings: Vec<Recording>,
}

impl Replay {
    pub fn load(files: &[PathBuf], options: &ReadOptions) -> Result<Self, ReadError> {
        let mut recordings = Vec::new();
        for file in files {
            recordings.extend(csv::read(file, options)?);
        }
        Ok(Self { recordings })
    }

    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// In the order of the files, from 1.
    pub fn channels(&self) -> Vec<Channel> {
        (1..)
            .zip(&self.recordings)
            .map(|(id, recording)| Channel {
                id,
                metric: recording.metric.code,
                unit: recording.metric.unit.mdc(),
                signal: match &recording.content {
                    Content::Wave { rate, exponent, .. } => ChannelSignal::Wave {
                        rate: *rate,
                        exponent: *exponent,
                    },
                    Content::Series(rows) => ChannelSignal::Numeric {
                        interval_ms: usual_interval(rows),
                    },
                },
            })
            .collect()
    }

    /// From the first sample or reading of any file to just after the last.
    pub fn extent(&self) -> Range<i64> {
        let spans = self
            .recordings
            .iter()
            .filter_map(|recording| match &recording.content {
                Content::Wave { rate, runs, .. } => {
                    let (first, last) = (runs.first()?, runs.last()?);
                    let end = last.first + last.samples.len() as u64;
                    Some(offset(*rate, first.first)..offset(*rate, end))
                }
                Content::Series(rows) => Some(rows.first()?.at..rows.last()?.at + 1),
            });
        spans
            .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
            .unwrap_or(0..0)
    }

    /// How long after the beginning a replay that goes round begins anew: one usual interval after
    /// the last reading.
    pub fn round(&self) -> Duration {
        let extent = self.extent();
        let longest_interval = self
            .channels()
            .iter()
            .map(|channel| match channel.signal {
                ChannelSignal::Numeric { interval_ms } => u64::from(interval_ms),
                ChannelSignal::Wave { .. } => 0,
            })
            .max()
            .unwrap_or(0);
        Duration::from_micros((extent.end - extent.start).unsigned_abs())
            + Duration::from_millis(longest_interval)
    }

    /// What lies at these offsets, measured at `origin` plus the offset.
    pub fn between(&self, origin: Instant, offsets: Range<i64>) -> FrameDraft {
        let mut draft = FrameDraft::at(origin.shifted(offsets.start));
        for (id, recording) in (1..).zip(&self.recordings) {
            match &recording.content {
                Content::Wave { rate, runs, .. } => {
                    let indices = sample_at(*rate, offsets.start)..sample_at(*rate, offsets.end);
                    for run in runs {
                        if let Some((first, samples)) = part(run, &indices) {
                            draft.add_samples(id, rate.instant_of(origin, first), samples);
                        }
                    }
                }
                Content::Series(rows) => {
                    let first = rows.partition_point(|row| row.at < offsets.start);
                    let end = rows.partition_point(|row| row.at < offsets.end);
                    for row in rows.get(first..end).unwrap_or_default() {
                        draft.add_reading(id, origin.shifted(row.at), row.value);
                    }
                }
            }
        }
        draft
    }

    /// Everything, in few frames, by time.
    pub fn whole(&self, origin: Instant) -> Vec<FrameDraft> {
        let mut drafts = Vec::new();
        for (id, recording) in (1..).zip(&self.recordings) {
            match &recording.content {
                Content::Wave { rate, runs, .. } => {
                    for run in runs {
                        let chunks = run.samples.chunks(SAMPLES_PER_FRAME);
                        drafts.extend((run.first..).step_by(SAMPLES_PER_FRAME).zip(chunks).map(
                            |(first, samples)| {
                                let start = rate.instant_of(origin, first);
                                FrameDraft::at(start).with_samples(id, start, samples)
                            },
                        ));
                    }
                }
                Content::Series(rows) => drafts.extend(rows.chunks(READINGS_PER_FRAME).filter_map(|rows| {
                    let mut draft = FrameDraft::at(origin.shifted(rows.first()?.at));
                    for row in rows {
                        draft.add_reading(id, origin.shifted(row.at), row.value);
                    }
                    Some(draft)
                })),
            }
        }
        drafts.sort_by_key(|draft| draft.base);
        drafts
    }
}

fn offset(rate: SampleRate, index: u64) -> i64 {
    rate.instant_of(Instant::EPOCH, index).micros()
}

/// The first sample at this offset or after it.
fn sample_at(rate: SampleRate, at: i64) -> u64 {
    let Ok(at) = u64::try_from(at) else { return 0 };
    let exact = u128::from(at) * u128::from(rate.samples) / (u128::from(rate.seconds) * 1_000_000);
    let mut index = u64::try_from(exact).unwrap_or(u64::MAX);
    // Moments are rounded to the microsecond, so the neighbour may be the one.
    while index > 0 && offset(rate, index - 1) >= at.cast_signed() {
        index -= 1;
    }
    while offset(rate, index) < at.cast_signed() {
        index += 1;
    }
    index
}

/// The samples of `run` among `indices`, and which sample of the file the first of them is.
fn part<'r>(run: &'r Run, indices: &Range<u64>) -> Option<(u64, &'r [i32])> {
    let first = indices.start.max(run.first);
    let end = indices.end.min(run.first + run.samples.len() as u64);
    let within = |index: u64| usize::try_from(index.checked_sub(run.first)?).ok();
    let samples = run.samples.get(within(first)?..within(end)?)?;
    (!samples.is_empty()).then_some((first, samples))
}

/// The median of the steps: a night without readings doesn't change how often there usually is one.
fn usual_interval(rows: &[Row]) -> u32 {
    let mut steps: Vec<i64> = rows
        .iter()
        .zip(rows.iter().skip(1))
        .map(|(a, b)| b.at - a.at)
        .collect();
    steps.sort_unstable();
    let median = steps.get(steps.len() / 2).copied().unwrap_or(1_000_000);
    u32::try_from((median / 1_000).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{devices::link::RawValue, metric::codes, unit::Decimal};
    use proptest::prelude::*;

    fn wave(rate: SampleRate, runs: Vec<Run>) -> Recording {
        Recording {
            name: "ecg".to_owned(),
            metric: codes::ECG_LEAD_II.metric().unwrap(),
            content: Content::Wave {
                rate,
                exponent: -3,
                runs,
            },
        }
    }

    fn series(moments: &[i64]) -> Recording {
        let rows = moments.iter().map(|at| Row {
            at: *at,
            value: RawValue::Known(Decimal::whole(60)),
        });
        Recording {
            name: "hr".to_owned(),
            metric: codes::HEART_RATE.metric().unwrap(),
            content: Content::Series(rows.collect()),
        }
    }

    fn noon() -> Instant {
        Instant::from_millis(1_764_072_000_000)
    }

    /// `(moment of the first sample, samples)` of one channel, joined where blocks follow each other.
    fn joined(drafts: &[FrameDraft], rate: SampleRate) -> Vec<(Instant, Vec<i32>)> {
        let mut joined: Vec<(Instant, Vec<i32>)> = Vec::new();
        for draft in drafts {
            for block in &draft.waves {
                let start = draft.base.shifted(block.start);
                match joined.last_mut() {
                    Some((first, samples))
                        if rate
                            .instant_of(*first, samples.len() as u64)
                            .offset_from(start)
                            .abs()
                            <= 1 =>
                    {
                        samples.extend(block.samples.iter());
                    }
                    _ => joined.push((start, block.samples.iter().collect())),
                }
            }
        }
        joined
    }

    #[test]
    fn a_series_of_minutes_with_a_night_missing_declares_a_minute() {
        let minute = 60_000_000;
        let replay = Replay {
            recordings: vec![series(&[0, minute, 2 * minute, 600 * minute, 601 * minute])],
        };
        let signal = replay.channels()[0].signal;
        assert_eq!(signal, ChannelSignal::Numeric { interval_ms: 60_000 });
        assert_eq!(replay.extent(), 0..601 * minute + 1);
    }

    #[test]
    fn a_wave_and_a_series_share_the_time_line() {
        let run = Run {
            first: 0,
            samples: vec![5; 500],
        };
        let replay = Replay {
            recordings: vec![
                wave(SampleRate::hertz(250), vec![run]),
                series(&[1_000_000, 3_000_000]),
            ],
        };
        assert_eq!(replay.extent(), 0..3_000_001);
        let draft = replay.between(noon(), 1_000_000..1_250_000);
        assert_eq!(draft.waves[0].samples.len(), 63);
        assert_eq!(draft.readings(), 1);
        assert!(replay.between(noon(), 2_000_000..2_250_000).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn slices_of_any_rate_give_each_sample_once_at_its_moment(
            samples in 1u32..2_000, seconds in 1u32..120, count in 1usize..3_000, hole in 0usize..40, slice in 1_000i64..400_000,
        ) {
            let rate = SampleRate { samples, seconds };
            prop_assume!(rate.length_of(count as u64) < Duration::from_secs(600));
            let run = |first: usize, count: usize| Run {
                first: first as u64,
                samples: (first..first + count).map(|n| n as i32).collect(),
            };
            let runs = vec![run(0, count), run(count + hole, 50)];
            let replay = Replay { recordings: vec![wave(rate, runs)] };
            let extent = replay.extent();
            let slices = (extent.start..extent.end).step_by(slice as usize);
            let live: Vec<FrameDraft> = slices.map(|from| replay.between(noon(), from..from + slice)).collect();
            let whole = replay.whole(noon());
            for drafts in [live, whole] {
                let mut seen = Vec::new();
                for draft in &drafts {
                    for block in &draft.waves {
                        let first = block.samples.iter().next().unwrap();
                        prop_assert_eq!(draft.base.shifted(block.start), rate.instant_of(noon(), first as u64));
                        seen.extend(block.samples.iter());
                    }
                }
                let expected: Vec<i32> = (0..count).chain(count + hole..count + hole + 50).map(|n| n as i32).collect();
                prop_assert_eq!(seen, expected);
                if hole > 1 {
                    prop_assert_eq!(joined(&drafts, rate).len(), 2, "the hole stays a hole");
                }
            }
        }
    }
}
