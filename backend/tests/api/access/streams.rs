//! What a live topic carries, held against the points: row by row, class by class.

use std::collections::BTreeMap;

use fleetward::access::{Access, Actor, Classes, Read, stream::Scope};
use fleetward_common::{
    access::DataClass,
    id::{BedId, DeviceId, PatientId, UnitId},
    live::Topic,
};

use super::random_world::World;

/// Topics that were opened, and rows that the open ones carried.
#[derive(Debug, Default, Clone, Copy)]
pub struct Streamed {
    pub fleet: usize,
    pub wards: usize,
    pub alarms: usize,
    pub patients: usize,
    pub devices: usize,
    pub carried: usize,
    pub shut: usize,
}

impl Streamed {
    pub fn add(&mut self, more: Self) {
        self.fleet += more.fleet;
        self.wards += more.wards;
        self.alarms += more.alarms;
        self.patients += more.patients;
        self.devices += more.devices;
        self.carried += more.carried;
        self.shut += more.shut;
    }

    pub fn every_topic_was_opened(&self) {
        let opened = [self.fleet, self.wards, self.alarms, self.patients, self.devices];
        assert!(opened.iter().all(|times| *times > 5), "{self:?}");
        assert!(self.carried > 50 && self.shut > 50, "{self:?}");
    }
}

/// Where a device or bed of the world is, and what the points give of it.
struct Seen {
    unit: Option<UnitId>,
    patient: Option<PatientId>,
    classes: Classes,
}

type Carried<Id> = BTreeMap<Id, Classes>;

const STREAMED: [DataClass; 2] = [DataClass::Clinical, DataClass::Technical];

/// Of these rows, those that carry anything.
fn carried<Id: Ord + Copy>(
    rows: &BTreeMap<Id, Seen>,
    only: Classes,
    here: impl Fn(&Id, &Seen) -> bool,
) -> Carried<Id> {
    rows.iter()
        .filter(|(id, seen)| here(id, seen))
        .map(|(id, seen)| (*id, seen.classes.only(only)))
        .filter(|(_, classes)| !classes.is_empty())
        .collect()
}

fn devices_of(scope: &Scope) -> Carried<DeviceId> {
    let sights = scope.devices.iter().map(|(id, sight)| (*id, sight.classes));
    sights.filter(|(_, classes)| !classes.is_empty()).collect()
}

/// A topic opens exactly when its row does, and carries exactly the devices, beds and classes that the
/// points allow.
pub async fn stream_is_filtered_point(access: &Access, actor: &Actor, world: &World, told: &str) -> Streamed {
    let told = |what: String| format!("{what}\n{actor:?}\n{told}");
    let mut heard = Streamed::default();
    let devices = devices(access, actor, world).await;
    let beds = beds(access, actor, world).await;
    let all: Classes = STREAMED.into_iter().collect();
    let technical = Classes::NONE.with(DataClass::Technical);

    let fleet = access.scope(actor, Topic::Fleet).await.unwrap();
    // Other worlds are in the same database.
    let mut fleet = devices_of(&fleet);
    fleet.retain(|device, _| world.devices.contains(device));
    assert_eq!(
        fleet,
        carried(&devices, technical, |_, _| true),
        "{}",
        told("fleet".to_owned())
    );
    heard.fleet += usize::from(!fleet.is_empty());

    for unit in &world.units {
        let permit = access.unit(*unit).permit::<Read>(actor).await;
        let visible = permit.is_ok_and(|permit| permit.has(DataClass::Technical));
        let ward = access.scope(actor, Topic::Ward(*unit)).await;
        let alarms = access.scope(actor, Topic::Alarms(*unit)).await;
        assert_eq!(ward.is_ok(), visible, "{}", told(format!("ward {unit:?}")));
        assert_eq!(alarms.is_ok(), visible, "{}", told(format!("alarms {unit:?}")));
        let (Ok(ward), Ok(alarms)) = (ward, alarms) else {
            heard.shut += 1;
            continue;
        };
        let allowed = carried(&devices, all, |_, seen| seen.unit == Some(*unit));
        assert_eq!(devices_of(&ward), allowed, "{}", told(format!("ward {unit:?}")));
        assert!(ward.beds.is_empty() && alarms.devices.is_empty());
        heard.wards += 1;
        heard.carried += allowed.len();
        let allowed: Carried<BedId> = carried(&beds, all, |_, seen| seen.unit == Some(*unit));
        let told_of: Carried<BedId> = alarms.beds.into_iter().collect();
        assert_eq!(told_of, allowed, "{}", told(format!("alarms {unit:?}")));
        heard.alarms += 1;
        heard.carried += allowed.len();
    }

    for patient in &world.patients {
        let visible = access.patient(*patient).permit::<Read>(actor).await.is_ok();
        let scope = access.scope(actor, Topic::Patient(*patient)).await;
        assert_eq!(scope.is_ok(), visible, "{}", told(format!("patient {patient:?}")));
        let Ok(scope) = scope else {
            heard.shut += 1;
            continue;
        };
        let allowed = carried(&devices, all, |_, seen| seen.patient == Some(*patient));
        assert_eq!(
            devices_of(&scope),
            allowed,
            "{}",
            told(format!("patient {patient:?}"))
        );
        heard.patients += 1;
        heard.carried += allowed.len();
    }

    for device in &world.devices {
        let scope = access.scope(actor, Topic::Device(*device)).await;
        let visible = devices.contains_key(device);
        assert_eq!(scope.is_ok(), visible, "{}", told(format!("device {device:?}")));
        let Ok(scope) = scope else {
            heard.shut += 1;
            continue;
        };
        let allowed = carried(&devices, all, |id, _| id == device);
        assert_eq!(
            devices_of(&scope),
            allowed,
            "{}",
            told(format!("device {device:?}"))
        );
        heard.devices += 1;
        heard.carried += allowed.len();
    }
    heard
}

async fn devices(access: &Access, actor: &Actor, world: &World) -> BTreeMap<DeviceId, Seen> {
    let mut seen = BTreeMap::new();
    for device in &world.devices {
        if let Ok(permit) = access.device(*device).permit::<Read>(actor).await {
            let at = permit.standing();
            let (unit, patient, classes) = (at.unit, at.patient, permit.classes());
            seen.insert(
                *device,
                Seen {
                    unit,
                    patient,
                    classes,
                },
            );
        }
    }
    seen
}

async fn beds(access: &Access, actor: &Actor, world: &World) -> BTreeMap<BedId, Seen> {
    let mut seen = BTreeMap::new();
    for bed in &world.beds {
        if let Ok(permit) = access.bed(*bed).permit::<Read>(actor).await {
            let at = permit.standing();
            let (unit, patient, classes) = (at.unit, at.patient, permit.classes());
            seen.insert(
                *bed,
                Seen {
                    unit,
                    patient,
                    classes,
                },
            );
        }
    }
    seen
}
