//! Asking the portal, and holding its answer against the table.

use std::collections::BTreeSet;

use fleetward_common::{
    access::{Capabilities, DataClass, Kind},
    id::MembershipId,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    map::{LETTERS, ListRoute, Part, RowRoute, Shows, action},
    who::{Tie, Who},
    world::{FAMILY, Someone, Target, VALUE, World},
};
use crate::{
    access::NOBODY,
    support::{Person, Portal, people::Answer},
};

pub const PASSWORD: &str = "correct horse battery staple";

/// As if with a passkey, and every moment anew: whoever may do what is dangerous is not asked for a proof.
pub async fn signed_in<'a>(portal: &'a Portal, login: &str) -> Person<'a> {
    let body = json!({ "login": login, "password": PASSWORD });
    let answer = portal.stranger().post("/api/v1/session", &body).await;
    assert_eq!(answer.status, 200, "{login}: {}", answer.text);
    let proven = "UPDATE sessions SET proof_kind = 'passkey', proven_at = expires_at";
    portal.execute(proven, proven).await;
    Person::new(portal, Some(answer.session_cookie().expect("a session cookie")))
}

/// Rows of this kind as they stand to this person, and the one that only they have: their membership.
pub fn rows_of(world: &World, someone: &Someone, kind: Kind) -> Vec<Target> {
    let mut rows: Vec<Target> = world
        .targets
        .iter()
        .filter(|row| row.kind == kind)
        .map(|row| row.for_someone(someone))
        .collect();
    if kind == Kind::Membership {
        rows.push(membership(someone.membership, &["house", "oneself"]));
    }
    rows
}

pub fn membership(id: MembershipId, ties: &[&str]) -> Target {
    Target {
        kind: Kind::Membership,
        id: id.to_string(),
        ties: ties.iter().map(|tie| Tie::named(tie)).collect(),
        place: None,
        patient: None,
        number: None,
        alarm: None,
        about: None,
    }
}

/// Of the rows that a route without an id in it is about: the person's own house.
pub fn only_the_house(mut rows: Vec<Target>, path: &str, body: &str) -> Vec<Target> {
    if !path.contains('{') && !body.contains("{id}") {
        rows.retain(|row| row.ties == [Tie::named("house")]);
    }
    rows
}

pub async fn ask(
    world: &World,
    person: &Person<'_>,
    method: &str,
    pattern: &str,
    row: &Target,
    body: &str,
) -> Answer {
    let filled = |text: &str| {
        text.replace("{id}", &row.id)
            .replace("{message}", NOBODY)
            .replace("{grant}", NOBODY)
            .replace("{site}", &world.site.to_string())
            .replace("{alarm}", row.alarm.as_deref().unwrap_or(NOBODY))
            .replace("{number}", row.number.as_deref().unwrap_or("nobody"))
    };
    let mut path = filled(pattern);
    if path.ends_with("/history") {
        path.push_str("?metric=heart-rate&from=0&until=1000000&max_points=10");
    }
    if path.ends_with("/export") {
        path.push_str("?from=0&until=1000000");
    }
    let method: Method = method.parse().unwrap();
    let mut request = person.request(method.clone(), &path);
    if method != Method::GET {
        request = request
            .header("content-type", "application/json")
            .body(filled(body));
    }
    person.send(request).await
}

/// One question, as it is told when the answer is wrong.
pub struct Told<'a> {
    pub who: &'a Who,
    pub world: &'a World,
    pub someone: &'a Someone,
    pub route: String,
}

impl Told<'_> {
    pub fn of(&self, row: &Target, answer: &Answer) -> String {
        let role = self.someone.role;
        format!("{role} {} {:?}: {}", self.route, row.ties, answer.text)
    }

    fn gives(&self, kind: Kind, class: DataClass, letter: char, row: &Target) -> bool {
        self.who.gives(self.someone.role, kind, class, letter, &row.ties)
    }

    /// What the table says a row's route answers: hidden, refused, or there.
    pub fn expected(&self, route: &RowRoute, row: &Target) -> u16 {
        let of_row = route.parts.iter().filter(|part| !part.of_device);
        let given = of_row
            .into_iter()
            .any(|part| self.gives(route.kind, part.class, route.letter, row));
        match (given, self.who.sees(self.someone.role, route.kind, &row.ties)) {
            (true, _) => 200,
            (false, true) => 403,
            (false, false) => 404,
        }
    }

    pub fn check_row(&self, route: &RowRoute, row: &Target, answer: &Answer) {
        let told = self.of(row, answer);
        let status = self.expected(route, row);
        assert_eq!(answer.status, status, "{told}");
        if status != 200 {
            assert!(
                !answer.text.contains(FAMILY) && !answer.text.contains(VALUE),
                "{told}"
            );
            return;
        }
        for part in &route.parts {
            if let Shows::At(pointer) = &part.shows {
                let found = answer.json().pointer(pointer).is_some_and(is_something);
                assert_eq!(found, self.shows(route, row, part), "{}: {told}", part.class);
            }
        }
        if route.kind == Kind::Unit {
            self.check_beds(row, answer);
        }
        if !self.names_a_patient(route, row) {
            assert!(!answer.text.contains(FAMILY), "a name: {told}");
        }
        if !self.shows_values(route, row) {
            assert!(!answer.text.contains(VALUE), "a value: {told}");
        }
    }

    /// A board shows of each bed who lies in it, and of each device its line and its values, to whom the
    /// bed and the device give that.
    fn check_beds(&self, unit: &Target, answer: &Answer) {
        let json = answer.json();
        if json.get("ward").is_some() {
            let listed = json["beds"].as_array().into_iter().flatten();
            let listed: BTreeSet<&str> = listed.filter_map(|bed| bed["id"].as_str()).collect();
            let mut theirs = rows_of(self.world, self.someone, Kind::Bed);
            theirs.retain(|bed| bed.stands_in(&unit.id));
            theirs.retain(|bed| self.who.sees(self.someone.role, Kind::Bed, &bed.ties));
            let theirs: BTreeSet<&str> = theirs.iter().map(|bed| bed.id.as_str()).collect();
            assert_eq!(listed, theirs, "{}", self.of(unit, answer));
        }
        let shown = |value: &Value, pointer: &str| value.pointer(pointer).is_some_and(is_something);
        for shown_bed in json["beds"].as_array().expect("beds") {
            let Some(id) = shown_bed["id"].as_str() else {
                continue;
            };
            let told = self.of(unit, answer);
            let beds = rows_of(self.world, self.someone, Kind::Bed);
            let bed = beds.iter().find(|bed| bed.id == id).expect("a bed of the world");
            let named = shown(shown_bed, "/occupancy/identity");
            assert_eq!(
                named,
                self.gives(Kind::Bed, DataClass::Identity, 'R', bed),
                "{told}"
            );
            let device = self.devices_at(bed).pop().expect("a device at each bed");
            let gives = |class| self.gives(Kind::Device, class, 'R', &device);
            let line = shown(shown_bed, "/devices/0/serial");
            assert_eq!(line, gives(DataClass::Technical), "{told}");
            let values = shown(shown_bed, "/devices/0/channels/0");
            assert_eq!(values, gives(DataClass::Clinical), "{told}");
        }
    }

    /// Whether a value has any business in this answer.
    fn shows_values(&self, route: &RowRoute, row: &Target) -> bool {
        let devices = match route.kind {
            Kind::Device => vec![row.clone()],
            Kind::Bed | Kind::Patient => self.devices_at(row),
            Kind::Unit => {
                let mut devices = rows_of(self.world, self.someone, Kind::Device);
                devices.retain(|device| device.stands_in(&row.id));
                devices
            }
            _ => Vec::new(),
        };
        let mut devices = devices.iter();
        devices.any(|device| self.gives(Kind::Device, DataClass::Clinical, 'R', device))
    }

    fn shows(&self, route: &RowRoute, row: &Target, part: &Part) -> bool {
        if !part.of_device {
            return self.gives(route.kind, part.class, route.letter, row);
        }
        self.devices_at(row)
            .iter()
            .any(|device| self.gives(Kind::Device, part.class, 'R', device))
    }

    /// What stands where this row lies.
    fn devices_at(&self, row: &Target) -> Vec<Target> {
        let mut devices = rows_of(self.world, self.someone, Kind::Device);
        devices.retain(|device| device.patient.is_some() && device.patient == row.patient);
        devices
    }

    /// Whether a name has any business in this answer.
    fn names_a_patient(&self, route: &RowRoute, row: &Target) -> bool {
        match route.kind {
            Kind::Unit => rows_of(self.world, self.someone, Kind::Bed)
                .iter()
                .filter(|bed| bed.stands_in(&row.id))
                .any(|bed| self.gives(Kind::Bed, DataClass::Identity, 'R', bed)),
            // The privacy officers' desk says who was looked at.
            Kind::Organisation => route.letter == 'U',
            kind => self.gives(kind, DataClass::Identity, 'R', row),
        }
    }

    /// A change: refused as a row is, and made, or found at fault, where it is permitted. Returns whether
    /// it was.
    pub fn check_act(&self, route: &RowRoute, row: &Target, answer: &Answer) -> bool {
        let permitted = self.expected(route, row) == 200;
        if permitted {
            self.check_permitted(row, answer);
        } else {
            self.check_row(route, row, answer);
        }
        permitted
    }

    pub fn check_permitted(&self, row: &Target, answer: &Answer) {
        let heard = matches!(answer.status, 200 | 201 | 204 | 400 | 409 | 422);
        assert!(heard, "permitted: {} {}", answer.status, self.of(row, answer));
    }

    /// Hidden from whoever may not, whatever else they see.
    pub fn check_behind(&self, route: &RowRoute, row: &Target, answer: &Answer) -> bool {
        let permitted = self.expected(route, row) == 200;
        if permitted {
            self.check_permitted(row, answer);
        } else {
            assert_eq!(answer.status, 404, "{}", self.of(row, answer));
        }
        permitted
    }

    /// A search finds exactly who may be known.
    pub fn check_found(&self, route: &RowRoute, row: &Target, answer: &Answer) {
        let told = self.of(row, answer);
        assert_eq!(answer.status, 200, "{told}");
        let json = answer.json();
        let items = json["items"].as_array().expect("a list");
        let found: Vec<&str> = items.iter().filter_map(|item| item["patient"].as_str()).collect();
        let wanted = if self.expected(route, row) == 200 {
            vec![row.id.as_str()]
        } else {
            Vec::new()
        };
        assert_eq!(found, wanted, "{told}");
    }

    /// One patient, or nobody; and refused as a whole to whoever can open none.
    pub fn check_looked_up(&self, route: &RowRoute, row: &Target, answer: &Answer) {
        let status = match (self.who.opens(self.someone.role), self.expected(route, row)) {
            (false, _) => 403,
            (true, 200) => 200,
            (true, _) => 404,
        };
        assert_eq!(answer.status, status, "{}", self.of(row, answer));
        assert_eq!(answer.text.contains(FAMILY), status == 200, "{}", answer.text);
    }

    /// Everything that may be done with one row.
    pub fn check_every(&self, row: &Target, answer: &Answer) {
        let told = self.of(row, answer);
        if !self.who.sees(self.someone.role, row.kind, &row.ties) {
            assert_eq!(answer.status, 404, "{told}");
            return;
        }
        assert_eq!(answer.status, 200, "{told}");
        let may: Capabilities = serde_json::from_str(&answer.text).unwrap();
        for (letter, _) in LETTERS {
            let told_of: BTreeSet<&str> = may
                .may
                .iter()
                .filter(|one| (one.kind, one.action) == (row.kind, action(letter)))
                .flat_map(|one| one.classes.iter().map(|class| class.as_str()))
                .collect();
            let given: BTreeSet<&str> = DataClass::ALL
                .iter()
                .filter(|class| self.gives(row.kind, **class, letter, row))
                .map(|class| class.as_str())
                .collect();
            assert_eq!(told_of, given, "{letter}: {told}");
        }
        assert!(may.may.iter().all(|one| one.kind == row.kind), "{told}");
    }

    pub fn check_list(&self, route: &ListRoute, rows: &[Target], answer: &Answer) {
        let told = format!("{} {}: {}", self.someone.role, self.route, answer.text);
        assert_eq!(answer.status, 200, "{told}");
        let allowed: BTreeSet<String> = rows
            .iter()
            .filter(|row| self.gives(route.kind, route.class, route.letter, row))
            .map(|row| row.id.clone())
            .collect();
        if route.class != DataClass::Identity {
            assert!(
                !answer.text.contains(FAMILY) && !answer.text.contains(VALUE),
                "{told}"
            );
        }
        let json = answer.json();
        let Some(pointer) = &route.pointer else {
            assert_eq!(json["total"], allowed.len(), "{told}");
            return;
        };
        let items = json.get("items").unwrap_or(&json).as_array().expect("a list");
        let id = |item: &Value| item.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let listed: BTreeSet<String> = items.iter().filter_map(id).collect();
        assert_eq!(listed, allowed, "{told}");
    }
}

fn is_something(value: &Value) -> bool {
    !value.is_null()
}
