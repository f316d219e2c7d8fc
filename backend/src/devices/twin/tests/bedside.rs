//! A monitor at a bed, and the clock on the wall.

use std::time::Duration;

use fleetward_common::{
    devices::{
        ChannelState, Reading, Value,
        link::{
            Channel, ChannelSignal, ClockState, Frame, Hello, NoValue, NumericBlock, PROTOCOL_VERSION,
            RawReading, RawValue, Refusal, Samples, ServerMessage, WaveBlock,
        },
    },
    id::DeviceId,
    metric::{MetricCode, codes},
    time::{Instant, SampleRate},
    unit::Decimal,
};

use crate::devices::twin::{
    TwinState,
    event::{Effects, Event},
};

pub const EIGHT_O_CLOCK: Instant = Instant::from_millis(1_764_057_600_000);

pub const HEART_RATE: u16 = 0;
pub const SPO2: u16 = 1;
pub const ECG: u16 = 2;
pub const BATTERY: u16 = 3;
pub const NIBP: u16 = 4;
/// A metric that no registry line explains.
pub const UNKNOWN: u16 = 5;
pub const UNKNOWN_METRIC: MetricCode = MetricCode(4_711);

pub fn numeric(id: u16, metric: MetricCode, interval_ms: u32) -> Channel {
    Channel {
        id,
        metric,
        unit: metric.metric().map_or(262_656, |metric| metric.unit.mdc()),
        signal: ChannelSignal::Numeric { interval_ms },
    }
}

pub fn wave(id: u16, metric: MetricCode) -> Channel {
    Channel {
        id,
        metric,
        unit: metric.metric().unwrap().unit.mdc(),
        signal: ChannelSignal::Wave {
            rate: SampleRate::hertz(250),
            exponent: -3,
        },
    }
}

pub fn monitor() -> Vec<Channel> {
    vec![
        numeric(HEART_RATE, codes::HEART_RATE, 1_000),
        numeric(SPO2, codes::SPO2, 1_000),
        wave(ECG, codes::ECG_LEAD_II),
        numeric(BATTERY, codes::BATTERY_CHARGE, 60_000),
        numeric(NIBP, codes::NIBP_SYSTOLIC, 300_000),
        numeric(UNKNOWN, UNKNOWN_METRIC, 1_000),
    ]
}

/// The twin, the time, and the next sequence number of its device.
pub struct Bedside {
    pub twin: TwinState,
    pub now: Instant,
    pub seq: u64,
}

impl Bedside {
    /// Nobody has connected yet.
    pub fn empty() -> Self {
        Self {
            twin: TwinState::never_seen(DeviceId::new(EIGHT_O_CLOCK, [7; 10])),
            now: EIGHT_O_CLOCK,
            seq: 0,
        }
    }

    pub fn connected() -> Self {
        let mut bedside = Self::empty();
        bedside.hello(|_| {});
        bedside
    }

    pub fn wait(&mut self, seconds: f64) -> &mut Self {
        self.now = self.now + Duration::from_secs_f64(seconds);
        self
    }

    pub fn apply(&mut self, event: Event) -> Effects {
        self.twin.apply(event, self.now)
    }

    pub fn hello(&mut self, change: impl FnOnce(&mut Hello)) -> Effects {
        self.hello_stored(None, change)
    }

    pub fn hello_stored(&mut self, stored: Option<u64>, change: impl FnOnce(&mut Hello)) -> Effects {
        let mut hello = Hello {
            protocol: PROTOCOL_VERSION,
            serial: "NW-M40-000317".to_owned().try_into().unwrap(),
            software: "4.2.1".to_owned().try_into().unwrap(),
            epoch: 1,
            next_seq: self.seq,
            device_time: self.now,
            clock: ClockState::Synchronised,
            channels: monitor(),
        };
        change(&mut hello);
        self.apply(Event::Connected {
            hello: Box::new(hello),
            stored,
        })
    }

    /// An empty frame that was measured now and has the next number.
    pub fn frame(&mut self) -> Frame {
        let seq = self.seq;
        self.seq += 1;
        Frame {
            epoch: 1,
            seq,
            base: self.now,
            numerics: Vec::new(),
            waves: Vec::new(),
            faults: None,
        }
    }

    pub fn send(&mut self, frame: Frame) -> Effects {
        self.apply(Event::Frame(frame))
    }

    /// One reading, measured now.
    pub fn measure(&mut self, channel: u16, value: RawValue) -> Effects {
        let frame = self.frame().with(channel, 0, value);
        self.send(frame)
    }

    pub fn stored(&mut self, frames: usize) -> Effects {
        self.apply(Event::Stored { frames })
    }

    /// Measured, stored and so seen.
    pub fn see(&mut self, channel: u16, value: RawValue) -> Effects {
        self.measure(channel, value);
        self.stored(1)
    }

    pub fn channel(&self, metric: MetricCode) -> Option<ChannelState> {
        self.twin
            .view()
            .channels
            .into_iter()
            .find(|channel| channel.metric == metric)
    }

    pub fn latest(&self, metric: MetricCode) -> Option<Reading> {
        self.channel(metric).and_then(|channel| channel.latest)
    }

    pub fn shown(&self, metric: MetricCode) -> Option<Value> {
        self.latest(metric).map(|reading| reading.value)
    }
}

pub trait Measuring {
    fn with(self, channel: u16, after_seconds: i64, value: RawValue) -> Self;
    fn with_wave(self, channel: u16, samples: Vec<i16>) -> Self;
}

impl Measuring for Frame {
    fn with(mut self, channel: u16, after_seconds: i64, value: RawValue) -> Self {
        let at = after_seconds * 1_000_000;
        self.numerics.push(NumericBlock {
            channel,
            readings: vec![RawReading { at, value }],
        });
        self
    }

    fn with_wave(mut self, channel: u16, samples: Vec<i16>) -> Self {
        self.waves.push(WaveBlock {
            channel,
            start: 0,
            samples: Samples::Narrow(samples),
        });
        self
    }
}

pub fn of(value: i64) -> RawValue {
    RawValue::Known(Decimal::whole(value))
}

pub fn off() -> RawValue {
    RawValue::Absent(NoValue::SensorOff)
}

pub fn known(value: i64) -> Option<Value> {
    Some(Value::Known(Decimal::whole(value)))
}

pub fn ack(through: u64) -> Vec<ServerMessage> {
    vec![ServerMessage::Ack { epoch: 1, through }]
}

pub fn refusal(effects: &Effects) -> &Refusal {
    match effects.replies.as_slice() {
        [ServerMessage::Refused(refusal)] => refusal,
        other => panic!("{other:?}"),
    }
}

pub fn next_wanted(effects: &Effects) -> u64 {
    match effects.replies.as_slice() {
        [ServerMessage::Welcome(welcome)] => welcome.next_seq,
        other => panic!("{other:?}"),
    }
}
