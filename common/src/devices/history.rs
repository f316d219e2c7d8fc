//! What was measured before: `GET /api/v1/devices/{id}/history?metric=&from=&until=&max_points=`.

use serde::{Deserialize, Serialize};

use super::Value;
use crate::{
    devices::link::NoValue,
    metric::MetricCode,
    time::{Instant, SampleRate, Span},
    unit::{Decimal, Unit},
};

/// Values of one channel in one span. What was measured outside the reader's reach is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    pub metric: MetricCode,
    pub unit: Option<Unit>,
    pub span: Span,
    pub series: Series,
    /// Where nothing was measured, or nothing can be shown, and why. A chart never bridges these.
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Series {
    /// Every reading as it was sent.
    Readings(Vec<Point>),
    /// Every sample as it was sent: value = sample × 10^exponent.
    Samples(Vec<Block>),
    /// Least and greatest per bucket, so that a spike stays visible. Empty buckets are left out, and so
    /// is what a clock measured that nobody trusts.
    Decimated(Vec<Extremes>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    pub at: Instant,
    #[serde(flatten)]
    pub value: Value,
    /// The device's clock could not be trusted; `at` is our best mapping of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clock_untrusted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    pub start: Instant,
    pub rate: SampleRate,
    pub exponent: i8,
    pub samples: Vec<i32>,
    /// As of a [`Point`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clock_untrusted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Extremes {
    /// Start of the bucket.
    pub at: Instant,
    pub min: Decimal,
    pub max: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    pub span: Span,
    pub reason: GapReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GapReason {
    /// Nothing arrived, or there were several reasons too short to tell apart.
    NoData,
    /// The device said that frames were dropped from its buffer.
    FramesLost,
    /// The device said why there was no value.
    Absent(NoValue),
    /// What was measured can't be true.
    Implausible,
    /// Values came, but when they were measured is not known well enough to draw them.
    ClockUntrusted,
}
