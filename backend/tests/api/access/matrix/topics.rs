//! What the live topics carry to each.

use std::collections::{BTreeMap, BTreeSet};

use fleetward::access::Classes;
use fleetward_common::{
    access::{DataClass, Kind},
    id::{DeviceId, PatientId, UnitId},
    live::{LiveMessage, Topic},
};

use super::{
    asking::rows_of,
    map::{LiveTopic, Map},
    who::Who,
    world::{Someone, Target, World},
};
use crate::support::{Person, Portal, tab::Tab};

/// Rows and the classes of each that travel.
type Carried = BTreeMap<String, BTreeSet<&'static str>>;

/// As `routes.txt` calls it. A new topic has to be named here, and then be put into the map.
const fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Ward(_) => "ward",
        Topic::Alarms(_) => "alarms",
        Topic::Device(_) => "device",
        Topic::Patient(_) => "patient",
        Topic::Fleet => "fleet",
    }
}

fn topic(name: &str, row: &Target) -> Topic {
    match name {
        "ward" => Topic::Ward(row.id.parse().unwrap()),
        "alarms" => Topic::Alarms(row.id.parse().unwrap()),
        "device" => Topic::Device(row.id.parse().unwrap()),
        "patient" => Topic::Patient(row.id.parse().unwrap()),
        other => panic!("no such topic: {other}"),
    }
}

#[test]
fn every_topic_is_in_the_map() {
    let id = UnitId::from_bytes([0; 16]);
    let topics = [
        Topic::Ward(id),
        Topic::Alarms(id),
        Topic::Device(DeviceId::from_bytes([0; 16])),
        Topic::Patient(PatientId::from_bytes([0; 16])),
        Topic::Fleet,
    ];
    let mapped: Vec<String> = Map::read().topics.into_iter().map(|topic| topic.name).collect();
    for topic in topics {
        assert!(
            mapped.iter().any(|mapped| mapped == name(topic)),
            "{topic} is not in the map"
        );
    }
    assert_eq!(mapped.len(), topics.len());
}

/// How many topics were asked for, and how many rows they carried.
#[derive(Debug, Default, Clone, Copy)]
pub struct Heard {
    pub asked: usize,
    pub carried: usize,
}

pub async fn check(
    who: &Who,
    map: &Map,
    portal: &Portal,
    world: &World,
    someone: &Someone,
    person: &Person<'_>,
) -> Heard {
    let mut heard = Heard::default();
    for of in &map.topics {
        if of.name == name(Topic::Fleet) {
            let all = rows_of(world, someone, of.carries.0);
            heard.carried += check_carried(who, of, portal, someone, person, Topic::Fleet, &all).await;
            heard.asked += 1;
            continue;
        }
        for row in rows_of(world, someone, of.kind) {
            let topic = topic(&of.name, &row);
            let gives = |class: &DataClass| who.gives(someone.role, of.kind, *class, 'R', &row.ties);
            let may = of.classes.iter().any(gives);
            // A tab may watch only so many topics: one each.
            let mut tab = Tab::open(portal, person).await;
            let answer = tab.subscribe(topic).await;
            let opened = matches!(answer, LiveMessage::Subscribed { .. });
            assert_eq!(opened, may, "{} {topic} {:?}: {answer:?}", someone.role, row.ties);
            heard.asked += 1;
            if opened {
                let at = standing_at(world, someone, of, &row);
                heard.carried += check_carried(who, of, portal, someone, person, topic, &at).await;
            }
        }
    }
    heard
}

/// What the topic of this row can carry: itself, or what stands in the ward or at the patient.
fn standing_at(world: &World, someone: &Someone, of: &LiveTopic, row: &Target) -> Vec<Target> {
    let mut rows = rows_of(world, someone, of.carries.0);
    match of.kind {
        Kind::Unit => rows.retain(|at| at.stands_in(&row.id)),
        Kind::Patient => rows.retain(|at| at.patient.is_some() && at.patient == row.patient),
        _ => rows.retain(|at| at.id == row.id),
    }
    rows
}

/// Exactly the rows that are theirs, and of each exactly the classes. Returns how many.
async fn check_carried(
    who: &Who,
    of: &LiveTopic,
    portal: &Portal,
    someone: &Someone,
    person: &Person<'_>,
    topic: Topic,
    rows: &[Target],
) -> usize {
    let scope = portal.app.access.scope(&person.actor().await, topic).await;
    let scope = scope.unwrap_or_else(|why| panic!("{} {topic}: {why}", someone.role));
    let (kind, classes) = &of.carries;
    let devices = scope
        .devices
        .iter()
        .map(|(id, sight)| (id.to_string(), words(sight.classes)));
    let beds = scope
        .beds
        .iter()
        .map(|(id, classes)| (id.to_string(), words(*classes)));
    let carried: Carried = devices
        .chain(beds)
        .filter(|(_, classes)| !classes.is_empty())
        .collect();
    let given = |row: &Target| -> BTreeSet<&'static str> {
        classes
            .iter()
            .filter(|class| who.gives(someone.role, *kind, **class, 'R', &row.ties))
            .map(|class| class.as_str())
            .collect()
    };
    let allowed: Carried = rows
        .iter()
        .map(|row| (row.id.clone(), given(row)))
        .filter(|(_, classes)| !classes.is_empty())
        .collect();
    assert_eq!(carried, allowed, "{} {topic}", someone.role);
    allowed.len()
}

fn words(classes: Classes) -> BTreeSet<&'static str> {
    let carried = DataClass::ALL.iter().filter(|class| classes.has(**class));
    carried.map(|class| class.as_str()).collect()
}
