//! Which backend domain may use which. ARCHITECTURE.md lists the edges; the sources may not add one.

use super::{Offence, Rule, Source, Tree};
use std::collections::{BTreeMap, BTreeSet};

pub const RULES: &[Rule] = &[Rule {
    name: "domains use each other only along the allowed edges",
    advice: "turn the dependency around, or add the edge to the table \"Allowed edges\" in ARCHITECTURE.md and say why",
    check: forbidden_edges,
}];

const PAGE: &str = "ARCHITECTURE.md";
/// No domain: open to all.
const OPEN: [&str; 3] = ["platform", "app", "schema"];

type Edges = BTreeMap<String, BTreeSet<String>>;

fn forbidden_edges(tree: &Tree) -> Vec<Offence> {
    let sources: Vec<_> = tree
        .under("backend/src/")
        .filter(|source| source.is_rust())
        .filter_map(|source| Some((domain_of(&source.path)?, source)))
        .collect();
    if sources.is_empty() {
        return Vec::new();
    }
    let Some(edges) = tree.find(PAGE).and_then(|page| table(&page.text)) else {
        return vec![Offence::of(
            PAGE,
            "has no table under a heading \"Allowed edges\"",
        )];
    };
    let mut offences = Vec::new();
    for (domain, source) in sources {
        let Some(allowed) = edges.get(domain) else {
            offences.push(Offence::at(
                source,
                0,
                format!("`{domain}` has no row in the table"),
            ));
            continue;
        };
        for (line, used) in crate_paths(source) {
            let is_domain = edges.contains_key(&used) && used != domain;
            if is_domain && !OPEN.contains(&used.as_str()) && !allowed.contains(&used) {
                offences.push(Offence::at(source, line, format!("`{domain}` uses `{used}`")));
            }
        }
    }
    offences
}

/// `backend/src/care/routes.rs` → `care`; files at the top belong to no domain.
fn domain_of(path: &str) -> Option<&str> {
    let (domain, _) = path.strip_prefix("backend/src/")?.split_once('/')?;
    (domain != "bin").then_some(domain)
}

/// Rows `| care | identity, devices |` after the heading.
fn table(page: &str) -> Option<Edges> {
    let mut edges = Edges::new();
    let rows = page
        .lines()
        .skip_while(|line| !(line.starts_with('#') && line.to_lowercase().contains("allowed edges")))
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with('|'))
        .skip(2);
    for row in rows {
        let mut cells = row.trim_matches('|').split('|').map(words);
        let domain = cells.next()?.into_iter().next()?;
        edges.insert(domain, cells.next().unwrap_or_default());
    }
    (!edges.is_empty()).then_some(edges)
}

fn words(cell: &str) -> BTreeSet<String> {
    cell.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// First segments of every `crate::…` path, those in braces too.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.code.match_indices("crate::") {
        let part_of_word = source
            .code
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
        if part_of_word {
            continue;
        }
        let after = source.code.get(at + "crate::".len()..).unwrap_or_default();
        let line = source
            .code
            .get(..at)
            .map_or(1, |before| before.matches('\n').count() + 1);
        match after.strip_prefix('{') {
            Some(group) => found.extend(in_group(group, line)),
            None => found.push((line, leading_name(after))),
        }
    }
    found
}

/// `care::{a, b}, live::hub}; …` → care, live.
fn in_group(group: &str, first_line: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut line = first_line;
    let mut at_start = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            '\n' => line += 1,
            _ if letter.is_whitespace() => {}
            _ if at_start => {
                found.push((line, leading_name(group.get(at..).unwrap_or_default())));
                at_start = false;
            }
            _ => {}
        }
    }
    found
}

fn leading_name(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = "# Map\n\n## Allowed edges\n\n| domain | may use |\n|---|---|\n| `identity` | — |\n| `care` | `identity`, `devices` |\n| `devices` | live |\n| `live` | |\n\n## Next\n";

    fn offences(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(PAGE, ARCHITECTURE), (path, text)]);
        forbidden_edges(&tree)
            .into_iter()
            .map(|offence| format!("{}: {}", offence.line, offence.what))
            .collect()
    }

    #[test]
    fn an_edge_in_the_table_is_free() {
        let text = "use crate::{\n    identity::Person,\n    platform::db::Db,\n    devices::{twin::TwinState, history},\n};";
        assert_eq!(offences("backend/src/care/routes.rs", text), [""; 0]);
    }

    #[test]
    fn an_edge_that_is_not_there_is_named_with_its_line() {
        let text = "use crate::{\n    live::Hub,\n    care::Bed,\n};\nfn f() { crate::identity::find() }";
        assert_eq!(
            offences("backend/src/devices/ingest.rs", text),
            ["3: `devices` uses `care`", "5: `devices` uses `identity`"]
        );
    }

    #[test]
    fn a_new_domain_needs_a_row() {
        assert_eq!(
            offences("backend/src/billing/mod.rs", ""),
            ["0: `billing` has no row in the table"]
        );
    }

    #[test]
    fn words_in_comments_are_no_edges() {
        assert_eq!(
            offences("backend/src/identity/mod.rs", "//! Not crate::care, ever."),
            [""; 0]
        );
    }
}
