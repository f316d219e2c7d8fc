//! Declaring channels, and filling frames.

use fleetward_common::{
    devices::link::{Channel, ChannelSignal, NoValue, RawValue},
    metric::MetricCode,
    time::{Instant, SampleRate},
    unit::Decimal,
};
use std::time::Duration;

use crate::agent::FrameDraft;

/// A reading before it is in a frame: channel, moment, value.
pub(super) type Read = (u16, Instant, RawValue);

/// History packs this many readings into a frame; about 26 KiB.
const READINGS_PER_FRAME: usize = 2_000;

pub(super) fn numeric(id: u16, metric: MetricCode, interval: Duration) -> Channel {
    let interval_ms = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX);
    declared(id, metric, ChannelSignal::Numeric { interval_ms })
}

pub(super) fn wave(id: u16, metric: MetricCode, rate: SampleRate, exponent: i8) -> Channel {
    declared(id, metric, ChannelSignal::Wave { rate, exponent })
}

fn declared(id: u16, metric: MetricCode, signal: ChannelSignal) -> Channel {
    Channel {
        id,
        metric,
        unit: metric.metric().map_or(0, |metric| metric.unit.mdc()),
        signal,
    }
}

/// `value` with so many decimals.
pub(super) fn known(value: f64, decimals: u8) -> RawValue {
    Decimal::rounded(value, decimals).map_or(RawValue::Absent(NoValue::Unreadable), RawValue::Known)
}

/// All readings of one moment in one frame each would be many frames: those measured within
/// the same second share one.
pub(super) fn by_second(readings: impl IntoIterator<Item = Read>) -> Vec<FrameDraft> {
    let mut frames: Vec<FrameDraft> = Vec::new();
    for (channel, at, value) in readings {
        match frames.last_mut() {
            Some(last) if last.base.millis().div_euclid(1_000) == at.millis().div_euclid(1_000) => {
                last.add_reading(channel, at, value);
            }
            _ => frames.push(FrameDraft::at(at).with_reading(channel, at, value)),
        }
    }
    frames
}

/// As few frames as may be, for history.
pub(super) fn packed(readings: impl IntoIterator<Item = Read>) -> Vec<FrameDraft> {
    let mut frames: Vec<(usize, FrameDraft)> = Vec::new();
    for (channel, at, value) in readings {
        match frames.last_mut() {
            Some((count, frame)) if *count < READINGS_PER_FRAME => {
                frame.add_reading(channel, at, value);
                *count += 1;
            }
            _ => frames.push((1, FrameDraft::at(at).with_reading(channel, at, value))),
        }
    }
    frames.into_iter().map(|(_, frame)| frame).collect()
}
