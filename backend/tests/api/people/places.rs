//! Sites and units.

use std::time::Duration;

use fleetward_common::{
    people::OrganisationView,
    review::{Deadlines, ReviewQueue},
};
use serde_json::json;

use super::{administrator, organisation_of};
use crate::{
    emergency::{self, HOLLIS},
    on_both_engines,
    support::Portal,
};

on_both_engines! {
    async fn ruth_adds_renames_and_closes_an_empty_ward_and_a_full_one_stays_open(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        let site = &northgate.sites[0];
        let path = format!("/api/v1/organisations/{}/units", northgate.id);
        let added = ruth.post(&path, &json!({ "site": site.id, "name": "Ward 6C Stroke" })).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let twice = ruth.post(&path, &json!({ "site": site.id, "name": "Ward 6C Stroke" })).await;
        assert_eq!(twice.status, 400);
        let view: OrganisationView = serde_json::from_str(&added.text).unwrap();
        let new = view.sites[0].units.iter().find(|unit| unit.name == "Ward 6C Stroke").unwrap();
        assert!(new.holds.is_empty());

        let renamed = ruth.post(&format!("/api/v1/units/{}/name", new.id), &json!({ "name": "Ward 6C Neurology" })).await;
        assert_eq!(renamed.status, 204, "{}", renamed.text);
        assert_eq!(ruth.post(&format!("/api/v1/units/{}/closing", new.id), &json!({})).await.status, 204);
        let closed = organisation_of(&ruth).await;
        let unit = closed.sites[0].units.iter().find(|unit| unit.id == new.id).unwrap();
        assert_eq!(unit.name, "Ward 6C Neurology");
        assert!(unit.closed_at.is_some());

        let full = site.units.iter().find(|unit| unit.name.contains("4B")).unwrap();
        let refused = ruth.post(&format!("/api/v1/units/{}/closing", full.id), &json!({})).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains("23 patients in beds"), "{}", refused.text);
    }

    async fn ruth_opens_a_second_site_and_puts_a_ward_into_it(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        let path = format!("/api/v1/organisations/{}/sites", northgate.id);
        let added = ruth.post(&path, &json!({ "name": "Northgate South", "time_zone": "europe/lisbon" })).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let view: OrganisationView = serde_json::from_str(&added.text).unwrap();
        let south = view.sites.iter().find(|site| site.name == "Northgate South").unwrap();
        assert_eq!(south.time_zone, "Europe/Lisbon");
        assert!(!south.spoken_code.is_empty() && !south.spoken_code.to_lowercase().contains("south"));

        let unit = json!({ "site": south.id, "name": "Ward 1S Surgery" });
        let units = format!("/api/v1/organisations/{}/units", northgate.id);
        assert_eq!(ruth.post(&units, &unit).await.status, 201);

        let form = json!({ "name": "Northgate Riverside", "time_zone": "Europe/London" });
        let changed = ruth.post(&format!("{path}/{}", south.id), &form).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        let view: OrganisationView = serde_json::from_str(&changed.text).unwrap();
        let riverside = view.sites.iter().find(|site| site.id == south.id).unwrap();
        assert_eq!((riverside.name.as_str(), riverside.time_zone.as_str()), ("Northgate Riverside", "Europe/London"));
        assert_eq!((&riverside.spoken_code, riverside.units.len()), (&south.spoken_code, 1));
    }

    async fn a_site_needs_a_name_of_its_own_and_a_time_zone_that_exists(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let vera = administrator(&portal, "vera.holm").await;
        let northgate = organisation_of(&ruth).await;
        let path = format!("/api/v1/organisations/{}/sites", northgate.id);
        for (name, zone) in [("", "Europe/London"), ("Branch", "Mars/Olympus"), ("Northgate General", "Europe/London")] {
            let refused = ruth.post(&path, &json!({ "name": name, "time_zone": zone })).await;
            assert_eq!(refused.status, 400, "{name} in {zone}");
        }
        let form = json!({ "name": "Hers", "time_zone": "Europe/London" });
        let clinic = organisation_of(&vera).await;
        let foreign = format!("/api/v1/organisations/{}/sites/{}", clinic.id, northgate.sites[0].id);
        assert_eq!(vera.post(&foreign, &form).await.status, 404);
        assert_eq!(organisation_of(&ruth).await, northgate);
    }

    async fn ruth_gives_reviewers_two_days_and_the_next_review_has_them(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let northgate = organisation_of(&ruth).await;
        assert_eq!(northgate.review_deadlines, Some(Deadlines::USUAL));
        let path = format!("/api/v1/organisations/{}/review-deadlines", northgate.id);
        for hours in [0, 721] {
            let wrong = Deadlines { emergency_hours: hours, ..Deadlines::USUAL };
            assert_eq!(ruth.post(&path, &json!(wrong)).await.status, 400, "{hours}");
        }
        let two_days = Deadlines { emergency_hours: 48, ..Deadlines::USUAL };
        assert_eq!(ruth.post(&path, &json!(two_days)).await.status, 200);
        assert_eq!(organisation_of(&ruth).await.review_deadlines, Some(two_days));
        assert_eq!(portal.details_of("review_deadlines_changed").await[0]["emergency_hours"], 48);

        let mut tomas = portal.sign_in("tomas.reuter").await;
        emergency::opened(&mut tomas, HOLLIS).await;
        let queue: ReviewQueue = portal.sign_in("helen.frost").await.read("/api/v1/reviews").await;
        let line = &queue.items[0];
        assert_eq!(line.due_at.since(line.raised_at), Duration::from_secs(48 * 3_600));

        // A maker looks after nobody.
        let paul = administrator(&portal, "paul.winter").await;
        let maker = organisation_of(&paul).await;
        assert_eq!(maker.review_deadlines, None);
        let path = format!("/api/v1/organisations/{}/review-deadlines", maker.id);
        assert_eq!(paul.post(&path, &json!(two_days)).await.status, 400);
    }

    async fn another_house_is_as_absent_as_one_that_never_was(portal: Portal) {
        let ruth = administrator(&portal, "ruth.adler").await;
        let vera = administrator(&portal, "vera.holm").await;
        let northgate = organisation_of(&ruth).await;
        let unit = northgate.sites[0].units[0].id;
        let never = vera.get("/api/v1/organisations/01a210c5-5112-7104-b13e-c0bb40cd1635").await;
        assert_eq!(never.status, 404);
        let hidden = vera.get(&format!("/api/v1/organisations/{}", northgate.id)).await;
        assert_eq!((hidden.status, hidden.text), (404, never.text));
        assert_eq!(vera.post(&format!("/api/v1/units/{unit}/name"), &json!({ "name": "Hers" })).await.status, 404);
        // A site of another house is no place for a unit of one's own.
        let clinic = organisation_of(&vera).await;
        let body = json!({ "site": northgate.sites[0].id, "name": "Branch" });
        assert_eq!(vera.post(&format!("/api/v1/organisations/{}/units", clinic.id), &body).await.status, 400);
        let rashida = portal.sign_in("rashida.amadi").await;
        assert_eq!(rashida.get(&format!("/api/v1/organisations/{}", northgate.id)).await.status, 403);
    }
}
