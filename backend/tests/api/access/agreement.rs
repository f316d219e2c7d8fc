//! Point, list and stream give one answer, over random policies, people and rows.

use std::collections::{BTreeSet, HashMap};

use fleetward::{
    access::{
        Access, Actor, Bed, Device, Listing, Membership, Organisation, Patient, Read, Subject, Unit,
        actor::usual_purpose,
        break_glass::Emergency,
        policy::{Effect, Policy, Rule},
        relations::Relation,
        store::{Listed, Stands},
    },
    platform::{clock::Clock, http::Failure},
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    id::{EmergencyGrantId, SessionId},
    live::Topic,
};

use super::random_world::{AFTER, Chance, NOW, World, build};
use crate::{on_both_engines, support::Portal};

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
        emergency: chance.once_in(2).then(|| Emergency {
            grant: EmergencyGrantId::new(NOW, chance.entropy()),
            patient: *chance.one(&world.patients),
            purpose: *chance.one(&[
                Purpose::EmergencyTreatment,
                Purpose::EmergencyRoom,
                Purpose::BreakTheGlass,
            ]),
            closes_at: AFTER,
        }),
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
            .is_some_and(|sight| sight.classes.has(DataClass::Technical));
        let point = allowed
            .get(device)
            .is_some_and(|permit| permit.has(DataClass::Technical));
        assert_eq!(streamed, point, "fleet {device:?}\n{actor:?}\n{told}");
    }
    for unit in &world.units {
        let scope = access.scope(actor, Topic::Ward(*unit)).await;
        let permit = access.unit(*unit).permit::<Read>(actor).await;
        let visible = permit.is_ok_and(|permit| permit.has(DataClass::Technical));
        assert_eq!(scope.is_ok(), visible, "ward {unit:?}\n{actor:?}\n{told}");
        let Ok(scope) = scope else { continue };
        for (device, permit) in &allowed {
            let here = permit.standing().unit == Some(*unit);
            for class in [DataClass::Clinical, DataClass::Technical] {
                let streamed = scope
                    .devices
                    .get(device)
                    .is_some_and(|sight| sight.classes.has(class));
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
    list_is_filtered_point::<Organisation>(portal, access, actor, &world.organisations, told).await;
    let memberships: Vec<_> = world.memberships.iter().map(|(_, id, _)| *id).collect();
    list_is_filtered_point::<Membership>(portal, access, actor, &memberships, told).await;
    stream_is_filtered_point(access, actor, world, told).await;
}

on_both_engines! {
    async fn list_point_and_stream_agree_over_random_worlds(portal: Portal) {
        let access = Access::new(
            portal.app.db.clone(),
            Clock::manual(NOW),
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
            Clock::manual(NOW),
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
                    purpose: usual_purpose(*role),
                    ..random_actor(&mut chance, &world, *role)
                };
                all_kinds_agree(&portal, access, &actor, &world, "the built-in policy").await;
            }
        }
    }
}
