//! What is refused, with its field; and what is odd and stored all the same.

use fleetward_common::{
    devices::{
        Value,
        link::{ChannelSignal, Frame, RawReading, RefusalCode},
    },
    metric::{MetricCode, codes},
    time::SampleRate,
    unit::Decimal,
};

use super::bedside::{
    Bedside, ECG, HEART_RATE, Measuring, SPO2, UNKNOWN, UNKNOWN_METRIC, ack, known, numeric, of, refusal,
    wave,
};
use crate::devices::{
    telemetry::frame_codec::read_numerics,
    twin::event::{Event, GapChange},
};

/// Refused with this code and field, not stored, and the next frame is taken.
fn is_refused(spoil: impl FnOnce(&mut Frame), code: RefusalCode, field: &str) {
    let mut bedside = Bedside::connected();
    let mut frame = bedside
        .frame()
        .with(HEART_RATE, 0, of(72))
        .with_wave(ECG, vec![1, 2]);
    spoil(&mut frame);
    let effects = bedside.send(frame);
    let refused = refusal(&effects);
    assert_eq!(
        (refused.seq, refused.code, refused.field.as_str()),
        (Some(0), code, field)
    );
    assert!(effects.store.is_none());
    let rows = bedside.measure(HEART_RATE, of(73)).store.unwrap();
    assert_eq!((rows.seq, rows.gap), (1, None));
}

#[test]
fn a_channel_that_was_not_declared() {
    is_refused(
        |frame| frame.numerics[0].channel = 99,
        RefusalCode::UnknownChannel,
        "numerics[0].channel",
    );
    is_refused(
        |frame| frame.waves[0].channel = 99,
        RefusalCode::UnknownChannel,
        "waves[0].channel",
    );
}

#[test]
fn readings_on_a_wave_channel_and_samples_on_a_numeric_one() {
    is_refused(
        |frame| frame.numerics[0].channel = ECG,
        RefusalCode::WrongShape,
        "numerics[0].channel",
    );
    is_refused(
        |frame| frame.waves[0].channel = SPO2,
        RefusalCode::WrongShape,
        "waves[0].channel",
    );
}

#[test]
fn an_exponent_that_is_no_measurement() {
    let absurd = RawReading {
        at: 0,
        value: fleetward_common::devices::link::RawValue::Known(Decimal::new(1, 40)),
    };
    is_refused(
        |frame| frame.numerics[0].readings.push(absurd),
        RefusalCode::OutOfBounds,
        "numerics[0].readings[1].value.exponent",
    );
}

#[test]
fn a_time_centuries_away_from_its_frame() {
    is_refused(
        |frame| frame.numerics[0].readings[0].at = i64::MAX,
        RefusalCode::OutOfBounds,
        "numerics[0].readings[0].at",
    );
    is_refused(
        |frame| frame.waves[0].start = i64::MIN,
        RefusalCode::OutOfBounds,
        "waves[0].start",
    );
}

#[test]
fn a_unit_that_is_not_the_metrics() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| hello.channels[0].unit = 262_688);
    let effects = bedside.measure(HEART_RATE, of(72));
    let refused = refusal(&effects);
    assert_eq!(
        (refused.code, refused.field.as_str()),
        (RefusalCode::WrongShape, "numerics[0].channel.unit")
    );
}

#[test]
fn a_sample_rate_of_nothing() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| {
        hello.channels[2].signal = ChannelSignal::Wave {
            rate: SampleRate {
                samples: 0,
                seconds: 1,
            },
            exponent: 0,
        };
    });
    let frame = bedside.frame().with_wave(ECG, vec![1]);
    let effects = bedside.send(frame);
    let refused = refusal(&effects);
    assert_eq!(
        (refused.code, refused.field.as_str()),
        (RefusalCode::OutOfBounds, "waves[0].channel.rate")
    );
}

#[test]
fn a_refused_frame_leaves_its_number_as_a_gap_so_that_nobody_waits_for_it() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let effects = bedside.measure(99, of(72));
    let (epoch, gap) = effects.save.unwrap().gap.unwrap();
    assert!(matches!(
        (epoch, gap),
        (
            1,
            GapChange::Opened {
                first: 1,
                last: 1,
                ..
            }
        )
    ));
    bedside.measure(HEART_RATE, of(73));
    assert_eq!(bedside.stored(1).replies, ack(2));
}

#[test]
fn a_refused_frame_that_comes_again_is_final() {
    let mut bedside = Bedside::connected();
    bedside.measure(99, of(72));
    bedside.seq = 0;
    assert_eq!(bedside.measure(99, of(72)).replies, ack(0));
}

#[test]
fn a_heart_rate_of_4000_is_stored_marked_and_never_shown_as_valid() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    bedside.wait(1.0);
    let rows = bedside.measure(HEART_RATE, of(4_000)).store.unwrap();
    let stored = read_numerics(&rows.numerics.unwrap().bytes).unwrap();
    let marked = Value::Implausible(Decimal::whole(4_000));
    assert_eq!(stored.blocks[0].readings[0].1, marked);
    bedside.stored(1);
    assert_eq!(bedside.shown(codes::HEART_RATE), Some(marked));
    let last_known = bedside.channel(codes::HEART_RATE).unwrap().last_known.unwrap();
    assert_eq!(Some(last_known.value), known(72));
}

#[test]
fn a_metric_that_nobody_knows_is_stored_listed_and_not_shown() {
    let mut bedside = Bedside::empty();
    let welcome = bedside.hello(|_| {});
    assert_eq!(welcome.save.unwrap().unknown, [(UNKNOWN_METRIC, 262_656)]);
    let rows = bedside.measure(UNKNOWN, of(5)).store.unwrap();
    let stored = read_numerics(&rows.numerics.unwrap().bytes).unwrap();
    assert_eq!(stored.blocks[0].metric, UNKNOWN_METRIC);
    let seen = bedside.stored(1);
    assert!(seen.publication.clinical.is_empty());
    assert_eq!(bedside.channel(UNKNOWN_METRIC), None);
}

#[test]
fn a_metrics_old_name_is_stored_under_the_one_name() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| hello.channels = vec![numeric(0, MetricCode(151_570), 1_000)]);
    // The alias has no registry line of its own, so the unit is the one of the metric it means.
    bedside.hello(|hello| {
        let mut airway = numeric(0, codes::RESPIRATION_RATE, 1_000);
        airway.metric = MetricCode(151_570);
        hello.channels = vec![airway];
    });
    bedside.see(0, of(14));
    assert_eq!(bedside.shown(codes::RESPIRATION_RATE), known(14));
}

#[test]
fn channels_may_be_declared_in_any_order() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| {
        hello.channels = vec![wave(7, codes::PLETH), numeric(3, codes::SPO2, 1_000)];
    });
    bedside.see(3, of(97));
    assert_eq!(bedside.shown(codes::SPO2), known(97));
}

#[test]
fn a_channel_that_is_no_longer_declared_is_no_longer_shown() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    bedside.hello(|hello| hello.channels.retain(|channel| channel.id == SPO2));
    assert_eq!(bedside.channel(codes::HEART_RATE), None);
    assert!(bedside.apply(Event::Tick).replies.is_empty());
}
