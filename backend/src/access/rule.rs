//! One row of the policy in our own words, and how `policy.csv` is read.
//!
//! The file may say several things at once: `nurse|physician` in a column stands for a row each. What
//! Casbin is given are the single rows.

use std::collections::HashSet;

use fleetward_common::access::{Action, DataClass, Kind, Purpose, Role};

use super::{policy::PolicyError, relations::Relation};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

/// `purpose: None` is `any`.
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

/// Every row of the file, in its order, each once. Any word that we don't know is an error, because it
/// would silently never match, or match too much.
pub fn read(policy: &str) -> Result<Vec<Rule>, PolicyError> {
    let mut seen = HashSet::new();
    let mut rules = Vec::new();
    for (at, line) in policy.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        for words in single_rows(line) {
            let rule = Rule::parse(at + 1, &words)?;
            if seen.insert(rule) {
                rules.push(rule);
            }
        }
    }
    Ok(rules)
}

/// The words of each row that a line stands for, the leading `p` among them.
fn single_rows(line: &str) -> Vec<Vec<&str>> {
    line.split(',').fold(vec![Vec::new()], |rows, column| {
        rows.iter()
            .flat_map(|row| {
                column.split('|').map(move |word| {
                    let mut row = row.clone();
                    row.push(word.trim());
                    row
                })
            })
            .collect()
    })
}

impl Rule {
    fn parse(line: usize, words: &[&str]) -> Result<Self, PolicyError> {
        let ["p", role, kind, class, action, relation, purpose, effect] = words else {
            let found = words.len().saturating_sub(1);
            return Err(PolicyError::RowLength { line, found });
        };
        fn word<T>(
            line: usize,
            column: &'static str,
            word: &str,
            parse: impl Fn(&str) -> Option<T>,
        ) -> Result<T, PolicyError> {
            parse(word).ok_or_else(|| PolicyError::UnknownWord {
                line,
                column,
                word: word.to_owned(),
            })
        }
        let rule = Self {
            role: word(line, "role", role, Role::parse)?,
            kind: word(line, "kind", kind, Kind::parse)?,
            class: word(line, "data class", class, DataClass::parse)?,
            action: word(line, "action", action, Action::parse)?,
            relation: word(line, "relation", relation, Relation::parse)?,
            purpose: match *purpose {
                "any" => None,
                other => Some(word(line, "purpose", other, Purpose::parse)?),
            },
            effect: word(line, "eft", effect, |word| match word {
                "allow" => Some(Effect::Allow),
                "deny" => Some(Effect::Deny),
                _ => None,
            })?,
        };
        if rule.effect == Effect::Allow && rule.purpose.is_none() {
            return Err(PolicyError::AllowForAnyPurpose { line });
        }
        Ok(rule)
    }

    /// The single row, as Casbin is given it.
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

    /// Whether the row speaks about someone who asks for this purpose: breaking the glass is an
    /// emergency is a treatment.
    pub fn is_for(&self, asked: Purpose) -> bool {
        self.purpose
            .is_none_or(|ruled| asked.with_ancestors().any(|purpose| purpose == ruled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_two_roles_and_two_classes_is_four_rows() {
        let rules =
            read("p, nurse|physician, bed, identity | clinical, read, my_unit, TREAT, allow").unwrap();
        let words: Vec<_> = rules.iter().map(|rule| (rule.role, rule.class)).collect();
        assert_eq!(
            words,
            [
                (Role::Nurse, DataClass::Identity),
                (Role::Nurse, DataClass::Clinical),
                (Role::Physician, DataClass::Identity),
                (Role::Physician, DataClass::Clinical),
            ]
        );
    }

    #[test]
    fn an_unknown_word_among_known_ones_is_found_with_its_line() {
        let refusal = read("# comment\n\np, nurse|sister, bed, clinical, read, my_unit, TREAT, allow")
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("line 3") && refusal.contains("`sister`"),
            "{refusal}"
        );
    }

    #[test]
    fn a_row_said_twice_counts_once_and_reads_back_as_itself() {
        let line = "p, nurse, bed, clinical, read, my_unit, TREAT, allow";
        let rules = read(&format!("{line}\n{line}")).unwrap();
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].line(), line);
    }

    #[test]
    fn a_row_of_another_kind_or_length_is_refused() {
        for line in [
            "g, nurse, staff",
            "p, nurse, bed, clinical, read, my_unit, TREAT",
            "p, nurse, bed, clinical, read, my_unit, TREAT, allow, always",
        ] {
            assert!(
                matches!(read(line), Err(PolicyError::RowLength { line: 1, .. })),
                "{line}"
            );
        }
    }
}
