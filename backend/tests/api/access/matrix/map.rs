//! `routes.txt`, read.

use fleetward_common::access::{Action, DataClass, Kind};

use super::who::about;

const ROUTES: &str = include_str!("routes.txt");

#[derive(Debug, Clone)]
pub enum Mapped {
    Row(RowRoute),
    /// A change: only those who may not make it try, with this body.
    Act(RowRoute, String),
    /// Asked for what was never given out, with this body: the rows behind it are made by tests of their
    /// own.
    Gone(String),
    List(ListRoute),
    /// A list that asks for words first: tried by tests of its own.
    Told(Kind, char),
    /// Nothing but what the session is, or before any session.
    Own,
    Open,
}

#[derive(Debug, Clone)]
pub struct RowRoute {
    pub kind: Kind,
    pub letter: char,
    pub parts: Vec<Part>,
}

/// A class that the answer can hold, and where it then shows.
#[derive(Debug, Clone)]
pub struct Part {
    pub class: DataClass,
    pub pointer: Option<String>,
}

#[derive(Debug, Clone)]
pub struct ListRoute {
    pub kind: Kind,
    pub letter: char,
    pub class: DataClass,
    /// Where an item's id stands; none for a count.
    pub pointer: Option<String>,
}

pub struct LiveTopic {
    pub name: String,
    pub kind: Kind,
    pub classes: Vec<DataClass>,
}

pub struct Map {
    /// Method and pattern.
    pub routes: Vec<(String, String, Mapped)>,
    pub topics: Vec<LiveTopic>,
}

fn kind(word: &str) -> Kind {
    match word {
        "house" => Kind::Organisation,
        other => Kind::parse(other).unwrap_or_else(|| panic!("no such kind: {other}")),
    }
}

/// What a letter of the table stands for.
pub fn action(letter: char) -> Action {
    match letter {
        'R' => Action::Read,
        'H' => Action::ReadHistory,
        'A' => Action::Acknowledge,
        'M' => Action::PauseAlarms,
        'O' => Action::SwitchOffAlarms,
        'G' => Action::ChangeLimits,
        'T' => Action::Transfer,
        'E' => Action::OpenEmergency,
        'S' => Action::EnrolStation,
        'W' => Action::OpenToSupport,
        'K' => Action::Administer,
        'L' => Action::ReadAccessLog,
        'C' => Action::ManageConsent,
        'U' => Action::ReadAudit,
        'D' => Action::DecideReview,
        'X' => Action::Export,
        'P' => Action::ReadPolicy,
        other => panic!("no such letter: {other}"),
    }
}

const LETTERS: &str = "RHAMOGTESWKLCUDXP";

/// The letter of an action. A new action needs one.
pub fn letter_of(wanted: Action) -> char {
    let found = LETTERS.chars().find(|letter| action(*letter) == wanted);
    found.unwrap_or_else(|| panic!("{wanted} has no letter in who.txt"))
}

fn letter(word: &str) -> char {
    word.chars().next().expect("a letter")
}

impl Map {
    pub fn read() -> Self {
        let mut map = Map {
            routes: Vec::new(),
            topics: Vec::new(),
        };
        for line in ROUTES
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        {
            let (line, body) = line.split_once(" body ").unwrap_or((line, "{}"));
            let words: Vec<&str> = line.split_whitespace().collect();
            let row = |words: &[&str]| RowRoute {
                kind: kind(words[3]),
                letter: letter(words[4]),
                parts: words[5..].iter().map(|word| part(word)).collect(),
            };
            let mapped = match words[0] {
                "row" => Mapped::Row(row(&words)),
                "act" => Mapped::Act(row(&words), body.to_owned()),
                "gone" => Mapped::Gone(body.to_owned()),
                "list" => Mapped::List(ListRoute {
                    kind: kind(words[3]),
                    letter: letter(words[4]),
                    class: about(words[5]).1,
                    pointer: (words[6] != "-").then(|| words[6].to_owned()),
                }),
                "told" => Mapped::Told(kind(words[3]), letter(words[4])),
                "own" => Mapped::Own,
                "open" => Mapped::Open,
                "live" => {
                    map.topics.push(LiveTopic {
                        name: words[1].to_owned(),
                        kind: kind(words[2]),
                        classes: words[3..].iter().map(|word| about(word).1).collect(),
                    });
                    continue;
                }
                other => panic!("routes.txt: no such line: {other}"),
            };
            map.routes
                .push((words[1].to_owned(), words[2].to_owned(), mapped));
        }
        map
    }
}

fn part(word: &str) -> Part {
    let (label, pointer) = word.split_once('@').unwrap_or((word, ""));
    Part {
        class: about(label).1,
        pointer: (!pointer.is_empty()).then(|| pointer.to_owned()),
    }
}
