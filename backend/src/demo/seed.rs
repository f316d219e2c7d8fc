//! Puts the demo world into an empty database, in one transaction with its audit entries.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fleetward_common::{
    care::PatientIdentity,
    id::{
        BedId, DeviceId, DeviceModelId, Entropy, IntervalId, MembershipId, OrganisationId, PatientId,
        PersonId, SiteId, UnitId,
    },
    identity::DemoPerson,
    text::SerialNumber,
    time::{Instant, Span},
};
use serde_json::json;

use super::{
    fleet_file::{self, FleetFile, ServerTrust, SimulatedDevice},
    world::{self, BEDS, HOMES, MODELS, ORGANISATIONS, PEOPLE, PatientSeed, REGION, SITES, TIME_ZONE, UNITS},
};
use crate::{
    app::{App, StartError},
    care::{
        PatientKeys,
        store::{
            identity::{self as patients, NewPatient},
            places::{self, Carer, NewAssignment, NewBed, NewCare, NewCustody, NewStay},
        },
    },
    devices::{
        authority::{DeviceAuthority, issue_credentials},
        store::register::{self, NewDevice, NewModel},
    },
    identity::{
        demo_people,
        store::{
            organisations::{self, NewOrganisation, NewSite, NewUnit},
            people::{self, NewMembership, NewPerson},
        },
    },
    platform::{
        clock::{Clock, random},
        db::{CorruptRow, DbConnection},
        http::Failure,
        secrets::Key,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// The world is older than what its devices remember.
const WORLD_AGE: Duration = Duration::from_secs(90 * 24 * 3_600);
const BEDSIDE_HISTORY: Duration = DAY;
const HOME_HISTORY: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Patients came to their beds before their history begins.
const STAY: Duration = Duration::from_secs(3 * 24 * 3_600);

/// Makes the demo world if there is none. A second run changes nothing.
pub async fn seed(app: &App, data: &Path) -> Result<(), StartError> {
    let organisations = app.db.read(organisations::count).await?;
    if organisations == 0 {
        make_world(app, data).await?;
    }
    Ok(())
}

async fn make_world(app: &App, data: &Path) -> Result<(), StartError> {
    let mut people = Vec::new();
    let mut demo_list = Vec::new();
    for person in PEOPLE {
        let password = random_password();
        people.push(app.sign_in.hashing.hash(password.clone()).await?);
        demo_list.push(DemoPerson {
            login: person.login.to_owned(),
            password,
            name: person.name.to_owned(),
            role: person.role,
            organisation: person.organisation.to_owned(),
            sees: person.sees.to_owned(),
        });
    }
    // Written first: passwords that nobody can look up would make the world useless.
    demo_people::write(&app.secrets, &demo_list).map_err(unwritten("write the demo people"))?;
    let builder = Builder {
        now: app.clock.now(),
        clock: app.clock.clone(),
        keys: app.keys.clone(),
        audit: app.secrets.audit.clone(),
        authority: app.authority.clone(),
        devices: data.join("devices"),
        phcs: people,
        names: Names::default(),
    };
    let devices = app.db.write(move |connection| builder.build(connection)).await?;
    let file = FleetFile {
        server: ServerTrust {
            ca: "server-ca.pem".to_owned(),
        },
        devices,
    };
    fleet_file::write(data, &file).map_err(unwritten("write devices/fleet.json"))
}

fn unwritten(step: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Step {
        step: step.to_owned(),
        source,
        advice: "Give this user the right to write into the data folder.",
    }
}

/// Twenty letters and digits without look-alikes: about 100 bits.
fn random_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random::<20>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Ids by the names the world uses.
#[derive(Default)]
struct Names {
    organisations: HashMap<&'static str, OrganisationId>,
    sites: HashMap<&'static str, SiteId>,
    units: HashMap<&'static str, (UnitId, OrganisationId)>,
    people: HashMap<&'static str, PersonId>,
    models: HashMap<&'static str, DeviceModelId>,
    beds: HashMap<(&'static str, String), BedId>,
}

struct Builder {
    now: Instant,
    clock: Clock,
    keys: PatientKeys,
    audit: Key,
    authority: Arc<DeviceAuthority>,
    /// A folder for each device, with what its agent needs.
    devices: PathBuf,
    phcs: Vec<String>,
    names: Names,
}

fn named<T: Copy>(map: &HashMap<&'static str, T>, name: &str) -> Result<T, CorruptRow> {
    map.get(name).copied().ok_or(CorruptRow {
        what: "a name of the demo world",
    })
}

impl Builder {
    fn build(mut self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
        self.add_organisations(connection)?;
        self.add_people(connection)?;
        self.add_models(connection)?;
        let mut devices = self.fill_beds(connection)?;
        devices.extend(self.fill_homes(connection)?);
        Ok(devices)
    }

    fn id<T>(&self, make: impl Fn(Instant, Entropy) -> T) -> T {
        make(self.now, self.clock.entropy())
    }

    fn long_ago(&self) -> Instant {
        self.now - WORLD_AGE
    }

    /// The system made it; nobody was signed in.
    fn note(
        &self,
        connection: &mut DbConnection,
        organisation: OrganisationId,
        event: &'static str,
        entity: AuditEntity,
        patient: Option<PatientId>,
    ) -> Result<(), Failure> {
        let entry = AuditEntry {
            organisation,
            at: self.now,
            action: AuditAction::Create,
            event,
            outcome: AuditOutcome::Success,
            actor: AuditActor::SYSTEM,
            entity: Some(entity),
            patient,
            detail: json!({ "by": "seed" }),
        };
        audit::append(connection, &self.audit, &entry)?;
        Ok(())
    }

    fn add_organisations(&mut self, connection: &mut DbConnection) -> Result<(), Failure> {
        for (name, kind) in ORGANISATIONS {
            let id = self.id(OrganisationId::new);
            let new = NewOrganisation {
                id,
                name,
                kind,
                home_region: REGION,
                created_at: self.long_ago(),
            };
            organisations::add(connection, &new)?;
            let entity = AuditEntity {
                kind: "organisation",
                id: *id.as_bytes(),
            };
            self.note(connection, id, "organisation_added", entity, None)?;
            self.names.organisations.insert(name, id);
        }
        for (organisation, name, code) in SITES {
            let id = self.id(SiteId::new);
            let new = NewSite {
                id,
                organisation: named(&self.names.organisations, organisation).map_err(bad_world)?,
                name,
                spoken_code: code,
                time_zone: TIME_ZONE,
            };
            organisations::add_site(connection, &new)?;
            self.names.sites.insert(organisation, id);
        }
        for unit in UNITS {
            let id = self.id(UnitId::new);
            let organisation = named(&self.names.organisations, unit.organisation).map_err(bad_world)?;
            let new = NewUnit {
                id,
                organisation,
                site: named(&self.names.sites, unit.organisation).map_err(bad_world)?,
                name: unit.name,
                created_at: self.long_ago(),
            };
            organisations::add_unit(connection, &new)?;
            let entity = AuditEntity {
                kind: "unit",
                id: *id.as_bytes(),
            };
            self.note(connection, organisation, "unit_added", entity, None)?;
            self.names.units.insert(unit.name, (id, organisation));
            for number in 1..=unit.beds {
                let bed = self.id(BedId::new);
                let label = number.to_string();
                let new = NewBed {
                    id: bed,
                    organisation,
                    unit: id,
                    label: &label,
                    position: i64::try_from(number).unwrap_or(i64::MAX),
                };
                places::add_bed(connection, &new)?;
                self.names.beds.insert((unit.name, label), bed);
            }
        }
        Ok(())
    }

    fn add_people(&mut self, connection: &mut DbConnection) -> Result<(), Failure> {
        for (seed, phc) in PEOPLE.iter().zip(&self.phcs) {
            let (person, membership) = (self.id(PersonId::new), self.id(MembershipId::new));
            let organisation = named(&self.names.organisations, seed.organisation).map_err(bad_world)?;
            let new = NewPerson {
                id: person,
                home_region: REGION,
                name: seed.name,
                login: seed.login,
                phc,
                created_at: self.long_ago(),
            };
            people::add(connection, &new)?;
            let new = NewMembership {
                id: membership,
                person,
                organisation,
                role: seed.role,
                valid_from: self.long_ago(),
            };
            people::add_membership(connection, &new)?;
            for unit in seed.units {
                let (unit, _) = named(&self.names.units, unit).map_err(bad_world)?;
                people::join_unit(
                    connection,
                    self.id(IntervalId::new),
                    membership,
                    unit,
                    self.long_ago(),
                )?;
            }
            let entity = AuditEntity {
                kind: "membership",
                id: *membership.as_bytes(),
            };
            self.note(connection, organisation, "member_added", entity, None)?;
            self.names.people.insert(seed.login, person);
        }
        Ok(())
    }

    fn add_models(&mut self, connection: &mut DbConnection) -> Result<(), Failure> {
        for seed in MODELS {
            let id = self.id(DeviceModelId::new);
            let maker = named(&self.names.organisations, seed.maker).map_err(bad_world)?;
            let new = NewModel {
                id,
                maker,
                name: seed.name,
                device_type: seed.device_type,
                expected_interval_s: seed.expected_interval_s,
            };
            register::add_model(connection, &new)?;
            let entity = AuditEntity {
                kind: "device_model",
                id: *id.as_bytes(),
            };
            self.note(connection, maker, "device_model_added", entity, None)?;
            self.names.models.insert(seed.name, id);
        }
        Ok(())
    }

    fn admit(
        &self,
        connection: &mut DbConnection,
        organisation: OrganisationId,
        seeds: &[&PatientSeed],
    ) -> Result<Vec<PatientId>, Failure> {
        let new: Vec<NewPatient<'_>> = seeds
            .iter()
            .map(|seed| NewPatient {
                id: self.id(PatientId::new),
                organisation,
                home_region: REGION,
                time_zone: TIME_ZONE,
                identity: PatientIdentity {
                    family_name: seed.family.to_owned(),
                    given_name: seed.given.to_owned(),
                    born: seed.born.to_owned(),
                    sex: seed.sex,
                    record_number: seed.record_number.to_owned(),
                },
                created_at: self.long_ago(),
            })
            .collect();
        patients::admit(connection, &self.keys, organisation, &new)?;
        for patient in &new {
            let entity = AuditEntity {
                kind: "patient",
                id: *patient.id.as_bytes(),
            };
            self.note(
                connection,
                organisation,
                "patient_admitted",
                entity,
                Some(patient.id),
            )?;
        }
        Ok(new.iter().map(|patient| patient.id).collect())
    }

    fn add_device(
        &self,
        connection: &mut DbConnection,
        model: &str,
        serial: &str,
        custodian: &str,
    ) -> Result<(DeviceId, SerialNumber), Failure> {
        let seed = world::model(model).ok_or_else(|| bad_world(CorruptRow { what: "model" }))?;
        let maker = named(&self.names.organisations, seed.maker).map_err(bad_world)?;
        let organisation = named(&self.names.organisations, custodian).map_err(bad_world)?;
        let serial = SerialNumber::parse(serial).map_err(Failure::bad_request)?;
        let id = self.id(DeviceId::new);
        let new = NewDevice {
            id,
            model: named(&self.names.models, model).map_err(bad_world)?,
            maker,
            home_region: REGION,
            serial: &serial,
            software: seed.software,
            created_at: self.long_ago(),
        };
        register::add_device(connection, &new)?;
        let folder = self.devices.join(serial.as_str());
        issue_credentials(&self.authority, connection, id, &serial, &folder, self.now).map_err(|source| {
            Failure::Internal {
                step: "give a simulated device its credentials",
                source: source.into(),
            }
        })?;
        let new = NewCustody {
            id: self.id(IntervalId::new),
            device: id,
            organisation,
            site: self.names.sites.get(custodian).copied(),
            from: self.long_ago(),
        };
        places::begin_custody(connection, &new)?;
        let entity = AuditEntity {
            kind: "device",
            id: *id.as_bytes(),
        };
        self.note(connection, organisation, "device_registered", entity, None)?;
        Ok((id, serial))
    }

    fn fill_beds(&self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
        let mut simulated = Vec::new();
        let (mut monitors, mut pumps) = (310, 120);
        for unit in UNITS.iter().filter(|unit| unit.beds > 0) {
            let (unit_id, organisation) = named(&self.names.units, unit.name).map_err(bad_world)?;
            let beds: Vec<_> = BEDS.iter().filter(|bed| bed.unit == unit.name).collect();
            let seeds: Vec<_> = beds.iter().map(|bed| &bed.patient).collect();
            let admitted = self.admit(connection, organisation, &seeds)?;
            for (seed, patient) in beds.into_iter().zip(admitted) {
                let bed = self
                    .names
                    .beds
                    .get(&(unit.name, seed.bed.to_owned()))
                    .copied()
                    .ok_or_else(|| bad_world(CorruptRow { what: "bed" }))?;
                let stay = NewStay {
                    id: self.id(IntervalId::new),
                    organisation,
                    patient,
                    bed,
                    from: self.now - STAY,
                };
                places::begin_stay(connection, &stay)?;
                let mut at_bed = Vec::new();
                if let Some(scenario) = seed.monitor {
                    monitors += 1;
                    at_bed.push((world::MONITOR, format!("NW-M40-{monitors:06}"), scenario));
                }
                if let Some(scenario) = seed.pump {
                    pumps += 1;
                    at_bed.push((world::PUMP, format!("NW-P12-{pumps:06}"), scenario));
                }
                for (model, serial, scenario) in at_bed {
                    let (device, serial) = self.add_device(connection, model, &serial, unit.organisation)?;
                    let assignment = NewAssignment {
                        id: self.id(IntervalId::new),
                        device,
                        organisation,
                        patient: Some(patient),
                        bed: Some((bed, unit_id)),
                        from: self.now - STAY,
                    };
                    places::begin_assignment(connection, &assignment)?;
                    let place = Some(format!("{}/{}", unit.short, seed.bed));
                    simulated.push(self.simulated(model, serial, scenario, place, None)?);
                }
            }
        }
        Ok(simulated)
    }

    fn fill_homes(&self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
        let organisation = named(&self.names.organisations, world::LARKFIELD).map_err(bad_world)?;
        let (clinic, _) = named(&self.names.units, world::SLEEP_CLINIC).map_err(bad_world)?;
        let seeds: Vec<_> = HOMES.iter().map(|home| &home.patient).collect();
        let admitted = self.admit(connection, organisation, &seeds)?;
        let mut simulated = Vec::new();
        for (home, patient) in HOMES.iter().zip(admitted) {
            let care = NewCare {
                id: self.id(IntervalId::new),
                organisation,
                patient,
                carer: Carer::Unit(clinic),
                from: self.long_ago(),
            };
            places::begin_care(connection, &care)?;
            for (login, relation) in [(home.login, "self"), (home.proxy, "carer")] {
                let Some(login) = login else {
                    continue;
                };
                let person = named(&self.names.people, login).map_err(bad_world)?;
                let id = self.id(IntervalId::new);
                places::tie_person(connection, id, patient, person, relation, self.long_ago())?;
            }
            for seed in home.devices {
                let (device, serial) =
                    self.add_device(connection, seed.model, seed.serial, world::LARKFIELD)?;
                let assignment = NewAssignment {
                    id: self.id(IntervalId::new),
                    device,
                    organisation,
                    patient: Some(patient),
                    bed: None,
                    from: self.long_ago(),
                };
                places::begin_assignment(connection, &assignment)?;
                simulated.push(self.simulated(seed.model, serial, "stable", None, seed.silent_days)?);
            }
        }
        Ok(simulated)
    }

    fn simulated(
        &self,
        model: &str,
        serial: SerialNumber,
        scenario: &str,
        bed: Option<String>,
        silent_days: Option<u64>,
    ) -> Result<SimulatedDevice, Failure> {
        let seed = world::model(model).ok_or_else(|| bad_world(CorruptRow { what: "model" }))?;
        let home = bed.is_none();
        let from = self.now - if home { HOME_HISTORY } else { BEDSIDE_HISTORY };
        let until = self.now - DAY * u32::try_from(silent_days.unwrap_or(0)).unwrap_or(0);
        // The same device plays the same day in every demo.
        let seed_number = serial.as_str().bytes().fold(17_u64, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        Ok(SimulatedDevice {
            serial,
            device_type: seed.device_type,
            software: seed.software.to_owned(),
            scenario: scenario.to_owned(),
            seed: seed_number,
            bed,
            home,
            history: Span { from, until },
            live: silent_days.is_none(),
        })
    }
}

fn bad_world(error: CorruptRow) -> Failure {
    Failure::Internal {
        step: "make the demo world",
        source: error.into(),
    }
}
