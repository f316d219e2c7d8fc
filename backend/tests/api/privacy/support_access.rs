//! A device that its custodian opens to one person at its maker.

use fleetward_common::{
    id::DeviceId,
    live::{LiveMessage, Topic},
    support::SupportAccess,
};
use serde_json::{Value, json};

use super::{
    all_entries,
    consent::{first_device, give, shared},
    new_since, organisation,
};
use crate::{
    on_both_engines,
    support::{Delay, Person, Portal, tab::Tab},
};

fn support_access(device: DeviceId) -> String {
    format!("/api/v1/devices/{device}/support-access")
}

async fn open(custodian: &Person<'_>, device: DeviceId, agent: &Person<'_>, hours: u8) -> u16 {
    let session: Value = agent.read("/api/v1/session").await;
    let body = json!({ "person": session["person"], "hours": hours });
    custodian.post(&support_access(device), &body).await.status
}

on_both_engines! {
    async fn ben_sees_values_only_while_the_clinic_has_opened_the_device_and_alan_agrees(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let (rosa, ben) = (portal.sign_in("rosa.lind").await, portal.sign_in("ben.fischer").await);
        let device = first_device(&alan).await;
        let northwind = organisation(&portal, "Northwind Medical").await;
        let agreed = json!({ "purpose": "manufacturer_support", "organisation": northwind });
        let page = format!("/api/v1/devices/{device}");
        let values = async || ben.get(&page).await.json()["clinical"].is_array();
        let topic = Topic::Device(device);
        let mut tab = Tab::open(&portal, &ben).await;
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });

        assert!(!values().await);
        let sharing = give(&alan, &agreed).await;
        assert!(!values().await, "consent alone opens nothing");
        // The consent moved something as well: this tab has heard of it.
        tab.until(|message| matches!(message, LiveMessage::Changed { .. })).await;
        let opened = Delay::begins();
        assert_eq!(open(&rosa, device, &ben, 2).await, 204);
        tab.until(|message| matches!(message, LiveMessage::Changed { .. })).await;
        opened.told("a device opened to support reached an open stream");
        assert!(values().await, "both said yes");

        let access: SupportAccess = rosa.read(&support_access(device)).await;
        assert_eq!((access.open[0].name.as_str(), access.open[0].by.as_str()), ("Ben Fischer", "Rosa Lind"));
        let closed = Delay::begins();
        let grant = format!("{}/{}", support_access(device), access.open[0].grant);
        assert_eq!(rosa.delete(&grant).await.status, 204);
        tab.until(|message| matches!(message, LiveMessage::Changed { .. })).await;
        closed.told("a device closed to support reached an open stream");
        assert!(!values().await);
        assert_eq!(rosa.delete(&grant).await.status, 204, "twice is once");

        assert_eq!(open(&rosa, device, &ben, 2).await, 204);
        assert!(values().await);
        let given = sharing.choices.iter().find(|choice| choice.organisation == northwind).unwrap();
        let id = given.given.as_ref().expect("given").id;
        shared(alan.delete(&format!("/api/v1/me/consents/{id}")).await).await;
        assert!(!values().await, "the patient's no is enough");
        // Who it is stays hidden all the while.
        assert!(!ben.get(&page).await.text.contains("Reed"));
    }

    async fn only_who_keeps_a_device_opens_it_and_only_to_its_makers_support(portal: Portal) {
        let device = first_device(&portal.sign_in("alan.reed").await).await;
        let (rosa, ben) = (portal.sign_in("rosa.lind").await, portal.sign_in("ben.fischer").await);
        // Seen, and not theirs to open; and not seen at all.
        for (login, status) in [("miriam.okafor", 403), ("ben.fischer", 403), ("alan.reed", 403), ("daniel.brooks", 404)] {
            let person = portal.sign_in(login).await;
            assert_eq!(open(&person, device, &ben, 1).await, status, "{login}");
            assert_eq!(person.get(&support_access(device)).await.status, status, "{login}");
        }
        for hours in [0, 25] {
            assert_eq!(open(&rosa, device, &ben, hours).await, 400, "{hours} hours");
        }
        for login in ["nils.berg", "miriam.okafor", "alan.reed"] {
            let person = portal.sign_in(login).await;
            assert_eq!(open(&rosa, device, &person, 1).await, 400, "{login} supports no device of this maker");
        }
        let access: SupportAccess = rosa.read(&support_access(device)).await;
        assert_eq!(access.open, []);
        assert!(access.agents.iter().any(|agent| agent.name == "Ben Fischer"));
    }

    async fn opening_twice_is_once_until_the_later_time_and_each_is_on_record(portal: Portal) {
        let device = first_device(&portal.sign_in("alan.reed").await).await;
        let (rosa, ben) = (portal.sign_in("rosa.lind").await, portal.sign_in("ben.fischer").await);
        let before = all_entries(&portal).await;
        for hours in [3, 1] {
            assert_eq!(open(&rosa, device, &ben, hours).await, 204);
        }
        let access: SupportAccess = rosa.read(&support_access(device)).await;
        assert_eq!(access.open.len(), 1);
        assert!(access.open[0].until.since(access.server_time).as_secs() > 2 * 3_600);
        let opened: Vec<_> = new_since(&before, all_entries(&portal).await)
            .into_iter()
            .filter(|entry| entry.content.event == "device_opened_to_support")
            .collect();
        assert_eq!(opened.len(), 2);
        assert!(opened.iter().all(|entry| entry.content.patient.is_some()));
    }
}
