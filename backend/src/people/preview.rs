//! A role in words: what it sees and may do, computed from the rules that every request asks.
//!
//! A thing that no rule gives and a thing that a rule denies by name are told apart: the first an
//! administrator can give with another role, the second nobody can.

use fleetward_common::{
    access::{Action, DataClass, Kind, Role},
    people::{NotGiven, RolePreview},
};

use crate::access::{
    actor::usual_purpose,
    policy::{Effect, Rule},
    relations::Relation,
};

/// Where the role would be held.
pub struct Place<'a> {
    pub organisation: &'a str,
    /// Names of units.
    pub units: &'a [String],
}

pub fn preview(rules: &[Rule], role: Role, place: &Place<'_>) -> RolePreview {
    let purpose = usual_purpose(role);
    let counts = |rule: &&Rule| {
        rule.role == role
            && rule
                .purpose
                .is_none_or(|ruled| purpose.with_ancestors().any(|asked| asked == ruled))
    };
    let mine: Vec<&Rule> = rules.iter().filter(counts).collect();
    let emergencies = mine
        .iter()
        .any(|rule| rule.action == Action::OpenEmergency && rule.effect == Effect::Allow);

    let mut sees = Lines::default();
    let mut cannot_see = Vec::new();
    for thing in THINGS {
        let about: Vec<&&Rule> = mine
            .iter()
            .filter(|rule| rule.action == Action::Read && thing.is(rule.kind, rule.class))
            .collect();
        let denied = is_denied(&about);
        let given = about
            .iter()
            .filter(|rule| rule.effect == Effect::Allow && !denied)
            .map(|rule| format!("{} {}", thing.name, reach(rule.relation, place)));
        if !sees.extend(given) {
            cannot_see.push(NotGiven {
                what: thing.name.to_owned(),
                never: denied,
            });
        }
    }
    if mine
        .iter()
        .any(|rule| rule.relation == Relation::MyUnit && rule.class == DataClass::Identity)
    {
        cannot_see.insert(
            0,
            NotGiven {
                what: if emergencies {
                    "Patients of other units, except one in an emergency".to_owned()
                } else {
                    "Patients of other units".to_owned()
                },
                never: false,
            },
        );
    }

    let mut may = Lines::default();
    let mut may_not = Vec::new();
    for deed in DEEDS {
        let about: Vec<&&Rule> = mine
            .iter()
            .filter(|rule| rule.action == deed.action && deed.kind.is_none_or(|kind| rule.kind == kind))
            .collect();
        let denied = is_denied(&about);
        let given = about
            .iter()
            .filter(|rule| rule.effect == Effect::Allow && !denied)
            .map(|_| deed.name.to_owned());
        if !may.extend(given) {
            may_not.push(NotGiven {
                what: deed.name.to_owned(),
                never: denied,
            });
        }
    }
    RolePreview {
        role,
        sees: sees.0,
        cannot_see,
        may: may.0,
        may_not,
    }
}

/// A deny that holds for every row.
fn is_denied(rules: &[&&Rule]) -> bool {
    rules
        .iter()
        .any(|rule| rule.effect == Effect::Deny && rule.relation == Relation::Any)
}

/// Sentences, each once, in order.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    /// Whether there was any.
    fn extend(&mut self, lines: impl Iterator<Item = String>) -> bool {
        let mut any = false;
        for line in lines {
            any = true;
            if !self.0.contains(&line) {
                self.0.push(line);
            }
        }
        any
    }
}

/// Something to be seen, in a person's words.
struct Thing {
    name: &'static str,
    kinds: &'static [Kind],
    class: DataClass,
}

impl Thing {
    fn is(&self, kind: Kind, class: DataClass) -> bool {
        self.class == class && self.kinds.contains(&kind)
    }
}

const fn thing(name: &'static str, kinds: &'static [Kind], class: DataClass) -> Thing {
    Thing { name, kinds, class }
}

const THINGS: &[Thing] = &[
    thing(
        "Who the patients are",
        &[Kind::Bed, Kind::Patient, Kind::Device],
        DataClass::Identity,
    ),
    thing(
        "Values, alarms and therapy",
        &[Kind::Bed, Kind::Patient, Kind::Device],
        DataClass::Clinical,
    ),
    thing(
        "Wards and their beds",
        &[Kind::Unit, Kind::Bed],
        DataClass::Technical,
    ),
    thing(
        "Faults, battery, software and connection of devices",
        &[Kind::Device],
        DataClass::Technical,
    ),
    thing("Hours and functions used", &[Kind::Device], DataClass::Usage),
    thing(
        "Contracts, parts and orders",
        &[Kind::Device, Kind::Organisation],
        DataClass::Commercial,
    ),
    thing(
        "People, their roles and units",
        &[Kind::Membership],
        DataClass::Administrative,
    ),
    thing(
        "Emergency openings and access that nothing explains",
        &[Kind::AccessReview],
        DataClass::Administrative,
    ),
    thing(
        "What patients agreed to share",
        &[Kind::Consent],
        DataClass::Administrative,
    ),
];

/// Something to be done. Without a kind: whatever it is done to.
struct Deed {
    name: &'static str,
    action: Action,
    kind: Option<Kind>,
}

const fn deed(name: &'static str, action: Action, kind: Option<Kind>) -> Deed {
    Deed { name, action, kind }
}

const DEEDS: &[Deed] = &[
    deed("Look at what was measured before", Action::ReadHistory, None),
    deed("Answer alarms", Action::Acknowledge, None),
    deed("Hush a bed’s alarms for two minutes", Action::PauseAlarms, None),
    deed("Set a patient’s own limits", Action::ChangeLimits, None),
    deed(
        "Switch a bed’s alarms off, until a time",
        Action::SwitchOffAlarms,
        None,
    ),
    deed(
        "Open a device to one person at its maker, for some hours",
        Action::OpenToSupport,
        None,
    ),
    deed("Move a patient to another bed", Action::Transfer, None),
    deed(
        "Open a patient in an emergency, with a reason",
        Action::OpenEmergency,
        None,
    ),
    deed(
        "Invite people and add units",
        Action::Administer,
        Some(Kind::Organisation),
    ),
    deed(
        "Change other people’s roles, units and access",
        Action::Administer,
        Some(Kind::Membership),
    ),
    deed("See who looked at a patient’s data", Action::ReadAccessLog, None),
    deed("Search the record of who did what", Action::ReadAudit, None),
    deed(
        "Decide about emergency openings and odd access",
        Action::DecideReview,
        None,
    ),
    deed("Take a signed copy out of the portal", Action::Export, None),
    deed("Read the policy", Action::ReadPolicy, None),
];

/// Of which rows, after the thing's name.
fn reach(relation: Relation, place: &Place<'_>) -> String {
    let organisation = place.organisation;
    match relation {
        Relation::MyUnit if place.units.is_empty() => "in their units: none yet".to_owned(),
        Relation::MyUnit => format!("in {}", listed(place.units)),
        Relation::CareTeam if place.units.is_empty() => "of patients in their care".to_owned(),
        Relation::CareTeam => format!("of patients in the care of {}", listed(place.units)),
        Relation::OwnRecord => "of their own record".to_owned(),
        Relation::ProxyOf => "of whom they act for".to_owned(),
        Relation::Custodian => format!("at {organisation}, every device it holds"),
        Relation::MakerOf => format!("of every device {organisation} made"),
        Relation::SameOrganisation => format!("at {organisation}"),
        Relation::SupportGrant => "of a device that its hospital and patient opened for a while".to_owned(),
        Relation::BreakGlass => "of a patient opened in an emergency".to_owned(),
        Relation::Any => "everywhere".to_owned(),
        other => format!("({})", other.as_str().replace('_', " ")),
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::policy::Policy;

    async fn of(role: Role, units: &[&str]) -> RolePreview {
        let policy = Policy::built_in().await.unwrap();
        let units: Vec<String> = units.iter().map(|name| (*name).to_owned()).collect();
        let place = Place {
            organisation: "Northgate General",
            units: &units,
        };
        preview(policy.rules(), role, &place)
    }

    fn find<'a>(list: &'a [NotGiven], part: &str) -> &'a NotGiven {
        list.iter().find(|line| line.what.contains(part)).unwrap()
    }

    #[tokio::test]
    async fn a_nurse_sees_her_wards_by_name_and_could_be_given_more() {
        let nurse = of(Role::Nurse, &["Ward 4B Cardiology", "Ward 5A Medicine"]).await;
        assert_eq!(
            nurse.sees[0],
            "Who the patients are in Ward 4B Cardiology and Ward 5A Medicine"
        );
        assert!(nurse.may.contains(&"Answer alarms".to_owned()), "{:?}", nurse.may);
        assert!(!find(&nurse.cannot_see, "People, their roles").never);
        assert!(nurse.cannot_see[0].what.contains("except one in an emergency"));
    }

    #[tokio::test]
    async fn a_support_agent_never_sees_who_a_patient_is_whatever_else_they_are_given() {
        let agent = of(Role::SupportAgent, &[]).await;
        assert!(
            agent.sees.iter().any(|line| line.starts_with("Faults")),
            "{:?}",
            agent.sees
        );
        assert!(find(&agent.cannot_see, "Who the patients are").never);
        assert!(!find(&agent.cannot_see, "Wards and their beds").never);
    }

    #[tokio::test]
    async fn an_administrator_keeps_people_and_sees_no_patient() {
        let ruth = of(Role::HospitalAdministrator, &[]).await;
        assert!(ruth.may.iter().any(|line| line.starts_with("Invite people")));
        assert!(
            ruth.sees
                .iter()
                .any(|line| line == "People, their roles and units at Northgate General")
        );
        find(&ruth.cannot_see, "Who the patients are");
    }

    /// Nothing is promised that no rule gives, and nothing that a rule gives is left out.
    #[tokio::test]
    async fn the_lists_are_the_policy() {
        let policy = Policy::built_in().await.unwrap();
        for role in Role::ALL {
            let preview = of(*role, &[]).await;
            let purpose = usual_purpose(*role);
            for thing in THINGS {
                let allowed = policy.rules().iter().any(|rule| {
                    rule.role == *role
                        && rule.action == Action::Read
                        && thing.is(rule.kind, rule.class)
                        && rule.effect == Effect::Allow
                        // A grant opens one patient's data for a while; nobody is promised one.
                        && rule.relation != Relation::SupportGrant
                        && rule
                            .purpose
                            .is_some_and(|ruled| purpose.with_ancestors().any(|asked| asked == ruled))
                });
                let promised = preview.sees.iter().any(|line| line.starts_with(thing.name));
                assert_eq!(promised, allowed, "{role}: {}", thing.name);
            }
        }
    }
}
