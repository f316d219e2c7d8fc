//! `who.txt`, read.

use std::collections::HashMap;

use fleetward_common::access::{DataClass, Kind, Role};

const WHO: &str = include_str!("who.txt");

/// How a person stands to a row: a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tie(usize);

pub const COLUMNS: [&str; 13] = [
    "my_unit",
    "care_team",
    "own",
    "acts_for",
    "consented",
    "research",
    "holds",
    "made",
    "grant",
    "house",
    "oneself",
    "emergency",
    "none",
];

/// What a letter can be about, in the class of its row.
fn speaks_of(letter: char, class: DataClass, kind: Kind) -> bool {
    match letter {
        'A' | 'G' | 'E' | 'L' => kind == Kind::Patient,
        'M' | 'O' => kind == Kind::Bed,
        'T' => {
            kind == if class == DataClass::Identity {
                Kind::Patient
            } else {
                Kind::Bed
            }
        }
        'S' => kind == Kind::Unit,
        'W' => kind == Kind::Device,
        'H' => kind == Kind::Device || class == DataClass::Clinical,
        'U' => matches!(kind, Kind::Patient | Kind::Organisation),
        _ => true,
    }
}

/// Whether this tie can be to a row of this kind.
fn leads_to(tie: Tie, kind: Kind) -> bool {
    match COLUMNS[tie.0] {
        "care_team" | "own" | "acts_for" | "consented" | "research" | "emergency" => kind != Kind::Unit,
        "holds" | "made" | "grant" => kind == Kind::Device,
        _ => true,
    }
}

impl Tie {
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COLUMNS.len()).map(Tie)
    }

    pub const fn word(self) -> &'static str {
        COLUMNS[self.0]
    }

    pub fn named(word: &str) -> Self {
        Tie(COLUMNS
            .iter()
            .position(|column| *column == word)
            .expect("a column of who.txt"))
    }
}

struct Row {
    kinds: Vec<Kind>,
    classes: Vec<DataClass>,
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
            if !row.classes.contains(&class) || !row.kinds.contains(&kind) {
                continue;
            }
            if row.never {
                return false;
            }
            if !speaks_of(letter, class, kind) {
                continue;
            }
            for tie in ties.iter().filter(|tie| leads_to(**tie, kind)) {
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
    // Who opened whom stands in a review as well: its class of identity is read with it.
    let classes = match label {
        "reviews" => vec![class, DataClass::Identity],
        _ => vec![class],
    };
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
        classes,
        never,
        cells,
    }
}

/// What a row's label is about.
pub fn about(label: &str) -> (Vec<Kind>, DataClass) {
    let of_a_patient = || vec![Kind::Bed, Kind::Patient, Kind::Device];
    match label {
        "identity" => (of_a_patient(), DataClass::Identity),
        "clinical" => (of_a_patient(), DataClass::Clinical),
        "technical" => (vec![Kind::Unit, Kind::Bed, Kind::Device], DataClass::Technical),
        "usage" => (vec![Kind::Device], DataClass::Usage),
        "commercial" => (vec![Kind::Device], DataClass::Commercial),
        "record" => (vec![Kind::Patient], DataClass::Administrative),
        "organisation" => (vec![Kind::Organisation], DataClass::Administrative),
        "units" => (vec![Kind::Unit], DataClass::Administrative),
        "people" => (vec![Kind::Membership], DataClass::Administrative),
        "reviews" => (vec![Kind::AccessReview], DataClass::Administrative),
        "consent" => (vec![Kind::Consent], DataClass::Administrative),
        other => panic!("no such label: {other}"),
    }
}
