//! The table against the policy itself, with no route between: a wrong row of either fails here, whatever
//! the golden file says.

use fleetward::access::{Access, Actor, actor::usual_purpose, break_glass::Emergency};
use fleetward_common::{
    access::{Action, DataClass, Kind, Purpose, Role},
    emergency::EmergencyReason,
    id::{EmergencyGrantId, PatientId},
};

use super::{
    map::{LETTERS, action},
    who::{Tie, Who, Why, facts},
};
use crate::access::{
    plain_enforcer::{someone, with_a_portal},
    random_world::{AFTER, NOW},
};

/// One question, as the table and as the policy see it.
struct Asked {
    actor: Actor,
    why: Why,
    ties: Vec<Tie>,
}

/// Everybody in whom this role can ask about rows to which these ties lead.
fn askers(who: &Who, role: Role, ties: &[Tie]) -> Vec<Asked> {
    let asked = |actor, why| Asked {
        actor,
        why,
        ties: ties.to_vec(),
    };
    let usual = someone(role, usual_purpose(role));
    if !ties.iter().any(|tie| tie.is("emergency")) {
        return vec![
            asked(usual, Why::AsUsual),
            asked(someone(role, Purpose::Research), Why::Research),
        ];
    }
    // Who can't open a patient stands in this relation to nobody: it is asked for alone, to see that it
    // would open nothing.
    if ties.len() > 1 && !who.opens(role) {
        return Vec::new();
    }
    EmergencyReason::ALL
        .iter()
        .map(|reason| {
            let emergency = Emergency {
                grant: EmergencyGrantId::new(NOW, [5; 10]),
                patient: PatientId::new(NOW, [6; 10]),
                purpose: reason.purpose(),
                closes_at: AFTER,
            };
            let actor = Actor {
                emergency: Some(emergency),
                ..usual.clone()
            };
            asked(actor, Why::AsUsual)
        })
        .collect()
}

/// One tie, and each two.
fn up_to_two_ties() -> Vec<Vec<Tie>> {
    let mut all: Vec<Vec<Tie>> = Tie::all().map(|tie| vec![tie]).collect();
    for one in Tie::all() {
        all.extend(Tie::all().filter(|two| one < *two).map(|two| vec![one, two]));
    }
    all
}

/// Kinds, classes and letters: everything that can be asked of a row.
fn questions() -> impl Iterator<Item = (Kind, DataClass, char)> {
    Kind::ALL.iter().flat_map(|kind| {
        DataClass::ALL
            .iter()
            .flat_map(move |class| LETTERS.iter().map(move |(letter, _)| (*kind, *class, *letter)))
    })
}

#[test]
fn every_action_has_a_letter() {
    let lettered: Vec<Action> = LETTERS.iter().map(|(_, action)| *action).collect();
    for action in Action::ALL {
        assert!(lettered.contains(action), "{action} has no letter");
    }
    assert_eq!(lettered.len(), Action::ALL.len());
}

#[test]
fn the_policy_gives_what_the_table_gives_and_nothing_else() {
    with_a_portal(async |portal| {
        let (who, access) = (Who::read(), &portal.app.access);
        let (mut asked, mut given) = (0, 0);
        for role in Role::ALL {
            for ties in up_to_two_ties() {
                for asker in askers(&who, *role, &ties) {
                    for (kind, class, letter) in questions() {
                        let meant = who.gives_for(asker.why, *role, kind, class, letter, &asker.ties);
                        check(&who, access, &asker, (kind, class, letter), meant);
                        asked += 1;
                        given += usize::from(meant);
                    }
                }
            }
        }
        println!("{asked} questions, {given} of them allowed, 0 differences");
        assert!(asked > 1_000_000, "{asked}");
        assert!(given > 5_000, "{given}");
    });
}

/// What a list, a count and a stream are made of; and for one tie the policy's word on a single row, where
/// anybody speaks of it.
fn check(who: &Who, access: &Access, asker: &Asked, of: (Kind, DataClass, char), meant: bool) {
    let (kind, class, letter) = of;
    let (actor, facts) = (&asker.actor, facts(&asker.ties));
    let asked_towards = Actor {
        purpose: actor.purpose_towards(facts),
        ..actor.clone()
    };
    let reach = access.reach(&asked_towards, kind, class, action(letter));
    let told = || {
        format!(
            "{} {kind} {class} {letter} {:?} {}",
            actor.role, asker.ties, asked_towards.purpose
        )
    };
    assert_eq!(reach.covers(facts), meant, "{}", told());
    let spoken_of =
        who.mentions(actor.role, kind, class, letter) || !reach.allow.is_none() || !reach.deny.is_none();
    if spoken_of && asker.ties.len() == 1 {
        let allowed = access.allows(actor, kind, class, action(letter), facts);
        assert_eq!(allowed, meant, "{}", told());
    }
}

#[test]
fn what_is_never_given_is_denied_by_name() {
    with_a_portal(async |portal| {
        let (who, access) = (Who::read(), &portal.app.access);
        let mut denied = 0;
        for role in Role::ALL {
            let ties: Vec<Tie> = Tie::all().collect();
            for (kind, class, letter) in questions() {
                if !who.never(*role, kind, class) || !matches!(letter, 'R' | 'H') {
                    continue;
                }
                for purpose in Purpose::ALL {
                    let actor = someone(*role, *purpose);
                    let reach = access.reach(&actor, kind, class, action(letter));
                    let told = format!("{role} {kind} {class} {letter} {purpose}");
                    assert!(!reach.is_open(), "{told}");
                    assert!(
                        !access.allows(&actor, kind, class, action(letter), facts(&ties)),
                        "{told}"
                    );
                    let denies = reach.deny.has(fleetward::access::relations::Relation::Any);
                    assert!(denies, "nothing denies {told}");
                    denied += 1;
                }
            }
        }
        assert!(denied > 500, "{denied}");
    });
}
