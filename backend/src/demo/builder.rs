//! Puts the world into an empty database, in one transaction with its audit entries: organisations,
//! their people, their models. Patients and devices are put into it by `inhabitants.rs`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fleetward_common::{
    id::{
        BedId, DeviceModelId, Entropy, IntervalId, MembershipId, OrganisationId, PatientId, PersonId, SiteId,
        UnitId,
    },
    time::Instant,
};
use serde_json::json;

use super::{
    fleet_file::SimulatedDevice,
    world::{MODELS, ORGANISATIONS, PEOPLE, REGION, SECOND_MEMBERSHIPS, SITES, TIME_ZONE, UNITS, mail_host},
};
use crate::{
    app::App,
    care::{
        PatientKeys,
        store::places::{self, NewBed},
    },
    devices::{
        authority::DeviceAuthority,
        store::register::{self, NewModel},
    },
    identity::{
        store::{
            organisations::{self, NewOrganisation, NewSite, NewUnit},
            people::{self, NewMembership, NewPerson},
            second_factors::{self, SecondFactor},
        },
        totp::Secret,
    },
    platform::{
        clock::Clock,
        db::{CorruptRow, DbConnection},
        http::Failure,
        secrets::Key,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// The world is older than what its devices remember.
const WORLD_AGE: Duration = Duration::from_secs(90 * 24 * 3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Ids by the names the world uses.
#[derive(Default)]
pub(super) struct Names {
    pub(super) organisations: HashMap<&'static str, OrganisationId>,
    pub(super) sites: HashMap<&'static str, SiteId>,
    pub(super) units: HashMap<&'static str, (UnitId, OrganisationId)>,
    pub(super) people: HashMap<&'static str, PersonId>,
    pub(super) models: HashMap<&'static str, DeviceModelId>,
    pub(super) beds: HashMap<(&'static str, String), BedId>,
}

pub(super) struct Builder {
    pub(super) now: Instant,
    pub(super) clock: Clock,
    pub(super) keys: PatientKeys,
    pub(super) audit: Key,
    pub(super) authority: Arc<DeviceAuthority>,
    /// A folder for each device, with what its agent needs.
    pub(super) devices: PathBuf,
    pub(super) phcs: Vec<String>,
    /// Authenticator apps, in the order of the people.
    pub(super) apps: Vec<Option<Secret>>,
    pub(super) master: Key,
    pub(super) names: Names,
}

pub(super) fn named<T: Copy>(map: &HashMap<&'static str, T>, name: &str) -> Result<T, CorruptRow> {
    map.get(name).copied().ok_or(CorruptRow {
        what: "a name of the demo world",
    })
}

impl Builder {
    pub(super) fn new(app: &App, data: &Path, phcs: Vec<String>, apps: Vec<Option<Secret>>) -> Self {
        Self {
            now: app.clock.now(),
            clock: app.clock.clone(),
            keys: app.keys.clone(),
            audit: app.secrets.audit.clone(),
            authority: app.authority.clone(),
            devices: data.join("devices"),
            phcs,
            apps,
            master: app.secrets.master.clone(),
            names: Names::default(),
        }
    }

    pub(super) fn build(mut self, connection: &mut DbConnection) -> Result<Vec<SimulatedDevice>, Failure> {
        self.add_organisations(connection)?;
        self.add_people(connection)?;
        self.add_models(connection)?;
        let mut devices = self.fill_beds(connection)?;
        devices.extend(self.fill_homes(connection)?);
        Ok(devices)
    }

    pub(super) fn id<T>(&self, make: impl Fn(Instant, Entropy) -> T) -> T {
        make(self.now, self.clock.entropy())
    }

    pub(super) fn long_ago(&self) -> Instant {
        self.now - WORLD_AGE
    }

    /// The system made it; nobody was signed in.
    pub(super) fn note(
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
        for ((seed, phc), secret) in PEOPLE.iter().zip(&self.phcs).zip(&self.apps) {
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
            if let Some(secret) = secret {
                let factor = SecondFactor {
                    sealed: secret.seal(&self.master, person)?,
                    since: self.long_ago(),
                    last_step: 0,
                    asked_at_sign_in: false,
                };
                second_factors::set(connection, person, &factor)?;
            }
            let email = format!("{}@{}", seed.login, mail_host(seed.organisation));
            people::set_email(connection, person, &email)?;
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
        self.add_second_memberships(connection)
    }

    fn add_second_memberships(&self, connection: &mut DbConnection) -> Result<(), Failure> {
        // The first one began first: that is the one a person signs in as.
        let from = self.long_ago() + DAY;
        for seed in SECOND_MEMBERSHIPS {
            let membership = self.id(MembershipId::new);
            let organisation = named(&self.names.organisations, seed.organisation).map_err(bad_world)?;
            let new = NewMembership {
                id: membership,
                person: named(&self.names.people, seed.login).map_err(bad_world)?,
                organisation,
                role: seed.role,
                valid_from: from,
            };
            people::add_membership(connection, &new)?;
            for unit in seed.units {
                let (unit, _) = named(&self.names.units, unit).map_err(bad_world)?;
                people::join_unit(connection, self.id(IntervalId::new), membership, unit, from)?;
            }
            let entity = AuditEntity {
                kind: "membership",
                id: *membership.as_bytes(),
            };
            self.note(connection, organisation, "member_added", entity, None)?;
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
}

pub(super) fn bad_world(error: CorruptRow) -> Failure {
    Failure::Internal {
        step: "make the demo world",
        source: error.into(),
    }
}
