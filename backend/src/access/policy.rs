//! The policy, decided by Casbin and checked by us before anybody is asked.
//!
//! Casbin takes any word and any column name. We don't: an unknown role, relation or effect stops the
//! start, because it would silently never match, or match too much.

use std::{collections::HashMap, sync::Arc};

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter, function_map::OperatorFunction, rhai::Dynamic};
use fleetward_common::access::{Action, DataClass, Kind, Purpose, Role};
use sha2::{Digest, Sha256};
use thiserror::Error;

pub use super::rule::{Effect, Rule};
use super::{
    relations::{Facts, Relation},
    rule,
};

pub const MODEL: &str = include_str!("model.conf");
pub const POLICY: &str = include_str!("policy.csv");

const COLUMNS: &str = "role, kind, data_class, action, relation, purpose, eft";

#[derive(Debug, Error)]
pub enum PolicyError {
    #[error("the policy engine refused the model or the policy")]
    Engine(#[from] casbin::Error),
    #[error("the policy's columns must be `{COLUMNS}`: with another name than eft, a deny is read as allow")]
    Columns,
    #[error("policy line {line} is not a `p` with 7 columns, but has {found}")]
    RowLength { line: usize, found: usize },
    #[error("policy line {line} holds the unknown {column} `{word}`")]
    UnknownWord {
        line: usize,
        column: &'static str,
        word: String,
    },
    #[error("policy line {line} allows for any purpose; only a deny may")]
    AllowForAnyPurpose { line: usize },
}

/// What Casbin is asked. Also the key under which its answer is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    pub role: Role,
    pub purpose: Purpose,
    pub kind: Kind,
    pub class: DataClass,
    pub action: Action,
    pub facts: Facts,
}

/// For which relations to a row one person's question is allowed and denied: what a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Reach {
    pub allow: Facts,
    pub deny: Facts,
}

impl Reach {
    /// What a list's condition says about a row to which these relations hold.
    pub const fn covers(self, facts: Facts) -> bool {
        self.allow.meets(facts) && !self.deny.meets(facts)
    }

    /// There can be a row that this allows.
    pub const fn is_open(self) -> bool {
        !self.allow.is_none() && !self.deny.has(Relation::Any)
    }
}

pub struct Policy {
    /// One for each role: the rows of another never match, and a decision costs by the row.
    by_role: HashMap<Role, Enforcer>,
    rules: Vec<Rule>,
    version: Arc<str>,
}

impl Policy {
    /// The policy this program was built with.
    pub async fn built_in() -> Result<Self, PolicyError> {
        Self::parse(MODEL, POLICY).await
    }

    pub async fn parse(model: &str, policy: &str) -> Result<Self, PolicyError> {
        check_columns(model).await?;
        let rules = rule::read(policy)?;
        let mut lines: HashMap<Role, Vec<String>> = HashMap::new();
        for rule in &rules {
            lines.entry(rule.role).or_default().push(rule.line());
        }
        let mut by_role = HashMap::new();
        for (role, lines) in lines {
            by_role.insert(role, enforcer(model, &lines.join("\n")).await?);
        }
        let digest = Sha256::digest(policy);
        let version: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            by_role,
            rules,
            version: version.into(),
        })
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The first 12 digits of the SHA-256 of its text: the record says by which policy it was decided, also
    /// after the next release.
    pub(super) fn version(&self) -> Arc<str> {
        Arc::clone(&self.version)
    }

    /// Casbin's answer. Slow (it walks every row of the role), so callers remember it.
    pub(super) fn ask(&self, question: &Question) -> Result<bool, PolicyError> {
        let Some(enforcer) = self.by_role.get(&question.role) else {
            return Ok(false);
        };
        Ok(enforcer.enforce((
            question.role.as_str(),
            question.kind.as_str(),
            question.class.as_str(),
            question.action.as_str(),
            question.facts.bits(),
            question.purpose.as_str(),
        ))?)
    }

    /// The rows of the policy that speak about this question, whatever the facts.
    pub(super) fn reach(&self, question: &Question) -> Reach {
        let speaks = |rule: &&Rule| {
            (rule.role, rule.kind, rule.class, rule.action)
                == (question.role, question.kind, question.class, question.action)
                && rule.is_for(question.purpose)
        };
        let of = |effect: Effect| {
            let rows = self.rules.iter().filter(speaks);
            rows.filter(|rule| rule.effect == effect)
                .map(|rule| rule.relation)
                .collect()
        };
        Reach {
            allow: of(Effect::Allow),
            deny: of(Effect::Deny),
        }
    }
}

async fn enforcer(model: &str, policy: &str) -> Result<Enforcer, PolicyError> {
    let model = DefaultModel::from_str(model).await?;
    let mut enforcer = Enforcer::new(model, StringAdapter::new(policy)).await?;
    enforcer.add_function("holds", OperatorFunction::Arg2(holds));
    enforcer.add_function("is_a", OperatorFunction::Arg2(is_a));
    Ok(enforcer)
}

async fn check_columns(model: &str) -> Result<(), PolicyError> {
    let found = enforcer(model, "")
        .await?
        .get_model()
        .get_model()
        .get("p")
        .and_then(|section| section.get("p"))
        .map(|columns| columns.tokens.clone())
        .unwrap_or_default();
    let wanted = COLUMNS.split(", ").map(|column| format!("p_{column}"));
    if found.into_iter().eq(wanted) {
        Ok(())
    } else {
        Err(PolicyError::Columns)
    }
}

fn holds(facts: Dynamic, relation: Dynamic) -> Dynamic {
    let facts = Facts::from_bits(facts.as_int().unwrap_or(0));
    let relation = relation.into_immutable_string().ok();
    relation
        .and_then(|word| Relation::parse(&word))
        .is_some_and(|relation| facts.has(relation))
        .into()
}

fn is_a(asked: Dynamic, ruled: Dynamic) -> Dynamic {
    let (Ok(asked), Ok(ruled)) = (asked.into_immutable_string(), ruled.into_immutable_string()) else {
        return false.into();
    };
    if ruled.as_str() == "any" {
        return true.into();
    }
    match (Purpose::parse(&asked), Purpose::parse(&ruled)) {
        (Some(asked), Some(ruled)) => asked.with_ancestors().any(|purpose| purpose == ruled),
        _ => false,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::actor::usual_purpose;

    const NURSE: Question = Question {
        role: Role::Nurse,
        purpose: Purpose::Treatment,
        kind: Kind::Device,
        class: DataClass::Clinical,
        action: Action::Read,
        facts: Facts::NONE,
    };

    async fn policy(lines: &str) -> Policy {
        Policy::parse(MODEL, lines).await.unwrap()
    }

    async fn refusal(model: &str, lines: &str) -> String {
        Policy::parse(model, lines).await.err().unwrap().to_string()
    }

    fn with(facts: &[Relation]) -> Question {
        Question {
            facts: facts.iter().copied().collect(),
            ..NURSE
        }
    }

    #[tokio::test]
    async fn nothing_is_allowed_by_an_empty_policy() {
        let policy = policy("").await;
        assert!(!policy.ask(&with(Relation::ALL)).unwrap());
    }

    #[tokio::test]
    async fn a_deny_beats_every_allow_wherever_it_stands() {
        let allow = "p, nurse, device, clinical, read, any, TREAT, allow";
        let deny = "p, nurse, device, clinical, read, my_unit, any, deny";
        for lines in [format!("{allow}\n{deny}"), format!("{deny}\n{allow}")] {
            let policy = policy(&lines).await;
            assert!(policy.ask(&with(&[Relation::Any])).unwrap());
            assert!(!policy.ask(&with(&[Relation::Any, Relation::MyUnit])).unwrap());
            let reach = policy.reach(&NURSE);
            assert!(reach.allow.has(Relation::Any) && reach.deny.has(Relation::MyUnit));
        }
    }

    #[tokio::test]
    async fn a_purpose_counts_as_what_it_is_a_kind_of_and_not_the_other_way() {
        let asked = |purpose| Question {
            purpose,
            ..with(&[Relation::MyUnit])
        };
        let treatment = policy("p, nurse, device, clinical, read, my_unit, TREAT, allow").await;
        assert!(treatment.ask(&asked(Purpose::BreakTheGlass)).unwrap());
        assert!(!treatment.ask(&asked(Purpose::Operations)).unwrap());
        let emergency = policy("p, nurse, device, clinical, read, my_unit, BTG, allow").await;
        assert!(!emergency.ask(&asked(Purpose::Treatment)).unwrap());
        assert_eq!(emergency.reach(&NURSE), Reach::default());
    }

    #[tokio::test]
    async fn a_policy_with_an_unknown_word_does_not_start() {
        for (line, column) in [
            (
                "p, nurse, device, clinical, read, my_uint, TREAT, allow",
                "relation `my_uint`",
            ),
            (
                "p, sister, device, clinical, read, my_unit, TREAT, allow",
                "role `sister`",
            ),
            (
                "p, nurse, device, clinical, read, my_unit, TREAT, permit",
                "eft `permit`",
            ),
            (
                "p, nurse, device, clinical, read, my_unit, CURIOSITY, allow",
                "purpose `CURIOSITY`",
            ),
        ] {
            let refusal = refusal(MODEL, line).await;
            assert!(refusal.contains(column), "{refusal}");
        }
    }

    #[tokio::test]
    async fn an_allow_must_say_for_which_purpose() {
        let refusal = refusal(MODEL, "p, nurse, device, clinical, read, my_unit, any, allow").await;
        assert!(refusal.contains("any purpose"), "{refusal}");
    }

    #[tokio::test]
    async fn a_model_that_calls_the_effect_anything_but_eft_does_not_start() {
        let renamed = MODEL.replace("purpose, eft\n", "purpose, effect\n");
        let refusal = refusal(
            &renamed,
            "p, nurse, device, clinical, read, my_unit, TREAT, allow",
        )
        .await;
        assert!(refusal.contains("eft"), "{refusal}");
    }

    /// With an allow for everybody added and nothing else of the role's rows touched.
    async fn with_an_allow_beside(rows: &[Rule], deny: &Rule) -> Policy {
        let allow = Rule {
            relation: Relation::Any,
            purpose: Some(usual_purpose(deny.role)),
            effect: Effect::Allow,
            ..*deny
        };
        let lines: Vec<String> = rows.iter().chain([&allow]).map(Rule::line).collect();
        policy(&lines.join("\n")).await
    }

    #[tokio::test]
    async fn each_deny_row_denies_what_would_be_open_without_it() {
        let rules = Policy::built_in().await.unwrap().rules().to_vec();
        let denies: Vec<&Rule> = rules.iter().filter(|rule| rule.effect == Effect::Deny).collect();
        assert!(denies.len() > 50, "{}", denies.len());
        for deny in denies {
            let question = Question {
                role: deny.role,
                purpose: usual_purpose(deny.role),
                kind: deny.kind,
                class: deny.class,
                action: deny.action,
                facts: [deny.relation, Relation::Any].into_iter().collect(),
            };
            let of_role: Vec<Rule> = rules
                .iter()
                .copied()
                .filter(|rule| rule.role == deny.role)
                .collect();
            let without: Vec<Rule> = of_role.iter().copied().filter(|rule| rule != deny).collect();
            let denied = with_an_allow_beside(&of_role, deny).await;
            let open = with_an_allow_beside(&without, deny).await;
            assert!(!denied.ask(&question).unwrap(), "{}", deny.line());
            assert!(
                open.ask(&question).unwrap(),
                "another row denies it too: {}",
                deny.line()
            );
        }
    }

    #[tokio::test]
    async fn the_built_in_policy_starts_and_denies_makers_the_patient() {
        let policy = Policy::built_in().await.unwrap();
        let ben = |class, relations: &[Relation]| Question {
            role: Role::SupportAgent,
            purpose: Purpose::Operations,
            class,
            ..with(relations)
        };
        let identity = ben(DataClass::Identity, Relation::ALL);
        assert!(!policy.ask(&identity).unwrap());
        assert!(policy.reach(&identity).deny.has(Relation::Any));
        // Values only while somebody opened the device to him.
        let granted = ben(DataClass::Clinical, &[Relation::SupportGrant]);
        let not_granted = ben(
            DataClass::Clinical,
            &[Relation::MakerOf, Relation::WithoutSupportGrant],
        );
        assert!(policy.ask(&granted).unwrap());
        assert!(!policy.ask(&not_granted).unwrap());
    }
}
