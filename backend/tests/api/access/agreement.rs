//! Point, list and stream give one answer, over random policies, people and rows.

use std::collections::{BTreeSet, HashMap};

use fleetward::{
    access::{
        Access, Actor, Bed, Device, Listing, Patient, Read, Subject, Unit,
        policy::{Effect, Policy, Rule},
        relations::Relation,
        store::{Listed, Stands},
    },
    care::store::{
        identity::{self as patients, NewPatient},
        places::{self, Carer, NewAssignment, NewBed, NewCare, NewCustody, NewStay},
    },
    devices::store::register::{self, NewDevice, NewModel},
    identity::store::{
        organisations::{self, NewOrganisation, NewSite, NewUnit},
        people::{self, NewMembership, NewPerson},
    },
    platform::{db::DbConnection, http::Failure},
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    care::{PatientIdentity, Sex},
    devices::DeviceType,
    id::{
        BedId, DeviceId, DeviceModelId, IntervalId, MembershipId, OrganisationId, PatientId, PersonId,
        SessionId, SiteId, UnitId,
    },
    live::Topic,
    text::SerialNumber,
    time::Instant,
};

use crate::{on_both_engines, support::Portal};

/// Small, seeded, and the same everywhere: xorshift.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn some<T: Copy>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().copied().filter(|_| self.once_in(2)).collect()
    }

    fn entropy(&mut self) -> [u8; 10] {
        let (a, b) = (self.next().to_le_bytes(), self.next().to_le_bytes());
        std::array::from_fn(|at| if at < 8 { a[at] } else { b[at - 8] })
    }
}

/// What the random people and policies can point at.
struct World {
    organisations: Vec<OrganisationId>,
    units: Vec<UnitId>,
    beds: Vec<BedId>,
    patients: Vec<PatientId>,
    devices: Vec<DeviceId>,
    memberships: Vec<(PersonId, MembershipId, OrganisationId)>,
}

const NOW: Instant = Instant::from_millis(1_795_000_000_000);
const BEFORE: Instant = Instant::from_millis(1_790_000_000_000);
const AFTER: Instant = Instant::from_millis(1_799_000_000_000);

fn build(
    connection: &mut DbConnection,
    keys: &fleetward::care::PatientKeys,
    chance: &mut Chance,
) -> Result<World, Failure> {
    let mut world = World {
        organisations: Vec::new(),
        units: Vec::new(),
        beds: Vec::new(),
        patients: Vec::new(),
        devices: Vec::new(),
        memberships: Vec::new(),
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
    Ok(world)
}

fn add_patients(
    connection: &mut DbConnection,
    keys: &fleetward::care::PatientKeys,
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
        if chance.once_in(4) {
            places::end_assignment(connection, id, NOW)?;
        }
    }
    Ok(())
}

fn random_policy(chance: &mut Chance, role: Role) -> String {
    let rules = 4 + chance.below(24);
    let lines: Vec<String> = (0..rules)
        .map(|_| {
            let effect = if chance.once_in(4) {
                Effect::Deny
            } else {
                Effect::Allow
            };
            let any_purpose = effect == Effect::Deny && chance.once_in(2);
            Rule {
                role: if chance.once_in(5) {
                    *chance.one(Role::ALL)
                } else {
                    role
                },
                kind: *chance.one(Kind::ALL),
                class: *chance.one(DataClass::ALL),
                action: Action::Read,
                relation: *chance.one(Relation::ALL),
                purpose: (!any_purpose).then(|| *chance.one(Purpose::ALL)),
                effect,
            }
            .line()
        })
        .collect();
    lines.join("\n")
}

fn random_actor(chance: &mut Chance, world: &World, role: Role) -> Actor {
    let (person, membership, organisation) = *chance.one(&world.memberships);
    Actor {
        session: SessionId::new(NOW, chance.entropy()),
        person,
        membership,
        organisation,
        role,
        purpose: *chance.one(Purpose::ALL),
        units: chance.some(&world.units),
        own_records: chance.some(&world.patients[..2]),
        acts_for: chance.some(&world.patients[2..4]),
    }
}

/// For every row and class: in the list exactly when the point allows it.
async fn list_is_filtered_point<K>(
    portal: &Portal,
    access: &Access,
    actor: &Actor,
    rows: &[K::Id],
    told: &str,
) where
    K: Subject + Listed + Stands,
    K::Id: Ord + std::hash::Hash,
{
    let listing: Listing<K, Read> = access.listing(actor);
    let now = listing.at();
    let asked = rows.to_vec();
    let (lists, standings) = portal
        .app
        .db
        .read(move |connection| {
            let mut lists: HashMap<DataClass, BTreeSet<K::Id>> = HashMap::new();
            for class in DataClass::ALL {
                let ids = K::ids_within(connection, &listing, *class)?;
                lists.insert(*class, ids.into_iter().collect());
            }
            let mut standings = Vec::new();
            for id in asked {
                standings.push((id, K::standing(connection, id, now)?.expect("a row")));
            }
            Ok::<_, Failure>((lists, standings))
        })
        .await
        .unwrap();
    for (id, standing) in standings {
        let classes = access.classes::<K>(actor, Action::Read, &standing);
        for class in DataClass::ALL {
            assert_eq!(
                lists[class].contains(&id),
                classes.has(*class),
                "{} {class} {id:?}\n{actor:?}\n{standing:?}\n{told}",
                K::KIND
            );
        }
    }
}

/// A topic carries exactly the devices and classes that the points allow.
async fn stream_is_filtered_point(access: &Access, actor: &Actor, world: &World, told: &str) {
    let mut allowed = HashMap::new();
    for device in &world.devices {
        if let Ok(permit) = access.device(*device).permit::<Read>(actor).await {
            allowed.insert(*device, permit);
        }
    }
    let fleet = access.scope(actor, Topic::Fleet).await.unwrap();
    for device in &world.devices {
        let streamed = fleet
            .devices
            .get(device)
            .is_some_and(|classes| classes.has(DataClass::Technical));
        let point = allowed
            .get(device)
            .is_some_and(|permit| permit.has(DataClass::Technical));
        assert_eq!(streamed, point, "fleet {device:?}\n{actor:?}\n{told}");
    }
    for unit in &world.units {
        let scope = access.scope(actor, Topic::Ward(*unit)).await;
        let visible = access.unit(*unit).permit::<Read>(actor).await.is_ok();
        assert_eq!(scope.is_ok(), visible, "ward {unit:?}\n{actor:?}\n{told}");
        let Ok(scope) = scope else { continue };
        for (device, permit) in &allowed {
            let here = permit.standing().unit == Some(*unit);
            for class in [DataClass::Clinical, DataClass::Technical] {
                let streamed = scope
                    .devices
                    .get(device)
                    .is_some_and(|classes| classes.has(class));
                assert_eq!(
                    streamed,
                    here && permit.has(class),
                    "ward {device:?} {class}\n{actor:?}\n{told}"
                );
            }
        }
        assert!(scope.devices.keys().all(|device| allowed.contains_key(device)));
    }
}

async fn make_world(portal: &Portal, seed: u64) -> World {
    let keys = portal.app.keys.clone();
    let build = portal.app.db.write(move |connection| {
        let mut chance = Chance(seed);
        build(connection, &keys, &mut chance)
    });
    build.await.unwrap()
}

async fn all_kinds_agree(portal: &Portal, access: &Access, actor: &Actor, world: &World, told: &str) {
    list_is_filtered_point::<Unit>(portal, access, actor, &world.units, told).await;
    list_is_filtered_point::<Bed>(portal, access, actor, &world.beds, told).await;
    list_is_filtered_point::<Patient>(portal, access, actor, &world.patients, told).await;
    list_is_filtered_point::<Device>(portal, access, actor, &world.devices, told).await;
    stream_is_filtered_point(access, actor, world, told).await;
}

on_both_engines! {
    async fn list_point_and_stream_agree_over_random_worlds(portal: Portal) {
        let access = Access::new(
            portal.app.db.clone(),
            fleetward::platform::clock::Clock::manual(NOW),
            Policy::built_in().await.unwrap(),
        );
        let mut chance = Chance(0x5eed_f1ee_7a4d_0001);
        for _ in 0..6 {
            let world = make_world(&portal, chance.next()).await;
            for _ in 0..8 {
                let role = *chance.one(Role::ALL);
                let policy = random_policy(&mut chance, role);
                access.replace_policy(Access::parse_policy(&policy).await.unwrap());
                for _ in 0..2 {
                    let actor = random_actor(&mut chance, &world, role);
                    all_kinds_agree(&portal, &access, &actor, &world, &policy).await;
                }
            }
        }
    }

    async fn each_relation_means_the_same_in_rust_and_in_sql(portal: Portal) {
        let access = Access::new(
            portal.app.db.clone(),
            fleetward::platform::clock::Clock::manual(NOW),
            Policy::built_in().await.unwrap(),
        );
        let mut chance = Chance(0x5eed_f1ee_7a4d_0002);
        for _ in 0..3 {
            let world = make_world(&portal, chance.next()).await;
            for relation in Relation::ALL {
                let lines: Vec<String> = Kind::ALL
                    .iter()
                    .map(|kind| format!("p, nurse, {kind}, technical, read, {}, TREAT, allow", relation.as_str()))
                    .collect();
                let policy = lines.join("\n");
                access.replace_policy(Access::parse_policy(&policy).await.unwrap());
                for _ in 0..3 {
                    let actor = Actor { purpose: Purpose::Treatment, ..random_actor(&mut chance, &world, Role::Nurse) };
                    all_kinds_agree(&portal, &access, &actor, &world, &policy).await;
                }
            }
        }
    }

    async fn the_built_in_policy_agrees_with_itself_for_everyone_in_the_demo(portal: Portal) {
        let access = &portal.app.access;
        let world = make_world(&portal, 77).await;
        let mut chance = Chance(0x5eed_f1ee_7a4d_0003);
        for role in Role::ALL {
            for _ in 0..3 {
                let actor = Actor {
                    purpose: fleetward::access::actor::usual_purpose(*role),
                    ..random_actor(&mut chance, &world, *role)
                };
                all_kinds_agree(&portal, access, &actor, &world, "the built-in policy").await;
            }
        }
    }
}
