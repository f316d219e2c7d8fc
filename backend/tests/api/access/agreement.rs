//! Point, list and stream give one answer, over random policies, people and rows.

use std::collections::{BTreeSet, HashMap};

use fleetward::{
    access::{
        Access, AccessReview, Acknowledge, Act, Actor, Administer, Bed, ChangeLimits, Classes, DecideReview,
        Device, EnrolStation, Export, Listing, ManageConsent, Membership, OpenEmergency, OpenToSupport,
        Organisation, Patient, PauseAlarms, Read, ReadAccessLog, ReadAudit, ReadHistory, ReadPolicy, Subject,
        SwitchOffAlarms, Transfer, Unit,
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
};

use super::{
    random_world::{AFTER, Chance, NOW, World, build},
    streams::{Streamed, stream_is_filtered_point},
};
use crate::{on_both_engines, support::Portal};

/// Half of the rules are about reading, because nothing is seen without; the others about `action`. Half of
/// them are for the purpose that people of the role usually have, or nearly everything would be refused.
fn random_policy(chance: &mut Chance, role: Role, action: Action) -> String {
    let rules = 12 + chance.below(60);
    let lines: Vec<String> = (0..rules)
        .map(|_| {
            let effect = if chance.once_in(5) {
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
                action: if chance.once_in(2) { Action::Read } else { action },
                relation: *chance.one(Relation::ALL),
                purpose: (!any_purpose).then(|| random_purpose(chance, role)),
                effect,
            }
            .line()
        })
        .collect();
    lines.join("\n")
}

fn random_purpose(chance: &mut Chance, role: Role) -> Purpose {
    if chance.once_in(2) {
        usual_purpose(role)
    } else {
        *chance.one(Purpose::ALL)
    }
}

fn random_actor(chance: &mut Chance, world: &World, role: Role) -> Actor {
    let (person, membership, organisation) = *chance.one(&world.memberships);
    Actor {
        session: SessionId::new(NOW, chance.entropy()),
        person,
        membership,
        organisation,
        role,
        purpose: random_purpose(chance, role),
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

/// What was compared, and how often the answer was yes: a test in which nobody may anything proves
/// nothing.
#[derive(Debug, Default)]
struct Compared {
    rows: usize,
    allowed: usize,
    /// Of each kind and of each action.
    of: HashMap<(Kind, Action), usize>,
    streams: Streamed,
}

impl Compared {
    fn of_kind(&self, kind: Kind) -> usize {
        let of = self.of.iter().filter(|((of, _), _)| *of == kind);
        of.map(|(_, allowed)| allowed).sum()
    }

    fn of_action(&self, action: Action) -> usize {
        let of = self.of.iter().filter(|((_, of), _)| *of == action);
        of.map(|(_, allowed)| allowed).sum()
    }
}

/// Who asks, of what.
struct Asking<'a> {
    portal: &'a Portal,
    access: &'a Access,
    actor: &'a Actor,
    world: &'a World,
    told: &'a str,
    compared: &'a mut Compared,
}

impl Asking<'_> {
    /// For every row and class: in the list exactly when the point allows it.
    async fn list_is_filtered_point<K, A>(&mut self, rows: &[K::Id])
    where
        K: Subject + Listed + Stands,
        K::Id: Ord + std::hash::Hash,
        A: Act,
    {
        let (actor, told) = (self.actor, self.told);
        let listing: Listing<K, A> = self.access.listing(actor);
        let now = listing.at();
        let asked = rows.to_vec();
        let (lists, standings) = self
            .portal
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
            let classes = self.access.classes::<K>(actor, A::ACTION, &standing);
            for class in DataClass::ALL {
                let of = (K::KIND, A::ACTION);
                assert_eq!(
                    lists[class].contains(&id),
                    classes.has(*class),
                    "{of:?} {class} {id:?}\n{actor:?}\n{standing:?}\n{told}"
                );
                self.compared.rows += 1;
                self.compared.allowed += usize::from(classes.has(*class));
            }
            if classes != Classes::NONE {
                *self.compared.of.entry((K::KIND, A::ACTION)).or_default() += 1;
            }
        }
    }

    /// Of what no rule speaks there is no list and no point; to read is asked all the same.
    fn is_spoken_of(&self, kind: Kind, action: Action) -> bool {
        action == Action::Read
            || self
                .access
                .rules()
                .iter()
                .any(|rule| (rule.role, rule.kind, rule.action) == (self.actor.role, kind, action))
    }

    async fn every_action<K>(&mut self, rows: &[K::Id])
    where
        K: Subject + Listed + Stands,
        K::Id: Ord + std::hash::Hash,
    {
        for action in Action::ALL {
            if !self.is_spoken_of(K::KIND, *action) {
                continue;
            }
            match action {
                Action::Read => self.list_is_filtered_point::<K, Read>(rows).await,
                Action::ReadHistory => self.list_is_filtered_point::<K, ReadHistory>(rows).await,
                Action::EnrolStation => self.list_is_filtered_point::<K, EnrolStation>(rows).await,
                Action::Acknowledge => self.list_is_filtered_point::<K, Acknowledge>(rows).await,
                Action::PauseAlarms => self.list_is_filtered_point::<K, PauseAlarms>(rows).await,
                Action::SwitchOffAlarms => self.list_is_filtered_point::<K, SwitchOffAlarms>(rows).await,
                Action::ChangeLimits => self.list_is_filtered_point::<K, ChangeLimits>(rows).await,
                Action::OpenToSupport => self.list_is_filtered_point::<K, OpenToSupport>(rows).await,
                Action::Transfer => self.list_is_filtered_point::<K, Transfer>(rows).await,
                Action::OpenEmergency => self.list_is_filtered_point::<K, OpenEmergency>(rows).await,
                Action::Administer => self.list_is_filtered_point::<K, Administer>(rows).await,
                Action::ReadAccessLog => self.list_is_filtered_point::<K, ReadAccessLog>(rows).await,
                Action::ManageConsent => self.list_is_filtered_point::<K, ManageConsent>(rows).await,
                Action::ReadAudit => self.list_is_filtered_point::<K, ReadAudit>(rows).await,
                Action::DecideReview => self.list_is_filtered_point::<K, DecideReview>(rows).await,
                Action::Export => self.list_is_filtered_point::<K, Export>(rows).await,
                Action::ReadPolicy => self.list_is_filtered_point::<K, ReadPolicy>(rows).await,
            }
        }
    }

    /// Every kind of which there are lists: a consent is shown on its patient's own page only, and
    /// `one_answer.rs` compares that.
    async fn all_kinds_agree(mut self) {
        let world = self.world;
        self.every_action::<Unit>(&world.units).await;
        self.every_action::<Bed>(&world.beds).await;
        self.every_action::<Patient>(&world.patients).await;
        self.every_action::<Device>(&world.devices).await;
        self.every_action::<Organisation>(&world.organisations).await;
        let memberships: Vec<_> = world.memberships.iter().map(|(_, id, _)| *id).collect();
        self.every_action::<Membership>(&memberships).await;
        self.every_action::<AccessReview>(&world.reviews).await;
        let streams = stream_is_filtered_point(self.access, self.actor, world, self.told).await;
        self.compared.streams.add(streams);
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

const LISTED: [Kind; 7] = [
    Kind::Unit,
    Kind::Bed,
    Kind::Patient,
    Kind::Device,
    Kind::Organisation,
    Kind::Membership,
    Kind::AccessReview,
];

async fn with_a_policy_of_its_own(portal: &Portal) -> Access {
    Access::new(
        portal.app.db.clone(),
        Clock::manual(NOW),
        Policy::built_in().await.unwrap(),
    )
}

on_both_engines! {
    async fn list_point_and_stream_agree_over_random_worlds(portal: Portal) {
        let access = with_a_policy_of_its_own(&portal).await;
        let mut chance = Chance(0x5eed_f1ee_7a4d_0001);
        let mut compared = Compared::default();
        // Each action three times.
        let mut actions = Action::ALL.iter().cycle();
        for _ in 0..6 {
            let world = make_world(&portal, chance.next()).await;
            for _ in 0..8 {
                let role = *chance.one(Role::ALL);
                let policy = random_policy(&mut chance, role, *actions.next().unwrap());
                access.replace_policy(Access::parse_policy(&policy).await.unwrap());
                for _ in 0..2 {
                    let actor = random_actor(&mut chance, &world, role);
                    let asking = Asking {
                        portal: &portal, access: &access, actor: &actor, world: &world, told: &policy,
                        compared: &mut compared,
                    };
                    asking.all_kinds_agree().await;
                }
            }
        }
        println!("{compared:?}");
        assert!(compared.rows > 10_000 && compared.allowed > 500, "{compared:?}");
        for kind in LISTED {
            assert!(compared.of_kind(kind) > 5, "{kind} was allowed to nobody");
        }
        compared.streams.every_topic_was_opened();
    }

    async fn each_relation_means_the_same_in_rust_and_in_sql(portal: Portal) {
        let access = with_a_policy_of_its_own(&portal).await;
        let mut chance = Chance(0x5eed_f1ee_7a4d_0002);
        let mut compared = Compared::default();
        let mut held: HashMap<Relation, usize> = HashMap::new();
        for _ in 0..4 {
            let world = make_world(&portal, chance.next()).await;
            for relation in Relation::ALL {
                let before = compared.allowed;
                let lines: Vec<String> = Kind::ALL
                    .iter()
                    .map(|kind| format!("p, nurse, {kind}, technical, read, {}, TREAT, allow", relation.as_str()))
                    .collect();
                let policy = lines.join("\n");
                access.replace_policy(Access::parse_policy(&policy).await.unwrap());
                for _ in 0..3 {
                    let actor = Actor { purpose: Purpose::Treatment, ..random_actor(&mut chance, &world, Role::Nurse) };
                    let asking = Asking {
                        portal: &portal, access: &access, actor: &actor, world: &world, told: &policy,
                        compared: &mut compared,
                    };
                    asking.all_kinds_agree().await;
                }
                *held.entry(*relation).or_default() += compared.allowed - before;
            }
        }
        println!("{held:?}\n{compared:?}");
        for relation in Relation::ALL {
            assert!(held[relation] > 0, "{} never held", relation.as_str());
        }
    }

    async fn the_built_in_policy_agrees_with_itself_for_everyone_in_the_demo(portal: Portal) {
        let access = &portal.app.access;
        let world = make_world(&portal, 77).await;
        let mut chance = Chance(0x5eed_f1ee_7a4d_0003);
        let mut compared = Compared::default();
        for role in Role::ALL {
            for _ in 0..3 {
                let actor = Actor {
                    purpose: usual_purpose(*role),
                    ..random_actor(&mut chance, &world, *role)
                };
                let asking = Asking {
                    portal: &portal, access, actor: &actor, world: &world, told: "the built-in policy",
                    compared: &mut compared,
                };
                asking.all_kinds_agree().await;
            }
        }
        println!("{compared:?}");
        assert!(compared.allowed > 500, "{compared:?}");
        // To manage a consent one asks its patient's row.
        for action in Action::ALL {
            assert!(compared.of_action(*action) > 0, "{action} was allowed to nobody");
        }
        compared.streams.every_topic_was_opened();
    }
}
