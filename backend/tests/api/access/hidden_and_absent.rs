//! A row that is hidden can't be told from one that was never there: not by the body, not by the number
//! of statements it costs.

use std::collections::BTreeSet;

use fleetward::{
    identity::store::{
        people,
        stations::{self, NewStation},
    },
    platform::http::{Declared, Failure, Guard},
    privacy::{
        consents::{self, Grantee, NewConsent},
        review::{self, About, NewReview},
    },
    routes,
};
use fleetward_common::{
    access::{Kind, Role},
    care::{Occupancy, WardBoard},
    id::{
        AccessReviewId, BedId, ConsentId, DeviceId, IntervalId, MembershipId, OrganisationId, PatientId,
        PersonId, StationId, UnitId,
    },
    review::Signal,
    sharing::ConsentPurpose,
    text::StationName,
    time::Span,
};
use reqwest::Method;
use serde_json::json;

use super::NOBODY;
use crate::{
    care::board_of,
    on_both_engines,
    people::administrator,
    support::{Person, Portal, people::Answer},
};

/// One row of each kind, and what hangs on such a row, of a house that the person who asks is not of.
struct Hidden {
    unit: UnitId,
    bed: BedId,
    patient: PatientId,
    device: DeviceId,
    organisation: OrganisationId,
    membership: MembershipId,
    review: AccessReviewId,
    consent: ConsentId,
    station: StationId,
    invitation: String,
}

impl Hidden {
    fn of(&self, kind: Kind) -> String {
        match kind {
            Kind::Unit => self.unit.to_string(),
            Kind::Bed => self.bed.to_string(),
            Kind::Patient => self.patient.to_string(),
            Kind::Device => self.device.to_string(),
            Kind::Organisation => self.organisation.to_string(),
            Kind::Membership => self.membership.to_string(),
            Kind::AccessReview => self.review.to_string(),
            Kind::Consent => self.consent.to_string(),
        }
    }

    /// The row that this route's `{id}` names.
    fn behind(&self, route: &Declared) -> String {
        match (route.path.as_str(), route.guard) {
            (path, _) if path.contains("/stations/") => self.station.to_string(),
            (path, _) if path.contains("/invitations/") => self.invitation.clone(),
            (path, _) if path.contains("/consents/") => self.consent.to_string(),
            (path, _) if path.contains("/reviews/") => self.review.to_string(),
            (_, Guard::Point(kind, _)) => self.of(kind),
            (path, _) => panic!("which row is behind {path}?"),
        }
    }
}

/// The answer to this request, and how many statements the server ran for it.
async fn asked(
    portal: &Portal,
    person: &Person<'_>,
    method: &Method,
    pattern: &str,
    path: &str,
) -> (Answer, u64) {
    let before = portal.app.http.so_far(method.as_str(), pattern, 404);
    let mut request = person.request(method.clone(), path);
    if *method != Method::GET {
        // What an answer to a question needs; to every other route it is nothing.
        request = request.json(&json!({ "answer": "I was called to help." }));
    }
    let answer = person.send(request).await;
    assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
    let after = portal.app.http.so_far(method.as_str(), pattern, 404);
    assert_eq!(after.0 - before.0, 1, "{method} {pattern}");
    (answer, after.1 - before.1)
}

/// Asks twice of one route, for a row that is hidden and for one that was never there.
async fn compare(
    portal: &Portal,
    person: &Person<'_>,
    (method, pattern): (&Method, &str),
    path_to: impl Fn(&str) -> String,
    hidden: &str,
) {
    let (absent, absent_cost) = asked(portal, person, method, pattern, &path_to(NOBODY)).await;
    let (hidden, hidden_cost) = asked(portal, person, method, pattern, &path_to(hidden)).await;
    assert_eq!(hidden.text, absent.text, "{method} {pattern}");
    assert_eq!(hidden_cost, absent_cost, "{method} {pattern}: statements");
    assert!(absent_cost > 0, "the counter counts");
}

fn filled(pattern: &str, id: &str) -> String {
    let mut path = pattern.replace("{id}", id);
    for inner in ["{alarm}", "{site}", "{message}", "{grant}"] {
        path = path.replace(inner, NOBODY);
    }
    if path.ends_with("/history") {
        path.push_str("?metric=heart-rate&from=0&until=1000000&max_points=10");
    }
    path
}

/// Every route with a row behind its `{id}`. A session and a passkey are the account's own: whose they
/// are is in no policy.
fn routes_with_a_row() -> Vec<Declared> {
    routes::declared()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/") && route.path.contains("{id}"))
        .filter(|route| !route.path.contains("/sessions/") && !route.path.contains("/passkeys/"))
        .collect()
}

/// Made in this house by the store, and the invitation by its administrator.
async fn hidden_rows(portal: &Portal, house: &House) -> Hidden {
    let (unit, bed, patient, device) = house.place;
    let administrator = administrator(portal, house.administrator).await;
    let organisation = administrator.actor().await.organisation;
    let invite = format!("/api/v1/organisations/{organisation}/invitations");
    let guest = json!({ "name": "A Guest", "email": "a.guest@example.org", "role": house.role, "units": [] });
    let invited = administrator.post(&invite, &guest).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let (now, clock, login) = (portal.app.clock.now(), portal.app.clock.clone(), house.member);
    let write = portal.app.db.write(move |connection| {
        let account = people::account(connection, login, now)?.expect("a person of the demo world");
        let (review, consent) = (
            AccessReviewId::new(now, clock.entropy()),
            ConsentId::new(now, clock.entropy()),
        );
        let new = NewReview {
            id: review,
            organisation,
            person: account.person,
            membership: account.membership,
            role: Role::Nurse,
            about: About::Patient(patient),
            signals: vec![Signal::NoCareRelation],
            rules_version: 1,
            span: Span {
                from: now,
                until: now,
            },
            raised_at: now,
        };
        review::raise(connection, &new)?;
        let new = NewConsent {
            id: consent,
            patient,
            organisation,
            purpose: ConsentPurpose::Research,
            grantee: Grantee::Organisation(organisation),
            given_by: account.person,
            at: now,
        };
        consents::add(connection, &new)?.expect("a first consent");
        let station = StationId::new(now, clock.entropy());
        let new = NewStation {
            id: station,
            organisation,
            unit,
            name: StationName::parse("Desk").unwrap(),
            person: PersonId::new(now, clock.entropy()),
            membership: MembershipId::new(now, clock.entropy()),
            works_in: IntervalId::new(now, clock.entropy()),
            enrolled_by: account.membership,
            enrolled_at: now,
        };
        stations::enrol(connection, &new)?;
        Ok::<_, Failure>((account.membership, review, consent, station))
    });
    let (membership, review, consent, station) = write.await.unwrap();
    Hidden {
        unit,
        bed,
        patient,
        device,
        organisation,
        membership,
        review,
        consent,
        station,
        invitation: invited.json()["id"].as_str().unwrap().to_owned(),
    }
}

struct House {
    administrator: &'static str,
    member: &'static str,
    role: Role,
    place: (UnitId, BedId, PatientId, DeviceId),
}

fn at_bed(board: &WardBoard, number: usize) -> (UnitId, BedId, PatientId, DeviceId) {
    let bed = &board.beds[number];
    let Occupancy::Occupied {
        patient: Some(patient),
        ..
    } = &bed.occupancy
    else {
        panic!("bed {} is taken", bed.label)
    };
    (board.ward.id, bed.id, *patient, bed.devices[0].device)
}

/// Northgate's, and the home clinic's; which has no bed, so that one is of a third house.
async fn two_houses(portal: &Portal) -> [Hidden; 2] {
    let rashida = portal.sign_in("rashida.amadi").await;
    let northgate = House {
        administrator: "ruth.adler",
        member: "tomas.reuter",
        role: Role::Nurse,
        place: at_bed(&board_of(&rashida).await, 6),
    };
    let rosa = portal.sign_in("rosa.lind").await;
    let homes = rosa.get("/api/v1/patients").await.json();
    let home = homes["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|patient| patient["devices"][0]["device"].is_string())
        .expect("a patient with a device at home");
    let ivos = board_of(&portal.sign_in("ivo.lang").await).await;
    let larkfield = House {
        administrator: "vera.holm",
        member: "miriam.okafor",
        role: Role::RespiratoryTechnician,
        place: (
            rosa.actor().await.units[0],
            ivos.beds[0].id,
            home["patient"].as_str().unwrap().parse().unwrap(),
            home["devices"][0]["device"].as_str().unwrap().parse().unwrap(),
        ),
    };
    [
        hidden_rows(portal, &northgate).await,
        hidden_rows(portal, &larkfield).await,
    ]
}

on_both_engines! {
    async fn hidden_and_absent_are_one_answer_at_one_price(portal: Portal) {
        let [northgate, larkfield] = two_houses(&portal).await;
        let routes = routes_with_a_row();
        let kinds: BTreeSet<&str> = routes
            .iter()
            .filter_map(|route| match route.guard {
                Guard::Point(kind, _) => Some(kind.as_str()),
                _ => None,
            })
            .collect();
        // Of a consent there is only the page about oneself; and what may be done with it.
        assert_eq!(kinds.len(), Kind::ALL.len() - 1, "{kinds:?}");
        let outsiders = [
            ("ivo.lang", &northgate), ("rosa.lind", &northgate), ("vera.holm", &northgate),
            ("alan.reed", &northgate), ("nils.berg", &northgate), ("rashida.amadi", &larkfield),
            ("helen.frost", &larkfield), ("ruth.adler", &larkfield),
        ];
        let mut compared = 0;
        for (login, house) in outsiders {
            let person = portal.sign_in(login).await;
            for route in &routes {
                let method: Method = route.method.as_str().parse().unwrap();
                let of = (&method, route.path.as_str());
                compare(&portal, &person, of, |id| filled(&route.path, id), &house.behind(route)).await;
                compared += 1;
            }
            for kind in Kind::ALL {
                let path = "/api/v1/capabilities";
                let to = |id: &str| format!("{path}?kind={kind}&id={id}");
                compare(&portal, &person, (&Method::GET, path), to, &house.of(*kind)).await;
                compared += 1;
            }
        }
        println!("{compared} times, hidden and absent alike");
        assert_eq!(compared, outsiders.len() * (routes.len() + Kind::ALL.len()));
        assert!(routes.len() >= 40, "{}", routes.len());
    }

    async fn what_is_seen_and_refused_says_who_can_help(portal: Portal) {
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let (_, _, patient, monitor) = at_bed(&board, 6);
        let body = json!({ "bed": board.beds[7].id });
        let refused = rashida.post(&format!("/api/v1/patients/{patient}/transfer"), &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("charge nurse"), "{}", refused.text);

        let ben = portal.sign_in("ben.fischer").await;
        let history = format!("/api/v1/devices/{monitor}/history?metric=heart-rate&from=0&until=1000000&max_points=10");
        let refused = ben.get(&history).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("biomedical engineer"), "{}", refused.text);

        let refused = rashida.get("/api/v1/policy").await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert!(refused.text.contains("administrator"), "{}", refused.text);
    }
}
