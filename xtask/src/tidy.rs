//! `tidy`: the rules of the source tree that no compiler checks, read from the sources themselves.
//!
//! A rule is a function from the tree to what offends it, with one sentence that says what to do.
//! There is no parser here: comments and strings are blanked out ([`code`]) and words are looked for.

mod code;
mod edges;
mod evidence;
mod generated;
mod migrations;
mod names;
mod owners;
mod places;
mod rows;
mod schemas;
mod styles;
mod tree;

pub use tree::{Source, Tree};

use crate::{failure::Failure, steps::Steps, workspace::Workspace};
use lexopt::Parser;

pub struct Rule {
    pub name: &'static str,
    /// What to do about an offence.
    pub advice: &'static str,
    pub check: fn(&Tree) -> Vec<Offence>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Offence {
    pub path: String,
    /// From 1; 0 where the whole file is meant.
    pub line: usize,
    pub what: String,
}

impl Offence {
    pub fn at(source: &Source, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: source.path.clone(),
            line,
            what: what.into(),
        }
    }

    pub fn of(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: 0,
            what: what.into(),
        }
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        owners::RULES,
        edges::RULES,
        names::RULES,
        rows::RULES,
        styles::RULES,
        migrations::RULES,
        generated::RULES,
        places::RULES,
        evidence::RULES,
        schemas::RULES,
    ]
    .into_iter()
    .flatten()
}

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    Steps::start().step("tidy", || check(workspace))
}

/// One failure that lists every offence under its rule's advice.
pub fn check(workspace: &Workspace) -> Result<(), Failure> {
    let tree = Tree::read(&workspace.root)?;
    let mut lines = Vec::new();
    let mut broken = 0;
    for rule in rules() {
        let offences = (rule.check)(&tree);
        if offences.is_empty() {
            continue;
        }
        broken += 1;
        lines.push(format!("{}: {}", rule.name, rule.advice));
        for Offence { path, line, what } in offences {
            lines.push(match line {
                0 => format!("    {path}: {what}"),
                line => format!("    {path}:{line}: {what}"),
            });
        }
    }
    if broken == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{broken} of the tree's rules are broken")).last_lines(lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_says_what_to_do() {
        let mut names = std::collections::BTreeSet::new();
        for rule in rules() {
            assert!(names.insert(rule.name), "two rules are called {}", rule.name);
            assert!(rule.advice.len() > 20, "{} says too little", rule.name);
        }
    }
}
