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
        let mut organisations = BTreeSet::from([actor.organisation]);
        // Marked before the rows are read: a change in between makes the scope look old, never fresh.
        let mut mark_after = |found: Option<OrganisationId>| organisations.extend(found);
        let before = self.epochs.mark(&BTreeSet::from([actor.organisation]));
        let classes = match topic {
            Topic::Alarms(unit) => {
                let permit = self.unit(unit).permit::<Read>(actor).await?;
                permit.requires(DataClass::Technical)?;
                mark_after(permit.standing().organisation);
                let mark = self.epochs.mark(&organisations);
                return Ok(Scope {
                    devices: HashMap::new(),
                    beds: self.beds_in(actor, unit).await?,
                    organisations,
                    mark,
                });
            }
            Topic::Ward(unit) => {
                let permit = self.unit(unit).permit::<Read>(actor).await?;
                permit.requires(DataClass::Technical)?;
                mark_after(permit.standing().organisation);
                STREAMED.to_vec()
            }
            Topic::Patient(patient) => {
                let permit = self.patient(patient).permit::<Read>(actor).await?;
                mark_after(permit.standing().organisation);
                STREAMED.to_vec()
            }
            Topic::Device(device) => {
                let permit = self.device(device).permit::<Read>(actor).await?;
                mark_after(permit.standing().organisation);
                let mark = self.epochs.mark(&organisations);
                let streamed: Classes = STREAMED.into_iter().collect();
                let found = HashMap::from([(device, permit.classes().only(streamed))]);
                let at = permit.granted_at();
                let sights = self.db.read(move |connection| sights(connection, found, at));
                return Ok(Scope {
                    devices: sights.await?,
                    beds: HashMap::new(),
                    organisations,
                    mark,
                });
            }
            Topic::Fleet => vec![DataClass::Technical],
        };
        let mark = if organisations.len() == 1 {
            before
        } else {
            self.epochs.mark(&organisations)
        };
        let listing: Listing<Device, Read> = self.listing(actor);
        let found = self
            .db
            .read(move |connection| {
                let mut devices: HashMap<DeviceId, Classes> = HashMap::new();
                for class in classes {
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
            .await?;
        Ok(Scope {
            devices: found,
            beds: HashMap::new(),
            organisations,
            mark,
        })
    }
}

impl Access {
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
