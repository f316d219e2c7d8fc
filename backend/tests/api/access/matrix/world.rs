//! A world in which each row stands to everybody in exactly one way.
//!
//! One organisation, the house, in which everybody has their role; and elsewhere, which is nobody's.
//! Whatever is tied to a person is elsewhere in every other way.

use fleetward::{
    care::{
        PatientKeys,
        store::{
            identity::{self as patients, NewPatient},
            places::{self, Carer, NewAssignment, NewBed, NewCare, NewCustody, NewStay},
        },
    },
    devices::store::register::{self, NewDevice, NewModel},
    identity::store::{
        organisations::{self, NewOrganisation, NewSite, NewUnit},
        people::{self, NewMembership, NewPerson},
    },
    platform::{db::DbConnection, http::Failure},
};
use fleetward_common::{
    access::{Kind, Role},
    care::{PatientIdentity, Sex},
    devices::DeviceType,
    id::{
        BedId, DeviceId, DeviceModelId, IntervalId, MembershipId, OrganisationId, PatientId, PersonId,
        SiteId, UnitId,
    },
    text::SerialNumber,
    time::Instant,
};

use super::who::Tie;
use crate::access::random_world::Chance;

pub const BEFORE: Instant = Instant::from_millis(1_790_000_000_000);

/// Someone of one role; signs in with the login and the one password.
pub struct Someone {
    pub role: Role,
    pub login: String,
    pub person: PersonId,
    pub membership: MembershipId,
}

/// One row, and how everybody stands to it.
#[derive(Debug, Clone)]
pub struct Target {
    pub kind: Kind,
    pub id: String,
    pub ties: Vec<Tie>,
}

pub struct World {
    pub people: Vec<Someone>,
    pub targets: Vec<Target>,
}

struct Builder<'a> {
    connection: &'a mut DbConnection,
    keys: &'a PatientKeys,
    chance: Chance,
    targets: Vec<Target>,
    positions: i64,
}

struct House {
    organisation: OrganisationId,
    site: SiteId,
}

/// What stands together: a bed, who lies in it, the monitor beside it.
struct Bedside {
    bed: BedId,
    patient: PatientId,
    device: DeviceId,
}

/// `phc` is the stored form of the one password.
pub fn build(connection: &mut DbConnection, keys: &PatientKeys, phc: &str) -> Result<World, Failure> {
    let mut builder = Builder {
        connection,
        keys,
        chance: Chance(0x5eed_f1ee_7a4d_0041),
        targets: Vec::new(),
        positions: 0,
    };
    let house = builder.organisation("The house")?;
    let elsewhere = builder.organisation("Elsewhere")?;
    let people = builder.everybody(&house, phc)?;
    let (house_maker, other_maker) = (house.organisation, elsewhere.organisation);

    let nobodys_unit = builder.unit(&elsewhere)?;
    builder.target(Kind::Unit, nobodys_unit, &["none"]);
    let all = [
        ("none", other_maker),
        ("care_team", other_maker),
        ("own", other_maker),
        ("acts_for", other_maker),
    ];
    for (tie, maker) in all {
        let bedside = builder.bedside(&elsewhere, nobodys_unit, maker, elsewhere.organisation)?;
        for someone in &people {
            builder.tie(tie, &bedside, elsewhere.organisation, someone)?;
        }
        builder.targets_of(&bedside, &[tie]);
    }

    let my_unit = builder.unit(&elsewhere)?;
    for someone in &people {
        let id = builder.id(IntervalId::new);
        people::join_unit(builder.connection, id, someone.membership, my_unit, BEFORE)?;
    }
    builder.target(Kind::Unit, my_unit, &["my_unit"]);
    let bedside = builder.bedside(&elsewhere, my_unit, other_maker, elsewhere.organisation)?;
    builder.targets_of(&bedside, &["my_unit"]);

    // Held by the house but at a bed elsewhere; made by the house and held elsewhere.
    let held = builder.bedside(&elsewhere, nobodys_unit, other_maker, house.organisation)?;
    builder.target(Kind::Device, held.device, &["holds", "house"]);
    let made = builder.bedside(&elsewhere, nobodys_unit, house_maker, elsewhere.organisation)?;
    builder.target(Kind::Device, made.device, &["made"]);

    let unit = builder.unit(&house)?;
    builder.target(Kind::Unit, unit, &["house"]);
    let ours = builder.bedside(&house, unit, other_maker, elsewhere.organisation)?;
    builder.target(Kind::Bed, ours.bed, &["house"]);
    builder.target(Kind::Patient, ours.patient, &["house"]);
    builder.target(Kind::Organisation, house.organisation, &["house"]);
    builder.target(Kind::Organisation, elsewhere.organisation, &["none"]);
    let colleague = builder.someone(Role::Nurse, "a.colleague", &house, phc)?;
    builder.target(Kind::Membership, colleague.membership, &["house"]);
    let stranger = builder.someone(Role::Nurse, "a.stranger", &elsewhere, phc)?;
    builder.target(Kind::Membership, stranger.membership, &["none"]);
    Ok(World {
        people,
        targets: builder.targets,
    })
}

impl Builder<'_> {
    fn id<T>(&mut self, new: impl Fn(Instant, [u8; 10]) -> T) -> T {
        new(BEFORE, self.chance.entropy())
    }

    fn target(&mut self, kind: Kind, id: impl ToString, ties: &[&str]) {
        self.targets.push(Target {
            kind,
            id: id.to_string(),
            ties: ties.iter().map(|tie| Tie::named(tie)).collect(),
        });
    }

    fn targets_of(&mut self, bedside: &Bedside, ties: &[&str]) {
        self.target(Kind::Bed, bedside.bed, ties);
        self.target(Kind::Patient, bedside.patient, ties);
        self.target(Kind::Device, bedside.device, ties);
    }

    fn organisation(&mut self, name: &str) -> Result<House, Failure> {
        let organisation = self.id(OrganisationId::new);
        let new = NewOrganisation {
            id: organisation,
            name,
            kind: "hospital",
            home_region: "eu",
            created_at: BEFORE,
        };
        organisations::add(self.connection, &new)?;
        let site = self.id(SiteId::new);
        let code = format!("MATRIX-{}", self.chance.next());
        let new = NewSite {
            id: site,
            organisation,
            name: "Site",
            spoken_code: &code,
            time_zone: "UTC",
        };
        organisations::add_site(self.connection, &new)?;
        Ok(House { organisation, site })
    }

    fn unit(&mut self, of: &House) -> Result<UnitId, Failure> {
        let id = self.id(UnitId::new);
        let new = NewUnit {
            id,
            organisation: of.organisation,
            site: of.site,
            name: "Unit",
            created_at: BEFORE,
        };
        organisations::add_unit(self.connection, &new)?;
        Ok(id)
    }

    fn everybody(&mut self, house: &House, phc: &str) -> Result<Vec<Someone>, Failure> {
        Role::ALL
            .iter()
            .map(|role| self.someone(*role, &format!("matrix.{role}"), house, phc))
            .collect()
    }

    fn someone(&mut self, role: Role, login: &str, house: &House, phc: &str) -> Result<Someone, Failure> {
        let (person, membership) = (self.id(PersonId::new), self.id(MembershipId::new));
        let new = NewPerson {
            id: person,
            home_region: "eu",
            name: "Somebody",
            login,
            phc,
            created_at: BEFORE,
        };
        people::add(self.connection, &new)?;
        let new = NewMembership {
            id: membership,
            person,
            organisation: house.organisation,
            role,
            valid_from: BEFORE,
        };
        people::add_membership(self.connection, &new)?;
        Ok(Someone {
            role,
            login: login.to_owned(),
            person,
            membership,
        })
    }

    /// A bed with a patient in it and a monitor on them.
    fn bedside(
        &mut self,
        of: &House,
        unit: UnitId,
        maker: OrganisationId,
        custodian: OrganisationId,
    ) -> Result<Bedside, Failure> {
        let organisation = of.organisation;
        let (bed, patient, device) = (
            self.id(BedId::new),
            self.id(PatientId::new),
            self.id(DeviceId::new),
        );
        self.positions += 1;
        let label = self.positions.to_string();
        let new = NewBed {
            id: bed,
            organisation,
            unit,
            label: &label,
            position: self.positions,
        };
        places::add_bed(self.connection, &new)?;
        let identity = PatientIdentity {
            family_name: "FAMILY".to_owned(),
            given_name: "Given".to_owned(),
            born: "2000-01-01".to_owned(),
            sex: Sex::Unknown,
            record_number: format!("M-{label}"),
        };
        let new = NewPatient {
            id: patient,
            organisation,
            home_region: "eu",
            time_zone: "UTC",
            identity,
            created_at: BEFORE,
        };
        patients::admit(self.connection, self.keys, organisation, &[new])?;
        let stay = NewStay {
            id: self.id(IntervalId::new),
            organisation,
            patient,
            bed,
            from: BEFORE,
        };
        places::begin_stay(self.connection, &stay)?;
        self.monitor(device, maker, custodian)?;
        let assignment = NewAssignment {
            id: self.id(IntervalId::new),
            device,
            organisation,
            patient: Some(patient),
            bed: Some((bed, unit)),
            from: BEFORE,
        };
        places::begin_assignment(self.connection, &assignment)?;
        Ok(Bedside { bed, patient, device })
    }

    fn monitor(
        &mut self,
        device: DeviceId,
        maker: OrganisationId,
        custodian: OrganisationId,
    ) -> Result<(), Failure> {
        let model = self.id(DeviceModelId::new);
        let new = NewModel {
            id: model,
            maker,
            name: "Monitor M",
            device_type: DeviceType::PatientMonitor,
            expected_interval_s: 60,
        };
        register::add_model(self.connection, &new)?;
        let serial = SerialNumber::parse(&format!("MX-{}", self.chance.next())).unwrap();
        let new = NewDevice {
            id: device,
            model,
            maker,
            home_region: "eu",
            serial: &serial,
            software: "1",
            created_at: BEFORE,
        };
        register::add_device(self.connection, &new)?;
        let custody = NewCustody {
            id: self.id(IntervalId::new),
            device,
            organisation: custodian,
            site: None,
            from: BEFORE,
        };
        places::begin_custody(self.connection, &custody)?;
        Ok(())
    }

    fn tie(
        &mut self,
        tie: &str,
        bedside: &Bedside,
        organisation: OrganisationId,
        someone: &Someone,
    ) -> Result<(), Failure> {
        let id = self.id(IntervalId::new);
        let patient = bedside.patient;
        match tie {
            "care_team" => {
                let care = NewCare {
                    id,
                    organisation,
                    patient,
                    carer: Carer::Member(someone.membership),
                    from: BEFORE,
                };
                places::begin_care(self.connection, &care)?;
            }
            "own" => places::tie_person(self.connection, id, patient, someone.person, "self", BEFORE)?,
            "acts_for" => places::tie_person(self.connection, id, patient, someone.person, "parent", BEFORE)?,
            _ => {}
        }
        Ok(())
    }
}
