//! Wards, beds, patients, and the patient's own page.

use fleetward_common::{
    care::{BedView, BoardBed, HomePatient, Occupancy, OwnPage, Tone, WardBoard, WardSummary},
    devices::{DeviceType, history::History},
    page::Page,
};

use crate::{
    on_both_engines,
    support::{Person, Portal},
};

pub async fn board_of(person: &Person<'_>) -> WardBoard {
    let wards: Vec<WardSummary> = person.read("/api/v1/wards").await;
    let ward = wards.first().expect("a ward in reach");
    person.read(&format!("/api/v1/wards/{}", ward.ward.id)).await
}

fn bed<'a>(board: &'a WardBoard, label: &str) -> &'a BoardBed {
    board
        .beds
        .iter()
        .find(|bed| bed.label == label)
        .expect("a bed of the ward")
}

on_both_engines! {
    async fn rashida_sees_every_bed_of_her_ward_and_who_lies_in_it(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let wards: Vec<WardSummary> = rashida.read("/api/v1/wards").await;
        assert_eq!(wards.len(), 1);
        assert_eq!((wards[0].beds, wards[0].occupied), (24, 23));

        let board = board_of(&rashida).await;
        assert_eq!(board.organisation_name, "Northgate General");
        let labels: Vec<_> = board.beds.iter().map(|bed| bed.label.clone()).collect();
        assert_eq!(labels, (1..=24).map(|bed| bed.to_string()).collect::<Vec<_>>());

        let Occupancy::Occupied { identity: Some(harte), unmonitored_since: None, .. } = &bed(&board, "7").occupancy else {
            panic!("bed 7 is not occupied by somebody who is known");
        };
        assert_eq!((harte.family_name.as_str(), harte.record_number.as_str()), ("HARTE", "NG-104155"));
        let at_7: Vec<_> = bed(&board, "7").devices.iter().map(|device| device.device_type).collect();
        assert_eq!(at_7, [DeviceType::PatientMonitor, DeviceType::InfusionPump]);
        assert_eq!(bed(&board, "7").devices[0].model, "M40");
    }

    async fn a_free_bed_and_a_bed_without_a_device_are_told_apart(portal: Portal) {
        let board = board_of(&portal.sign_in("louise.brandt").await).await;
        assert!(bed(&board, "8").occupancy == Occupancy::Free);
        let Occupancy::Occupied { unmonitored_since: Some(_), .. } = bed(&board, "12").occupancy else {
            panic!("bed 12 is monitored, or free");
        };
        assert!(bed(&board, "12").devices.is_empty());
    }

    async fn an_open_bed_shows_its_devices_in_full(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let view: BedView = rashida.read(&format!("/api/v1/beds/{}", bed(&board, "7").id)).await;
        assert_eq!(view.devices.len(), 2);
        let monitor = view.devices[0].technical.as_ref().expect("a nurse sees the technical slice");
        assert_eq!(monitor.site.as_deref(), Some("Ward 4B Cardiology, bed 7"));
        assert!(view.devices[0].clinical.is_some());
    }

    async fn a_nurse_of_another_hospital_finds_no_such_ward_bed_or_device(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ivo = portal.sign_in("ivo.lang").await;
        let nowhere = ivo.get("/api/v1/wards/01a210c5-5112-7104-b13e-c0bb40cd1635").await;
        assert_eq!(nowhere.status, 404);
        let seven = bed(&board, "7");
        for path in [
            format!("/api/v1/wards/{}", board.ward.id),
            format!("/api/v1/beds/{}", seven.id),
            format!("/api/v1/devices/{}", seven.devices[0].device),
            "/api/v1/beds/not-an-id".to_owned(),
        ] {
            let answer = ivo.get(&path).await;
            assert_eq!((answer.status, &answer.text), (404, &nowhere.text), "{path}");
        }
        assert_eq!(board_of(&ivo).await.organisation_name, "St Anne’s Hospital");
    }

    async fn an_engineer_sees_the_beds_and_neither_a_name_nor_a_value(portal: Portal) {
        let daniel = portal.sign_in("daniel.brooks").await;
        let wards: Vec<WardSummary> = daniel.read("/api/v1/wards").await;
        assert_eq!(wards.len(), 2);
        let answer = daniel.get(&format!("/api/v1/wards/{}", wards[0].ward.id)).await;
        let board: WardBoard = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(bed(&board, "7").devices.len(), 2);
        assert!(board.beds.iter().flat_map(|bed| &bed.devices).all(|device| device.channels.is_empty()));
        assert!(!answer.text.contains("HARTE") && !answer.text.contains("NG-1"), "{}", answer.text);
    }

    async fn rosa_sees_her_home_patients_and_the_silent_ones_first(portal: Portal) {
        let rosa = portal.sign_in("rosa.lind").await;
        let page: Page<HomePatient> = rosa.read("/api/v1/patients").await;
        assert_eq!(page.total, 5);
        let names: Vec<_> = page.items.iter().filter_map(|patient| patient.identity.as_ref()).collect();
        assert_eq!(names.len(), 5);
        assert!(names.iter().all(|name| name.record_number.starts_with("LS-")));
        assert!(page.items.iter().all(|patient| !patient.devices.is_empty()));
    }

    async fn a_patient_sees_their_own_page_and_nobody_elses(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let own: OwnPage = alan.read("/api/v1/me").await;
        assert_eq!((own.given_name.as_str(), own.nights.len()), ("Alan", 30));
        assert_eq!(own.sentence.tone, Tone::NoData);
        assert!(own.nights.iter().all(|night| night.usage_minutes.is_none()));

        let patients: Page<HomePatient> = alan.read("/api/v1/patients").await;
        assert_eq!(patients.items.iter().map(|patient| patient.patient).collect::<Vec<_>>(), [own.patient]);
        let joan: OwnPage = portal.sign_in("joan.whitfield").await.read("/api/v1/me").await;
        assert_eq!(alan.get(&format!("/api/v1/devices/{}", joan.devices[0].device)).await.status, 404);
        let wards: Vec<WardSummary> = alan.read("/api/v1/wards").await;
        assert!(wards.is_empty());
    }

    async fn sofia_sees_what_martin_shares_and_not_alan(portal: Portal) {
        let sofia: OwnPage = portal.sign_in("sofia.hughes").await.read("/api/v1/me").await;
        assert_eq!(sofia.given_name, "Martin");
        assert_eq!(sofia.devices.len(), 2);
        let martin: OwnPage = portal.sign_in("martin.hughes").await.read("/api/v1/me").await;
        assert_eq!(martin.patient, sofia.patient);
    }

    async fn those_who_treat_nobody_have_no_page_and_no_patient(portal: Portal) {
        for login in ["helen.frost", "ruth.adler", "nils.berg", "ben.fischer", "emma.lund"] {
            let person = portal.sign_in(login).await;
            assert_eq!(person.get("/api/v1/me").await.status, 404, "{login}");
            let patients: Page<HomePatient> = person.read("/api/v1/patients").await;
            assert_eq!(patients.total, 0, "{login}");
            let wards: Vec<WardSummary> = person.read("/api/v1/wards").await;
            assert!(wards.is_empty(), "{login}");
        }
    }

    async fn rashida_reads_back_what_was_measured_at_bed_7_and_nobody_else_does(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let seven = bed(&board_of(&rashida).await, "7").id;
        let (now, hour) = (portal.app.clock.now().micros(), 3_600_000_000);
        let path = format!("/api/v1/beds/{seven}/history?metric=heart-rate&from={}&until={now}&max_points=100", now - hour);
        let history: History = rashida.read(&path).await;
        // No device has been on the line yet: the whole hour is a gap, and no flat line.
        assert_eq!(history.gaps.iter().map(|gap| gap.span).collect::<Vec<_>>(), [history.span]);

        let refused = portal.sign_in("daniel.brooks").await.get(&path).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("charge nurse"), "{}", refused.text);
        for login in ["ivo.lang", "ben.fischer", "alan.reed", "nils.berg"] {
            assert_eq!(portal.sign_in(login).await.get(&path).await.status, 404, "{login}");
        }
        for wrong in ["metric=mood", "from=x", "from=9&until=3"] {
            let path = format!("/api/v1/beds/{seven}/history?metric=heart-rate&from=0&until=1&{wrong}");
            assert_eq!(rashida.get(&path).await.status, 400, "{wrong}");
        }
    }

    async fn the_maker_may_see_a_monitor_and_is_told_why_not_its_heart_rate(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let monitor = bed(&board_of(&rashida).await, "7").devices[0].device;
        let path = format!("/api/v1/devices/{monitor}/history?metric=heart-rate&from=0&until=1000000");
        let refused = portal.sign_in("ben.fischer").await.get(&path).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("The maker of a device never sees"), "{}", refused.text);
        let battery = path.replace("heart-rate", "battery");
        assert_eq!(portal.sign_in("ben.fischer").await.get(&battery).await.status, 200);
        assert_eq!(portal.sign_in("ivo.lang").await.get(&path).await.status, 404);
    }
}
