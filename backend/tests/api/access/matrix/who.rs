//! `who.txt`, read.

use std::collections::HashMap;

use fleetward_common::access::{DataClass, Kind, Role};

const WHO: &str = include_str!("who.txt");

/// How a person stands to a row: a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tie(usize);

const COLUMNS: [&str; 9] = [
    "my_unit",
    "care_team",
    "own",
    "acts_for",
    "holds",
    "made",
    "house",
    "oneself",
    "none",
];

impl Tie {
    pub fn named(word: &str) -> Self {
        Tie(COLUMNS
            .iter()
            .position(|column| *column == word)
            .expect("a column of who.txt"))
    }
}

struct Row {
    kinds: Vec<Kind>,
    class: DataClass,
    never: bool,
    /// Letters, and letters that are forbidden, by column.
    cells: Vec<(String, String)>,
}

pub struct Who(HashMap<Role, Vec<Row>>);

impl Who {
    pub fn read() -> Self {
        let mut blocks: HashMap<Role, Vec<Row>> = HashMap::new();
        let mut role = None;
        for line in WHO
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with(' ') {
                let role = role.expect("a role above its rows");
                blocks.entry(role).or_default().push(row(&words));
            } else {
                let named = Role::parse(words[0]).unwrap_or_else(|| panic!("no such role: {line}"));
                assert_eq!(words[1..], COLUMNS, "{line}");
                assert!(blocks.insert(named, Vec::new()).is_none(), "{named} twice");
                role = Some(named);
            }
        }
        for role in Role::ALL {
            assert!(blocks.contains_key(role), "{role} is not in who.txt");
        }
        Self(blocks)
    }

    /// Whether the table gives this letter to someone with these ties to the row.
    pub fn gives(&self, role: Role, kind: Kind, class: DataClass, letter: char, ties: &[Tie]) -> bool {
        let mut given = false;
        for row in &self.0[&role] {
            if row.class != class || !row.kinds.contains(&kind) {
                continue;
            }
            if row.never {
                return false;
            }
            for tie in ties {
                let (letters, forbidden) = &row.cells[tie.0];
                if forbidden.contains(letter) {
                    return false;
                }
                given |= letters.contains(letter);
            }
        }
        given
    }

    pub fn sees(&self, role: Role, kind: Kind, ties: &[Tie]) -> bool {
        DataClass::ALL
            .iter()
            .any(|class| self.gives(role, kind, *class, 'R', ties))
    }
}

fn row(words: &[&str]) -> Row {
    let (label, narrowed) = words[0].split_once('/').unwrap_or((words[0], ""));
    let (kinds, class) = about(label);
    let kinds = match narrowed {
        "" => kinds,
        some => some
            .split(',')
            .map(|word| Kind::parse(word).unwrap_or_else(|| panic!("no such kind: {word}")))
            .collect(),
    };
    let never = words[1..] == ["never"];
    let cells = words[1..]
        .iter()
        .map(|cell| match cell.strip_prefix('!') {
            Some(forbidden) => (String::new(), forbidden.to_owned()),
            None => (cell.replace('-', ""), String::new()),
        })
        .collect::<Vec<_>>();
    assert!(never || cells.len() == COLUMNS.len(), "{words:?}");
    Row {
        kinds,
        class,
        never,
        cells,
    }
}

/// What a row's label is about.
pub fn about(label: &str) -> (Vec<Kind>, DataClass) {
    let data = || vec![Kind::Unit, Kind::Bed, Kind::Patient, Kind::Device];
    match label {
        "identity" => (data(), DataClass::Identity),
        "clinical" => (data(), DataClass::Clinical),
        "technical" => (data(), DataClass::Technical),
        "usage" => (data(), DataClass::Usage),
        "commercial" => (data(), DataClass::Commercial),
        "record" => (vec![Kind::Patient], DataClass::Administrative),
        "organisation" => (vec![Kind::Organisation], DataClass::Administrative),
        "units" => (vec![Kind::Unit], DataClass::Administrative),
        "people" => (vec![Kind::Membership], DataClass::Administrative),
        "reviews" => (vec![Kind::AccessReview], DataClass::Administrative),
        "consent" => (vec![Kind::Consent], DataClass::Administrative),
        other => panic!("no such label: {other}"),
    }
}
