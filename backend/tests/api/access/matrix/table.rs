//! The table against the policy, without a server: every role, every kind, class and action, every single
//! way to stand to a row. A wrong row of the policy fails here, whatever was printed as its golden table.

use fleetward::access::{
    Access, Actor,
    actor::usual_purpose,
    break_glass::Emergency,
    relations::{Facts, Relation},
};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    id::{EmergencyGrantId, MembershipId, OrganisationId, PatientId, PersonId, SessionId},
};

use super::{
    map,
    who::{Tie, Who},
};
use crate::{
    access::random_world::NOW,
    support::{Portal, engine::Engine, portal},
};

/// The relation behind a column.
fn relation(tie: Tie) -> Option<Relation> {
    Some(match tie.word() {
        "my_unit" => Relation::MyUnit,
        "care_team" => Relation::CareTeam,
        "own" => Relation::OwnRecord,
        "acts_for" => Relation::ProxyOf,
        "consented" => Relation::Consented,
        "research" => Relation::ResearchConsented,
        "holds" => Relation::Custodian,
        "made" => Relation::MakerOf,
        "grant" => Relation::SupportGrant,
        "house" => Relation::SameOrganisation,
        "oneself" => Relation::AboutOneself,
        "emergency" => Relation::BreakGlass,
        "none" => return None,
        other => panic!("who.txt has a column that no relation is behind: {other}"),
    })
}

/// What the server asks the policy with when this holds and nothing else does.
fn facts(tie: Tie) -> Facts {
    let held = relation(tie);
    let closed = (held != Some(Relation::SupportGrant)).then_some(Relation::WithoutSupportGrant);
    held.into_iter().chain(closed).chain([Relation::Any]).collect()
}

fn someone(role: Role, tie: Tie) -> Actor {
    let emergency = Emergency {
        grant: EmergencyGrantId::new(NOW, [5; 10]),
        patient: PatientId::new(NOW, [6; 10]),
        purpose: Purpose::BreakTheGlass,
        closes_at: NOW.shifted(1_000_000),
    };
    Actor {
        session: SessionId::new(NOW, [1; 10]),
        person: PersonId::new(NOW, [2; 10]),
        membership: MembershipId::new(NOW, [3; 10]),
        organisation: OrganisationId::new(NOW, [4; 10]),
        role,
        purpose: match tie.word() {
            "research" => Purpose::Research,
            _ => usual_purpose(role),
        },
        units: Vec::new(),
        own_records: Vec::new(),
        acts_for: Vec::new(),
        emergency: (tie.word() == "emergency").then_some(emergency),
    }
}

#[test]
fn the_policy_gives_what_the_table_says_and_nothing_else() {
    portal::run(Engine::Sqlite, async |portal: Portal| compare(&portal.app.access));
}

fn compare(access: &Access) {
    let who = Who::read();
    let (mut asked, mut given, mut wrong) = (0_u32, 0_u32, Vec::new());
    for role in Role::ALL {
        for kind in Kind::ALL {
            for class in DataClass::ALL {
                for action in Action::ALL {
                    let letter = map::letter_of(*action);
                    for tie in Tie::all() {
                        let told = who.gives(*role, *kind, *class, letter, &[tie]);
                        let found = access.allows(&someone(*role, tie), *kind, *class, *action, facts(tie));
                        asked += 1;
                        given += u32::from(found);
                        if told != found {
                            wrong.push(format!(
                                "{role} {action} {class} of {kind} by {}: the table {told}, the policy {found}",
                                tie.word()
                            ));
                        }
                    }
                }
            }
        }
    }
    println!("{asked} questions, {given} of them allowed");
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n"), wrong.len());
    assert!(given > 200, "{given}");
}
