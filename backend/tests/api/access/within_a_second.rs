//! Whatever changes about who may see what reaches the open streams. Each test prints the delay.

use std::time::Duration;

use fleetward::{
    access::Access,
    care::store::places,
    identity::store::{people, sessions},
    platform::{db::DbConnection, http::Failure},
};
use fleetward_common::{
    care::{Occupancy, WardBoard, WardSummary},
    error::ErrorCode,
    id::{BedId, DeviceId, IntervalId, UnitId},
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

/// The person's membership of their session, changed in the store as an administrator's action does.
async fn change(
    portal: &Portal,
    login: &'static str,
    work: impl FnOnce(&mut DbConnection, &people::Account) -> Result<(), Failure> + Send + 'static,
) {
    let now = portal.app.clock.now();
    let organisation = portal
        .app
        .db
        .write(move |connection| {
            let account = people::account(connection, login, now)?.expect("a person of the demo world");
            work(connection, &account)?;
            Ok::<_, Failure>(account.organisation)
        })
        .await
        .unwrap();
    portal.app.access.epochs.bump_scope(organisation);
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
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let (unit, now): (UnitId, _) = (board.ward.id, portal.app.clock.now());
        let since = Delay::begins();
        change(&portal, "rashida.amadi", move |connection, account| {
            people::leave_unit(connection, account.membership, unit, now)?;
            Ok(())
        })
        .await;
        until_refused(&mut tab, "a ward that is left", &since).await;
        assert_eq!(rashida.get(&format!("/api/v1/wards/{unit}")).await.status, 404);
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
        let ivo = portal.sign_in("ivo.lang").await;
        let (_, mut tab) = watching(&portal, &ivo).await;
        let ward_4b = board_of(&portal.sign_in("rashida.amadi").await).await.ward.id;
        let topic = Topic::Ward(ward_4b);
        assert!(matches!(tab.subscribe(topic).await, LiveMessage::Refused { .. }));
        let (now, entropy) = (portal.app.clock.now(), portal.app.clock.entropy());
        let since = Delay::begins();
        change(&portal, "ivo.lang", move |connection, account| {
            let id = IntervalId::new(now, entropy);
            people::join_unit(connection, id, account.membership, ward_4b, now)?;
            Ok(())
        })
        .await;
        until_changed(&mut tab, "a ward that is joined", &since).await;
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
    }

    async fn sessions_that_an_administrator_ends(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let now = portal.app.clock.now();
        let since = Delay::begins();
        let ended = portal
            .app
            .db
            .write(move |connection| {
                let account = people::account(connection, "rashida.amadi", now)?.expect("Rashida");
                Ok::<_, Failure>(sessions::end_all_of_person(connection, account.person, now)?)
            })
            .await
            .unwrap();
        ended.into_iter().for_each(|session| portal.app.live.end_session(session));
        assert_eq!(tab.until_closed().await, "Signed out");
        told("the end of a session", &since);
        assert_eq!(rashida.get(&format!("/api/v1/wards/{}", board.ward.id)).await.status, 401);
    }

    async fn a_monitor_that_is_taken_away(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let (board, mut tab) = watching(&portal, &rashida).await;
        let (device, now): (DeviceId, _) = (board.beds[6].devices[0].device, portal.app.clock.now());
        let since = Delay::begins();
        change(&portal, "rashida.amadi", move |connection, _| {
            places::end_assignment(connection, device, now)?;
            Ok(())
        })
        .await;
        until_changed(&mut tab, "a monitor that is taken away", &since).await;
        let left = board_of(&rashida).await.beds[6].devices.clone();
        assert!(left.iter().all(|at_bed| at_bed.device != device));
        assert_eq!(rashida.get(&format!("/api/v1/devices/{device}")).await.status, 404);
    }

    async fn a_patient_who_is_moved_to_another_ward(portal: Portal) {
        let louise = portal.sign_in("louise.brandt").await;
        let (board, mut tab) = watching(&portal, &louise).await;
        let Occupancy::Occupied { patient, .. } = board.beds[6].occupancy else { panic!("bed 7 is taken") };
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
pub async fn free_bed_on_5a(portal: &Portal) -> BedId {
    let daniel = portal.sign_in("daniel.brooks").await;
    let wards: Vec<WardSummary> = daniel.read("/api/v1/wards").await;
    let ward = wards.iter().find(|ward| ward.ward.name.contains("5A"));
    let ward = ward.expect("Ward 5A").ward.id;
    let board: WardBoard = daniel.read(&format!("/api/v1/wards/{ward}")).await;
    let free = board.beds.iter().find(|bed| bed.occupancy == Occupancy::Free);
    free.expect("a free bed").id
}
