//! Devices, as makers and custodians see them.

use fleetward_common::{
    devices::{DeviceSummary, DeviceView},
    fleet::FleetCounts,
    page::Page,
};

use crate::{care::board_of, on_both_engines, support::Portal};

on_both_engines! {
    async fn a_support_agent_sees_their_makers_devices_and_no_patient(portal: Portal) {
        let board = board_of(&portal.sign_in("rashida.amadi").await).await;
        let ben = portal.sign_in("ben.fischer").await;
        let answer = ben.get("/api/v1/devices").await;
        let page: Page<DeviceSummary> = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(page.total, 47);
        assert!(page.items.iter().all(|device| device.serial.as_str().starts_with("NW-")));
        let sites: Vec<_> = page.items.iter().filter_map(|device| device.site.as_deref()).collect();
        assert!(sites.contains(&"LARK-04") && sites.contains(&"HERON-11"));
        for bed in &board.beds {
            let fleetward_common::care::Occupancy::Occupied { patient: Some(patient), identity, .. } = &bed.occupancy else {
                continue;
            };
            let identity = identity.as_ref().unwrap();
            for secret in [&identity.family_name, &identity.record_number, &patient.to_string()] {
                assert!(!answer.text.contains(secret), "{secret}");
            }
        }
        assert!(!answer.text.contains("Northgate") && !answer.text.contains("Ward"));

        let device = board.beds[6].devices[0].device;
        let view: DeviceView = ben.read(&format!("/api/v1/devices/{device}")).await;
        assert!(view.clinical.is_none());
        assert_eq!(view.technical.unwrap().site.as_deref(), Some("LARK-04"));
        for hidden in [format!("/api/v1/beds/{}", board.beds[6].id), format!("/api/v1/wards/{}", board.ward.id)] {
            assert_eq!(ben.get(&hidden).await.status, 404, "{hidden}");
        }
    }

    async fn the_counts_are_those_of_the_list(portal: Portal) {
        for login in ["ben.fischer", "daniel.brooks", "rashida.amadi", "rosa.lind", "alan.reed", "nils.berg"] {
            let person = portal.sign_in(login).await;
            let list: Page<DeviceSummary> = person.read("/api/v1/devices").await;
            let counts: FleetCounts = person.read("/api/v1/fleet/counts").await;
            assert_eq!(counts.total, list.total, "{login}");
            let not_seen: Page<DeviceSummary> = person.read("/api/v1/devices?state=not_seen").await;
            assert_eq!(counts.not_seen, not_seen.total, "{login}");
        }
    }

    async fn a_search_narrows_the_list_and_a_wrong_one_is_told(portal: Portal) {
        let ben = portal.sign_in("ben.fischer").await;
        let found: Page<DeviceSummary> = ben.read("/api/v1/devices?q=m40-000317").await;
        assert_eq!(found.total, 1);
        let answer = ben.get("/api/v1/devices?state=broken").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
        assert_eq!(ben.get("/api/v1/devices?colour=red").await.status, 400);
    }
}
