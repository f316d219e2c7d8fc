//! What a patient is told about who looked.

use fleetward_common::sharing::{AccessLog, LookKind};
use serde_json::{Value, json};

use crate::{
    on_both_engines,
    support::{Person, Portal},
};

async fn log_of(person: &Person<'_>) -> AccessLog {
    let answer = person.get("/api/v1/me/access-log").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

on_both_engines! {
    async fn alan_reads_who_looked_why_and_at_what_and_his_own_looks_are_left_out(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let page: Value = alan.read("/api/v1/me").await;
        let device = page["devices"][0]["device"].as_str().unwrap().to_owned();
        let before = log_of(&alan).await;
        assert!(before.looks.is_empty() && before.yours);

        let rosa = portal.sign_in("rosa.lind").await;
        rosa.get("/api/v1/patients").await;
        let listed = log_of(&alan).await;
        assert_eq!(listed.looks.len(), 1);
        let look = &listed.looks[0];
        assert_eq!(look.who, "Rosa Lind, Larkfield Sleep Clinic");
        assert_eq!(look.role.as_deref(), Some("Respiratory technician"));
        assert_eq!(look.what, "Saw your name and your measurements, in a list.");
        assert_eq!((look.why.as_str(), look.times), ("in your care team", 1));
        assert!(look.kind == LookKind::Care);

        rosa.get(&format!("/api/v1/devices/{device}")).await;
        rosa.get(&format!("/api/v1/devices/{device}/history?metric=cpap-usage&from=0&until=1000&max_points=10")).await;
        let again = log_of(&alan).await;
        assert_eq!(again.looks.len(), 1, "one line per person and day");
        assert!(again.looks[0].times >= 2);

        let ben = portal.sign_in("ben.fischer").await;
        ben.get(&format!("/api/v1/devices/{device}")).await;
        let with_maker = log_of(&alan).await;
        let maker = with_maker.looks.iter().find(|look| look.kind == LookKind::Device).expect("the maker's look");
        assert_eq!(maker.who, "Northwind Medical, maker of your device");
        assert_eq!(maker.what, "Saw the device only. Not your name, not your measurements.");
        assert_eq!(maker.role, None);
        assert!(with_maker.looks.iter().all(|look| !look.who.contains("Alan") && !look.who.contains("Ben")));
    }

    async fn who_was_refused_or_looked_at_somebody_else_is_not_on_it(portal: Portal) {
        let joan = portal.sign_in("joan.whitfield").await;
        let alan = portal.sign_in("alan.reed").await;
        let page: Value = alan.read("/api/v1/me").await;
        let device = page["devices"][0]["device"].as_str().unwrap().to_owned();
        let ivo = portal.sign_in("ivo.lang").await;
        assert_eq!(ivo.get(&format!("/api/v1/devices/{device}")).await.status, 404);
        portal.sign_in("rosa.lind").await.get(&format!("/api/v1/devices/{device}")).await;
        assert!(log_of(&joan).await.looks.is_empty());
        assert_eq!(log_of(&alan).await.looks.len(), 1);
    }

    async fn only_the_patient_and_who_acts_for_them_can_read_it(portal: Portal) {
        portal.sign_in("rosa.lind").await.get("/api/v1/patients").await;
        let sofia = portal.sign_in("sofia.hughes").await;
        let log = log_of(&sofia).await;
        assert!(!log.yours && log.given_name == "Martin");
        assert!(log.looks.iter().any(|look| look.who.starts_with("Rosa Lind")));
        // Martin sees that Sofia looked; she acts for him, and is not him.
        sofia.read::<Value>("/api/v1/me").await;
        let martin = portal.sign_in("martin.hughes").await;
        let of_martin = log_of(&martin).await;
        let family = of_martin.looks.iter().find(|look| look.who.starts_with("Sofia Hughes")).expect("Sofia's look");
        assert_eq!((family.why.as_str(), family.kind), ("acts for you", LookKind::Chosen));
        for login in ["rosa.lind", "rashida.amadi", "ben.fischer", "helen.frost", "nils.berg"] {
            let person = portal.sign_in(login).await;
            assert_eq!(person.get("/api/v1/me/access-log").await.status, 404, "{login}");
        }
    }

    async fn a_month_at_a_time_and_junk_is_refused(portal: Portal) {
        let alan = portal.sign_in("alan.reed").await;
        let log = log_of(&alan).await;
        let earlier = alan.get(&format!("/api/v1/me/access-log?after={}", log.from.micros())).await;
        assert_eq!(earlier.status, 200);
        let earlier: AccessLog = serde_json::from_str(&earlier.text).unwrap();
        assert!(earlier.looks.is_empty() && earlier.from < log.from);
        let junk = alan.get("/api/v1/me/access-log?after=Quennell").await;
        assert_eq!(junk.status, 400);
        assert!(!junk.text.contains("Quennell"), "{}", junk.text);
        assert_eq!(junk.json()["code"], json!("bad_request"));
    }
}
