//! One cell of the policy table: what a role may with one class of data, in a word and a condition. Pure.

use fleetward_common::access::{Action, PolicyRule};

/// `Never` is a rule that beats every other; `NotGiven` is the absence of a rule. They are not the same:
/// the second can be changed by adding a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    May,
    UnderCondition,
    Never,
    NotGiven,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Cell {
    pub mark: Mark,
    pub does: String,
    pub condition: String,
}

/// Relations that last for a while and come from a decision of somebody.
fn is_for_a_while(relation: &str) -> bool {
    matches!(relation, "break_glass" | "support_grant")
}

pub fn is_emergency(rule: &PolicyRule) -> bool {
    rule.relation == "break_glass" || rule.action == Action::OpenEmergency
}

/// All rules of one role and one class.
pub fn cell(rules: &[&PolicyRule]) -> Cell {
    let allows: Vec<&PolicyRule> = rules.iter().copied().filter(|rule| !rule.denies).collect();
    let denies = |relation: &str| rules.iter().any(|rule| rule.denies && rule.relation == relation);
    if allows.is_empty() {
        let mark = if rules.is_empty() {
            Mark::NotGiven
        } else {
            Mark::Never
        };
        return Cell {
            mark,
            does: String::new(),
            condition: String::new(),
        };
    }
    let lasting: Vec<&PolicyRule> = allows
        .iter()
        .copied()
        .filter(|rule| !is_emergency(rule) && !is_for_a_while(&rule.relation))
        .collect();
    let shown = if lasting.is_empty() { &allows } else { &lasting };
    let mut does = in_order(shown.iter().map(|rule| verb(rule.action)));
    if let Some(first) = does.get_mut(0) {
        *first = capitalised(first);
    }
    let mut condition = in_order(shown.iter().map(|rule| rule.relation_means.as_str()));
    let emergency = allows.iter().any(|rule| is_emergency(rule));
    if emergency && !lasting.is_empty() {
        condition.push("1 more in an emergency".to_owned());
    }
    if denies("about_oneself") {
        condition.push("never about themselves".to_owned());
    }
    let conditional = emergency || lasting.is_empty();
    Cell {
        mark: if conditional {
            Mark::UnderCondition
        } else {
            Mark::May
        },
        does: does.join(", "),
        condition: condition.join("; "),
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Read | Action::ReadHistory => "reads",
        Action::Acknowledge => "answers alarms",
        Action::PauseAlarms => "hushes alarms",
        Action::ChangeLimits => "sets limits",
        Action::SwitchOffAlarms => "switches alarms off",
        Action::OpenToSupport => "opens to support",
        Action::EnrolStation => "sets up screens",
        Action::Transfer => "moves",
        Action::OpenEmergency => "opens",
        Action::Administer => "keeps",
        Action::ReadAccessLog => "sees who looked",
        Action::ManageConsent => "shares",
        Action::ReadAudit => "audits",
        Action::DecideReview => "decides",
        Action::Export => "exports",
        Action::ReadPolicy => "reads the policy",
    }
}

fn in_order<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for word in words {
        if !unique.iter().any(|known| known == word) {
            unique.push(word.to_owned());
        }
    }
    unique
}

pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::access::{DataClass, Kind, Purpose, Role};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn rule(action: Action, relation: &str, means: &str, denies: bool) -> PolicyRule {
        PolicyRule {
            role: Role::Nurse,
            kind: Kind::Patient,
            class: DataClass::Clinical,
            action,
            relation: relation.to_owned(),
            relation_means: means.to_owned(),
            purpose: Some(Purpose::Treatment),
            denies,
        }
    }

    fn of(rules: &[PolicyRule]) -> Cell {
        cell(&rules.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_no_rule_gives_is_not_what_a_rule_forbids() {
        assert_eq!(of(&[]).mark, Mark::NotGiven);
        assert_eq!(of(&[rule(Action::Read, "any", "any", true)]).mark, Mark::Never);
    }

    #[test]
    fn a_nurse_reads_and_answers_in_her_units_and_one_more_in_an_emergency() {
        let cell = of(&[
            rule(Action::Read, "my_unit", "own units", false),
            rule(Action::ReadHistory, "my_unit", "own units", false),
            rule(Action::Acknowledge, "my_unit", "own units", false),
            rule(Action::Read, "break_glass", "opened in an emergency", false),
        ]);
        assert_eq!(cell.mark, Mark::UnderCondition);
        assert_eq!(cell.does, "Reads, answers alarms");
        assert_eq!(cell.condition, "own units; 1 more in an emergency");
    }

    #[test]
    fn a_support_agent_reads_values_only_while_the_device_is_opened_to_them() {
        let cell = of(&[
            rule(Action::Read, "support_grant", "opened to them for a while", false),
            rule(Action::Read, "without_support_grant", "unless opened", true),
        ]);
        assert_eq!(cell.mark, Mark::UnderCondition);
        assert_eq!(cell.condition, "opened to them for a while");
    }
}
