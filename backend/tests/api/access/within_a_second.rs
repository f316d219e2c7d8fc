//! Whatever changes about who may see what reaches the open streams. Each test prints the delay.

use std::time::Duration;

use fleetward::{access::Access, care::store::places, platform::http::Failure};
use fleetward_common::{
    care::{Occupancy, WardBoard, WardSummary},
    error::ErrorCode,
    id::{BedId, DeviceId, UnitId},
    live::{LiveMessage, Topic},
};
use serde_json::json;

use crate::{
    care::board_of,
    on_both_engines,
    people::{administrator, member},
    support::{Delay, Person, Portal, tab::Tab},
};

/// Rashida's board, open and listening.
async fn watching(portal: &Portal, person: &Person<'_>) -> (WardBoard, Tab) {
    let board = board_of(person).await;
    let mut tab = Tab::open(portal, person).await;
    let topic = Topic::Ward(board.ward.id);
    assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
    (board, tab)
}

fn told(what: &str, since: &Delay) {
    since.told(&format!("{what} reached an open board"));
}

async fn until_refused(tab: &mut Tab, what: &str, since: &Delay) {
    let refused = tab
        .until(|message| matches!(message, LiveMessage::Refused { .. }))
        .await;
    told(what, since);
    let LiveMessage::Refused { error, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(error.code, ErrorCode::NotFound);
}

async fn until_changed(tab: &mut Tab, what: &str, since: &Delay) {
    tab.until(|message| matches!(message, LiveMessage::Changed { .. }))
        .await;
    told(what, since);
}

async fn give_wards(ruth: &Person<'_>, name: &str, wards: &[UnitId]) {
    let theirs = member(ruth, name).await;
    let units: Vec<_> = wards
        .iter()
        .map(|ward| json!({ "unit": ward, "until": null }))
        .collect();
    let planned = json!({ "role": theirs.role, "units": units });
    let answer = ruth
        .post(&format!("/api/v1/people/{}/change", theirs.membership), &planned)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

on_both_engines! {
    async fn a_new_policy(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        // Nurses lose their wards.
        let policy = fleetward::access::policy::POLICY.replace("p, nurse|charge_nurse", "p, charge_nurse");
        let policy = Access::parse_policy(&policy).await.unwrap();
        let since = Delay::begins();
        portal.app.access.replace_policy(policy);
        until_refused(&mut tab, "a new policy", &since).await;
        assert_eq!(rashida.get(&format!("/api/v1/wards/{}", board.ward.id)).await.status, 404);
    }

    async fn a_ward_that_is_left(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let ward_5a = ward_5a(&portal).await;
        let since = Delay::begins();
        give_wards(&ruth, "Rashida Amadi", &[ward_5a]).await;
        until_refused(&mut tab, "a ward that is left", &since).await;
        assert_eq!(rashida.get(&format!("/api/v1/wards/{}", board.ward.id)).await.status, 404);
    }

    async fn a_ward_whose_last_hour_is_over_by_the_clock(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let her = member(&ruth, "Rashida Amadi").await;
        let until = portal.app.clock.now() + Duration::from_secs(3);
        let planned = json!({ "role": her.role, "units": [{ "unit": board.ward.id, "until": until }] });
        let answer = ruth.post(&format!("/api/v1/people/{}/change", her.membership), &planned).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let path = format!("/api/v1/wards/{}", board.ward.id);
        assert_eq!(rashida.get(&path).await.status, 200);
        tokio::time::sleep(until.since(portal.app.clock.now())).await;
        let since = Delay::begins();
        until_refused(&mut tab, "a ward whose last hour is over", &since).await;
        assert_eq!(rashida.get(&path).await.status, 404);
    }

    async fn a_ward_that_is_joined(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let ward_5a = ward_5a(&portal).await;
        let topic = Topic::Ward(ward_5a);
        assert!(matches!(tab.subscribe(topic).await, LiveMessage::Refused { .. }));
        let since = Delay::begins();
        give_wards(&ruth, "Rashida Amadi", &[board.ward.id, ward_5a]).await;
        until_changed(&mut tab, "a ward that is joined", &since).await;
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
    }

    async fn a_monitor_that_is_taken_away(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let (device, now): (DeviceId, _) = (board.beds[6].devices[0].device, portal.app.clock.now());
        let since = Delay::begins();
        // No page takes a device off a patient yet: its rows are changed, and told as a transfer is.
        let ended: Result<(), Failure> =
            portal.app.db.write(move |connection| Ok(places::end_assignment(connection, device, now).map(drop)?)).await;
        ended.unwrap();
        portal.app.access.epochs.bump_scope(rashida.actor().await.organisation);
        until_changed(&mut tab, "a monitor that is taken away", &since).await;
        let left = board_of(&rashida).await.beds[6].devices.clone();
        assert!(left.iter().all(|at_bed| at_bed.device != device));
        assert_eq!(rashida.get(&format!("/api/v1/devices/{device}")).await.status, 404);
    }

    async fn a_patient_who_is_moved_to_another_ward(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let (board, mut tab) = watching(&portal, &louise).await;
        let Occupancy::Occupied { patient: Some(patient), .. } = board.beds[6].occupancy else { panic!("bed 7 is taken") };
        let elsewhere = free_bed_on_5a(&portal).await;
        let since = Delay::begins();
        let body = serde_json::json!({ "bed": elsewhere });
        let moved = louise.post(&format!("/api/v1/patients/{patient}/transfer"), &body).await;
        assert_eq!(moved.status, 204, "{}", moved.text);
        until_changed(&mut tab, "a patient who is moved to another ward", &since).await;
        let now = board_of(&louise).await;
        assert!(now.beds[6].occupancy == Occupancy::Free);
        // The monitor stays at the bed, on nobody.
        assert_eq!(now.beds[6].devices.len(), board.beds[6].devices.len());
        let again = louise.post(&format!("/api/v1/patients/{patient}/transfer"), &body).await;
        assert_eq!(again.status, 404, "a patient of another ward is not hers to see");
    }
}

/// Daniel sees every bed of the hospital, whoever lies in it.
async fn ward_5a(portal: &Portal) -> UnitId {
    let daniel = portal.sign_in("daniel.brooks").await;
    let wards: Vec<WardSummary> = daniel.read("/api/v1/wards").await;
    let ward = wards.iter().find(|ward| ward.ward.name.contains("5A"));
    ward.expect("Ward 5A").ward.id
}

pub async fn free_bed_on_5a(portal: &Portal) -> BedId {
    let daniel = portal.sign_in("daniel.brooks").await;
    let board: WardBoard = daniel
        .read(&format!("/api/v1/wards/{}", ward_5a(portal).await))
        .await;
    let free = board.beds.iter().find(|bed| bed.occupancy == Occupancy::Free);
    free.expect("a free bed").id
}
