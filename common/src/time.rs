//! Instants and spans: UTC microseconds, because a 1 kHz waveform needs them and an `i64` holds them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// A moment, in microseconds since 1970-01-01T00:00:00Z. On the wire and in the database: that number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instant(#[n(0)] i64);

impl Instant {
    pub const EPOCH: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Time from `earlier` to `self`; nothing when `earlier` is the later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Signed microseconds from `earlier` to `self`: clock offsets and drifts.
    pub const fn offset_from(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    pub const fn shifted(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The start of the minute this moment lies in.
    pub const fn minute(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(60_000_000)))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

/// A half-open span `[from, until)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    pub from: Instant,
    pub until: Instant,
}

impl Span {
    pub fn contains(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }

    /// The part both spans cover, if any.
    pub fn intersect(&self, other: &Span) -> Option<Span> {
        let from = self.from.max(other.from);
        let until = self.until.min(other.until);
        (from < until).then_some(Span { from, until })
    }

    pub fn length(&self) -> Duration {
        self.until.since(self.from)
    }
}

/// Samples per second as an exact ratio: 360 Hz is 360/1, 116.99 Hz is 11699/100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleRate {
    #[n(0)]
    pub samples: u32,
    #[n(1)]
    pub seconds: u32,
}

impl SampleRate {
    pub const fn hertz(samples: u32) -> Self {
        Self { samples, seconds: 1 }
    }

    /// Neither part zero, and at most 100 kHz: anything else is a mistake, not a signal.
    pub fn is_sound(&self) -> bool {
        self.samples > 0 && self.seconds > 0 && u64::from(self.samples) <= 100_000 * u64::from(self.seconds)
    }

    /// When sample number `index` of a block starting at `start` was taken, rounded to the microsecond.
    pub fn instant_of(&self, start: Instant, index: u64) -> Instant {
        let micros = i128::from(index) * i128::from(self.seconds) * 1_000_000;
        let half = i128::from(self.samples) / 2;
        let offset = (micros + half) / i128::from(self.samples.max(1));
        start.shifted(i64::try_from(offset).unwrap_or(i64::MAX))
    }

    pub fn length_of(&self, count: u64) -> Duration {
        self.instant_of(Instant::EPOCH, count).since(Instant::EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_116_99_hertz_keeps_exact_time_over_a_day() {
        let rate = SampleRate {
            samples: 11_699,
            seconds: 100,
        };
        let day = 11_699 * 864;
        assert_eq!(rate.length_of(day), Duration::from_secs(86_400));
    }

    #[test]
    fn samples_before_1970_lie_in_their_own_minute() {
        assert_eq!(Instant::from_millis(-1).minute(), Instant::from_millis(-60_000));
        assert_eq!(
            Instant::from_millis(61_000).minute(),
            Instant::from_millis(60_000)
        );
    }

    #[test]
    fn spans_that_only_touch_share_nothing() {
        let span = |from, until| Span {
            from: Instant::from_micros(from),
            until: Instant::from_micros(until),
        };
        assert_eq!(span(0, 10).intersect(&span(10, 20)), None);
        assert_eq!(span(0, 10).intersect(&span(5, 20)), Some(span(5, 10)));
    }
}
