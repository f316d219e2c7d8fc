//! The rules of one cell, told as sentences. Pure.

use fleetward_common::access::{Action, DataClass, Kind, PolicyRule};

use super::cell::{capitalised, is_emergency};

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub may: Vec<String>,
    pub in_emergency: Vec<String>,
    pub may_not: Vec<String>,
}

pub fn told(rules: &[&PolicyRule]) -> Told {
    let mut told = Told::default();
    for rule in rules {
        let sentence = sentence(rule);
        let list = if rule.denies {
            &mut told.may_not
        } else if is_emergency(rule) {
            &mut told.in_emergency
        } else {
            &mut told.may
        };
        if !list.contains(&sentence) {
            list.push(sentence);
        }
    }
    told
}

fn sentence(rule: &PolicyRule) -> String {
    let (kind, means) = (kind(rule.kind), &rule.relation_means);
    let what = match rule.action {
        Action::Read => format!("read {} of {kind}", class(rule.class)),
        Action::ReadHistory => format!("look back at {} of {kind}", class(rule.class)),
        Action::Acknowledge => format!("answer alarms of {kind}"),
        Action::PauseAlarms => format!("hush alarms of {kind} for two minutes"),
        Action::ChangeLimits => format!("set limits of {kind}"),
        Action::SwitchOffAlarms => format!("switch alarms of {kind} off until a time"),
        Action::OpenToSupport => format!("open {kind} to one person at its maker for some hours"),
        Action::EnrolStation => format!("make a browser the screen of {kind}"),
        Action::Transfer => format!("move {kind}"),
        Action::OpenEmergency => format!("open {kind} for 15 minutes, with a reason"),
        Action::Administer => format!("keep {kind}"),
        Action::ReadAccessLog => format!("see who looked at {kind}"),
        Action::ManageConsent => format!("give and take back {kind}"),
        Action::ReadAudit => format!("search the audit record of {kind}"),
        Action::DecideReview => format!("decide {kind}"),
        Action::Export => format!("take a signed copy about {kind}"),
        Action::ReadPolicy => "see this page".to_owned(),
    };
    match rule.relation.as_str() {
        "any" => capitalised(&what),
        _ => format!("{}: {means}", capitalised(&what)),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unit => "wards",
        Kind::Bed => "beds",
        Kind::Patient => "patients",
        Kind::Device => "devices",
        Kind::Organisation => "the organisation",
        Kind::Membership => "people and roles",
        Kind::AccessReview => "access reviews",
        Kind::Consent => "consent",
    }
}

fn class(class: DataClass) -> &'static str {
    match class {
        DataClass::Identity => "the names",
        DataClass::Clinical => "values and alarms",
        DataClass::Technical => "the technical state",
        DataClass::Usage => "the hours of use",
        DataClass::Commercial => "contracts and parts",
        DataClass::Administrative => "the accounts",
    }
}

/// The rule as the policy file has it.
pub fn as_kept(rule: &PolicyRule) -> String {
    format!(
        "{} {} {} {} {} {}",
        rule.role,
        rule.kind,
        rule.class,
        rule.action,
        rule.relation,
        rule.purpose.map_or("any", |purpose| purpose.as_str())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::access::{Purpose, Role};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_emergency_is_told_apart_and_a_sentence_is_said_once() {
        let rule = |relation: &str, means: &str, denies| PolicyRule {
            role: Role::Nurse,
            kind: Kind::Patient,
            class: DataClass::Clinical,
            action: Action::Read,
            relation: relation.to_owned(),
            relation_means: means.to_owned(),
            purpose: Some(Purpose::Treatment),
            denies,
        };
        let rules = [
            rule("my_unit", "own units", false),
            rule("my_unit", "own units", false),
            rule("break_glass", "opened in an emergency", false),
            rule("any", "any", true),
        ];
        let told = told(&rules.iter().collect::<Vec<_>>());
        assert_eq!(told.may, ["Read values and alarms of patients: own units"]);
        assert_eq!(told.in_emergency.len(), 1);
        assert_eq!(told.may_not, ["Read values and alarms of patients"]);
    }
}
