//! The policy file, read by Casbin and checked by us before anybody is asked.
//!
//! Casbin takes any word and any column name. We don't: an unknown role, relation or effect stops the
//! start, because it would silently never match, or match too much.

use casbin::{
    CoreApi, DefaultModel, Enforcer, MgmtApi, StringAdapter, function_map::OperatorFunction, rhai::Dynamic,
};
use fleetward_common::access::{Action, DataClass, Kind, Purpose, Role};
use thiserror::Error;

use super::relations::{Facts, Relation};

pub const MODEL: &str = include_str!("model.conf");
pub const POLICY: &str = include_str!("policy.csv");

const COLUMNS: &str = "role, kind, data_class, action, relation, purpose, eft";

#[derive(Debug, Error)]
pub enum PolicyError {
    #[error("the policy engine refused the model or the policy")]
    Engine(#[from] casbin::Error),
    #[error("the policy's columns must be `{COLUMNS}`: with another name than eft, a deny is read as allow")]
    Columns,
    #[error("policy row {row} has {found} columns, not 7")]
    RowLength { row: usize, found: usize },
    #[error("policy row {row} holds the unknown {column} `{word}`")]
    UnknownWord {
        row: usize,
        column: &'static str,
        word: String,
    },
    #[error("policy row {row} allows for any purpose; only a deny may")]
    AllowForAnyPurpose { row: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

/// One row of the policy in our own words. `purpose: None` is `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    pub role: Role,
    pub kind: Kind,
    pub class: DataClass,
    pub action: Action,
    pub relation: Relation,
    pub purpose: Option<Purpose>,
    pub effect: Effect,
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

pub struct Policy {
    enforcer: Enforcer,
    rules: Vec<Rule>,
}

impl Policy {
    /// The policy this program was built with.
    pub async fn built_in() -> Result<Self, PolicyError> {
        Self::parse(MODEL, POLICY).await
    }

    pub async fn parse(model: &str, policy: &str) -> Result<Self, PolicyError> {
        let model = DefaultModel::from_str(model).await?;
        let mut enforcer = Enforcer::new(model, StringAdapter::new(policy)).await?;
        check_columns(&enforcer)?;
        enforcer.add_function("holds", OperatorFunction::Arg2(holds));
        enforcer.add_function("is_a", OperatorFunction::Arg2(is_a));
        let rules = enforcer
            .get_policy()
            .iter()
            .enumerate()
            .map(|(at, words)| Rule::parse(at + 1, words))
            .collect::<Result<_, _>>()?;
        Ok(Self { enforcer, rules })
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Casbin's answer. Slow (it walks every row), so callers remember it.
    pub(super) fn ask(&self, question: &Question) -> Result<bool, PolicyError> {
        Ok(self.enforcer.enforce((
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
        let words = [
            question.role.as_str(),
            question.kind.as_str(),
            question.class.as_str(),
            question.action.as_str(),
        ]
        .map(str::to_owned)
        .to_vec();
        let rows = self.enforcer.get_filtered_policy(0, words);
        let rules = rows.iter().filter_map(|words| Rule::parse(0, words).ok());
        let for_this_purpose = rules.filter(|rule| {
            rule.purpose
                .is_none_or(|purpose| covers(question.purpose, purpose))
        });
        let (allows, denies): (Vec<Rule>, Vec<Rule>) =
            for_this_purpose.partition(|rule| rule.effect == Effect::Allow);
        Reach {
            allow: allows.iter().map(|rule| rule.relation).collect(),
            deny: denies.iter().map(|rule| rule.relation).collect(),
        }
    }
}

impl Rule {
    fn parse(row: usize, words: &[String]) -> Result<Self, PolicyError> {
        let [role, kind, class, action, relation, purpose, effect] = words else {
            let found = words.len();
            return Err(PolicyError::RowLength { row, found });
        };
        fn read<T>(
            row: usize,
            column: &'static str,
            word: &str,
            parse: impl Fn(&str) -> Option<T>,
        ) -> Result<T, PolicyError> {
            parse(word).ok_or_else(|| PolicyError::UnknownWord {
                row,
                column,
                word: word.to_owned(),
            })
        }
        let rule = Self {
            role: read(row, "role", role, Role::parse)?,
            kind: read(row, "kind", kind, Kind::parse)?,
            class: read(row, "data class", class, DataClass::parse)?,
            action: read(row, "action", action, Action::parse)?,
            relation: read(row, "relation", relation, Relation::parse)?,
            purpose: match purpose.as_str() {
                "any" => None,
                word => Some(read(row, "purpose", word, Purpose::parse)?),
            },
            effect: read(row, "eft", effect, |word| match word {
                "allow" => Some(Effect::Allow),
                "deny" => Some(Effect::Deny),
                _ => None,
            })?,
        };
        if rule.effect == Effect::Allow && rule.purpose.is_none() {
            return Err(PolicyError::AllowForAnyPurpose { row });
        }
        Ok(rule)
    }

    /// The row as it stands in the file.
    pub fn line(&self) -> String {
        format!(
            "p, {}, {}, {}, {}, {}, {}, {}",
            self.role,
            self.kind,
            self.class,
            self.action,
            self.relation.as_str(),
            self.purpose.map_or("any", Purpose::as_str),
            match self.effect {
                Effect::Allow => "allow",
                Effect::Deny => "deny",
            }
        )
    }
}

fn check_columns(enforcer: &Enforcer) -> Result<(), PolicyError> {
    let found = enforcer
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

/// A purpose counts as each of its ancestors: breaking the glass is an emergency is a treatment.
fn covers(asked: Purpose, ruled: Purpose) -> bool {
    asked.with_ancestors().any(|purpose| purpose == ruled)
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
        (Some(asked), Some(ruled)) => covers(asked, ruled),
        _ => false,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test]
    async fn the_built_in_policy_starts_and_denies_makers_the_patient() {
        let policy = Policy::built_in().await.unwrap();
        for class in [DataClass::Identity, DataClass::Clinical] {
            let question = Question {
                role: Role::SupportAgent,
                purpose: Purpose::Operations,
                class,
                ..with(Relation::ALL)
            };
            assert!(!policy.ask(&question).unwrap());
            assert!(policy.reach(&question).deny.has(Relation::Any));
        }
    }
}
