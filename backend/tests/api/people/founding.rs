//! An organisation that whoever runs the server adds, and its first administrator.

use fleetward::{
    people::founding::{Founded, found_in},
    platform::{config::Founding, http::Failure},
};
use fleetward_common::people::OrganisationKind;
use serde_json::json;

use super::organisation_of;
use crate::{
    on_both_engines,
    support::{Person, Portal},
};

const PASSWORD: &str = "nine slow ferries outbound";

fn riverside() -> Founding {
    Founding {
        name: "Riverside Hospital".to_owned(),
        kind: "hospital".to_owned(),
        region: "eu".to_owned(),
        administrator: "Petra Nowak".to_owned(),
        email: "Petra.Nowak@riverside.example".to_owned(),
    }
}

async fn refused(portal: &Portal, founding: Founding) -> String {
    match found_in(&portal.app, founding).await {
        Ok(Founded { name, .. }) => panic!("{name} was added"),
        Err(Failure::BadRequest(sentence)) => sentence,
        Err(other) => panic!("{other}"),
    }
}

on_both_engines! {
    async fn petra_gets_in_by_both_halves_and_opens_her_hospitals_first_ward(portal: Portal) {
        let founded = found_in(&portal.app, riverside()).await.unwrap();
        let form = |code: &str| format!("code={code}&password={}", PASSWORD.replace(' ', "+"));
        let wrong = if founded.code == "00000000" { "00000001" } else { "00000000" };
        assert_eq!(portal.stranger().post_form(&founded.path, &form(wrong)).await.status, 400);
        assert_eq!(portal.stranger().post_form(&founded.path, &form(&founded.code)).await.status, 303);
        assert_eq!(portal.stranger().post_form(&founded.path, &form(&founded.code)).await.status, 410);

        let attempt = json!({ "login": "petra.nowak@riverside.example", "password": PASSWORD });
        let signed_in = portal.stranger().post("/api/v1/session", &attempt).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.text);
        let petra = Person::new(&portal, signed_in.session_cookie());
        let hospital = organisation_of(&petra).await;
        assert_eq!((hospital.name.as_str(), hospital.kind), ("Riverside Hospital", OrganisationKind::Hospital));
        assert!(hospital.sites.is_empty());
        let path = format!("/api/v1/organisations/{}/sites", hospital.id);
        let site = petra.post(&path, &json!({ "name": "Main building", "time_zone": "Europe/Warsaw" })).await;
        assert_eq!(site.status, 201, "{}", site.text);
        let ward = json!({ "site": site.json()["sites"][0]["id"], "name": "Ward 1" });
        let path = format!("/api/v1/organisations/{}/units", hospital.id);
        assert_eq!(petra.post(&path, &ward).await.status, 201);
    }

    async fn what_is_there_already_or_does_not_exist_is_not_added(portal: Portal) {
        for (founding, words) in [
            (Founding { name: "Northgate General".to_owned(), ..riverside() }, "is there already"),
            (Founding { email: "ruth.adler".to_owned(), ..riverside() }, "not a mail address"),
            (Founding { kind: "castle".to_owned(), ..riverside() }, "no such kind"),
            (Founding { administrator: " ".to_owned(), ..riverside() }, "administrator’s name"),
        ] {
            let sentence = refused(&portal, founding).await;
            assert!(sentence.contains(words), "{sentence}");
        }
        found_in(&portal.app, riverside()).await.unwrap();
        let again = Founding { name: "Riverside Clinic".to_owned(), ..riverside() };
        assert!(refused(&portal, again).await.contains("signs in with this address already"));
    }
}
