//! `who.txt`, read.

use std::{collections::HashMap, fmt};

use fleetward::access::relations::{Facts, Relation};
use fleetward_common::access::{DataClass, Kind, Role};

const WHO: &str = include_str!("who.txt");

/// How a person stands to a row: a column of the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tie(usize);

impl fmt::Debug for Tie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(COLUMNS[self.0].0)
    }
}

/// The columns, and what the policy calls them.
const COLUMNS: [(&str, Option<Relation>); 13] = [
    ("my_unit", Some(Relation::MyUnit)),
    ("care_team", Some(Relation::CareTeam)),
    ("own", Some(Relation::OwnRecord)),
    ("acts_for", Some(Relation::ProxyOf)),
    ("consented", Some(Relation::Consented)),
    ("research", Some(Relation::ResearchConsented)),
    ("holds", Some(Relation::Custodian)),
    ("made", Some(Relation::MakerOf)),
    ("grant", Some(Relation::SupportGrant)),
    ("house", Some(Relation::SameOrganisation)),
    ("emergency", Some(Relation::BreakGlass)),
    ("oneself", Some(Relation::AboutOneself)),
    ("none", None),
];

impl Tie {
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..COLUMNS.len()).map(Tie)
    }

    pub fn named(word: &str) -> Self {
        Tie(COLUMNS
            .iter()
            .position(|(column, _)| *column == word)
            .expect("a column of who.txt"))
    }

    pub fn is(self, word: &str) -> bool {
        self == Self::named(word)
    }
}

/// What the policy is told of these ties. `any` is true of every row, and so is that nobody opened a
/// device, until somebody does.
pub fn facts(ties: &[Tie]) -> Facts {
    let named: Vec<Relation> = ties.iter().filter_map(|tie| COLUMNS[tie.0].1).collect();
    let closed = !named.contains(&Relation::SupportGrant);
    named
        .into_iter()
        .chain([Relation::Any])
        .chain(closed.then_some(Relation::WithoutSupportGrant))
        .collect()
}

struct Row {
    kinds: Vec<Kind>,
    classes: Vec<DataClass>,
    never: bool,
    /// Letters, and letters that are forbidden, by column.
    cells: Vec<(String, String)>,
}

/// What somebody asks for: what people of their role usually do, or to research.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    AsUsual,
    Research,
}

pub struct Who(HashMap<Role, Vec<Row>>);

impl Who {
    pub fn read() -> Self {
        let columns: Vec<&str> = COLUMNS.iter().map(|(column, _)| *column).collect();
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
                assert_eq!(words[1..], columns, "{line}");
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
        self.gives_for(Why::AsUsual, role, kind, class, letter, ties)
    }

    pub fn gives_for(
        &self,
        why: Why,
        role: Role,
        kind: Kind,
        class: DataClass,
        letter: char,
        ties: &[Tie],
    ) -> bool {
        let mut given = false;
        for row in self.about(role, kind, class) {
            if row.never {
                return false;
            }
            for tie in ties {
                let (letters, forbidden) = &row.cells[tie.0];
                if forbidden.contains(letter) {
                    return false;
                }
                let counts = tie.is("research") == (why == Why::Research);
                given |= counts && letters.contains(letter);
            }
        }
        given
    }

    /// Denied by name, not just never allowed.
    pub fn never(&self, role: Role, kind: Kind, class: DataClass) -> bool {
        self.about(role, kind, class).any(|row| row.never)
    }

    /// Whether the table speaks of this letter at all.
    pub fn mentions(&self, role: Role, kind: Kind, class: DataClass, letter: char) -> bool {
        self.about(role, kind, class)
            .flat_map(|row| &row.cells)
            .any(|(letters, forbidden)| letters.contains(letter) || forbidden.contains(letter))
    }

    pub fn sees(&self, role: Role, kind: Kind, ties: &[Tie]) -> bool {
        DataClass::ALL
            .iter()
            .any(|class| self.gives(role, kind, *class, 'R', ties))
    }

    /// Whether people of this role can open a patient in an emergency.
    pub fn opens(&self, role: Role) -> bool {
        self.mentions(role, Kind::Patient, DataClass::Identity, 'E')
    }

    fn about(&self, role: Role, kind: Kind, class: DataClass) -> impl Iterator<Item = &Row> {
        self.0[&role]
            .iter()
            .filter(move |row| row.classes.contains(&class) && row.kinds.contains(&kind))
    }
}

fn row(words: &[&str]) -> Row {
    let (label, narrowed) = words[0].split_once('/').unwrap_or((words[0], ""));
    let (kind, classes) = about(label);
    let kinds: Vec<Kind> = narrowed
        .split(',')
        .filter(|word| !word.is_empty())
        .map(|word| Kind::parse(word).unwrap_or_else(|| panic!("no such kind: {word}")))
        .chain(kind)
        .collect();
    assert!(!kinds.is_empty(), "of which kinds? {words:?}");
    let never = words[1..] == ["never"];
    let cells = words[1..]
        .iter()
        .map(|cell| match cell.split_once('!') {
            Some((letters, forbidden)) => (letters.to_owned(), forbidden.to_owned()),
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

/// What a row's label is about: the one kind, unless the row names some, and the classes.
pub fn about(label: &str) -> (Option<Kind>, Vec<DataClass>) {
    match label {
        "identity" => (None, vec![DataClass::Identity]),
        "clinical" => (None, vec![DataClass::Clinical]),
        "technical" => (None, vec![DataClass::Technical]),
        "usage" => (None, vec![DataClass::Usage]),
        "commercial" => (None, vec![DataClass::Commercial]),
        "record" => (Some(Kind::Patient), vec![DataClass::Administrative]),
        "organisation" => (Some(Kind::Organisation), vec![DataClass::Administrative]),
        "units" => (Some(Kind::Unit), vec![DataClass::Administrative]),
        "people" => (Some(Kind::Membership), vec![DataClass::Administrative]),
        "reviews" => (
            Some(Kind::AccessReview),
            vec![DataClass::Administrative, DataClass::Identity],
        ),
        "consent" => (Some(Kind::Consent), vec![DataClass::Administrative]),
        other => panic!("no such label: {other}"),
    }
}

/// The class that a part of an answer is of.
pub fn class(label: &str) -> DataClass {
    about(label).1[0]
}
