use super::*;
use fleetward_common::{
    care::Sex,
    devices::{DeviceType, Reading},
    id::{DeviceId, PatientId, UnitId},
    metric::FreshnessBudget,
    text::SerialNumber,
    time::SampleRate,
};
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Instant = Instant::from_millis(1_764_000_000_000);
const MONITOR: DeviceId = DeviceId::from_bytes([7; 16]);

fn ago(seconds: u64) -> Instant {
    NOW - Duration::from_secs(seconds)
}

fn numeric(metric: MetricCode, value: Value, at: Instant) -> ChannelState {
    ChannelState {
        metric,
        unit: None,
        signal: Signal::Numeric {
            budget: FreshnessBudget::every(Duration::from_secs(1)),
        },
        latest: Some(Reading {
            at,
            value,
            unrecorded: false,
        }),
        last_known: None,
    }
}

fn wave(metric: MetricCode) -> ChannelState {
    ChannelState {
        metric,
        unit: None,
        signal: Signal::Wave {
            rate: SampleRate::hertz(250),
            exponent: -3,
        },
        latest: None,
        last_known: None,
    }
}

fn miriam_harte() -> Occupancy {
    Occupancy::Occupied {
        patient: Some(PatientId::from_bytes([1; 16])),
        since: ago(86_400),
        identity: Some(PatientIdentity {
            family_name: "Harte".into(),
            given_name: "Miriam".into(),
            born: "1945-07-14".into(),
            sex: Sex::Female,
            record_number: "999 047 3315".into(),
        }),
        unmonitored_since: None,
    }
}

fn monitor(connection: Connection) -> BedDevice {
    BedDevice {
        device: MONITOR,
        serial: SerialNumber::parse("NW-M40-000317").unwrap(),
        device_type: DeviceType::PatientMonitor,
        model: "M40".into(),
        connection,
        battery_percent: None,
        channels: vec![
            numeric(codes::HEART_RATE, Value::Known(Decimal::whole(112)), ago(1)),
            numeric(codes::SPO2, Value::Known(Decimal::whole(84)), ago(1)),
            wave(codes::PLETH),
            wave(codes::ECG_LEAD_II),
        ],
    }
}

fn bed(occupancy: Occupancy, devices: Vec<BedDevice>) -> BoardBed {
    BoardBed {
        id: BedId::from_bytes([2; 16]),
        ward: UnitId::from_bytes([3; 16]),
        label: "7".into(),
        occupancy,
        devices,
    }
}

fn connected() -> Connection {
    Connection::Connected { since: ago(900) }
}

fn seen(bed: &BoardBed, newest: Option<Instant>) -> Tile {
    tile(
        bed,
        &Moment {
            now: NOW,
            listening_since: ago(60),
            newest_sample: &|_| newest,
            alarms: &Alarms::default(),
        },
    )
}

fn monitored_body(tile: Tile) -> Monitored {
    match tile.body {
        Body::Monitored(monitored) => *monitored,
        other => panic!("bed 7 is monitored, but shows {other:?}"),
    }
}

#[test]
fn a_live_bed_shows_the_ecg_above_the_pleth_and_no_absence() {
    let tile = seen(&bed(miriam_harte(), vec![monitor(connected())]), Some(ago(0)));
    assert_eq!(tile.name.as_deref(), Some("HARTE, M"));
    assert_eq!(tile.initials.as_deref(), Some("MH"));
    let body = monitored_body(tile);
    let lanes: Vec<_> = body.lanes.iter().map(|lane| (lane.label, lane.absence)).collect();
    assert_eq!(lanes, [("II", None), ("Pleth", None)]);
}

#[test]
fn a_silent_wave_says_no_signal_and_for_how_long() {
    let body = monitored_body(seen(
        &bed(miriam_harte(), vec![monitor(connected())]),
        Some(ago(7)),
    ));
    let seven = Some(Absence::NoSignal(Some(Duration::from_secs(7))));
    assert!(body.lanes.iter().all(|lane| lane.absence == seven));
}

#[test]
fn a_lead_that_is_off_is_told_from_a_lost_signal() {
    let mut device = monitor(connected());
    let mut rate = numeric(codes::HEART_RATE, Value::Absent(NoValue::SensorOff), ago(1));
    rate.last_known = Some(Reading {
        at: ago(212),
        value: Value::Known(Decimal::whole(76)),
        unrecorded: false,
    });
    device.channels[0] = rate;
    let body = monitored_body(seen(&bed(miriam_harte(), vec![device]), Some(ago(0))));
    let absences: Vec<_> = body.lanes.iter().map(|lane| lane.absence).collect();
    assert_eq!(
        absences,
        [Some(Absence::SensorOff(Some(Duration::from_secs(212)))), None]
    );
    assert!(matches!(body.rate.shown, Shown::Void { .. }));
}

#[test]
fn a_device_that_is_gone_greys_every_number_and_blanks_every_lane() {
    let gone = Connection::Gone { since: ago(3) };
    let body = monitored_body(seen(&bed(miriam_harte(), vec![monitor(gone)]), Some(ago(0))));
    assert!(body.gone);
    assert!(body.lanes.iter().all(|lane| lane.absence.is_some()));
    assert!(matches!(body.rate.shown, Shown::Value { stale: true, .. }));
}

#[test]
fn free_not_monitored_and_never_seen_are_three_things() {
    assert_eq!(seen(&bed(Occupancy::Free, vec![]), None).body, Body::Free);
    assert_eq!(
        seen(&bed(miriam_harte(), vec![]), None).body,
        Body::NotMonitored { since: None }
    );
    assert!(matches!(
        seen(&bed(miriam_harte(), vec![monitor(Connection::NeverSeen)]), None).body,
        Body::NeverSeen { .. }
    ));
}

#[test]
fn the_census_counts_each_bed_once() {
    let beds = [
        bed(miriam_harte(), vec![monitor(connected())]),
        bed(miriam_harte(), vec![monitor(Connection::Gone { since: ago(90) })]),
        bed(miriam_harte(), vec![]),
        bed(Occupancy::Free, vec![]),
    ];
    let tiles: Vec<_> = beds.iter().map(|bed| Rc::new(seen(bed, None))).collect();
    assert_eq!(
        census(&tiles),
        "1 monitored · 1 without signal · 1 not monitored · 1 free"
    );
}
