//! The API's description knows types by their names alone: of two with one name it keeps one, and says
//! the wrong thing about the other.

use super::{Offence, Rule, Source, Tree};
use std::collections::BTreeMap;

pub const RULES: &[Rule] = &[Rule {
    name: "a schema has a name of its own",
    advice: "two described types must not share a name: rename one, or give it another in the description with schema(as = OtherName)",
    check: shared_names,
}];

fn shared_names(tree: &Tree) -> Vec<Offence> {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut offences = Vec::new();
    for source in tree.sources.iter().filter(|source| source.is_rust()) {
        for (line, name) in described(source) {
            let place = format!("{}:{line}", source.path);
            match first.get(&name) {
                Some(other) => {
                    offences.push(Offence::at(
                        source,
                        line,
                        format!("`{name}` is described in {other} too"),
                    ));
                }
                None => {
                    first.insert(name, place);
                }
            }
        }
    }
    offences
}

/// Types that derive `ToSchema`, under the name they have in the description.
fn described(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut derives = false;
    let mut renamed = None;
    for (line, code) in source.code_lines() {
        let code = code.trim();
        if code.starts_with("#[") || code.starts_with("#![") {
            derives |= code.contains("ToSchema");
            renamed = renamed.or_else(|| word_after(code, "schema(as = "));
            continue;
        }
        let declared = word_after(code, "struct ").or_else(|| word_after(code, "enum "));
        match declared {
            Some(name) if derives => found.push((line, renamed.take().unwrap_or(name))),
            _ if code.is_empty() => continue,
            _ => {}
        }
        derives = false;
        renamed = None;
    }
    found
}

fn word_after(code: &str, before: &str) -> Option<String> {
    let (_, rest) = code.split_once(before)?;
    let word: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNAL: &str =
        "#[cfg_attr(feature = \"openapi\", derive(utoipa::ToSchema))]\npub enum Signal { A }\n";

    #[test]
    fn two_types_of_one_name_are_found_and_a_second_name_helps() {
        let tree = Tree::of(&[("common/src/a.rs", SIGNAL), ("common/src/b.rs", SIGNAL)]);
        let offences = shared_names(&tree);
        assert_eq!(offences.len(), 1);
        assert_eq!(
            (offences[0].path.as_str(), offences[0].line),
            ("common/src/b.rs", 2)
        );
        let renamed = format!("#[cfg_attr(feature = \"openapi\", schema(as = ReviewSignal))]\n{SIGNAL}");
        let tree = Tree::of(&[("common/src/a.rs", SIGNAL), ("common/src/b.rs", &renamed)]);
        assert_eq!(shared_names(&tree), []);
    }

    #[test]
    fn what_is_not_described_may_share_its_name() {
        let tree = Tree::of(&[
            ("common/src/a.rs", SIGNAL),
            ("backend/src/b.rs", "pub enum Signal { A }\n"),
        ]);
        assert_eq!(shared_names(&tree), []);
    }
}
