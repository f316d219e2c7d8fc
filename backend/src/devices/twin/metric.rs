//! What a twin knows of one metric of its device.

use fleetward_common::{
    access::DataClass,
    devices::{
        ChannelState, Reading, Signal, Value,
        link::{ChannelSignal, RawValue},
    },
    live::ChannelUpdate,
    metric::{FreshnessBudget, Metric, MetricCode},
    time::Instant,
};

use crate::devices::telemetry::rollup::MinuteBook;

#[derive(Debug, Clone)]
pub struct MetricTwin {
    pub code: MetricCode,
    /// Its line in the registry, looked up once.
    pub known: Option<&'static Metric>,
    pub signal: ChannelSignal,
    /// Declared by the last `Hello`; what a device no longer measures isn't shown.
    pub declared: bool,
    /// Measured last, stored or not. What was measured before it is late and never becomes latest.
    pub newest: Option<Instant>,
    /// As people see it.
    pub latest: Option<Reading>,
    /// The last one with a value, while `latest` has none.
    pub last_known: Option<Box<Reading>>,
    pub minutes: MinuteBook,
}

impl MetricTwin {
    pub fn declared(code: MetricCode, signal: ChannelSignal) -> Self {
        Self {
            code,
            known: code.metric(),
            signal,
            declared: true,
            newest: None,
            latest: None,
            last_known: None,
            minutes: MinuteBook::default(),
        }
    }

    pub fn interval_ms(&self) -> u32 {
        match self.signal {
            ChannelSignal::Numeric { interval_ms } => interval_ms,
            ChannelSignal::Wave { rate, .. } => rate.seconds.saturating_mul(1_000) / rate.samples.max(1),
        }
    }

    /// A metric that no registry line explains is stored and never shown; what the device says of
    /// itself is technical.
    pub fn is_clinical(&self) -> bool {
        self.known
            .is_some_and(|metric| metric.class == DataClass::Clinical)
    }

    pub fn show(&mut self, reading: Reading) {
        match reading.value {
            Value::Known(_) => self.last_known = None,
            Value::Absent(_) | Value::Implausible(_) => {
                if let Some(before) = self
                    .latest
                    .filter(|before| matches!(before.value, Value::Known(_)))
                {
                    self.last_known = Some(Box::new(before));
                }
            }
        }
        self.latest = Some(reading);
    }

    pub fn update(&self) -> Option<ChannelUpdate> {
        self.latest.map(|reading| ChannelUpdate {
            metric: self.code,
            interval_ms: self.interval_ms(),
            reading,
        })
    }

    pub fn state(&self) -> ChannelState {
        let signal = match self.signal {
            ChannelSignal::Numeric { interval_ms } => Signal::Numeric {
                budget: FreshnessBudget { interval_ms },
            },
            ChannelSignal::Wave { rate, exponent } => Signal::Wave { rate, exponent },
        };
        ChannelState {
            metric: self.code,
            unit: self.known.map(|metric| metric.unit),
            signal,
            latest: self.latest,
            last_known: self.last_known.as_deref().copied(),
        }
    }
}

/// A value outside the accepted range is kept and never shown as valid.
pub fn judged(known: Option<&'static Metric>, value: RawValue) -> Value {
    match value {
        RawValue::Absent(reason) => Value::Absent(reason),
        RawValue::Known(number) => match known {
            Some(metric) if !metric.accept.contains(number) => Value::Implausible(number),
            _ => Value::Known(number),
        },
    }
}
