//! Patients and devices of the world: who lies where, what stands there, who is at home.

use std::time::Duration;

use fleetward_common::{
    care::PatientIdentity,
    id::{DeviceId, IntervalId, OrganisationId, PatientId},
    text::SerialNumber,
    time::Span,
};

use super::{
    builder::{Builder, bad_world, named},
    fleet_file::SimulatedDevice,
    world::{self, BEDS, HOMES, PatientSeed, REGION, TIME_ZONE, UNITS},
};
use crate::{
    care::store::{
        identity::{self as patients, NewPatient},
        places::{self, Carer, NewAssignment, NewCare, NewCustody, NewStay},
    },
    devices::{
        authority::issue_credentials,
        store::register::{self, NewDevice},
    },
    platform::{
        db::{CorruptRow, DbConnection},
        http::Failure,
    },
    privacy::audit::AuditEntity,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const BEDSIDE_HISTORY: Duration = DAY;
const HOME_HISTORY: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Patients came to their beds before their history begins.
const STAY: Duration = Duration::from_secs(3 * 24 * 3_600);

impl Builder {
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

    pub(super) fn fill_beds(&self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
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

    pub(super) fn fill_homes(&self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
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
