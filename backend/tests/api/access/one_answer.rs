//! The same question over the API in every form it has: one row, a list, a count, a search, a stream.
//! And none of the forms that are about many rows asks the policy once per row.

use std::collections::BTreeSet;

use fleetward_common::{
    devices::{DeviceSummary, DeviceView},
    fleet::FleetCounts,
    id::DeviceId,
    live::Topic,
    page::Page,
};

use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal},
};

/// Every device of the world, whoever may see it.
async fn every_device(portal: &Portal) -> BTreeSet<DeviceId> {
    let mut all = BTreeSet::new();
    for login in [
        "ben.fischer",
        "daniel.brooks",
        "rosa.lind",
        "ivo.lang",
        "rashida.amadi",
    ] {
        let page: Page<DeviceSummary> = portal.sign_in(login).await.read("/api/v1/devices").await;
        all.extend(page.items.into_iter().map(|device| device.id));
    }
    all
}

async fn in_the_technical_class(person: &Person<'_>, device: DeviceId) -> bool {
    let answer = person.get(&format!("/api/v1/devices/{device}")).await;
    match answer.status {
        200 => serde_json::from_str::<DeviceView>(&answer.text)
            .unwrap()
            .technical
            .is_some(),
        404 => false,
        other => panic!("{other}: {}", answer.text),
    }
}

on_both_engines! {
    async fn a_device_is_listed_counted_found_and_streamed_exactly_when_it_can_be_opened(portal: Portal) {
        let all = every_device(&portal).await;
        assert!(all.len() > 30);
        let people = [
            "rashida.amadi", "ivo.lang", "daniel.brooks", "ben.fischer", "rita.falk", "rosa.lind",
            "alan.reed", "sofia.hughes", "helen.frost", "ruth.adler", "nils.berg",
        ];
        for login in people {
            let person = portal.sign_in(login).await;
            let mut opened = BTreeSet::new();
            for device in &all {
                if in_the_technical_class(&person, *device).await {
                    opened.insert(*device);
                }
            }
            let list: Page<DeviceSummary> = person.read("/api/v1/devices").await;
            let listed: BTreeSet<DeviceId> = list.items.iter().map(|device| device.id).collect();
            assert_eq!(listed, opened, "{login}: the list");
            assert_eq!(list.total, opened.len() as u64, "{login}: the list's own count");
            let counts: FleetCounts = person.read("/api/v1/fleet/counts").await;
            assert_eq!(counts.total, opened.len() as u64, "{login}: the count");
            let ben: Page<DeviceSummary> = portal.sign_in("ben.fischer").await.read("/api/v1/devices").await;
            for device in ben.items.iter().take(5) {
                let found: Page<DeviceSummary> =
                    person.read(&format!("/api/v1/devices?q={}", device.serial.as_str())).await;
                let found = found.items.iter().any(|hit| hit.id == device.id);
                assert_eq!(found, opened.contains(&device.id), "{login}: the search");
            }
            let actor = person.actor().await;
            let streamed = portal.app.access.scope(&actor, Topic::Fleet).await.unwrap();
            let streamed: BTreeSet<DeviceId> = streamed.devices.into_keys().collect();
            assert_eq!(streamed, opened, "{login}: the stream");
        }
    }

    async fn what_is_about_many_rows_costs_no_decision_per_row(portal: Portal) {
        let ben = portal.sign_in("ben.fischer").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let ivo = portal.sign_in("ivo.lang").await;
        let rosa = portal.sign_in("rosa.lind").await;
        let spent = async |person: &Person<'_>, path: &str| {
            let before = portal.app.access.decisions();
            assert_eq!(person.get(path).await.status, 200, "{path}");
            portal.app.access.decisions() - before
        };
        for (person, path) in [
            (&ben, "/api/v1/devices"),
            (&ben, "/api/v1/devices?q=NW"),
            (&ben, "/api/v1/fleet/counts"),
            (&rosa, "/api/v1/patients"),
            (&rashida, "/api/v1/wards"),
        ] {
            assert_eq!(spent(person, path).await, 0, "{path}");
        }
        // A board asks about its ward, not about its beds: 24 cost what 6 cost.
        let ward_4b = format!("/api/v1/wards/{}", board_of(&rashida).await.ward.id);
        let ward_2 = format!("/api/v1/wards/{}", board_of(&ivo).await.ward.id);
        assert_eq!(spent(&rashida, &ward_4b).await, spent(&ivo, &ward_2).await);
    }
}
