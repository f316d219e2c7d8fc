//! Clocks lie; both times are kept.

use fleetward_common::{
    devices::{history::GapReason, link::ClockState},
    metric::codes,
};

use super::bedside::{Bedside, HEART_RATE, Measuring, known, of};
use crate::devices::telemetry::{frame_codec::read_numerics, rollup::Closed};

const YEARS: i64 = 20 * 365 * 86_400_000_000;

#[test]
fn both_times_are_kept() {
    let mut bedside = Bedside::empty();
    let ahead = 90_000_000;
    bedside.hello(|hello| {
        hello.device_time = hello.device_time.shifted(ahead);
        hello.clock = ClockState::FreeRunning;
    });
    let mut frame = bedside.frame().with(HEART_RATE, 0, of(72));
    frame.base = frame.base.shifted(ahead);
    let rows = bedside.send(frame).store.unwrap();
    let numerics = rows.numerics.unwrap();
    let stored = read_numerics(&numerics.bytes).unwrap();
    assert_eq!(stored.times.base, bedside.now.shifted(ahead), "the device's");
    assert_eq!(numerics.measured_from, bedside.now, "the server's");
    assert!(!rows.clock_untrusted);
    bedside.stored(1);
    assert_eq!(bedside.latest(codes::HEART_RATE).unwrap().at, bedside.now);
}

#[test]
fn readings_of_a_clock_that_is_years_off_are_stored_marked_and_never_the_latest() {
    for years in [-YEARS, YEARS] {
        let mut bedside = Bedside::empty();
        bedside.hello(|hello| hello.device_time = hello.device_time.shifted(years));
        let mut frame = bedside.frame().with(HEART_RATE, 0, of(72));
        frame.base = frame.base.shifted(years);
        let rows = bedside.send(frame).store.unwrap();
        assert!(rows.clock_untrusted);
        assert_eq!(
            rows.numerics.unwrap().measured_from,
            bedside.now,
            "mapped by the offset of Hello"
        );
        assert!(bedside.stored(1).publication.is_empty());
        assert_eq!(bedside.latest(codes::HEART_RATE), None);
        let technical = bedside.twin.view().technical;
        assert_eq!(
            (technical.clock_offset_ms, technical.clock_trusted),
            (Some(years / 1_000), false)
        );
    }
}

#[test]
fn a_dead_clock_battery_loses_nothing() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| hello.clock = ClockState::Lost);
    let rows = bedside.measure(HEART_RATE, of(72)).store.unwrap();
    assert!(rows.clock_untrusted && rows.numerics.is_some());
}

#[test]
fn a_clock_that_is_set_right_is_trusted_from_its_next_hello_on() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| hello.device_time = hello.device_time.shifted(-YEARS));
    bedside.wait(60.0);
    bedside.hello(|_| {});
    bedside.see(HEART_RATE, of(72));
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
}

#[test]
fn a_reading_from_tomorrow_does_not_hide_those_of_today() {
    let mut bedside = Bedside::connected();
    let mut jumped = bedside.frame().with(HEART_RATE, 0, of(50));
    jumped.base = jumped.base.shifted(86_400_000_000);
    assert!(bedside.send(jumped).store.unwrap().clock_untrusted);
    bedside.stored(1);
    bedside.see(HEART_RATE, of(72));
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
}

#[test]
fn when_the_servers_clock_jumps_back_a_day_readings_are_marked_and_kept_in_order() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let device_now = bedside.now;
    bedside.now = bedside.now.shifted(-86_400_000_000);
    let mut frame = bedside.frame().with(HEART_RATE, 0, of(73));
    frame.base = device_now.shifted(1_000_000);
    let rows = bedside.send(frame).store.unwrap();
    assert_eq!((rows.seq, rows.clock_untrusted), (1, true));
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
}

#[test]
fn what_a_wrong_clock_measured_is_in_no_least_and_no_greatest() {
    let mut bedside = Bedside::empty();
    bedside.hello(|hello| hello.clock = ClockState::Lost);
    bedside.measure(HEART_RATE, of(30));
    let closed = bedside.wait(61.0).measure(HEART_RATE, of(30)).store.unwrap();
    let [(_, Closed::Whole(minute))] = closed.minutes.as_slice() else {
        panic!("{:?}", closed.minutes)
    };
    assert_eq!((minute.readings, minute.absent), (0, 1));
    assert_eq!(minute.absent_for, Some(GapReason::ClockUntrusted));
}
