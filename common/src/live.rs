//! What runs over a browser's one socket, `GET /api/v1/live` (WebSocket).
//!
//! Text messages are JSON: [`ClientMessage`] up, [`LiveMessage`] down. Binary messages down are wave
//! blocks ([`WavePacket`]). A slow tab loses in-between values and old waves, never the newest value.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::{
    alarms::lane::AlarmNews,
    devices::{Connection, Reading},
    error::ErrorBody,
    id::{DeviceId, PatientId, UnitId},
    metric::MetricCode,
    text::FaultCode,
    time::{Instant, SampleRate},
    unit::Decimal,
};

/// What a tab can listen to. As text: `ward/<id>`, `alarms/<id>`, `device/<id>`, `patient/<id>`, `fleet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    Ward(UnitId),
    Device(DeviceId),
    Patient(PatientId),
    /// Technical state of every device in the reader's reach.
    Fleet,
    /// Alarms of a ward: numbered, in order, none left out.
    Alarms(UnitId),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Ward(id) => write!(f, "ward/{id}"),
            Topic::Device(id) => write!(f, "device/{id}"),
            Topic::Patient(id) => write!(f, "patient/{id}"),
            Topic::Fleet => f.write_str("fleet"),
            Topic::Alarms(id) => write!(f, "alarms/{id}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTopic;

impl fmt::Display for BadTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a topic is ward/<id>, alarms/<id>, device/<id>, patient/<id> or fleet")
    }
}

impl std::error::Error for BadTopic {}

impl FromStr for Topic {
    type Err = BadTopic;

    fn from_str(text: &str) -> Result<Self, BadTopic> {
        match text.split_once('/') {
            None if text == "fleet" => Ok(Topic::Fleet),
            Some(("alarms", id)) => id.parse().map(Topic::Alarms).or(Err(BadTopic)),
            Some(("ward", id)) => id.parse().map(Topic::Ward).or(Err(BadTopic)),
            Some(("device", id)) => id.parse().map(Topic::Device).or(Err(BadTopic)),
            Some(("patient", id)) => id.parse().map(Topic::Patient).or(Err(BadTopic)),
            _ => Err(BadTopic),
        }
    }
}

impl TryFrom<String> for Topic {
    type Error = BadTopic;

    fn try_from(text: String) -> Result<Self, BadTopic> {
        text.parse()
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> String {
        topic.to_string()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ClientMessage {
    /// `waves: false` spares a phone the samples.
    Subscribe {
        topic: Topic,
        waves: bool,
        /// Of alarms: the number of the last change that this screen has heard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
    },
    Unsubscribe {
        topic: Topic,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum LiveMessage {
    /// First on every socket, then every 5 s: proof that the line lives, and the time to age values by.
    Tick {
        server_time: Instant,
    },
    Subscribed {
        topic: Topic,
    },
    /// Not visible, or not any more. The same words for hidden and absent.
    Refused {
        topic: Topic,
        error: ErrorBody,
    },
    /// Conflated: the newest of each channel since the last flush.
    Updates {
        updates: Vec<DeviceUpdate>,
    },
    /// Beds, patients or devices of this topic changed: fetch it anew.
    Changed {
        topic: Topic,
    },
    /// What happened to alarms of this topic since the last such message, in order.
    Alarms {
        topic: Topic,
        news: Vec<AlarmNews>,
    },
}

/// What changed at one device. Parts that the reader may not see are not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceUpdate {
    pub device: DeviceId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelUpdate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical: Option<TechnicalUpdate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelUpdate {
    pub metric: MetricCode,
    /// The channel's own interval, for its freshness budget.
    pub interval_ms: u32,
    pub reading: Reading,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TechnicalUpdate {
    pub connection: Connection,
    pub last_seen: Option<Instant>,
    pub battery_percent: Option<Decimal>,
    pub faults: Vec<FaultCode>,
}

/// One block of samples for the sweep, as one binary message:
///
/// | bytes | what |
/// |---|---|
/// | 16 | device id |
/// | 4 | metric code, u32 LE |
/// | 8 | first sample, µs since 1970, i64 LE |
/// | 4 + 4 | rate: samples, seconds, u32 LE |
/// | 1 | exponent, i8 |
/// | 1 | bytes per sample, 2 or 4 |
/// | rest | samples, LE |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WavePacket {
    pub device: DeviceId,
    pub metric: MetricCode,
    pub start: Instant,
    pub rate: SampleRate,
    pub exponent: i8,
    pub samples: Vec<i32>,
}

impl WavePacket {
    const HEADER: usize = 38;

    pub fn encode(&self) -> Vec<u8> {
        let narrow = self.samples.iter().all(|sample| i16::try_from(*sample).is_ok());
        let mut bytes = Vec::with_capacity(Self::HEADER + self.samples.len() * 4);
        bytes.extend_from_slice(self.device.as_bytes());
        bytes.extend_from_slice(&self.metric.0.to_le_bytes());
        bytes.extend_from_slice(&self.start.micros().to_le_bytes());
        bytes.extend_from_slice(&self.rate.samples.to_le_bytes());
        bytes.extend_from_slice(&self.rate.seconds.to_le_bytes());
        bytes.extend_from_slice(&self.exponent.to_le_bytes());
        bytes.push(if narrow { 2 } else { 4 });
        for sample in &self.samples {
            match (narrow, i16::try_from(*sample)) {
                (true, Ok(sample)) => bytes.extend_from_slice(&sample.to_le_bytes()),
                _ => bytes.extend_from_slice(&sample.to_le_bytes()),
            }
        }
        bytes
    }

    /// `None` for anything that is not exactly such a message.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (device, rest) = bytes.split_first_chunk::<16>()?;
        let (metric, rest) = rest.split_first_chunk::<4>()?;
        let (start, rest) = rest.split_first_chunk::<8>()?;
        let (samples, rest) = rest.split_first_chunk::<4>()?;
        let (seconds, rest) = rest.split_first_chunk::<4>()?;
        let (exponent, rest) = rest.split_first_chunk::<1>()?;
        let (width, rest) = rest.split_first_chunk::<1>()?;
        let rate = SampleRate {
            samples: u32::from_le_bytes(*samples),
            seconds: u32::from_le_bytes(*seconds),
        };
        let samples = match width {
            [2] => exact_chunks(rest, |bytes: [u8; 2]| i32::from(i16::from_le_bytes(bytes)))?,
            [4] => exact_chunks(rest, |bytes: [u8; 4]| i32::from_le_bytes(bytes))?,
            _ => return None,
        };
        rate.is_sound().then_some(Self {
            device: DeviceId::from_bytes(*device),
            metric: MetricCode(u32::from_le_bytes(*metric)),
            start: Instant::from_micros(i64::from_le_bytes(*start)),
            rate,
            exponent: i8::from_le_bytes(*exponent),
            samples,
        })
    }
}

fn exact_chunks<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> i32) -> Option<Vec<i32>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    rest.is_empty()
        .then(|| chunks.iter().map(|chunk| read(*chunk)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(samples: Vec<i32>) -> WavePacket {
        WavePacket {
            device: DeviceId::new(Instant::from_millis(1), [9; 10]),
            metric: crate::metric::codes::ECG_LEAD_II,
            start: Instant::from_micros(1_764_000_000_123_456),
            rate: SampleRate::hertz(250),
            exponent: -3,
            samples,
        }
    }

    proptest! {
        #[test]
        fn a_wave_packet_survives_the_socket(samples in proptest::collection::vec(any::<i32>(), 0..80)) {
            let sent = packet(samples);
            prop_assert_eq!(WavePacket::decode(&sent.encode()), Some(sent));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = WavePacket::decode(&bytes);
        }
    }

    #[test]
    fn small_samples_travel_in_two_bytes() {
        assert_eq!(packet(vec![1, -1]).encode().len(), WavePacket::HEADER + 4);
        assert_eq!(packet(vec![1, 70_000]).encode().len(), WavePacket::HEADER + 8);
    }

    #[test]
    fn topics_read_back_as_written_and_nothing_else_does() {
        for topic in [Topic::Fleet, Topic::Ward(UnitId::new(Instant::EPOCH, [1; 10]))] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        assert_eq!("ward/7".parse::<Topic>(), Err(BadTopic));
    }
}
