//! A fleet of simulated devices sends its history once, and then what it measures.

use fleetward_common::{devices::link::Frame, time::Instant};
use fleetward_device::{
    clock::{Clock, SystemClock},
    fleet::{self, FleetEvent, FleetOptions, register::Register},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};
use tokio::sync::watch;

use crate::support::{Authority, Reaction, Ward};

const SERIALS: [&str; 3] = ["NW-M40-000317", "NW-M40-000318", "NW-C3-000004"];

/// Two monitors with three hours of history and a CPAP with a week.
fn seed(authority: &Authority, data: &Path, until: Instant) {
    let hours = |hours: u64| (until - Duration::from_secs(hours * 3_600)).micros();
    let device = |serial: &str, kind: &str, seed: u64, home: bool, from: i64| {
        fs::create_dir_all(data.join("devices").join(serial)).unwrap();
        authority.write_device_folder(&data.join("devices").join(serial));
        serde_json::json!({
            "serial": serial, "device_type": kind, "software": "4.2.1", "scenario": "stable", "seed": seed,
            "bed": "4B/7", "home": home, "history": { "from": from, "until": until.micros() },
        })
    };
    let register = serde_json::json!({ "server": { "ca": "server-ca.pem" }, "devices": [
        device(SERIALS[0], "patient_monitor", 1, false, hours(3)),
        device(SERIALS[1], "patient_monitor", 2, false, hours(3)),
        device(SERIALS[2], "cpap", 3, true, hours(24 * 7)),
    ]});
    fs::write(Register::path(data), register.to_string()).unwrap();
}

/// Runs the fleet until `enough` of its events have come.
async fn run_until(data: &Path, ward: &Ward, enough: impl Fn(&[FleetEvent]) -> bool) -> Vec<FleetEvent> {
    let options = FleetOptions {
        data: data.to_owned(),
        server: ward.address.clone(),
        back_fill: true,
        not_live: BTreeSet::from([SERIALS[1].to_owned().try_into().unwrap()]),
        ack_log: true,
    };
    let devices = Register::load(data).unwrap().devices;
    let (stop, stopped) = watch::channel(false);
    let mut events = Vec::new();
    let running = fleet::run(devices, options, stopped, |event| {
        events.push(event);
        if enough(&events) {
            stop.send_replace(true);
        }
    });
    tokio::time::timeout(Duration::from_secs(60), running)
        .await
        .unwrap()
        .unwrap();
    events
}

/// `(channel, moment)` of every stored reading of one device, which is one epoch.
fn moments(frames: &BTreeMap<(u64, u64), Frame>) -> BTreeMap<u64, Vec<(u16, i64)>> {
    let mut moments: BTreeMap<u64, Vec<(u16, i64)>> = BTreeMap::new();
    for ((epoch, _), frame) in frames {
        for block in &frame.numerics {
            let readings = block
                .readings
                .iter()
                .map(|reading| (block.channel, frame.base.micros() + reading.at));
            moments.entry(*epoch).or_default().extend(readings);
        }
    }
    moments
}

#[tokio::test]
async fn a_fleet_sends_its_history_then_goes_live_and_does_not_repeat_itself_the_next_day() {
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    seed(&authority, data.path(), SystemClock.now());
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;

    let is_live = |events: &[FleetEvent]| matches!(events.last(), Some(FleetEvent::Live { .. }));
    let events = run_until(data.path(), &ward, is_live).await;
    let expected: Vec<FleetEvent> = (1..=3)
        .map(|device| FleetEvent::BackFilling { device, of: 3 })
        .chain([FleetEvent::BackFilled, FleetEvent::Live { devices: 2 }])
        .collect();
    assert_eq!(events, expected);

    let (history, repeats) = {
        let stored = ward.stored.lock().unwrap();
        (moments(&stored.frames), stored.repeats)
    };
    assert_eq!((history.len(), repeats), (3, 0));
    let readings: usize = history.values().map(Vec::len).sum();
    assert!(readings > 2 * 3 * 900 * 4, "{readings}");
    let waves = ward
        .stored
        .lock()
        .unwrap()
        .frames
        .values()
        .filter(|frame| !frame.waves.is_empty())
        .count();
    assert!(waves > 0, "the live monitor sends its ECG");

    run_until(data.path(), &ward, is_live).await;
    let again = moments(&ward.stored.lock().unwrap().frames);
    for (epoch, moments) in again {
        let distinct: BTreeSet<_> = moments.iter().collect();
        assert_eq!(distinct.len(), moments.len(), "no reading twice");
        assert!(
            moments.len() < history[&epoch].len() + 1_000,
            "the history came once"
        );
    }
}

#[tokio::test]
async fn a_history_that_was_interrupted_goes_on_where_it_was() {
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    // Long ago, so that nothing live is mixed in.
    let until = SystemClock.now() - Duration::from_secs(3_600);
    seed(&authority, data.path(), until);
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    for _ in 0..3 {
        run_until(data.path(), &ward, |events| !events.is_empty()).await;
    }
    run_until(data.path(), &ward, |events| {
        matches!(events.last(), Some(FleetEvent::Live { .. }))
    })
    .await;

    let stored = ward.stored.lock().unwrap();
    let old: BTreeMap<_, _> = stored
        .frames
        .iter()
        .filter(|(_, frame)| frame.base < until)
        .map(|(key, frame)| (*key, frame.clone()))
        .collect();
    let moments = moments(&old);
    assert_eq!(moments.len(), 3);
    for moments in moments.values() {
        let distinct: BTreeSet<_> = moments.iter().collect();
        assert_eq!(distinct.len(), moments.len(), "no reading twice");
    }
    let vitals =
        |moments: &&Vec<(u16, i64)>| moments.iter().filter(|(channel, _)| *channel == 1).count() == 3 * 900;
    assert_eq!(
        moments.values().filter(vitals).count(),
        2,
        "both monitors have all of their three hours"
    );
}
