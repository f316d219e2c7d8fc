//! The bytes printed in `docs/device-protocol.md` are the bytes of the protocol.

use fleetward_common::{
    devices::link::{
        Channel, ChannelSignal, ClockState, DeviceMessage, Hello, NoValue, RawValue, Refusal, RefusalCode,
        ServerMessage, Welcome, encode,
    },
    metric::codes,
    time::{Instant, SampleRate},
    unit::Unit,
};
use fleetward_device::agent::FrameDraft;

const PAGE: &str = include_str!("../../../docs/device-protocol.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All hexadecimal digits of the page's code blocks, without spaces and line ends.
fn printed() -> String {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    let digits = blocks.filter_map(|block| block.strip_prefix("hex\n"));
    digits
        .map(|block| block.split_whitespace().collect::<String>() + "|")
        .collect()
}

fn assert_printed(what: &str, bytes: &[u8]) {
    let expected = hex(bytes);
    assert!(printed().contains(&expected), "the page lacks {what}: {expected}");
}

fn noon() -> Instant {
    Instant::from_micros(1_764_072_000_000_000)
}

#[test]
fn the_page_shows_a_hello_as_it_is_sent() {
    let hello = DeviceMessage::Hello(Hello {
        protocol: 1,
        serial: "NW-M40-000317".to_owned().try_into().unwrap(),
        software: "4.2.1".to_owned().try_into().unwrap(),
        epoch: 7,
        next_seq: 42,
        device_time: noon(),
        clock: ClockState::Synchronised,
        channels: vec![
            Channel {
                id: 1,
                metric: codes::SPO2,
                unit: Unit::Percent.mdc(),
                signal: ChannelSignal::Numeric { interval_ms: 1_000 },
            },
            Channel {
                id: 20,
                metric: codes::ECG_LEAD_II,
                unit: Unit::Millivolt.mdc(),
                signal: ChannelSignal::Wave {
                    rate: SampleRate::hertz(250),
                    exponent: -3,
                },
            },
        ],
    });
    assert_printed("Hello", &encode(&hello));
}

#[test]
fn the_page_shows_a_frame_with_a_value_a_missing_value_and_three_samples() {
    let draft = FrameDraft::at(noon())
        .with_reading(1, noon(), RawValue::Known("97.0".parse().unwrap()))
        .with_reading(1, noon().shifted(1_000_000), RawValue::Absent(NoValue::SensorOff))
        .with_samples(20, noon(), &[-236, 10, 1_000]);
    assert_printed("Frame", &encode(&DeviceMessage::Frame(draft.numbered(7, 42))));
    let faulty = FrameDraft::at(noon()).with_faults(vec!["F-311".to_owned().try_into().unwrap()]);
    assert_printed(
        "a Frame with faults",
        &encode(&DeviceMessage::Frame(faulty.numbered(7, 43))),
    );
    assert_printed("Bye", &encode(&DeviceMessage::Bye));
}

#[test]
fn the_page_shows_the_servers_answers() {
    let welcome = ServerMessage::Welcome(Welcome {
        server_time: noon(),
        next_seq: 42,
    });
    assert_printed("Welcome", &encode(&welcome));
    assert_printed(
        "Ack",
        &encode(&ServerMessage::Ack {
            epoch: 7,
            through: 42,
        }),
    );
    let refused = ServerMessage::Refused(Refusal {
        seq: Some(43),
        code: RefusalCode::UnknownChannel,
        field: "numerics[0].channel".to_owned(),
    });
    assert_printed("Refused", &encode(&refused));
    assert_printed("SlowDown", &encode(&ServerMessage::SlowDown { pause_ms: 500 }));
}
