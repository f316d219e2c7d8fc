//! The third answer: what a live topic carries to one listener, compiled when they subscribe.

use std::collections::{BTreeSet, HashMap};

use fleetward_common::{
    access::DataClass,
    id::{BedId, DeviceId, OrganisationId, UnitId},
    live::Topic,
    time::Instant,
};

use super::{
    Access, Actor,
    epochs::EpochMark,
    permit::{Bed, Classes, Device, Listing, Read},
    store::{Listed, held, scope},
};
use crate::platform::{db::DbConnection, http::Failure};

/// Classes that travel on a stream. Identity never does: pages fetch it.
const STREAMED: [DataClass; 2] = [DataClass::Clinical, DataClass::Technical];

/// What of one device travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    pub classes: Classes,
    /// Nothing that was measured before: it was on somebody else, or on nobody.
    pub since: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub devices: HashMap<DeviceId, Sight>,
    /// Beds whose alarms travel, and of which classes.
    pub beds: HashMap<BedId, Classes>,
    /// Whose changes can change this scope.
    organisations: BTreeSet<OrganisationId>,
    mark: EpochMark,
}

impl Scope {
    /// Whether anything moved since this scope was compiled.
    pub fn is_current(&self, access: &Access) -> bool {
        access.epochs.mark(&self.organisations) == self.mark
    }
}

impl Access {
    /// A topic outside the actor's reach is as absent as one that doesn't exist.
    pub async fn scope(&self, actor: &Actor, topic: Topic) -> Result<Scope, Failure> {
        let moves = self.epochs.moves();
        let mut organisations = BTreeSet::from([actor.organisation]);
        let mut beds = HashMap::new();
        let devices = match topic {
            Topic::Alarms(unit) => {
                organisations.extend(self.ward(actor, unit).await?);
                beds = self.beds_in(actor, unit).await?;
                HashMap::new()
            }
            Topic::Ward(unit) => {
                organisations.extend(self.ward(actor, unit).await?);
                self.sights_listed(actor, topic, &STREAMED).await?
            }
            Topic::Patient(patient) => {
                let permit = self.patient(patient).permit::<Read>(actor).await?;
                organisations.extend(permit.standing().organisation);
                self.sights_listed(actor, topic, &STREAMED).await?
            }
            Topic::Device(device) => {
                let permit = self.device(device).permit::<Read>(actor).await?;
                let standing = permit.standing();
                organisations.extend(standing.organisation);
                if let Some(patient) = standing.patient {
                    // A lent monitor: who moves its patient is not who holds it.
                    let whose = self
                        .db
                        .read(move |connection| scope::organisation_of(connection, patient));
                    organisations.extend(whose.await?);
                }
                let streamed: Classes = STREAMED.into_iter().collect();
                let found = HashMap::from([(device, permit.classes().only(streamed))]);
                let at = permit.granted_at();
                self.db
                    .read(move |connection| sights(connection, found, at))
                    .await?
            }
            Topic::Fleet => self.sights_listed(actor, topic, &[DataClass::Technical]).await?,
        };
        let mark = self.epochs.mark_read_since(moves, &organisations);
        Ok(Scope {
            devices,
            beds,
            organisations,
            mark,
        })
    }

    /// Whose ward it is, if it is in this actor's reach.
    async fn ward(&self, actor: &Actor, unit: UnitId) -> Result<Option<OrganisationId>, Failure> {
        let permit = self.unit(unit).permit::<Read>(actor).await?;
        permit.requires(DataClass::Technical)?;
        Ok(permit.standing().organisation)
    }

    async fn sights_listed(
        &self,
        actor: &Actor,
        topic: Topic,
        classes: &'static [DataClass],
    ) -> Result<HashMap<DeviceId, Sight>, Failure> {
        let listing: Listing<Device, Read> = self.listing(actor);
        self.db
            .read(move |connection| {
                let mut devices: HashMap<DeviceId, Classes> = HashMap::new();
                for class in classes.iter().copied() {
                    let ids = match topic {
                        Topic::Ward(unit) => scope::devices_in_unit(connection, unit, &listing, class)?,
                        Topic::Patient(patient) => {
                            scope::devices_of_patient(connection, patient, &listing, class)?
                        }
                        Topic::Fleet | Topic::Device(_) | Topic::Alarms(_) => {
                            Device::ids_within(connection, &listing, class)?
                        }
                    };
                    for id in ids {
                        let seen = devices.entry(id).or_default();
                        *seen = seen.with(class);
                    }
                }
                if topic == Topic::Fleet {
                    // No value travels, so whose it is does not matter.
                    return Ok(all_sights(devices, &HashMap::new()));
                }
                sights(connection, devices, listing.at())
            })
            .await
    }

    /// Beds of a unit that this actor sees, each with the classes of its alarms.
    pub async fn beds_in(&self, actor: &Actor, unit: UnitId) -> Result<HashMap<BedId, Classes>, Failure> {
        let listing: Listing<Bed, Read> = self.listing(actor);
        self.db
            .read(move |connection| {
                let mut beds: HashMap<BedId, Classes> = HashMap::new();
                for class in STREAMED {
                    for bed in scope::beds_in_unit(connection, unit, &listing, class)? {
                        let seen = beds.entry(bed).or_default();
                        *seen = seen.with(class);
                    }
                }
                Ok(beds)
            })
            .await
    }
}

fn sights(
    connection: &mut DbConnection,
    devices: HashMap<DeviceId, Classes>,
    now: Instant,
) -> Result<HashMap<DeviceId, Sight>, Failure> {
    let ids: Vec<DeviceId> = devices.keys().copied().collect();
    let since = held::held_since(connection, &ids, now)?;
    Ok(all_sights(devices, &since))
}

fn all_sights(
    devices: HashMap<DeviceId, Classes>,
    since: &HashMap<DeviceId, Instant>,
) -> HashMap<DeviceId, Sight> {
    let sight = |(device, classes): (DeviceId, Classes)| {
        let since = since.get(&device).copied().unwrap_or(Instant::EPOCH);
        (device, Sight { classes, since })
    };
    devices.into_iter().map(sight).collect()
}
