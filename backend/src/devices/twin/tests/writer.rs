//! What people see follows the commit, or says that it doesn't.

use fleetward_common::{metric::codes, text::FaultCode, unit::Decimal};

use super::bedside::{BATTERY, Bedside, ECG, HEART_RATE, Measuring, NIBP, SPO2, known, of, off};
use crate::devices::{telemetry::rollup::Closed, twin::event::Event};

#[test]
fn a_value_is_seen_after_its_commit_and_not_before() {
    let mut bedside = Bedside::connected();
    let sent = bedside.measure(HEART_RATE, of(72));
    assert!(sent.publication.is_empty());
    assert_eq!(bedside.latest(codes::HEART_RATE), None);
    let seen = bedside.stored(1).publication;
    assert_eq!(seen.clinical[0].metric, codes::HEART_RATE);
    assert_eq!(
        (seen.clinical[0].interval_ms, seen.clinical[0].reading.unrecorded),
        (1_000, false)
    );
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
}

#[test]
fn of_several_readings_in_a_commit_people_see_the_newest() {
    let mut bedside = Bedside::connected();
    for rate in [70, 71, 72] {
        bedside.measure(HEART_RATE, of(rate));
        bedside.wait(1.0);
    }
    let seen = bedside.stored(3).publication.clinical;
    assert_eq!(seen.len(), 1);
    assert_eq!(Some(seen[0].reading.value), known(72));
}

#[test]
fn a_wave_is_seen_after_its_commit() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame().with_wave(ECG, vec![1, -2, 3]);
    assert!(bedside.send(frame).publication.is_empty());
    let seen = bedside.stored(1).publication.waves;
    assert_eq!(
        (seen[0].metric, seen[0].samples.as_slice()),
        (codes::ECG_LEAD_II, &[1, -2, 3][..])
    );
}

#[test]
fn when_the_writer_is_a_second_behind_values_go_on_as_not_recorded() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    bedside.wait(1.0);
    assert!(
        bedside.apply(Event::Tick).publication.is_empty(),
        "a second is not more than a second"
    );
    bedside.wait(0.1);
    let seen = bedside.apply(Event::Tick).publication.clinical;
    assert!(seen[0].reading.unrecorded);
    assert!(
        bedside.apply(Event::Tick).publication.is_empty(),
        "once is enough"
    );
}

#[test]
fn what_a_device_had_buffered_waits_for_its_commit() {
    let mut bedside = Bedside::connected();
    let mut frame = bedside.frame().with(HEART_RATE, 0, of(72));
    frame.base = frame.base.shifted(-3_600_000_000);
    bedside.send(frame);
    bedside.wait(2.0);
    assert!(bedside.apply(Event::Tick).publication.is_empty());
    assert_eq!(bedside.stored(1).publication.clinical.len(), 1);
}

#[test]
fn a_late_commit_takes_the_mark_off_again() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    bedside.wait(2.0);
    bedside.apply(Event::Tick);
    let seen = bedside.stored(1).publication.clinical;
    assert!(!seen[0].reading.unrecorded);
}

#[test]
fn a_late_commit_does_not_take_a_newer_value_back() {
    let mut bedside = Bedside::connected();
    bedside.measure(HEART_RATE, of(72));
    bedside.wait(1.0);
    bedside.measure(HEART_RATE, of(90));
    bedside.wait(2.0);
    bedside.apply(Event::Tick);
    bedside.stored(1);
    let latest = bedside.latest(codes::HEART_RATE).unwrap();
    assert_eq!((Some(latest.value), latest.unrecorded), (known(90), true));
}

#[test]
fn a_wave_that_went_on_unrecorded_is_not_drawn_twice() {
    let mut bedside = Bedside::connected();
    let frame = bedside.frame().with_wave(ECG, vec![1]);
    bedside.send(frame);
    bedside.wait(2.0);
    assert_eq!(bedside.apply(Event::Tick).publication.waves.len(), 1);
    assert!(bedside.stored(1).publication.waves.is_empty());
}

#[test]
fn the_battery_is_technical_and_not_a_vital_sign() {
    let mut bedside = Bedside::connected();
    let seen = bedside.see(BATTERY, of(41)).publication;
    assert!(seen.clinical.is_empty());
    assert_eq!(seen.technical.unwrap().battery_percent, Some(Decimal::whole(41)));
    assert_eq!(bedside.channel(codes::BATTERY_CHARGE), None);
}

#[test]
fn faults_are_told_when_they_change_and_go_when_the_device_says_none() {
    let mut bedside = Bedside::connected();
    let fault = FaultCode::parse("F-311").unwrap();
    let mut frame = bedside.frame();
    frame.faults = Some(vec![fault.clone()]);
    bedside.send(frame);
    assert_eq!(bedside.stored(1).publication.technical.unwrap().faults, [fault]);
    let said_nothing = bedside.see(HEART_RATE, of(72));
    assert_eq!(said_nothing.publication.technical, None);
    let mut frame = bedside.frame();
    frame.faults = Some(Vec::new());
    bedside.send(frame);
    assert!(bedside.stored(1).publication.technical.unwrap().faults.is_empty());
}

#[test]
fn the_frame_that_begins_a_minute_stores_the_one_before() {
    let mut bedside = Bedside::connected();
    for rate in [70, 75] {
        bedside.see(HEART_RATE, of(rate));
        bedside.wait(1.0);
    }
    bedside.see(HEART_RATE, off());
    bedside.wait(60.0);
    let rows = bedside.measure(HEART_RATE, of(80)).store.unwrap();
    match rows.minutes.as_slice() {
        [(codes::HEART_RATE, Closed::Whole(minute))] => {
            assert_eq!(
                (minute.readings, minute.absent, minute.least, minute.greatest),
                (2, 1, 70, 75)
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(rows.snapshot.is_some());
}

#[test]
fn a_minute_that_no_reading_closes_is_closed_by_time() {
    let mut bedside = Bedside::connected();
    bedside.see(NIBP, of(120));
    bedside.wait(59.0);
    assert!(bedside.apply(Event::Tick).save.is_none());
    bedside.wait(31.0);
    let saved = bedside.apply(Event::Tick).save.unwrap();
    assert!(matches!(
        saved.minutes.as_slice(),
        [(codes::NIBP_SYSTOLIC, Closed::Whole(_))]
    ));
    assert!(!bedside.twin.has_open_minutes());
}

#[test]
fn a_blood_pressures_minute_is_closed_though_the_heart_rate_goes_on() {
    let mut bedside = Bedside::connected();
    bedside.see(NIBP, of(120));
    for _ in 0..100 {
        bedside.wait(1.0).see(HEART_RATE, of(72));
    }
    let saved = bedside.apply(Event::Tick).save.unwrap();
    assert!(matches!(
        saved.minutes.as_slice(),
        [(codes::NIBP_SYSTOLIC, Closed::Whole(_))]
    ));
}

#[test]
fn a_minute_of_last_week_stays_open_while_its_readings_come_in() {
    let mut bedside = Bedside::connected();
    let mut frame = bedside.frame().with(HEART_RATE, 0, of(72));
    frame.base = frame.base.shifted(-7 * 86_400_000_000);
    bedside.send(frame);
    bedside.stored(1);
    assert!(bedside.apply(Event::Tick).save.is_none());
}

#[test]
fn a_twin_that_goes_to_sleep_leaves_nothing_open() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    bedside.see(SPO2, of(97));
    let saved = bedside.apply(Event::Passivating).save.unwrap();
    assert_eq!(saved.minutes.len(), 2);
    assert!(saved.snapshot.is_some());
}
