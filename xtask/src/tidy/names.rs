//! No drawer for leftovers.

use super::{Offence, Rule, Tree};

pub const RULES: &[Rule] = &[Rule {
    name: "no drawer for leftovers",
    advice: "find the noun that the things in it belong to and name the module after that",
    check: leftovers,
}];

const DRAWERS: [&str; 9] = [
    "util", "utils", "helper", "helpers", "manager", "managers", "prelude", "common", "misc",
];

fn leftovers(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in tree.sources.iter().filter(|source| source.is_rust()) {
        // The crate `common` is the contract between the others; a module of that name is a drawer.
        let inside = source.path.split('/').skip(1);
        for part in inside {
            let name = part.trim_end_matches(".rs");
            if DRAWERS.contains(&name) {
                offences.push(Offence::at(source, 0, format!("is named `{name}`")));
            }
        }
        for (line, code) in source.code_lines() {
            if let Some(name) = inline_module(code)
                && DRAWERS.contains(&name)
            {
                offences.push(Offence::at(source, line, format!("has a module `{name}`")));
            }
        }
    }
    offences
}

/// `pub(crate) mod helpers {` → `helpers`
fn inline_module(code: &str) -> Option<&str> {
    let (_, after) = code.trim_end().split_once("mod ")?;
    after.trim_end_matches(['{', ' ']).split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawers_are_found_as_files_and_as_modules() {
        let tree = Tree::of(&[
            ("common/src/id.rs", ""),
            ("backend/src/care/helpers.rs", ""),
            ("backend/tests/common/mod.rs", ""),
            ("device/src/agent.rs", "pub mod utils {\n}"),
        ]);
        let paths: Vec<_> = leftovers(&tree).into_iter().map(|offence| offence.path).collect();
        assert_eq!(
            paths,
            [
                "backend/src/care/helpers.rs",
                "backend/tests/common/mod.rs",
                "device/src/agent.rs"
            ]
        );
    }
}
