//! Both engines migrate alike.

use super::{Offence, Rule, Tree};
use std::collections::BTreeSet;

pub const RULES: &[Rule] = &[Rule {
    name: "every migration exists for both engines, up and down",
    advice: "write migrations/{sqlite,postgres}/<name>/{up,down}.sql, the same names in both",
    check: missing_halves,
}];

fn missing_halves(tree: &Tree) -> Vec<Offence> {
    let names: BTreeSet<&str> = tree
        .under("migrations/")
        .filter_map(|source| {
            let (_, rest) = source.path.strip_prefix("migrations/")?.split_once('/')?;
            Some(rest.split_once('/')?.0)
        })
        .collect();
    let mut offences = Vec::new();
    for name in names {
        for engine in ["sqlite", "postgres"] {
            for half in ["up", "down"] {
                let path = format!("migrations/{engine}/{name}/{half}.sql");
                match tree.find(&path) {
                    None => offences.push(Offence::of(path, "is missing")),
                    Some(source) if source.text.trim().is_empty() => {
                        offences.push(Offence::of(path, "is empty"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_half_is_named() {
        let up = "create table beds (id blob);";
        let tree = Tree::of(&[
            ("migrations/sqlite/0001_care_create_beds/up.sql", up),
            (
                "migrations/sqlite/0001_care_create_beds/down.sql",
                "drop table beds;",
            ),
            ("migrations/postgres/0001_care_create_beds/up.sql", up),
            ("migrations/postgres/0001_care_create_beds/down.sql", "\n"),
        ]);
        assert_eq!(
            missing_halves(&tree),
            [Offence::of(
                "migrations/postgres/0001_care_create_beds/down.sql",
                "is empty"
            )]
        );
        let tree = Tree::of(&[("migrations/sqlite/0001_care_create_beds/up.sql", up)]);
        assert_eq!(missing_halves(&tree).len(), 3);
    }
}
