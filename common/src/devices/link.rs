//! The device protocol: CBOR messages over one mutual-TLS WebSocket. The only definition of it;
//! `docs/device-protocol.md` tells it to someone who builds a device.
//!
//! A message is a CBOR array `[kind, body]`, a body is an array in field order. Numbers on the wire
//! never change their meaning; new fields go to the end.
//!
//! The promise of this protocol: [`ServerMessage::Ack`] means *stored*. A device may delete its copy
//! of a frame when, and only when, it has heard `Ack` for it or `Refused` about it.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::{
    metric::MetricCode,
    text::{FaultCode, SerialNumber, SoftwareVersion},
    time::{Instant, SampleRate},
    unit::Decimal,
};

pub const PROTOCOL_VERSION: u16 = 1;
/// A larger message is refused and the frame set aside; the line stays open.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
pub const MAX_CHANNELS: usize = 64;
pub const LINK_PATH: &str = "/link/v1";

/// What a device says.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum DeviceMessage {
    /// First on every connection.
    #[n(0)]
    Hello(#[n(0)] Hello),
    #[n(1)]
    Frame(#[n(0)] Frame),
    /// The device closes on purpose; it is gone at once, without waiting for silence.
    #[n(2)]
    Bye,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ServerMessage {
    #[n(0)]
    Welcome(#[n(0)] Welcome),
    /// Every frame of this epoch up to and including `through` is final: stored, or refused before.
    #[n(1)]
    Ack {
        #[n(0)]
        epoch: u64,
        #[n(1)]
        through: u64,
    },
    /// This one frame will never be stored. Final: set it aside and go on.
    #[n(2)]
    Refused(#[n(0)] Refusal),
    /// Send nothing for this long. Frames already on their way are taken.
    #[n(3)]
    SlowDown {
        #[n(0)]
        pause_ms: u32,
    },
    /// The server closes, and says why.
    #[n(4)]
    Bye {
        #[n(0)]
        reason: ByeReason,
    },
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Hello {
    #[n(0)]
    pub protocol: u16,
    /// Must be the one in the client certificate.
    #[n(1)]
    pub serial: SerialNumber,
    #[n(2)]
    pub software: SoftwareVersion,
    /// Names this run of sequence numbers. A device that lost its buffer starts a greater one.
    #[n(3)]
    pub epoch: u64,
    /// The oldest frame the device still holds, or the next it will make.
    #[n(4)]
    pub next_seq: u64,
    #[n(5)]
    pub device_time: Instant,
    #[n(6)]
    pub clock: ClockState,
    #[n(7)]
    pub channels: Vec<Channel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
pub enum ClockState {
    #[n(0)]
    Synchronised,
    /// Runs, but nobody set it lately. Its offset is measured at `Hello`.
    #[n(1)]
    FreeRunning,
    /// The clock battery was dead: times say only how long after each other things happened.
    #[n(2)]
    Lost,
}

/// Declares one channel of this connection. Frames name it by `id`.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
pub struct Channel {
    #[n(0)]
    pub id: u16,
    #[n(1)]
    pub metric: MetricCode,
    /// 11073 dimension code. Must be the metric's own unit, where the metric is known.
    #[n(2)]
    pub unit: u32,
    #[n(3)]
    pub signal: ChannelSignal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub enum ChannelSignal {
    #[n(0)]
    Numeric {
        #[n(0)]
        interval_ms: u32,
    },
    /// A sample's value is `sample × 10^exponent`.
    #[n(1)]
    Wave {
        #[n(0)]
        rate: SampleRate,
        #[n(1)]
        exponent: i8,
    },
}

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Frame {
    #[n(0)]
    pub epoch: u64,
    /// Counts every frame of the epoch, from 0. Order is by this, never by clock.
    #[n(1)]
    pub seq: u64,
    /// Times in the frame are microseconds after this, on the device's clock.
    #[n(2)]
    pub base: Instant,
    #[n(3)]
    pub numerics: Vec<NumericBlock>,
    #[n(4)]
    pub waves: Vec<WaveBlock>,
    /// All faults active now, when they changed since the last frame; an empty list means "none any more".
    #[n(5)]
    pub faults: Option<Vec<FaultCode>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NumericBlock {
    #[n(0)]
    pub channel: u16,
    #[cbor(n(1), decode_with = "decode_readings")]
    pub readings: Vec<RawReading>,
}

/// Reserves at once what the bytes at hand can hold, instead of growing reading by reading.
fn decode_readings<'b, C>(
    d: &mut minicbor::Decoder<'b>,
    context: &mut C,
) -> Result<Vec<RawReading>, minicbor::decode::Error> {
    const SHORTEST: usize = 6;
    let announced = d.probe().array()?.unwrap_or(0);
    let at_hand = d.input().len().saturating_sub(d.position()) / SHORTEST;
    let mut readings = Vec::with_capacity(usize::try_from(announced).unwrap_or(usize::MAX).min(at_hand));
    for reading in d.array_iter_with(context)? {
        readings.push(reading?);
    }
    Ok(readings)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct RawReading {
    /// Microseconds after the frame's base.
    #[n(0)]
    pub at: i64,
    #[n(1)]
    pub value: RawValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum RawValue {
    #[n(0)]
    Known(#[n(0)] Decimal),
    #[n(1)]
    Absent(#[n(0)] NoValue),
}

/// Why there is no value. Never a zero in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NoValue {
    /// An electrode or a probe is off.
    #[n(0)]
    SensorOff,
    /// The sensor is on, but the signal can't be read: motion, artefact, low perfusion.
    #[n(1)]
    Unreadable,
    /// The device measures this, but not now: standby, warming up, between cuffs.
    #[n(2)]
    NotMeasuring,
    /// The device gave a number that it marks as none, e.g. the zero of monitor numerics.
    #[n(3)]
    Disconnected,
}

/// Consecutive samples. Missing samples end the block; the next one starts later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WaveBlock {
    #[n(0)]
    pub channel: u16,
    /// The first sample, in microseconds after the frame's base.
    #[n(1)]
    pub start: i64,
    #[n(2)]
    pub samples: Samples,
}

/// Samples as a CBOR byte string, little endian: bounded to decode, nothing to allocate per sample.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Samples {
    #[n(0)]
    Narrow(#[cbor(n(0), with = "sample_bytes::narrow")] Vec<i16>),
    #[n(1)]
    Wide(#[cbor(n(0), with = "sample_bytes::wide")] Vec<i32>),
}

impl Samples {
    /// Two bytes a sample where they all fit.
    pub fn pack(samples: &[i32]) -> Self {
        let narrow: Result<Vec<i16>, _> = samples.iter().map(|sample| i16::try_from(*sample)).collect();
        narrow.map_or_else(|_| Samples::Wide(samples.to_vec()), Samples::Narrow)
    }

    pub fn len(&self) -> usize {
        match self {
            Samples::Narrow(samples) => samples.len(),
            Samples::Wide(samples) => samples.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        let (narrow, wide): (&[i16], &[i32]) = match self {
            Samples::Narrow(samples) => (samples, &[]),
            Samples::Wide(samples) => (&[], samples),
        };
        narrow
            .iter()
            .map(|sample| i32::from(*sample))
            .chain(wide.iter().copied())
    }
}

mod sample_bytes {
    macro_rules! packed {
        ($name:ident, $int:ty, $width:literal) => {
            pub mod $name {
                use minicbor::{
                    Decoder, Encoder,
                    decode::Error,
                    encode::{self, Write},
                };

                pub fn encode<C, W: Write>(
                    samples: &[$int],
                    e: &mut Encoder<W>,
                    _: &mut C,
                ) -> Result<(), encode::Error<W::Error>> {
                    let bytes: Vec<u8> = samples
                        .iter()
                        .flat_map(|sample| sample.to_le_bytes())
                        .collect();
                    e.bytes(&bytes)?.ok()
                }

                pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<$int>, Error> {
                    let (chunks, rest) = d.bytes()?.as_chunks::<$width>();
                    if !rest.is_empty() {
                        return Err(Error::message("samples end in the middle of one"));
                    }
                    Ok(chunks
                        .iter()
                        .map(|bytes| <$int>::from_le_bytes(*bytes))
                        .collect())
                }
            }
        };
    }
    packed!(narrow, i16, 2);
    packed!(wide, i32, 4);
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    #[n(0)]
    pub server_time: Instant,
    /// The next frame the server wants of the epoch in `Hello`: all before it are final.
    #[n(1)]
    pub next_seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    /// Absent when the message was too broken to tell.
    #[n(0)]
    pub seq: Option<u64>,
    #[n(1)]
    pub code: RefusalCode,
    /// Where it is wrong, e.g. `waves[1].channel`.
    #[n(2)]
    pub field: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    #[n(0)]
    Malformed,
    #[n(1)]
    TooLarge,
    #[n(2)]
    UnknownChannel,
    /// Readings for a wave channel, samples for a numeric one, a unit that isn't the metric's.
    #[n(3)]
    WrongShape,
    #[n(4)]
    OutOfBounds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    #[n(0)]
    Shutdown,
    /// The same device connected again; the newer line wins.
    #[n(1)]
    Superseded,
    #[n(2)]
    WrongSerial,
    #[n(3)]
    CertificateExpired,
    #[n(4)]
    UnknownDevice,
    #[n(5)]
    ProtocolVersion,
    /// Spoke before `Hello`, said `Hello` twice, or its `Hello` made no sense.
    #[n(6)]
    ProtocolError,
}

/// Encodes into a fresh buffer. Writing to memory can't fail, so this can't.
pub fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    match minicbor::encode(message, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// Decodes one whole message; bytes left over are an error.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, minicbor::decode::Error> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let message = decoder.decode()?;
    if decoder.position() != bytes.len() {
        return Err(minicbor::decode::Error::message("bytes after the message"));
    }
    Ok(message)
}
