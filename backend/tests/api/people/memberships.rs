//! One person with two memberships.

use fleetward_common::{
    identity::SessionView,
    live::{LiveMessage, Topic},
    people::OwnMembership,
};
use serde_json::json;

use super::audit_entries;
use crate::{
    care::board_of,
    on_both_engines,
    support::{Person, Portal, tab::Tab},
};

on_both_engines! {
    async fn tomas_goes_on_as_physician_of_the_other_hospital_and_the_socket_follows(portal: Portal) {
        let tomas = portal.sign_in("tomas.reuter").await;
        let own: Vec<OwnMembership> = tomas.read("/api/v1/session/memberships").await;
        assert_eq!(own.iter().map(|own| own.organisation_name.as_str()).collect::<Vec<_>>(), ["Northgate General", "St Anne’s Hospital"]);
        assert_eq!(own.iter().map(|own| own.current).collect::<Vec<_>>(), [true, false]);
        let northgates = board_of(&tomas).await;
        let mut tab = Tab::open(&portal, &tomas).await;
        let topic = Topic::Ward(northgates.ward.id);
        assert_eq!(tab.subscribe(topic).await, LiveMessage::Subscribed { topic });
        let northgate: SessionView = tomas.read("/api/v1/session").await;

        let answer = tomas.post("/api/v1/session/membership", &json!({ "membership": own[1].membership })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(tab.until_closed().await, "Signed out");
        assert_eq!(tomas.get("/api/v1/session").await.status, 401);
        let there = Person::new(&portal, answer.session_cookie());
        let session: SessionView = there.read("/api/v1/session").await;
        assert_eq!(session.organisation_name, "St Anne’s Hospital");
        assert_eq!(board_of(&there).await.ward.name, "Ward 2 Surgery");
        assert_eq!(there.get(&format!("/api/v1/wards/{}", northgates.ward.id)).await.status, 404);
        // Both houses have it on record.
        for organisation in [northgate.organisation, session.organisation] {
            assert!(audit_entries(&portal, organisation).await > 0);
        }
    }

    async fn nobody_goes_on_as_somebody_else_or_as_what_has_ended(portal: Portal) {
        let tomas = portal.sign_in("tomas.reuter").await;
        let own: Vec<OwnMembership> = tomas.read("/api/v1/session/memberships").await;
        let rashida = portal.sign_in("rashida.amadi").await;
        for membership in [json!(own[0].membership), json!("01a210c5-5112-7104-b13e-c0bb40cd1635")] {
            let answer = rashida.post("/api/v1/session/membership", &json!({ "membership": membership })).await;
            assert_eq!(answer.status, 404, "{}", answer.text);
            assert!(answer.session_cookie().is_none());
        }
        assert_eq!(rashida.get("/api/v1/session").await.status, 200);
    }
}
