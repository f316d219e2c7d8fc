//! Our answers against Casbin itself: the same model, the same rows, nothing of ours in between.
//!
//! The plain enforcer's two functions are written here a second time, over words instead of bits, and
//! the policy file is read a second time.

use std::thread;

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter, function_map::OperatorFunction, rhai::Dynamic};
use fleetward::access::{
    Access, Actor,
    actor::usual_purpose,
    break_glass::Emergency,
    policy::{MODEL, POLICY},
    relations::{Facts, Relation},
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    emergency::EmergencyReason,
    id::{EmergencyGrantId, MembershipId, OrganisationId, PatientId, PersonId, SessionId},
};

use super::random_world::{AFTER, Chance, NOW};
use crate::support::{Portal, engine::Engine, portal};

/// What a purpose is a kind of, from the code system's own page.
const PARENTS: [(&str, &str); 9] = [
    ("BTG", "ETREAT"),
    ("ERTREAT", "ETREAT"),
    ("ETREAT", "TREAT"),
    ("CAREMGT", "HOPERAT"),
    ("HSYSADMIN", "HOPERAT"),
    ("HCOMPL", "HOPERAT"),
    ("FAMRQT", "PATRQT"),
    ("PWATRNY", "PATRQT"),
    ("SUPNWK", "PATRQT"),
];

fn is_a(asked: &str, ruled: &str) -> bool {
    ruled == "any"
        || asked == ruled
        || PARENTS
            .iter()
            .any(|(child, parent)| *child == asked && is_a(parent, ruled))
}

fn word(value: Dynamic) -> String {
    value.into_string().unwrap()
}

struct Plain(Enforcer);

#[derive(Debug, Clone, Copy)]
struct Asked {
    role: Role,
    kind: Kind,
    class: DataClass,
    action: Action,
    purpose: Purpose,
    /// Why a patient is open to the session in an emergency, if one is.
    emergency: Option<Purpose>,
    facts: Facts,
}

impl Asked {
    /// Written a second time, like the rest: the emergency's reason counts for what the emergency opened.
    fn towards(&self) -> Purpose {
        match self.emergency {
            Some(reason) if self.facts.iter().any(|fact| fact.as_str() == "break_glass") => reason,
            _ => self.purpose,
        }
    }
}

impl Plain {
    async fn of(rows: &[Vec<String>]) -> Self {
        let model = DefaultModel::from_str(MODEL).await.unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.join(", ")).collect();
        let mut enforcer = Enforcer::new(model, StringAdapter::new(lines.join("\n")))
            .await
            .unwrap();
        let holds = |facts: Dynamic, relation: Dynamic| {
            let relation = word(relation);
            word(facts).split(' ').any(|fact| fact == relation).into()
        };
        enforcer.add_function("holds", OperatorFunction::Arg2(holds));
        let covers = |asked: Dynamic, ruled: Dynamic| is_a(&word(asked), &word(ruled)).into();
        enforcer.add_function("is_a", OperatorFunction::Arg2(covers));
        Self(enforcer)
    }

    fn allows(&self, asked: &Asked) -> bool {
        let facts: Vec<&str> = asked.facts.iter().map(Relation::as_str).collect();
        let question = (
            asked.role.as_str(),
            asked.kind.as_str(),
            asked.class.as_str(),
            asked.action.as_str(),
            facts.join(" "),
            asked.towards().as_str(),
        );
        self.0.enforce(question).unwrap()
    }
}

/// The policy file's single rows, words only.
fn rows() -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for line in POLICY.lines().filter(|line| line.starts_with("p,")) {
        let mut single = vec![Vec::new()];
        for column in line.split(',') {
            single = single
                .iter()
                .flat_map(|row: &Vec<String>| {
                    column.split('|').map(|word| {
                        let mut row = row.clone();
                        row.push(word.trim().to_owned());
                        row
                    })
                })
                .collect();
        }
        rows.extend(single);
    }
    rows
}

pub fn someone(role: Role, purpose: Purpose) -> Actor {
    Actor {
        session: SessionId::new(NOW, [1; 10]),
        person: PersonId::new(NOW, [2; 10]),
        membership: MembershipId::new(NOW, [3; 10]),
        organisation: OrganisationId::new(NOW, [4; 10]),
        role,
        purpose,
        units: Vec::new(),
        own_records: Vec::new(),
        emergency: None,
        acts_for: Vec::new(),
    }
}

/// Whoever asks this.
fn asker(asked: &Asked) -> Actor {
    Actor {
        emergency: asked.emergency.map(|purpose| Emergency {
            grant: EmergencyGrantId::new(NOW, [5; 10]),
            patient: PatientId::new(NOW, [6; 10]),
            purpose,
            closes_at: AFTER,
        }),
        ..someone(asked.role, asked.purpose)
    }
}

/// The point's answer and the list's, which is also the stream's, the count's and the export's.
fn ours(access: &Access, asked: &Asked) -> (bool, bool) {
    let actor = asker(asked);
    let point = access.allows(&actor, asked.kind, asked.class, asked.action, asked.facts);
    // A list has two conditions, and judges what is open in an emergency by the second.
    let judged_by = Actor {
        purpose: if asked.facts.has(Relation::BreakGlass) {
            actor
                .emergency
                .map_or(actor.purpose, |emergency| emergency.purpose)
        } else {
            actor.purpose
        },
        ..actor
    };
    let reach = access.reach(&judged_by, asked.kind, asked.class, asked.action);
    (point, reach.covers(asked.facts))
}

fn agree(access: &Access, plain: &Plain, asked: &Asked) {
    let plainly = plain.allows(asked);
    assert_eq!(ours(access, asked), (plainly, plainly), "{asked:?}");
}

/// No relation, each one, each two.
fn up_to_two_facts() -> Vec<Facts> {
    let all = Relation::ALL;
    let mut facts = vec![Facts::NONE];
    for (at, one) in all.iter().enumerate() {
        facts.push([*one].into_iter().collect());
        for two in &all[at + 1..] {
            facts.push([*one, *two].into_iter().collect());
        }
    }
    facts
}

/// Every kind, class and action of one role, against the rows of that role: those of another say
/// `r.role == p.role` first and never match. Returns how many questions were asked.
fn every_question_of(role: Role, access: &Access, plain: &Plain, rows: &[Vec<String>]) -> usize {
    let facts = up_to_two_facts();
    let mut asked = 0;
    let mut ask = |question: Asked| {
        agree(access, plain, &question);
        asked += 1;
    };
    for kind in Kind::ALL {
        for class in DataClass::ALL {
            for action in Action::ALL {
                let words = [kind.as_str(), class.as_str(), action.as_str()];
                let question = |purpose, facts| Asked {
                    role,
                    kind: *kind,
                    class: *class,
                    action: *action,
                    purpose,
                    emergency: None,
                    facts,
                };
                if rows.iter().any(|row| row[2..5] == words) {
                    for purpose in Purpose::ALL {
                        facts.iter().for_each(|facts| ask(question(*purpose, *facts)));
                    }
                    for reason in EmergencyReason::ALL {
                        let opened = |facts: &Facts| Asked {
                            emergency: Some(reason.purpose()),
                            ..question(usual_purpose(role), *facts)
                        };
                        facts.iter().for_each(|facts| ask(opened(facts)));
                    }
                } else {
                    // No row speaks of this at all, so purposes and facts make no other question of it.
                    ask(question(
                        usual_purpose(role),
                        Relation::ALL.iter().copied().collect(),
                    ));
                }
            }
        }
    }
    asked
}

/// No database is asked, so one engine is enough.
pub fn with_a_portal<F: Future<Output = ()>>(body: impl FnOnce(Portal) -> F) {
    portal::run(Engine::Sqlite, body);
}

#[test]
fn every_question_there_is_gets_casbins_own_answer() {
    with_a_portal(async |portal| {
        let access = &portal.app.access;
        let mut by_role = Vec::new();
        for role in Role::ALL {
            let of_role: Vec<_> = rows().into_iter().filter(|row| row[1] == role.as_str()).collect();
            by_role.push((*role, Plain::of(&of_role).await, of_role));
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let asked: usize = thread::scope(|scope| {
            let parts: Vec<_> = by_role
                .chunks(by_role.len().div_ceil(cores))
                .map(|part| {
                    scope.spawn(move || {
                        part.iter()
                            .map(|(role, plain, rows)| every_question_of(*role, access, plain, rows))
                            .sum::<usize>()
                    })
                })
                .collect();
            parts.into_iter().map(|part| part.join().unwrap()).sum()
        });
        println!("{asked} questions, 0 differences");
        assert!(asked > 100_000);
    });
}

#[test]
fn twenty_thousand_random_questions_get_casbins_own_answer() {
    with_a_portal(async |portal| {
        let access = &portal.app.access;
        let rows = rows();
        let plain = Plain::of(&rows).await;
        let mut chance = Chance(0x5eed_f1ee_7a4d_0020);
        let (mut allowed, mut opened) = (0, 0);
        for _ in 0..20_000 {
            let asked = random_question(&mut chance, &rows);
            agree(access, &plain, &asked);
            let yes = ours(access, &asked).0;
            allowed += usize::from(yes);
            opened += usize::from(yes && asked.towards() != asked.purpose);
        }
        println!("20000 questions, {allowed} of them allowed, {opened} in an emergency, 0 differences");
        assert!(allowed > 1_000 && opened > 100);
    });
}

/// Half of them about something that a row speaks of: of the rest nearly all are refused.
fn random_question(chance: &mut Chance, rows: &[Vec<String>]) -> Asked {
    let facts = chance.some(Relation::ALL).into_iter().collect();
    let near = chance.one(rows).clone();
    let (role, kind, class, action) = if chance.once_in(2) {
        (
            Role::parse(&near[1]).unwrap(),
            Kind::parse(&near[2]).unwrap(),
            DataClass::parse(&near[3]).unwrap(),
            Action::parse(&near[4]).unwrap(),
        )
    } else {
        (
            *chance.one(Role::ALL),
            *chance.one(Kind::ALL),
            *chance.one(DataClass::ALL),
            *chance.one(Action::ALL),
        )
    };
    let purpose = if chance.once_in(2) {
        usual_purpose(role)
    } else {
        *chance.one(Purpose::ALL)
    };
    let emergency = chance
        .once_in(2)
        .then(|| chance.one(EmergencyReason::ALL).purpose());
    Asked {
        role,
        kind,
        class,
        action,
        purpose,
        emergency,
        facts,
    }
}
