//! "Never seen", "stale since", "sensor off" and "device gone" are different.

use std::time::Duration;

use fleetward_common::{
    devices::{Connection, Signal, Value, link::NoValue},
    metric::{Freshness, codes},
};

use super::bedside::{Bedside, ECG, HEART_RATE, NIBP, known, of, off};
use crate::devices::twin::event::Event;

fn freshness(bedside: &Bedside, metric: fleetward_common::metric::MetricCode) -> Option<Freshness> {
    let channel = bedside.channel(metric)?;
    let Signal::Numeric { budget } = channel.signal else {
        return None;
    };
    let latest = channel.latest?;
    Some(budget.of_age(bedside.now.since(latest.at)))
}

#[test]
fn a_channel_that_was_declared_and_never_measured_is_there_without_a_value() {
    let bedside = Bedside::connected();
    let channel = bedside.channel(codes::HEART_RATE).unwrap();
    assert_eq!((channel.latest, channel.last_known), (None, None));
}

#[test]
fn a_heart_rate_greys_after_5_and_is_void_after_15_seconds() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    assert_eq!(freshness(&bedside, codes::HEART_RATE), Some(Freshness::Fresh));
    bedside.wait(5.0);
    assert_eq!(freshness(&bedside, codes::HEART_RATE), Some(Freshness::Stale));
    bedside.wait(10.0);
    assert_eq!(freshness(&bedside, codes::HEART_RATE), Some(Freshness::Void));
}

#[test]
fn a_blood_pressure_holds_for_two_of_its_five_minutes() {
    let mut bedside = Bedside::connected();
    bedside.see(NIBP, of(120));
    bedside.now = bedside.now + Duration::from_secs(599);
    assert_eq!(freshness(&bedside, codes::NIBP_SYSTOLIC), Some(Freshness::Fresh));
    bedside.wait(1.0);
    assert_eq!(freshness(&bedside, codes::NIBP_SYSTOLIC), Some(Freshness::Void));
}

#[test]
fn a_lead_that_is_off_says_so_and_keeps_the_last_value_with_its_time() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let seen_at = bedside.now;
    bedside.wait(1.0).see(HEART_RATE, off());
    bedside.wait(1.0).see(HEART_RATE, off());
    let channel = bedside.channel(codes::HEART_RATE).unwrap();
    assert_eq!(channel.latest.unwrap().value, Value::Absent(NoValue::SensorOff));
    let last_known = channel.last_known.unwrap();
    assert_eq!((Some(last_known.value), last_known.at), (known(72), seen_at));
}

#[test]
fn a_value_after_a_lead_was_off_needs_no_older_one_beside_it() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    bedside.see(HEART_RATE, off());
    bedside.wait(1.0).see(HEART_RATE, of(75));
    assert_eq!(bedside.channel(codes::HEART_RATE).unwrap().last_known, None);
}

#[test]
fn a_device_that_is_gone_keeps_its_values_and_their_times() {
    let mut bedside = Bedside::connected();
    bedside.see(HEART_RATE, of(72));
    let last_heard = bedside.now;
    bedside.wait(20.0).apply(Event::FellSilent { last_heard });
    assert_eq!(bedside.shown(codes::HEART_RATE), known(72));
    assert_eq!(freshness(&bedside, codes::HEART_RATE), Some(Freshness::Void));
    assert_eq!(
        bedside.twin.view().technical.connection,
        Connection::Gone { since: last_heard }
    );
}

#[test]
fn a_wave_is_shown_by_its_rate() {
    let bedside = Bedside::connected();
    let channel = bedside.channel(codes::ECG_LEAD_II).unwrap();
    assert!(matches!(channel.signal, Signal::Wave { exponent: -3, .. }));
    let _ = ECG;
}
