//! Rows that exist, and moments at which something was measured: what no made-up request would guess.
//! What a new demo lacks (an invitation, a ward's screen, a consent, a review) is made first, as people
//! make it.

use super::{Contract, VISITORS, Visitor};
use crate::{
    failure::{Failure, While},
    http::Client,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

const ADMINISTRATOR: &str = "ruth.adler";
const CHARGE_NURSE: &str = "louise.brandt";
const OFFICER: &str = "helen.frost";
const PATIENT: &str = "alan.reed";
/// Works on another ward than the one whose patients he opens.
const PHYSICIAN: &str = "tomas.reuter";
const OTHER_WARD: &str = "Ward 5A Medicine";

/// Enough that one is left when another was taken away.
const MADE: usize = 4;

/// By the name of their dictionary.
#[derive(Default)]
pub struct Known {
    rows: BTreeMap<&'static str, BTreeSet<String>>,
    now: i64,
}

impl Known {
    pub fn of(contract: &Contract<'_>) -> Result<Self, Failure> {
        let mut known = Self::default();
        make_consents(contract).while_doing("giving consents")?;
        open_in_emergency(contract).while_doing("opening patients in an emergency")?;
        known
            .learn_the_house(contract)
            .while_doing("making units, invitations and screens")?;
        for visitor in &VISITORS {
            known
                .learn(contract, visitor)
                .while_doing(format!("looking for ids that a {} knows", visitor.who))?;
        }
        Ok(known)
    }

    fn add(&mut self, name: &'static str, ids: impl IntoIterator<Item = String>) {
        self.rows.entry(name).or_default().extend(ids);
    }

    /// What this person is shown.
    fn learn(&mut self, contract: &Contract<'_>, visitor: &Visitor) -> io::Result<()> {
        let client = contract.client_of(visitor.login)?;
        // One that somebody forgot, to be ended.
        contract.client_of(visitor.login)?;
        let session = client.get("/api/v1/session")?;
        self.now = session
            .get("server_time")
            .and_then(Value::as_i64)
            .unwrap_or(self.now);
        self.add("sessions", texts(&client.get("/api/v1/sessions")?, "/id"));
        for ward in texts(&client.get("/api/v1/wards")?, "/ward/id") {
            let board = client.get(&format!("/api/v1/wards/{ward}"))?;
            let beds = board.get("beds").unwrap_or(&Value::Null);
            self.add("beds", texts(beds, "/id"));
            self.add("patients", texts(beds, "/occupancy/patient"));
            self.add("wards", [ward]);
        }
        let devices = client.get("/api/v1/devices")?;
        self.add("devices", texts(items(&devices), "/id"));
        if visitor.login == OFFICER {
            self.add("reviews", texts(items(&client.get("/api/v1/reviews")?), "/id"));
        }
        if visitor.login == PATIENT {
            let sharing = client.get("/api/v1/me/consents")?;
            let list = |key| sharing.get(key).unwrap_or(&Value::Null);
            self.add("consents", texts(list("choices"), "/given/id"));
            self.add("consents", texts(list("people"), "/consent/id"));
        }
        Ok(())
    }

    /// The administrator's hospital, with units to close, invitations to withdraw and screens to retire.
    fn learn_the_house(&mut self, contract: &Contract<'_>) -> io::Result<()> {
        let mut administrator = contract.client_of(ADMINISTRATOR)?;
        administrator.prove()?;
        let id = text(&administrator.get("/api/v1/session")?, "/organisation")?;
        let house = format!("/api/v1/organisations/{id}");
        let sites = texts(
            administrator.get(&house)?.get("sites").unwrap_or(&Value::Null),
            "/id",
        );
        let site = sites.first().ok_or_else(|| io::Error::other("no site"))?;
        for number in 1..=MADE {
            let unit = json!({ "site": site, "name": format!("Annex {number}") });
            administrator.post(&format!("{house}/units"), &unit)?;
            let invitation = json!({
                "name": "Nora Keller", "email": format!("nora.keller{number}@northgate.example"),
                "role": "privacy_officer", "units": [],
            });
            administrator.post(&format!("{house}/invitations"), &invitation)?;
        }
        let units: Vec<String> = administrator
            .get(&house)?
            .get("sites")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .flat_map(|site| texts(site.get("units").unwrap_or(&Value::Null), "/id"))
            .collect();
        // By the charge nurse: a one-time code proves once, and the administrator's was shown above.
        let mut screen = contract.client_of(CHARGE_NURSE)?;
        screen.prove()?;
        let wards = texts(&screen.get("/api/v1/wards")?, "/ward/id");
        let ward = wards.first().ok_or_else(|| io::Error::other("no ward"))?;
        screen.post("/api/v1/stations", &json!({ "unit": ward, "name": "Desk 9" }))?;
        self.add(
            "stations",
            [text(&screen.get("/api/v1/session")?, "/station/id")?],
        );
        self.learn_people(&administrator)?;
        self.add("organisations", [id]);
        self.add("sites", sites);
        self.add("units", units);
        Ok(())
    }

    /// `people` are all of the house; `others` those who may be suspended without the end of this test.
    fn learn_people(&mut self, administrator: &Client) -> io::Result<()> {
        let page = administrator.get("/api/v1/people")?;
        self.add("invitations", texts(items(&page), "/invitation"));
        for membership in texts(items(&page), "/membership") {
            let member = administrator.get(&format!("/api/v1/people/{membership}"))?;
            let login = text(&member, "/login")?;
            if VISITORS.iter().all(|visitor| visitor.login != login) {
                self.add("others", [membership.clone()]);
            }
            self.add("people", [membership]);
        }
        Ok(())
    }

    /// As the settings name them; one that holds nothing would prove nothing.
    pub fn dictionaries(&self) -> Result<String, Failure> {
        const MINUTE: i64 = 60_000_000;
        let moments = [
            ("from", json!([self.now - 24 * 60 * MINUTE, self.now - MINUTE])),
            ("until", json!([self.now, self.now + MINUTE])),
        ];
        if let Some((name, _)) = self.rows.iter().find(|(_, ids)| ids.is_empty()) {
            return Err(Failure::new(format!("the demo has no {name} any more"))
                .remedy("correct xtask/src/suites/contract/known.rs"));
        }
        let rows = self.rows.iter().map(|(name, ids)| (*name, json!(ids)));
        Ok(rows
            .chain(moments)
            .map(|(name, values)| format!("\n[dictionaries.{name}]\nvalues = {values}\n"))
            .collect())
    }
}

fn make_consents(contract: &Contract<'_>) -> io::Result<()> {
    let mut patient = contract.client_of(PATIENT)?;
    for consent in [
        json!({ "purpose": "research" }),
        json!({ "purpose": "named_person", "login": "sofia.hughes" }),
    ] {
        patient.post("/api/v1/me/consents", &consent)?;
    }
    Ok(())
}

/// Each opening raises a review.
fn open_in_emergency(contract: &Contract<'_>) -> io::Result<()> {
    let mut physician = contract.client_of(PHYSICIAN)?;
    physician.prove()?;
    let wards = physician.get("/api/v1/emergency/wards")?;
    let ward = wards
        .as_array()
        .into_iter()
        .flatten()
        .find(|ward| ward.get("name").and_then(Value::as_str) == Some(OTHER_WARD))
        .ok_or_else(|| io::Error::other(format!("the demo has no {OTHER_WARD}")))?;
    let ward = text(ward, "/ward")?;
    let mut opened = 0;
    for bed in 1..=2 * MADE {
        let place = json!({ "by": "place", "ward": ward, "bed": bed.to_string() });
        // A bed in which nobody lies.
        let Ok(found) = physician.post("/api/v1/emergency/look-up", &place) else {
            continue;
        };
        let path = format!("/api/v1/patients/{}/emergency", text(&found, "/patient")?);
        let why = json!({ "reason": "asked", "sentence": "Called by the nurse, pressure falling." });
        physician.post(&path, &why)?;
        physician.delete("/api/v1/emergency")?;
        opened += 1;
        if opened == MADE {
            break;
        }
    }
    Ok(())
}

fn items(page: &Value) -> &Value {
    page.get("items").unwrap_or(&Value::Null)
}

fn texts(list: &Value, pointer: &str) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row.pointer(pointer)?.as_str().map(str::to_owned))
        .collect()
}

fn text(value: &Value, pointer: &str) -> io::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other(format!("an answer has no {pointer}")))
}
