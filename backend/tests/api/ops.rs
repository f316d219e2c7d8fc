//! Health, metrics, and what stands on which port.

use fleetward_common::ops::Readiness;

use crate::{on_both_engines, support::Portal};

on_both_engines! {
    async fn the_portal_says_that_it_lives_and_is_ready(portal: Portal) {
        let stranger = portal.stranger();
        let alive = stranger.get("/healthz").await;
        assert_eq!((alive.status, alive.text.as_str()), (200, "ok\n"));
        let ready: Readiness = stranger.read("/readyz").await;
        assert!(ready.ready && ready.checks.iter().any(|check| check.name == "database"));
    }

    async fn metrics_are_on_the_operations_port_and_nowhere_else(portal: Portal) {
        portal.sign_in("rashida.amadi").await;
        assert_eq!(portal.stranger().get("/metrics").await.status, 404);
        let text = reqwest::get(format!("http://{}/metrics", portal.ops)).await.unwrap().text().await.unwrap();
        assert!(text.contains("fleetward_writer_commits") && text.contains("fleetward_device_lines"), "{text}");
        for person in portal.app.demo_people().unwrap() {
            assert!(!text.contains(&person.name));
        }
        let other = reqwest::get(format!("http://{}/api/v1/session", portal.ops)).await.unwrap();
        assert_eq!(other.status(), 404);
    }

    async fn the_device_port_speaks_to_nobody_without_a_certificate(portal: Portal) {
        let plain = reqwest::get(format!("http://{}/link/v1", portal.device)).await;
        assert!(plain.is_err(), "{plain:?}");
    }
}
