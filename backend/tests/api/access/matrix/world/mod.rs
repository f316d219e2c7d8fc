//! A world in which each row stands to everybody in exactly one way.
//!
//! One organisation, the house, in which everybody has their role; and elsewhere, which is nobody's.
//! Whatever is tied to a person is elsewhere in every other way. What a route can tie (a consent, an
//! emergency, the end of somebody's access) is tied by that route, in `ties.rs`.

mod rows;
pub mod ties;

use std::collections::HashMap;

use fleetward::{
    care::PatientKeys,
    identity::store::people,
    platform::{db::DbConnection, http::Failure},
};
use fleetward_common::{
    access::{Kind, Role},
    id::{
        ConsentId, IntervalId, MembershipId, OrganisationId, PatientId, PersonId, SiteId, StationId, UnitId,
    },
    sharing::ConsentPurpose,
    time::Instant,
};

use super::who::{Tie, Who};
use crate::access::random_world::Chance;
use rows::{Bedside, Builder, House};
pub use rows::{FAMILY, VALUE};

pub const BEFORE: Instant = Instant::from_millis(1_790_000_000_000);

/// Someone of one role; signs in with the login and the one password.
pub struct Someone {
    pub role: Role,
    pub login: String,
    pub person: PersonId,
    pub membership: MembershipId,
    /// Has the one patient of `emergency` open.
    pub opens: bool,
}

/// One row, and how everybody stands to it.
#[derive(Debug, Clone)]
pub struct Target {
    pub kind: Kind,
    pub id: String,
    pub ties: Vec<Tie>,
    /// Where it stands, and who lies there.
    pub place: Option<UnitId>,
    pub patient: Option<PatientId>,
    /// Of a patient: the record number, and an alarm that they had.
    pub number: Option<String>,
    pub alarm: Option<String>,
    /// Whom a review is about.
    pub about: Option<PersonId>,
}

impl Target {
    pub fn stands_in(&self, unit: &str) -> bool {
        self.place.is_some_and(|place| place.to_string() == unit)
    }

    /// How this person stands to it. A proxy has no record of their own here, so that they see whom they
    /// act for; an emergency is open to who could open it; a review is about one person.
    pub fn for_someone(&self, someone: &Someone) -> Self {
        let stands = |tie: &Tie| {
            (!tie.is("own") || someone.role != Role::Proxy)
                && (!tie.is("emergency") || someone.opens)
                && (!tie.is("oneself") || self.about == Some(someone.person))
        };
        let mut ties: Vec<Tie> = self.ties.iter().copied().filter(stands).collect();
        if ties.is_empty() {
            ties.push(Tie::named("none"));
        }
        Self { ties, ..self.clone() }
    }
}

pub struct World {
    pub people: Vec<Someone>,
    pub targets: Vec<Target>,
    pub house: OrganisationId,
    /// Of the house.
    pub site: SiteId,
    /// A screen of each unit for each person to take back.
    pub stations: HashMap<(String, PersonId), StationId>,
    /// Patients who share with everybody by name, and who let the maker help, each with their login.
    pub sharer: (String, PatientId),
    pub helped: String,
    pub emergency: PatientId,
    /// Somebody of the house whose access ends before anything is asked.
    pub leaver: MembershipId,
    /// Who stays.
    pub colleague: MembershipId,
    /// To the house: made by a route.
    pub invitation: Option<String>,
}

/// `phc` is the stored form of the one password.
pub fn build(connection: &mut DbConnection, keys: &PatientKeys, phc: &str) -> Result<World, Failure> {
    let mut builder = Builder {
        connection,
        keys,
        phc,
        chance: Chance(0x5eed_f1ee_7a4d_0041),
        targets: Vec::new(),
        positions: 0,
    };
    let house = builder.organisation("The house")?;
    let elsewhere = builder.organisation("Elsewhere")?;
    let people = everybody(&mut builder, &house)?;

    let nobodys_unit = builder.unit(&elsewhere)?;
    builder.target(Kind::Unit, nobodys_unit, &["none"]);
    let mut bedsides: HashMap<&str, Bedside> = HashMap::new();
    for tie in [
        "none",
        "care_team",
        "own",
        "acts_for",
        "consented",
        "research",
        "grant",
    ] {
        let maker = if tie == "grant" { &house } else { &elsewhere };
        let bedside = builder.bedside(
            &elsewhere,
            nobodys_unit,
            maker.organisation,
            elsewhere.organisation,
        )?;
        for someone in &people {
            builder.tie(tie, &bedside, elsewhere.organisation, someone)?;
        }
        match tie {
            // It is the device that is opened: nothing of the bed, and not who lies there.
            "grant" => {
                builder.target_at(Kind::Bed, &bedside, &["none"]);
                builder.target_at(Kind::Patient, &bedside, &["none"]);
                builder.target_at(Kind::Device, &bedside, &["made", "grant"]);
            }
            _ => builder.targets_of(&bedside, &[tie]),
        }
        bedsides.insert(tie, bedside);
    }
    builder.agree(
        &bedsides["research"],
        &elsewhere,
        ConsentPurpose::Research,
        &house,
    )?;
    for tie in ["none", "own", "acts_for"] {
        let consent = builder.agree(&bedsides[tie], &elsewhere, ConsentPurpose::Research, &elsewhere)?;
        builder.target(Kind::Consent, consent, &[tie]);
    }

    let my_unit = builder.unit(&elsewhere)?;
    for someone in &people {
        let id = builder.id(IntervalId::new);
        people::join_unit(builder.connection, id, someone.membership, my_unit, BEFORE)?;
    }
    builder.target(Kind::Unit, my_unit, &["my_unit"]);
    let bedside = builder.bedside(
        &elsewhere,
        my_unit,
        elsewhere.organisation,
        elsewhere.organisation,
    )?;
    builder.targets_of(&bedside, &["my_unit"]);

    let made = builder.device(house.organisation, elsewhere.organisation)?;
    builder.target(Kind::Device, made, &["made"]);

    let ours = of_the_house(&mut builder, &house, &elsewhere, &people)?;
    let stranger = builder.someone(Role::Nurse, "a.stranger", &elsewhere)?;
    builder.target(Kind::Membership, stranger.membership, &["none"]);
    builder.review(&stranger, &elsewhere, bedsides["none"].patient, &["none"])?;

    let mut tied = |login: &str, bedside: &Bedside| {
        let someone = builder.someone(Role::Patient, login, &elsewhere)?;
        builder.tie("own", bedside, elsewhere.organisation, &someone)?;
        Ok::<_, Failure>(someone.login)
    };
    let sharer = tied("the.sharer", &bedsides["consented"])?;
    let helped = tied("the.helped", &bedsides["grant"])?;
    let stations = stations(&mut builder, &people, &house, &elsewhere)?;
    Ok(World {
        people,
        targets: builder.targets,
        house: house.organisation,
        site: house.site,
        stations,
        sharer: (sharer, bedsides["consented"].patient),
        helped,
        emergency: ours.emergency,
        leaver: ours.leaver,
        colleague: ours.colleague,
        invitation: None,
    })
}

fn everybody(builder: &mut Builder<'_>, house: &House) -> Result<Vec<Someone>, Failure> {
    let who = Who::read();
    Role::ALL
        .iter()
        .map(|role| {
            let someone = builder.someone(*role, &format!("matrix.{role}"), house)?;
            Ok(Someone {
                opens: who.opens(*role),
                ..someone
            })
        })
        .collect()
}

struct OfTheHouse {
    leaver: MembershipId,
    colleague: MembershipId,
    emergency: PatientId,
}

/// A ward with a bed whose monitor the house holds, and one that is opened in an emergency; who left, and
/// what waits for the privacy officers.
fn of_the_house(
    builder: &mut Builder<'_>,
    house: &House,
    elsewhere: &House,
    people: &[Someone],
) -> Result<OfTheHouse, Failure> {
    let (here, there) = (house.organisation, elsewhere.organisation);
    builder.target(Kind::Organisation, here, &["house"]);
    builder.target(Kind::Organisation, there, &["none"]);
    let unit = builder.unit(house)?;
    builder.target(Kind::Unit, unit, &["house"]);
    let ours = builder.bedside(house, unit, there, here)?;
    builder.target_at(Kind::Bed, &ours, &["house"]);
    builder.target_at(Kind::Patient, &ours, &["house"]);
    builder.target_at(Kind::Device, &ours, &["holds", "house"]);
    let consent = builder.agree(&ours, house, ConsentPurpose::Research, elsewhere)?;
    builder.target(Kind::Consent, consent, &["house"]);

    let opened = builder.bedside(house, unit, there, there)?;
    builder.target_at(Kind::Bed, &opened, &["house", "emergency"]);
    builder.target_at(Kind::Patient, &opened, &["house", "emergency"]);
    builder.target_at(Kind::Device, &opened, &["emergency"]);

    let leaver = builder.someone(Role::Nurse, "a.leaver", house)?;
    builder.target(Kind::Membership, leaver.membership, &["house"]);
    let colleague = builder.someone(Role::Nurse, "a.colleague", house)?;
    builder.review(&colleague, house, ours.patient, &["house"])?;
    for someone in people {
        if matches!(someone.role, Role::Nurse | Role::PrivacyOfficer) {
            builder.review(someone, house, ours.patient, &["house", "oneself"])?;
        }
    }
    Ok(OfTheHouse {
        leaver: leaver.membership,
        colleague: colleague.membership,
        emergency: opened.patient,
    })
}

fn stations(
    builder: &mut Builder<'_>,
    people: &[Someone],
    house: &House,
    elsewhere: &House,
) -> Result<HashMap<(String, PersonId), StationId>, Failure> {
    let units: Vec<Target> = builder
        .targets
        .iter()
        .filter(|row| row.kind == Kind::Unit)
        .cloned()
        .collect();
    let mut stations = HashMap::new();
    for unit in units {
        let of = if unit.ties == [Tie::named("house")] {
            house
        } else {
            elsewhere
        };
        for someone in people {
            let station = builder.station(unit.id.parse().unwrap(), of, someone)?;
            stations.insert((unit.id.clone(), someone.person), station);
        }
    }
    Ok(stations)
}

impl Builder<'_> {
    /// What stands to somebody as the tie says, unless a route makes it so.
    fn tie(
        &mut self,
        tie: &str,
        bedside: &Bedside,
        organisation: OrganisationId,
        someone: &Someone,
    ) -> Result<(), Failure> {
        match tie {
            "care_team" => self.care(bedside.patient, organisation, someone),
            "own" if someone.role == Role::Proxy => Ok(()),
            "own" => self.related(bedside.patient, someone, "self"),
            "acts_for" => self.related(bedside.patient, someone, "parent"),
            "grant" => self.grant(bedside.device, organisation, someone),
            _ => Ok(()),
        }
    }

    fn agree(
        &mut self,
        bedside: &Bedside,
        of: &House,
        purpose: ConsentPurpose,
        with: &House,
    ) -> Result<ConsentId, Failure> {
        self.consent(bedside.patient, of, purpose, with.organisation)
    }
}
