//! Data that comes late lies where it was measured.

use fleetward_common::metric::codes;

use super::bedside::{Bedside, ECG, HEART_RATE, Measuring, SPO2, known, of};
use crate::devices::telemetry::rollup::Closed;

#[test]
fn late_data_is_stored_and_never_becomes_the_latest() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let mut late = bedside.frame().with(HEART_RATE, 0, of(140));
    late.base = late.base.shifted(-3_600_000_000);
    let rows = bedside.send(late).store.unwrap();
    assert_eq!(
        rows.numerics.unwrap().measured_from,
        bedside.now.shifted(-3_600_000_000)
    );
    assert!(bedside.stored(1).publication.is_empty());
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
}

#[test]
fn late_data_of_one_channel_says_nothing_about_another() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let mut old = bedside.frame().with(SPO2, 0, of(95));
    old.base = old.base.shifted(-60_000_000);
    bedside.send(old);
    bedside.stored(1);
    assert_eq!(bedside.shown(codes::SPO2), known(95));
}

#[test]
fn a_frame_with_old_and_new_readings_shows_the_newest_of_them() {
    let mut bedside = Bedside::connected();
    let frame = bedside
        .frame()
        .with(HEART_RATE, 0, of(80))
        .with(HEART_RATE, -5, of(60));
    bedside.send(frame);
    bedside.stored(1);
    assert_eq!(bedside.shown(codes::HEART_RATE), known(80));
}

#[test]
fn a_late_wave_is_stored_and_not_drawn() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame().with_wave(ECG, vec![1; 62]);
    bedside.send(frame);
    bedside.stored(1);
    let mut late = bedside.frame().with_wave(ECG, vec![2; 62]);
    late.base = late.base.shifted(-10_000_000);
    assert!(bedside.send(late).store.unwrap().waves.is_some());
    assert!(bedside.stored(1).publication.waves.is_empty());
}

#[test]
fn a_minute_that_late_data_falls_into_is_rewritten_from_rows() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    bedside.wait(120.0).see(HEART_RATE, of(73));
    let mut late = bedside.frame().with(HEART_RATE, 0, of(99));
    late.base = late.base.shifted(-110_000_000);
    let late_minute = late.base.minute();
    bedside.send(late);
    let rows = bedside.measure(HEART_RATE, of(74)).store.unwrap();
    assert_eq!(rows.minutes, [(codes::HEART_RATE, Closed::Rewrite(late_minute))]);
}
