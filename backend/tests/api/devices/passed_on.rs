//! A device that is taken off one patient and put on the next one.

use fleetward_common::{
    care::{BedView, BoardBed, Occupancy},
    devices::{ChannelState, DeviceView, Value, history::Series},
    id::PatientId,
    live::{LiveMessage, Topic},
    metric::codes,
    time::Instant,
    unit::Decimal,
};

use super::{Monitor, until};
use crate::{
    care::board_of,
    on_both_engines,
    support::{
        Person, Portal,
        tab::{Heard, Tab},
    },
};

/// What somebody at this bed reads of the monitor: its heart rate, if it shows one.
fn heart_rate(channels: &[ChannelState]) -> Option<Value> {
    let channel = channels
        .iter()
        .find(|channel| channel.metric == codes::HEART_RATE)?;
    assert!(channel.last_known.is_none() || channel.latest.is_some());
    channel.latest.map(|reading| reading.value)
}

async fn bed(rashida: &Person<'_>, label: &str) -> BoardBed {
    let board = board_of(rashida).await;
    board.beds.into_iter().find(|bed| bed.label == label).unwrap()
}

fn patient_in(bed: &BoardBed) -> PatientId {
    match &bed.occupancy {
        Occupancy::Occupied {
            patient: Some(patient),
            ..
        } => *patient,
        _ => panic!("nobody lies in bed {}", bed.label),
    }
}

/// Off whoever has it, and on the patient in `to` from `now` on.
async fn pass_on(portal: &Portal, monitor: &Monitor, to: &BoardBed, now: Instant) {
    let hex = |id: String| id.replace('-', "");
    let (device, patient) = (hex(monitor.device.to_string()), hex(patient_in(to).to_string()));
    let (bed, at) = (hex(to.id.to_string()), now.micros());
    let sql = |open: &str, close: &str| {
        let id = |hex: &str| format!("{open}{hex}{close}");
        format!(
            "UPDATE device_assignments SET valid_until = {at} WHERE device_id = {device} AND valid_until IS NULL;
             INSERT INTO device_assignments
               (id, device_id, organisation_id, patient_id, bed_id, unit_id, valid_from, valid_until)
             SELECT {new}, device_id, organisation_id, {patient}, {bed}, unit_id, {at}, NULL
             FROM device_assignments WHERE device_id = {device} AND valid_until = {at};",
            device = id(&device),
            patient = id(&patient),
            bed = id(&bed),
            new = id("0193700000007000800000000000abcd"),
        )
    };
    portal.execute(&sql("x'", "'"), &sql("'\\x", "'::bytea")).await;
    let hospital = portal.sign_in("rashida.amadi").await.actor().await.organisation;
    portal.app.access.epochs.bump_scope(hospital);
}

on_both_engines! {
    async fn what_was_measured_on_mr_harte_is_never_shown_at_the_bed_of_whom_the_monitor_is_on_now(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let before = portal.app.clock.now();
        monitor.measure(before, 77).await;
        monitor.agent.settled().await;
        until("bed 7 shows 77", async || {
            let view: BedView = rashida.read(&format!("/api/v1/beds/{}", monitor.bed)).await;
            let at_bed = view.bed.devices.iter().find(|device| device.device == monitor.device).unwrap();
            heart_rate(&at_bed.channels) == Some(Value::Known(Decimal::whole(77)))
        })
        .await;
        let mut tab = Tab::open(&portal, &rashida).await;
        tab.subscribe(Topic::Device(monitor.device)).await;

        let twelve = bed(&rashida, "12").await;
        let passed_on = portal.app.clock.now();
        pass_on(&portal, &monitor, &twelve, passed_on).await;

        // Board, drawer and device page: the monitor is there and shows nothing yet.
        let twelve = bed(&rashida, "12").await;
        assert_eq!(twelve.devices.len(), 1);
        assert_eq!(heart_rate(&twelve.devices[0].channels), None);
        let drawer: BedView = rashida.read(&format!("/api/v1/beds/{}", twelve.id)).await;
        assert_eq!(heart_rate(&drawer.bed.devices[0].channels), None);
        assert_eq!(heart_rate(drawer.devices[0].clinical.as_ref().unwrap()), None);
        let page: DeviceView = rashida.read(&format!("/api/v1/devices/{}", monitor.device)).await;
        assert_eq!(heart_rate(&page.clinical.unwrap()), None);
        assert!(bed(&rashida, "7").await.devices.iter().all(|device| device.device != monitor.device));

        // What it measured before and sends only now goes where it was measured, and to no screen.
        tab.until(|message| matches!(message, LiveMessage::Changed { .. })).await;
        monitor.measure(before.shifted(1_000), 78).await;
        monitor.measure(portal.app.clock.now(), 64).await;
        let heard = loop {
            if let Heard::Message(LiveMessage::Updates { updates }) = tab.next().await {
                let channels = updates.into_iter().flat_map(|update| update.channels);
                let of_heart: Vec<Value> = channels
                    .filter(|channel| channel.metric == codes::HEART_RATE)
                    .map(|channel| channel.reading.value)
                    .collect();
                if !of_heart.is_empty() {
                    break of_heart;
                }
            }
        };
        assert_eq!(heard, [Value::Known(Decimal::whole(64))]);

        // Each bed's history is its own patient's.
        monitor.agent.settled().await;
        let measured_at = async |bed: &BoardBed| {
            let path = format!(
                "/api/v1/beds/{}/history?metric=heart-rate&from={}&until={}&max_points=1000",
                bed.id,
                before.shifted(-1_000_000).micros(),
                portal.app.clock.now().shifted(1_000_000).micros()
            );
            let history: fleetward_common::devices::history::History = rashida.read(&path).await;
            match history.series {
                Series::Readings(points) => points.into_iter().map(|point| point.value).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            }
        };
        let whole = |value: i64| Value::Known(Decimal::whole(value));
        assert_eq!(measured_at(&bed(&rashida, "12").await).await, [whole(64)]);
        assert_eq!(measured_at(&bed(&rashida, "7").await).await, [whole(77), whole(78)]);
    }
}
