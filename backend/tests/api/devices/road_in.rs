use std::time::Duration;

use fleetward_common::{
    care::BedView,
    devices::{Connection, DeviceView, Value, history::Series},
    metric::codes,
    unit::Decimal,
};
use fleetward_device::agent::Plug;

use super::{HEART_RATE, Monitor, SPO2, until};
use crate::{
    on_both_engines,
    support::{Portal, portal::Options},
};

on_both_engines! {
    async fn a_heart_rate_is_stored_and_then_seen_at_its_bed_and_nowhere_else(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let now = portal.app.clock.now();
        monitor.measure(now, 77).await;
        monitor.agent.settled().await;
        let rashida = portal.sign_in("rashida.amadi").await;
        until("bed 7 shows 77", async || {
            let bed: BedView = rashida.read(&format!("/api/v1/beds/{}", monitor.bed)).await;
            let device = bed.bed.devices.iter().find(|device| device.device == monitor.device).unwrap();
            let heart_rate = device.channels.iter().find(|channel| channel.metric == codes::HEART_RATE);
            let latest = heart_rate.and_then(|channel| channel.latest);
            matches!(device.connection, Connection::Connected { .. })
                && latest.is_some_and(|latest| latest.value == Value::Known(Decimal::whole(77)) && !latest.unrecorded)
        })
        .await;

        // The maker's agent sees that the device is connected, and no value of it.
        let ben = portal.sign_in("ben.fischer").await;
        let seen: DeviceView = ben.read(&format!("/api/v1/devices/{}", monitor.device)).await;
        assert!(matches!(seen.technical.unwrap().connection, Connection::Connected { .. }));
        assert!(seen.clinical.is_none());
        let an_hour_ago = now.shifted(-3_600_000_000);
        let history = monitor.history_of("heart-rate", an_hour_ago, now.shifted(1), 10);
        assert_eq!(ben.get(&history).await.status, 403);
        let ivo = portal.sign_in("ivo.lang").await;
        assert_eq!(ivo.get(&history).await.status, 404);
        assert_eq!(portal.stranger().get(&history).await.status, 401);
    }

    async fn nothing_is_lost_or_doubled_when_the_plug_is_pulled_again_and_again(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let start = portal.app.clock.now().shifted(-600_000_000);
        for second in 0..300i64 {
            monitor.measure(start.shifted(second * 1_000_000), 60 + second % 40).await;
            if second % 50 == 25 {
                monitor.agent.plug(Plug::Cut);
                tokio::time::sleep(Duration::from_millis(20)).await;
                monitor.agent.plug(Plug::In);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        monitor.agent.settled().await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let history = monitor.history(&rashida, "heart-rate", (start, start.shifted(300_000_000)), 1_000).await;
        let Series::Readings(points) = history.series else { panic!("{:?}", history.series) };
        let got: Vec<_> = points.iter().map(|point| (point.at, point.value)).collect();
        let sent: Vec<_> = (0..300i64)
            .map(|second| {
                let value = Value::Known(Decimal::whole(60 + second % 40));
                (start.shifted(second * 1_000_000), value)
            })
            .collect();
        assert_eq!(got, sent);
        assert!(history.gaps.is_empty(), "{:?}", history.gaps);
    }

    async fn hours_are_read_from_roll_ups_and_the_spike_is_in_them(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let start = portal.app.clock.now().minute().shifted(-4 * 3_600_000_000);
        for minute in 0..180i64 {
            let at = start.shifted(minute * 60_000_000);
            let mut draft = fleetward_device::agent::FrameDraft::at(at);
            for second in 0..60 {
                let rate = if (minute, second) == (100, 30) { 191 } else { 70 };
                let value = fleetward_common::devices::link::RawValue::Known(Decimal::whole(rate));
                draft.add_reading(HEART_RATE, at.shifted(second * 1_000_000), value);
                draft.add_reading(SPO2, at.shifted(second * 1_000_000), value);
            }
            monitor.agent.send(draft).await.unwrap();
        }
        monitor.agent.settled().await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let span = (start, start.shifted(3 * 3_600_000_000));
        let history = monitor.history(&rashida, "heart-rate", span, 60).await;
        let Series::Decimated(buckets) = history.series else { panic!("{:?}", history.series) };
        assert!(buckets.len() <= 60, "{}", buckets.len());
        let spikes: Vec<_> = buckets.iter().filter(|bucket| bucket.max == Decimal::whole(191)).collect();
        assert_eq!(spikes.len(), 1);
        assert!(buckets.iter().all(|bucket| bucket.min == Decimal::whole(70)));
        assert!(history.gaps.is_empty(), "{:?}", history.gaps);
    }

    async fn after_a_restart_the_last_value_is_there_with_its_age_and_the_device_goes_on(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let now = portal.app.clock.now();
        monitor.measure(now, 83).await;
        monitor.agent.settled().await;
        let portal = portal.restarted(Options::default());
        let rashida = portal.sign_in("rashida.amadi").await;
        let view: DeviceView = rashida.read(&format!("/api/v1/devices/{}", monitor.device)).await;
        assert!(matches!(view.technical.unwrap().connection, Connection::Gone { .. }));
        let clinical = view.clinical.unwrap();
        let heart_rate = clinical.iter().find(|channel| channel.metric == codes::HEART_RATE).unwrap();
        let latest = heart_rate.latest.unwrap();
        assert_eq!((latest.at, latest.value), (now, Value::Known(Decimal::whole(83))));

        monitor.connect(&portal);
        monitor.measure(now.shifted(1_000_000), 84).await;
        monitor.agent.settled().await;
        let span = (now, now.shifted(10_000_000));
        let history = monitor.history(&rashida, "heart-rate", span, 10).await;
        assert!(matches!(history.series, Series::Readings(points) if points.len() == 2));
    }

    async fn a_history_that_makes_no_sense_is_refused_in_words(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let now = portal.app.clock.now();
        let device = format!("/api/v1/devices/{}/history", monitor.device);
        for query in [
            "",
            "?metric=heart-rate",
            "?metric=mood&from=0&until=1",
            "?metric=heart-rate&from=1&until=1",
            "?metric=heart-rate&from=tomorrow&until=1",
            "?metric=heart-rate&from=0&until=1&max_points=-4",
            "?metric=heart-rate&from=0&until=1&colour=red",
            "?metric=heart-rate&from=-9223372036854775808&until=9223372036854775807",
            "?metric=heart-rate&from=0&until=9223372036854775807",
        ] {
            let answer = rashida.get(&format!("{device}{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        }
        // What nobody measured is an answer too.
        let nothing = monitor.history(&rashida, "temperature", (now.shifted(-60_000_000), now), 10).await;
        assert_eq!(nothing.series, Series::Readings(Vec::new()));
        assert_eq!(nothing.gaps.len(), 1);
    }
}
