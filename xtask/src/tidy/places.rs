//! Nothing names the machine it was written on, nor the host that a package came from.

use super::{Offence, Rule, Tree};

pub const RULES: &[Rule] = &[Rule {
    name: "no machine's paths, no registry's hosts",
    advice: "write a path relative to the repository; package-lock.json without `resolved` (npm: omit-lockfile-registry-resolved)",
    check: places,
}];

/// In halves, so that this file does not offend against itself.
const FORBIDDEN: [(&str, &str); 8] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/Use", "rs/"),
    ("registry.npm", "js.org"),
    ("static.crates", ".io"),
    ("index.crates", ".io"),
    ("files.python", "hosted.org"),
    ("\"resol", "ved\":"),
];

fn places(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for source in &tree.sources {
        for (line, text) in source.lines() {
            for (head, tail) in FORBIDDEN {
                let place = format!("{head}{tail}");
                if mentions(text, &place) {
                    offences.push(Offence::at(source, line, format!("names `{place}`")));
                }
            }
        }
    }
    offences
}

/// A path counts only where it begins, not as the end of a longer one.
fn mentions(text: &str, place: &str) -> bool {
    text.match_indices(place).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        !place.starts_with('/')
            || before.is_none_or(|letter| !(letter.is_alphanumeric() || "-_.})]".contains(letter)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let path = ["see /ro", "ot/notes"].concat();
        let tree = Tree::of(&[
            ("README.md", path.as_str()),
            ("b.md", "docs/work/x, at the /workshop"),
        ]);
        assert_eq!(places(&tree).len(), 1);
    }

    #[test]
    fn a_lock_file_names_no_host() {
        let lock = ["{ \"resol", "ved\": \"https://somewhere\" }"].concat();
        assert_eq!(places(&Tree::of(&[("static/package-lock.json", &lock)])).len(), 1);
    }
}
