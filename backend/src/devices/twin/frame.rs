//! One frame: checked, numbered, written as rows, and what it moves on.

use std::time::Duration;

use fleetward_common::{
    devices::{
        Connection, Reading,
        link::{ChannelSignal, Frame, Refusal, RefusalCode, ServerMessage},
    },
    live::{ChannelUpdate, WavePacket},
    time::Instant,
};

use super::{
    Minutes,
    declared::{check, find},
    event::{Effects, FrameRows, GapChange, Payload, Saved},
    metric::{MetricTwin, judged},
    state::{Pending, Run, TwinState, numeric},
};
use crate::devices::telemetry::{
    frame_codec::{Numerics, NumericsWriter, Times, WavesWriter, checksum},
    rollup::Counted,
};

/// Measured longer ago than this when it arrives: no alarm any more.
pub const ALARMS_LATE: Duration = Duration::from_secs(15);
/// How many runs of missing numbers are remembered; older ones stay gaps for good.
const MISSING_RUNS: usize = 64;

/// Where a sequence number stands.
enum Place {
    Next,
    /// Numbers before it never came.
    After {
        first: u64,
        last: u64,
    },
    /// It was missing.
    Missing {
        first: u64,
        last: u64,
    },
    Repeat,
}

impl Run {
    fn place(&self, seq: u64) -> Place {
        if seq == self.next {
            return Place::Next;
        }
        if seq > self.next {
            return Place::After {
                first: self.next,
                last: seq - 1,
            };
        }
        let gap = self
            .missing
            .iter()
            .find(|(first, last)| (*first..=*last).contains(&seq));
        match gap {
            Some((first, last)) => Place::Missing {
                first: *first,
                last: *last,
            },
            None => Place::Repeat,
        }
    }

    fn take(&mut self, seq: u64, place: &Place) {
        match *place {
            Place::Repeat => {}
            Place::Next => self.next = seq.saturating_add(1),
            Place::After { first, last } => {
                self.missing.push((first, last));
                if self.missing.len() > MISSING_RUNS {
                    self.missing.remove(0);
                }
                self.next = seq.saturating_add(1);
            }
            Place::Missing { first, last } => {
                self.missing.retain(|gap| *gap != (first, last));
                if first < seq {
                    self.missing.push((first, seq - 1));
                }
                if seq < last {
                    self.missing.push((seq + 1, last));
                }
            }
        }
    }
}

/// The span that rows and gaps are found by.
#[derive(Clone, Copy)]
struct Measured {
    from: Instant,
    until: Instant,
}

impl Measured {
    fn widen(span: &mut Option<Self>, at: Instant) {
        *span = Some(match span {
            None => Self { from: at, until: at },
            Some(span) => Self {
                from: span.from.min(at),
                until: span.until.max(at),
            },
        });
    }
}

impl TwinState {
    pub(super) fn frame(&mut self, frame: Frame, now: Instant) -> Effects {
        let mut effects = Effects::default();
        let Some(run) = &self.run else { return effects };
        let out_of_bounds = |field: &str| {
            ServerMessage::Refused(Refusal {
                seq: Some(frame.seq),
                code: RefusalCode::OutOfBounds,
                field: field.to_owned(),
            })
        };
        if frame.epoch != run.epoch {
            effects.replies.push(out_of_bounds("epoch"));
            return effects;
        }
        if i64::try_from(frame.seq).is_err() {
            effects.replies.push(out_of_bounds("seq"));
            return effects;
        }
        let place = run.place(frame.seq);
        if matches!(place, Place::Repeat) {
            // Still on its way to the store: the commit will acknowledge it.
            if frame.seq < run.stored {
                effects.replies.push(ServerMessage::Ack {
                    epoch: run.epoch,
                    through: run.stored - 1,
                });
            }
            return effects;
        }
        if let Err(refusal) = check(&frame, &self.declared) {
            effects.replies.push(ServerMessage::Refused(refusal));
            effects.save = self.refused(frame.seq, frame.epoch, &place, now);
            return effects;
        }
        if let Some(run) = &mut self.run {
            run.take(frame.seq, &place);
        }
        let rows = self.rows(frame, place, now);
        effects.store = Some(rows);
        effects
    }

    /// A refused frame is final: the next one is expected, and its own number is a gap.
    fn refused(&mut self, seq: u64, epoch: u64, place: &Place, now: Instant) -> Option<Box<Saved>> {
        let first = match *place {
            Place::Next => seq,
            Place::After { first, .. } => first,
            Place::Missing { .. } | Place::Repeat => return None,
        };
        let measured = self.newest_measured.unwrap_or(now);
        let run = self.run.as_mut()?;
        run.next = seq.saturating_add(1);
        if self.pending.is_empty() {
            run.stored = run.next;
        }
        let gap = GapChange::Opened {
            first,
            last: seq,
            measured_from: measured,
            measured_until: measured,
        };
        Some(Box::new(Saved {
            gap: Some((epoch, gap)),
            ..Saved::default()
        }))
    }

    fn rows(&mut self, frame: Frame, place: Place, now: Instant) -> Box<FrameRows> {
        let clock = self.clock;
        let times = Times {
            base: frame.base,
            offset: clock.map_or(0, |clock| clock.applied),
        };
        let believed = |at: Instant| clock.is_none_or(|clock| clock.believes(at.shifted(clock.applied), now));
        let newest = self.newest_of(&frame, times);
        let clock_untrusted =
            newest.is_some_and(|newest| !believed(newest)) || clock.is_some_and(|clock| !clock.trusted);
        let newest_before = self.newest_measured;
        let mut pending = Pending {
            seq: frame.seq,
            received: now,
            bytes: 0,
            shown: false,
            readings: Vec::with_capacity(frame.numerics.len()),
            measured: Vec::new(),
            waves: Vec::with_capacity(frame.waves.len()),
            faults: frame.faults.clone(),
        };
        let mut minutes = Minutes::new();
        let mut numeric_span = None;
        let mut wave_span = None;

        let has_numerics = !frame.numerics.is_empty() || frame.faults.is_some() || frame.waves.is_empty();
        let mut writer =
            has_numerics.then(|| NumericsWriter::new(times, frame.faults.as_deref(), frame.numerics.len()));
        for block in &frame.numerics {
            let (Some(channel), Some(writer)) = (find(&self.declared, block.channel), writer.as_mut()) else {
                continue;
            };
            let Some(metric) = self.metrics.get_mut(usize::from(channel.slot)) else {
                continue;
            };
            let known = metric.known;
            let interval_ms = match metric.signal {
                ChannelSignal::Numeric { interval_ms } => interval_ms,
                ChannelSignal::Wave { .. } => 0,
            };
            writer.block(metric.code, channel.unit, interval_ms, block.readings.len());
            let clinical = metric.is_clinical();
            let mut newest: Option<Reading> = None;
            for raw in &block.readings {
                let value = judged(known, raw.value);
                let at = times.on_server(raw.at);
                writer.reading(raw.at, &value);
                Measured::widen(&mut numeric_span, at);
                let counted = Counted {
                    at,
                    value: &value,
                    interval_ms,
                    clock_untrusted,
                };
                if let Some(closed) = metric.minutes.add(counted) {
                    minutes.push((metric.code, closed));
                }
                let reading = Reading {
                    at,
                    value,
                    unrecorded: false,
                };
                if clinical && now.since(at) <= ALARMS_LATE {
                    pending.measured.push(ChannelUpdate {
                        metric: metric.code,
                        interval_ms,
                        reading,
                    });
                }
                if newest.is_none_or(|newest| at >= newest.at) {
                    newest = Some(reading);
                }
            }
            if let Some(newest) = newest {
                pending.readings.push((channel.slot, newest));
            }
        }
        let mut waves_writer = (!frame.waves.is_empty()).then(|| WavesWriter::new(times, frame.waves.len()));
        for block in frame.waves {
            let (Some(channel), Some(writer)) = (find(&self.declared, block.channel), waves_writer.as_mut())
            else {
                continue;
            };
            let Some(metric) = self.metrics.get(usize::from(channel.slot)) else {
                continue;
            };
            let ChannelSignal::Wave { rate, exponent } = metric.signal else {
                continue;
            };
            let count = block.samples.len();
            writer.block(
                metric.code,
                channel.unit,
                rate,
                exponent,
                block.start,
                count,
                block.samples.iter(),
            );
            let start = times.on_server(block.start);
            Measured::widen(&mut wave_span, start);
            let last = rate.instant_of(start, (count as u64).saturating_sub(1));
            Measured::widen(&mut wave_span, last);
            if count > 0 && metric.known.is_some() {
                pending.waves.push(WavePacket {
                    device: self.device,
                    metric: metric.code,
                    start,
                    rate,
                    exponent,
                    samples: block.samples.iter().collect(),
                });
            }
        }

        let whole = union(numeric_span, wave_span);
        if clock_untrusted {
            pending.readings.clear();
            pending.measured.clear();
            pending.waves.clear();
        } else {
            self.move_on(&mut pending);
            self.newest_measured = newest_before.max(newest);
            self.visit.brought(newest);
        }

        let fallback = Measured {
            from: now,
            until: now,
        };
        let numerics =
            writer.map(|writer| payload(writer.finish(), numeric_span.or(wave_span).unwrap_or(fallback)));
        let waves = waves_writer.map(|writer| payload(writer.finish(), wave_span.unwrap_or(fallback)));
        pending.bytes = [&numerics, &waves]
            .iter()
            .filter_map(|row| row.as_ref())
            .map(|row| row.bytes.len())
            .sum();
        self.pending_bytes += pending.bytes;
        self.pending.push_back(Box::new(pending));

        let gap = gap_of(&place, newest_before, whole.unwrap_or(fallback));
        let snapshot = if minutes.is_empty() {
            None
        } else {
            self.snapshot_when_due(now)
        };
        Box::new(FrameRows {
            epoch: frame.epoch,
            seq: frame.seq,
            received: now,
            clock_untrusted,
            numerics,
            waves,
            gap,
            minutes,
            snapshot,
        })
    }

    /// The latest moment that anything in the frame was measured, on the server's clock.
    fn newest_of(&self, frame: &Frame, times: Times) -> Option<Instant> {
        let readings = frame.numerics.iter().flat_map(|block| &block.readings);
        let waves = frame.waves.iter().filter_map(|block| {
            let slot = find(&self.declared, block.channel)?.slot;
            let ChannelSignal::Wave { rate, .. } = self.metrics.get(usize::from(slot))?.signal else {
                return None;
            };
            let start = times.on_server(block.start);
            Some(rate.instant_of(start, (block.samples.len() as u64).saturating_sub(1)))
        });
        readings
            .map(|reading| times.on_server(reading.at))
            .chain(waves)
            .max()
    }

    /// Keeps of a frame's readings and waves what is newer than anything measured before: the rest is
    /// late, lies where it was measured, and never becomes latest.
    fn move_on(&mut self, pending: &mut Pending) {
        let metrics = &mut self.metrics;
        pending.readings.retain(|(slot, reading)| {
            metrics
                .get_mut(usize::from(*slot))
                .is_some_and(|metric| moves_on(metric, reading.at, reading.at))
        });
        pending.waves.retain(|wave| {
            let last = wave
                .rate
                .instant_of(wave.start, (wave.samples.len() as u64).saturating_sub(1));
            metrics
                .iter_mut()
                .find(|metric| metric.code == wave.metric)
                .is_some_and(|metric| moves_on(metric, wave.start, last))
        });
    }

    /// A stored frame that the snapshot doesn't know of, read back after a restart.
    pub fn replay(
        &mut self,
        epoch: u64,
        seq: u64,
        received: Instant,
        clock_untrusted: bool,
        numerics: Option<&Numerics>,
    ) -> Minutes {
        let mut minutes = Minutes::new();
        let same_epoch = self.run.as_ref().is_some_and(|run| run.epoch == epoch);
        if !same_epoch {
            self.run = Some(Run {
                epoch,
                next: seq,
                stored: seq,
                missing: Vec::new(),
            });
        }
        if let Some(run) = &mut self.run {
            let place = run.place(seq);
            run.take(seq, &place);
            run.stored = run.next;
        }
        self.last_heard = self.last_heard.max(Some(received));
        if let Some(since) = self.last_heard {
            self.connection = Connection::Gone { since };
        }
        let Some(numerics) = numerics else { return minutes };
        if let Some(faults) = &numerics.faults {
            self.faults.clone_from(faults);
        }
        for block in &numerics.blocks {
            let position = self.metrics.iter().position(|metric| metric.code == block.metric);
            let slot = position.unwrap_or_else(|| {
                self.metrics
                    .push(MetricTwin::declared(block.metric, numeric(block.interval_ms)));
                self.metrics.len() - 1
            });
            let Some(metric) = self.metrics.get_mut(slot) else {
                continue;
            };
            for (after, value) in &block.readings {
                let at = numerics.times.on_server(*after);
                let counted = Counted {
                    at,
                    value,
                    interval_ms: block.interval_ms,
                    clock_untrusted,
                };
                minutes.extend(metric.minutes.add(counted).map(|closed| (metric.code, closed)));
                if !clock_untrusted && moves_on(metric, at, at) {
                    metric.show(Reading {
                        at,
                        value: *value,
                        unrecorded: false,
                    });
                    self.newest_measured = self.newest_measured.max(Some(at));
                }
            }
        }
        minutes
    }
}

fn moves_on(metric: &mut MetricTwin, first: Instant, last: Instant) -> bool {
    let newer = metric.newest.is_none_or(|newest| first >= newest);
    if newer {
        metric.newest = Some(last);
    }
    newer
}

fn union(one: Option<Measured>, other: Option<Measured>) -> Option<Measured> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Measured {
            from: one.from.min(other.from),
            until: one.until.max(other.until),
        }),
        (one, other) => one.or(other),
    }
}

fn payload(bytes: Vec<u8>, measured: Measured) -> Payload {
    Payload {
        measured_from: measured.from,
        measured_until: measured.until,
        crc32c: checksum(&bytes),
        bytes,
    }
}

fn gap_of(place: &Place, before: Option<Instant>, measured: Measured) -> Option<GapChange> {
    match *place {
        Place::After { first, last } => Some(GapChange::Opened {
            first,
            last,
            measured_from: before.unwrap_or(measured.from).min(measured.from),
            measured_until: measured.from,
        }),
        Place::Missing { first, last } => Some(GapChange::Filled { first, last }),
        Place::Next | Place::Repeat => None,
    }
}
