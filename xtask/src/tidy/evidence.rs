//! What `docs/security.md` says is shown by a test is shown by a test that exists.
//!
//! In a table whose last column is headed `shown by`, each word in backticks is the name of a function
//! that the test command runs, or the path of a file. The chapters of ASVS are there in whole: a requirement that is
//! neither met nor explained is no line left out, it is an offence.

use super::{Offence, Rule, Source, Tree};
use std::collections::BTreeSet;

const PAGE: &str = "docs/security.md";

pub const RULES: &[Rule] = &[
    Rule {
        name: "evidence exists",
        advice: "a table's column `shown by` names tests and files of this tree, or says why there is none: correct the name where a test was renamed",
        check: unknown_evidence,
    },
    Rule {
        name: "no requirement is left out",
        advice: "the chapters of ASVS 5.0 in docs/security.md have one line for each requirement, in order",
        check: missing_requirements,
    },
];

/// How many requirements each section of ASVS 5.0.0 has, of the chapters that the page covers.
const SECTIONS: [(&str, u32); 23] = [
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 8),
    ("6.4", 6),
    ("6.5", 8),
    ("6.6", 4),
    ("6.7", 2),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 3),
    ("7.6", 2),
    ("8.1", 4),
    ("8.2", 4),
    ("8.3", 3),
    ("8.4", 2),
    ("16.1", 1),
    ("16.2", 5),
    ("16.3", 4),
    ("16.4", 3),
    ("16.5", 4),
];

/// How a test is marked here. `proptest!` needs the first inside it, and a browser's journey is one too.
const TEST_ATTRIBUTES: [&str; 4] = ["test", "tokio::test", "actix_web::test", "wasm_bindgen_test"];

fn unknown_evidence(tree: &Tree) -> Vec<Offence> {
    let Some(page) = tree.find(PAGE) else {
        return vec![Offence::of(PAGE, "is missing")];
    };
    let tests = test_functions(tree);
    let exists = |word: &str| tests.contains(word) || tree.sources.iter().any(|source| source.path == word);
    evidence(page)
        .flat_map(|(line, cell)| {
            in_backticks(cell)
                .filter(|word| !exists(word))
                .map(move |word| Offence::at(page, line, format!("there is no test or file `{word}`")))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn missing_requirements(tree: &Tree) -> Vec<Offence> {
    let Some(page) = tree.find(PAGE) else {
        return Vec::new();
    };
    let lines: Vec<(usize, &str, Vec<&str>)> = page
        .lines()
        .filter_map(|(line, text)| {
            let cells = cells(text)?;
            let id = cells.first()?.strip_prefix('V')?;
            id.split('.')
                .all(|part| part.parse::<u32>().is_ok())
                .then_some((line, id, cells))
        })
        .collect();
    let wanted = SECTIONS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}.{number}")));
    let mut offences: Vec<Offence> = wanted
        .filter(|wanted| lines.iter().filter(|(_, id, _)| id == wanted).count() != 1)
        .map(|wanted| Offence::of(PAGE, format!("V{wanted} has not exactly one line")))
        .collect();
    offences.extend(
        lines
            .iter()
            .filter(|(_, _, cells)| cells.iter().any(|cell| cell.is_empty()))
            .map(|(line, id, _)| Offence::at(page, *line, format!("V{id} has an empty cell"))),
    );
    offences
}

/// The last cells of the rows below a head that ends with `shown by`.
fn evidence(page: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut shows = false;
    page.lines().filter_map(move |(line, text)| {
        let Some(cells) = cells(text) else {
            shows = false;
            return None;
        };
        let last = cells.last().copied()?;
        if last == "shown by" {
            shows = true;
            return None;
        }
        shows.then_some((line, last))
    })
}

/// The cells of a table's row.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What the test command runs: a helper's name proves nothing, nor does a test that is ignored or has lost
/// its attribute.
fn test_functions(tree: &Tree) -> BTreeSet<String> {
    let sources = tree.sources.iter().filter(|source| source.is_rust());
    sources
        .flat_map(|source| {
            let alone = functions(&source.code)
                .filter(|(attributes, _)| is_test(attributes))
                .map(|(_, name)| name);
            alone.chain(on_both_engines(&source.code))
        })
        .collect()
}

/// Every function, with what stands before it since the item before.
fn functions(code: &str) -> impl Iterator<Item = (&str, String)> {
    code.match_indices("fn ").filter_map(|(at, keyword)| {
        let (before, rest) = code.split_at(at);
        let alone = before.is_empty() || before.ends_with(char::is_whitespace);
        let attributes = before.rsplit([';', '{', '}']).next()?;
        let name = rest
            .strip_prefix(keyword)?
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_');
        alone.then(|| (attributes, name.collect()))
    })
}

fn is_test(attributes: &str) -> bool {
    // `tokio::test(flavor = …)` and the like.
    let words: Vec<&str> = attributes
        .split("#[")
        .skip(1)
        .filter_map(|attribute| attribute.split([']', '(', '=']).next())
        .map(str::trim)
        .collect();
    words.iter().any(|word| TEST_ATTRIBUTES.contains(word)) && !words.contains(&"ignore")
}

/// The macro gives each of its own functions the attribute, twice.
fn on_both_engines(code: &str) -> impl Iterator<Item = String> {
    code.split("on_both_engines! {").skip(1).flat_map(|block| {
        let mut depth = 0_u32;
        let outside: String = block
            .chars()
            .map_while(|letter| {
                match letter {
                    '{' => depth += 1,
                    '}' => depth = depth.checked_sub(1)?,
                    _ => {}
                }
                Some(if depth == 0 { letter } else { ' ' })
            })
            .collect();
        let named: Vec<String> = functions(&outside).map(|(_, name)| name).collect();
        named
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = r"
        fn signed_in() -> Portal {}
        // #[test] fn a_comment_is_no_test() {}
        #[test]
        #[cfg(feature = unix)]
        fn a_wrong_password_is_refused() { fn inside_a_test() {} }
        fn a_test_that_lost_its_attribute() {}
        #[tokio::test(start_paused = true)]
        async fn louise_waits() {}
        #[actix_web::test]
        async fn joan_asks() {}
        #[test]
        #[ignore]
        fn nobody_runs_it() {}
        on_both_engines! {
            async fn rosa_signs_in(portal: Portal) { if true { } fn inside_a_body() {} }
            async fn helen_signs_in(portal: Portal) {}
        }
        async fn that_left_the_macro(portal: Portal) {}
        proptest! {
            #[test]
            fn any_name_is_read(name in any::<u8>()) { prop_assert!(true); }
            fn generated() {}
        }
    ";
    const TEST: (&str, &str) = ("backend/tests/api/identity.rs", TESTS);

    fn page(rows: &str) -> Tree {
        let text = format!("| what | shown by |\n|---|---|\n{rows}\n\nElsewhere `anything` may stand.\n");
        Tree::of(&[TEST, (PAGE, &text)])
    }

    #[test]
    fn a_test_and_a_file_that_exist_are_evidence() {
        let tree = page("| sign-in | `a_wrong_password_is_refused`, `backend/tests/api/identity.rs` |");
        assert_eq!(unknown_evidence(&tree), []);
    }

    #[test]
    fn every_form_of_a_test_is_evidence() {
        for name in [
            "a_wrong_password_is_refused",
            "louise_waits",
            "joan_asks",
            "rosa_signs_in",
            "helen_signs_in",
            "any_name_is_read",
        ] {
            assert_eq!(unknown_evidence(&page(&format!("| sign-in | `{name}` |"))), []);
        }
    }

    #[test]
    fn what_the_test_command_does_not_run_is_no_evidence() {
        for name in [
            "signed_in",
            "a_comment_is_no_test",
            "inside_a_test",
            "a_test_that_lost_its_attribute",
            "nobody_runs_it",
            "inside_a_body",
            "that_left_the_macro",
            "generated",
        ] {
            let offences = unknown_evidence(&page(&format!("| sign-in | `{name}` |")));
            assert_eq!(offences.len(), 1, "{name}");
        }
    }

    #[test]
    fn a_test_that_was_renamed_is_found_with_its_line() {
        let tree = page("| sign-in | `a_wrong_password_is_refused`, `a_right_password_is_refused` |");
        let offences = unknown_evidence(&tree);
        assert_eq!(offences.len(), 1);
        assert_eq!(
            (offences[0].line, offences[0].what.as_str()),
            (3, "there is no test or file `a_right_password_is_refused`")
        );
    }

    #[test]
    fn a_requirement_left_out_and_an_empty_cell_are_found() {
        let rows: String = SECTIONS
            .iter()
            .flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}.{number}")))
            .filter(|id| id != "7.2.3")
            .map(|id| {
                format!(
                    "| V{id} | {} |\n",
                    if id == "8.1.1" { "" } else { "no passwords by mail" }
                )
            })
            .collect();
        let offences: Vec<String> = missing_requirements(&page(&rows))
            .into_iter()
            .map(|offence| offence.what)
            .collect();
        assert_eq!(
            offences,
            ["V7.2.3 has not exactly one line", "V8.1.1 has an empty cell"]
        );
    }
}
