//! The decoder of the device link meets everything a broken or hostile device can send.
//!
//! `FUZZ_CASES` sets how many mutated messages are tried (default 2,000,000); `FUZZ_SEED` repeats a run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what surrounds a test may panic as the test does"
)]

use std::ops::RangeInclusive;

use fleetward_common::{
    devices::link::{
        ByeReason, Channel, ChannelSignal, ClockState, DeviceMessage, Frame, Hello, NoValue, NumericBlock,
        RawReading, RawValue, Refusal, RefusalCode, Samples, ServerMessage, WaveBlock, Welcome, decode,
        encode,
    },
    metric::codes,
    text::{FaultCode, SerialNumber, SoftwareVersion},
    time::{Instant, SampleRate},
    unit::{Decimal, Unit},
};
use proptest::{collection::vec, option, prelude::*};

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), -9i8..=6).prop_map(|(mantissa, exponent)| Decimal::new(mantissa, exponent))
}

fn raw_value() -> impl Strategy<Value = RawValue> {
    prop_oneof![
        decimal().prop_map(RawValue::Known),
        prop_oneof![
            Just(NoValue::SensorOff),
            Just(NoValue::Unreadable),
            Just(NoValue::NotMeasuring),
            Just(NoValue::Disconnected)
        ]
        .prop_map(RawValue::Absent),
    ]
}

fn numeric_block() -> impl Strategy<Value = NumericBlock> {
    let reading = (any::<i64>(), raw_value()).prop_map(|(at, value)| RawReading { at, value });
    (any::<u16>(), vec(reading, 0..8)).prop_map(|(channel, readings)| NumericBlock { channel, readings })
}

fn wave_block() -> impl Strategy<Value = WaveBlock> {
    let samples = prop_oneof![
        vec(any::<i16>(), 0..64).prop_map(Samples::Narrow),
        vec(any::<i32>(), 0..64).prop_map(Samples::Wide),
    ];
    (any::<u16>(), any::<i64>(), samples).prop_map(|(channel, start, samples)| WaveBlock {
        channel,
        start,
        samples,
    })
}

fn frame() -> impl Strategy<Value = Frame> {
    let fault = "[A-Z]-[0-9]{1,4}".prop_map(|text| FaultCode::parse(&text).unwrap());
    (
        any::<u64>(),
        any::<u64>(),
        any::<i64>().prop_map(Instant::from_micros),
        vec(numeric_block(), 0..4),
        vec(wave_block(), 0..3),
        option::of(vec(fault, 0..3)),
    )
        .prop_map(|(epoch, seq, base, numerics, waves, faults)| Frame {
            epoch,
            seq,
            base,
            numerics,
            waves,
            faults,
        })
}

fn hello() -> Hello {
    Hello {
        protocol: 1,
        serial: SerialNumber::parse("NW-M40-000317").unwrap(),
        software: SoftwareVersion::parse("4.2.1").unwrap(),
        epoch: 3,
        next_seq: 41,
        device_time: Instant::from_millis(1_764_000_000_000),
        clock: ClockState::FreeRunning,
        channels: vec![
            Channel {
                id: 0,
                metric: codes::HEART_RATE,
                unit: Unit::BeatPerMinute.mdc(),
                signal: ChannelSignal::Numeric { interval_ms: 1_000 },
            },
            Channel {
                id: 1,
                metric: codes::ECG_LEAD_II,
                unit: Unit::Millivolt.mdc(),
                signal: ChannelSignal::Wave {
                    rate: SampleRate::hertz(250),
                    exponent: -3,
                },
            },
        ],
    }
}

proptest! {
    #[test]
    fn every_frame_is_read_back_as_it_was_sent(frame in frame()) {
        let message = DeviceMessage::Frame(frame);
        prop_assert_eq!(decode::<DeviceMessage>(&encode(&message)).unwrap(), message);
    }

    #[test]
    fn a_frame_cut_short_anywhere_is_refused(frame in frame(), cut in any::<prop::sample::Index>()) {
        let bytes = encode(&DeviceMessage::Frame(frame));
        let cut = cut.index(bytes.len());
        prop_assert!(decode::<DeviceMessage>(&bytes[..cut]).is_err());
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..512)) {
        let _ = decode::<DeviceMessage>(&bytes);
        let _ = decode::<ServerMessage>(&bytes);
    }
}

#[test]
fn the_other_messages_are_read_back_as_they_were_sent() {
    for message in [DeviceMessage::Hello(hello()), DeviceMessage::Bye] {
        assert_eq!(decode::<DeviceMessage>(&encode(&message)).unwrap(), message);
    }
    for message in [
        ServerMessage::Welcome(Welcome {
            server_time: Instant::from_micros(7),
            next_seq: 41,
        }),
        ServerMessage::Ack {
            epoch: 3,
            through: 44,
        },
        ServerMessage::Refused(Refusal {
            seq: Some(4),
            code: RefusalCode::UnknownChannel,
            field: "waves[1].channel".into(),
        }),
        ServerMessage::SlowDown { pause_ms: 250 },
        ServerMessage::Bye {
            reason: ByeReason::Superseded,
        },
    ] {
        assert_eq!(decode::<ServerMessage>(&encode(&message)).unwrap(), message);
    }
}

#[test]
fn bytes_after_a_message_are_an_error() {
    let mut bytes = encode(&DeviceMessage::Bye);
    bytes.push(0);
    assert!(decode::<DeviceMessage>(&bytes).is_err());
}

#[test]
fn an_array_that_claims_four_billion_channels_costs_nothing() {
    let mut bytes = encode(&DeviceMessage::Hello(hello()));
    let channels = bytes.iter().rposition(|byte| *byte == 0x82).unwrap();
    bytes.splice(channels..=channels, [0x9b, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(decode::<DeviceMessage>(&bytes).is_err());
}

#[test]
fn a_hello_with_an_empty_serial_is_refused() {
    let mut bytes = encode(&DeviceMessage::Hello(hello()));
    let serial = bytes
        .windows(13)
        .position(|window| window == b"NW-M40-000317")
        .unwrap();
    bytes.splice(serial - 1..serial + 13, [0x60]);
    assert!(decode::<DeviceMessage>(&bytes).is_err());
}

/// Small, seeded, the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn within(&mut self, range: RangeInclusive<usize>) -> usize {
        let width = (range.end() - range.start() + 1) as u64;
        range.start() + usize::try_from(self.next() % width).unwrap()
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.within(1..=4) {
            let at = self.within(0..=bytes.len().saturating_sub(1));
            match self.next() % 5 {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << (self.next() % 8),
                1 if !bytes.is_empty() => {
                    bytes[at] = [0x00, 0x1b, 0x3b, 0x5b, 0x7b, 0x9b, 0xbb, 0xff][self.within(0..=7)]
                }
                2 => bytes.truncate(at),
                3 => bytes.insert(at.min(bytes.len()), self.next() as u8),
                _ => {
                    let piece = bytes[at.min(bytes.len())..].to_vec();
                    bytes.extend_from_slice(&piece);
                }
            }
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn mutated_messages_are_read_or_refused_and_never_panic() {
    let mut chance = Chance(number("FUZZ_SEED", 0x5eed_f1ee_7a4d));
    let wave = WaveBlock {
        channel: 1,
        start: 0,
        samples: Samples::pack(&[1, -2, 70_000]),
    };
    let numeric = NumericBlock {
        channel: 0,
        readings: vec![
            RawReading {
                at: 0,
                value: RawValue::Known("97.0".parse().unwrap()),
            },
            RawReading {
                at: 1_000_000,
                value: RawValue::Absent(NoValue::SensorOff),
            },
        ],
    };
    let frame = Frame {
        epoch: 1,
        seq: 2,
        base: Instant::from_millis(1_764_000_000_000),
        numerics: vec![numeric],
        waves: vec![wave],
        faults: Some(vec![FaultCode::parse("F-311").unwrap()]),
    };
    let seeds = [
        encode(&DeviceMessage::Frame(frame)),
        encode(&DeviceMessage::Hello(hello())),
    ];
    let (mut read, mut refused) = (0u64, 0u64);
    for round in 0..number("FUZZ_CASES", 2_000_000) {
        let mut bytes = seeds[(round % 2) as usize].clone();
        chance.mutate(&mut bytes);
        match decode::<DeviceMessage>(&bytes) {
            // What was read must be something that can be sent: the decoder invents nothing.
            Ok(message) => {
                let again = decode::<DeviceMessage>(&encode(&message)).unwrap();
                assert_eq!(again, message);
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{read} mutated messages were read, {refused} refused");
    assert!(read > 0 && refused > 0);
}
