//! Organisations, places, patients and devices that nobody thought of, the same in every run.

use fleetward::{
    care::{
        PatientKeys,
        store::{
            identity::{self as patients, NewPatient},
            places::{self, Carer, NewAssignment, NewBed, NewCare, NewCustody, NewStay},
        },
    },
    devices::store::register::{self, NewDevice, NewModel},
    fleet::support::{NewSupportGrant, grant_support},
    identity::store::{
        organisations::{self, NewOrganisation, NewSite, NewUnit},
        people::{self, NewMembership, NewPerson},
    },
    platform::{db::DbConnection, http::Failure},
    privacy::{
        consents::{self, Grantee, NewConsent},
        review::{self, About, NewReview},
    },
};
use fleetward_common::{
    access::Role,
    care::{PatientIdentity, Sex},
    devices::DeviceType,
    id::{
        AccessReviewId, BedId, ConsentId, DeviceId, DeviceModelId, IntervalId, MembershipId, OrganisationId,
        PatientId, PersonId, SiteId, UnitId,
    },
    review::Signal,
    sharing::ConsentPurpose,
    text::SerialNumber,
    time::{Instant, Span},
};

/// Small, seeded, and the same everywhere: xorshift.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().copied().filter(|_| self.once_in(2)).collect()
    }

    pub fn entropy(&mut self) -> [u8; 10] {
        let (a, b) = (self.next().to_le_bytes(), self.next().to_le_bytes());
        std::array::from_fn(|at| if at < 8 { a[at] } else { b[at - 8] })
    }
}

/// What the random people and policies can point at.
pub struct World {
    pub organisations: Vec<OrganisationId>,
    pub units: Vec<UnitId>,
    pub beds: Vec<BedId>,
    pub patients: Vec<PatientId>,
    pub devices: Vec<DeviceId>,
    pub memberships: Vec<(PersonId, MembershipId, OrganisationId)>,
    pub reviews: Vec<AccessReviewId>,
}

pub const NOW: Instant = Instant::from_millis(1_795_000_000_000);
pub const BEFORE: Instant = Instant::from_millis(1_790_000_000_000);
pub const AFTER: Instant = Instant::from_millis(1_799_000_000_000);

pub fn build(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    chance: &mut Chance,
) -> Result<World, Failure> {
    let mut world = World {
        organisations: Vec::new(),
        units: Vec::new(),
        beds: Vec::new(),
        patients: Vec::new(),
        devices: Vec::new(),
        memberships: Vec::new(),
        reviews: Vec::new(),
    };
    for at in 0..3 {
        let id = OrganisationId::new(NOW, chance.entropy());
        let (name, kind) = [("A", "hospital"), ("B", "provider"), ("C", "manufacturer")][at];
        let new = NewOrganisation {
            id,
            name,
            kind,
            home_region: "eu",
            created_at: BEFORE,
        };
        organisations::add(connection, &new)?;
        world.organisations.push(id);
        let site = SiteId::new(NOW, chance.entropy());
        let code = format!("RANDOM-{}", chance.next());
        let new = NewSite {
            id: site,
            organisation: id,
            name: "S",
            spoken_code: &code,
            time_zone: "UTC",
        };
        organisations::add_site(connection, &new)?;
        for _ in 0..2 {
            let unit = UnitId::new(NOW, chance.entropy());
            let new = NewUnit {
                id: unit,
                organisation: id,
                site,
                name: "U",
                created_at: BEFORE,
            };
            organisations::add_unit(connection, &new)?;
            world.units.push(unit);
            for position in 0..2 {
                let bed = BedId::new(NOW, chance.entropy());
                let label = position.to_string();
                places::add_bed(
                    connection,
                    &NewBed {
                        id: bed,
                        organisation: id,
                        unit,
                        label: &label,
                        position,
                    },
                )?;
                world.beds.push(bed);
            }
        }
        let person = PersonId::new(NOW, chance.entropy());
        let membership = MembershipId::new(NOW, chance.entropy());
        let login = format!("random.{}", chance.next());
        let new = NewPerson {
            id: person,
            home_region: "eu",
            name: "P",
            login: &login,
            phc: "",
            created_at: BEFORE,
        };
        people::add(connection, &new)?;
        let new = NewMembership {
            id: membership,
            person,
            organisation: id,
            role: Role::Nurse,
            valid_from: BEFORE,
        };
        people::add_membership(connection, &new)?;
        world.memberships.push((person, membership, id));
    }
    add_patients(connection, keys, chance, &mut world)?;
    add_devices(connection, chance, &mut world)?;
    add_reviews(connection, chance, &mut world)?;
    Ok(world)
}

fn add_patients(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    chance: &mut Chance,
    world: &mut World,
) -> Result<(), Failure> {
    let mut free = world.beds.clone();
    for _ in 0..5 {
        let organisation = *chance.one(&world.organisations);
        let id = PatientId::new(NOW, chance.entropy());
        let identity = PatientIdentity {
            family_name: "X".to_owned(),
            given_name: "Y".to_owned(),
            born: "2000-01-01".to_owned(),
            sex: Sex::Unknown,
            record_number: chance.next().to_string(),
        };
        let new = NewPatient {
            id,
            organisation,
            home_region: "eu",
            time_zone: "UTC",
            identity,
            created_at: BEFORE,
        };
        patients::admit(connection, keys, organisation, &[new])?;
        world.patients.push(id);
        if chance.once_in(2) {
            let bed = free.swap_remove(chance.below(free.len()));
            let from = if chance.once_in(4) { AFTER } else { BEFORE };
            let stay = NewStay {
                id: IntervalId::new(NOW, chance.entropy()),
                organisation,
                patient: id,
                bed,
                from,
            };
            places::begin_stay(connection, &stay)?;
        }
        for _ in 0..chance.below(4) {
            agree(connection, chance, world, id, organisation)?;
        }
        for _ in 0..chance.below(3) {
            let carer = if chance.once_in(2) {
                Carer::Unit(*chance.one(&world.units))
            } else {
                Carer::Member(chance.one(&world.memberships).1)
            };
            let from = if chance.once_in(4) { AFTER } else { BEFORE };
            let care = NewCare {
                id: IntervalId::new(NOW, chance.entropy()),
                organisation,
                patient: id,
                carer,
                from,
            };
            places::begin_care(connection, &care)?;
        }
    }
    Ok(())
}

/// To something, with somebody, from some time on.
fn agree(
    connection: &mut DbConnection,
    chance: &mut Chance,
    world: &World,
    patient: PatientId,
    organisation: OrganisationId,
) -> Result<(), Failure> {
    let purpose = *chance.one(ConsentPurpose::ALL);
    let grantee = if purpose == ConsentPurpose::NamedPerson {
        Grantee::Person(chance.one(&world.memberships).0)
    } else {
        Grantee::Organisation(*chance.one(&world.organisations))
    };
    let new = NewConsent {
        id: ConsentId::new(NOW, chance.entropy()),
        patient,
        organisation,
        purpose,
        grantee,
        given_by: chance.one(&world.memberships).0,
        at: if chance.once_in(4) { AFTER } else { BEFORE },
    };
    consents::add(connection, &new)?;
    Ok(())
}

fn add_devices(connection: &mut DbConnection, chance: &mut Chance, world: &mut World) -> Result<(), Failure> {
    let maker = world.organisations[2];
    let other_maker = world.organisations[0];
    for _ in 0..6 {
        let maker = if chance.once_in(3) { other_maker } else { maker };
        let model = DeviceModelId::new(NOW, chance.entropy());
        let new = NewModel {
            id: model,
            maker,
            name: "M",
            device_type: DeviceType::PatientMonitor,
            expected_interval_s: 60,
        };
        register::add_model(connection, &new)?;
        let id = DeviceId::new(NOW, chance.entropy());
        let serial = SerialNumber::parse(&format!("R-{}", chance.next())).unwrap();
        let new = NewDevice {
            id,
            model,
            maker,
            home_region: "eu",
            serial: &serial,
            software: "1",
            created_at: BEFORE,
        };
        register::add_device(connection, &new)?;
        world.devices.push(id);
        if !chance.once_in(4) {
            let organisation = *chance.one(&world.organisations);
            let from = if chance.once_in(4) { AFTER } else { BEFORE };
            let custody = NewCustody {
                id: IntervalId::new(NOW, chance.entropy()),
                device: id,
                organisation,
                site: None,
                from,
            };
            places::begin_custody(connection, &custody)?;
        }
        for _ in 0..chance.below(3) {
            let (from, until) = *chance.one(&[(BEFORE, NOW), (BEFORE, AFTER), (AFTER, AFTER.shifted(1))]);
            let grant = NewSupportGrant {
                id: IntervalId::new(NOW, chance.entropy()),
                organisation: *chance.one(&world.organisations),
                device: id,
                person: chance.one(&world.memberships).0,
                granted_by: chance.one(&world.memberships).0,
                from,
                until,
            };
            grant_support(connection, &grant)?;
        }
        if chance.once_in(4) {
            continue;
        }
        let at = chance.below(world.beds.len());
        // Beds were made two to a unit.
        let bed = chance.once_in(2).then(|| (world.beds[at], world.units[at / 2]));
        let patient = if bed.is_none() || chance.once_in(2) {
            Some(*chance.one(&world.patients))
        } else {
            None
        };
        let assignment = NewAssignment {
            id: IntervalId::new(NOW, chance.entropy()),
            device: id,
            organisation: *chance.one(&world.organisations),
            patient,
            bed,
            from: BEFORE,
        };
        places::begin_assignment(connection, &assignment)?;
        if let Some(patient) = patient.filter(|_| chance.once_in(2)) {
            open_for_support(connection, chance, world, (id, patient))?;
        }
        if chance.once_in(4) {
            places::end_assignment(connection, id, NOW)?;
        }
    }
    Ok(())
}

/// Both say yes, to the same person: by chance that is rare.
fn open_for_support(
    connection: &mut DbConnection,
    chance: &mut Chance,
    world: &World,
    (device, patient): (DeviceId, PatientId),
) -> Result<(), Failure> {
    let (person, _, organisation) = *chance.one(&world.memberships);
    let consent = NewConsent {
        id: ConsentId::new(NOW, chance.entropy()),
        patient,
        organisation,
        purpose: ConsentPurpose::ManufacturerSupport,
        grantee: Grantee::Organisation(organisation),
        given_by: person,
        at: BEFORE,
    };
    // Given already, it stays as it is.
    consents::add(connection, &consent)?;
    let grant = NewSupportGrant {
        id: IntervalId::new(NOW, chance.entropy()),
        organisation,
        device,
        person,
        granted_by: person,
        from: BEFORE,
        until: AFTER,
    };
    grant_support(connection, &grant)?;
    Ok(())
}

/// Of what somebody looked at, at one of the houses.
fn add_reviews(connection: &mut DbConnection, chance: &mut Chance, world: &mut World) -> Result<(), Failure> {
    for _ in 0..4 {
        let (person, membership, _) = *chance.one(&world.memberships);
        let id = AccessReviewId::new(NOW, chance.entropy());
        let new = NewReview {
            id,
            organisation: *chance.one(&world.organisations),
            person,
            membership,
            role: Role::Nurse,
            about: About::Patient(*chance.one(&world.patients)),
            signals: vec![Signal::NoCareRelation],
            rules_version: 1,
            span: Span {
                from: BEFORE,
                until: NOW,
            },
            raised_at: NOW,
        };
        review::raise(connection, &new)?;
        world.reviews.push(id);
    }
    Ok(())
}
