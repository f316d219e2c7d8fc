//! `routes.txt`, read.

use fleetward_common::access::{Action, DataClass, Kind};

use super::who::class;

const ROUTES: &str = include_str!("routes.txt");

/// What the first word of a line says of the route.
#[derive(Debug, Clone)]
pub enum Mapped {
    Row(RowRoute),
    Act(RowRoute),
    Mine(RowRoute),
    Behind(RowRoute),
    Screen(RowRoute),
    Find(RowRoute),
    Look(RowRoute),
    Platform(RowRoute),
    Every,
    List(ListRoute),
    Shut(RowRoute),
    /// No row is behind it; the line says why.
    Own,
    Open,
}

#[derive(Debug, Clone)]
pub struct RowRoute {
    pub kind: Kind,
    pub letter: char,
    pub parts: Vec<Part>,
    pub body: String,
}

/// A class that the answer can hold, and where it then shows.
#[derive(Debug, Clone)]
pub struct Part {
    pub class: DataClass,
    /// Of the device that stands at the row, rather than of the row.
    pub of_device: bool,
    pub shows: Shows,
}

#[derive(Debug, Clone)]
pub enum Shows {
    At(String),
    /// There is nothing to point at; the line says why.
    Nowhere,
    /// A change: whether it is permitted is all that is asked.
    AsPermitted,
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
    /// Devices, or beds, each with these of its classes that the listener has.
    pub carries: (Kind, Vec<DataClass>),
}

pub struct Map {
    /// Method and pattern.
    pub routes: Vec<(String, String, Mapped)>,
    pub topics: Vec<LiveTopic>,
}

/// What a letter of the table stands for.
pub const LETTERS: [(char, Action); 17] = [
    ('R', Action::Read),
    ('H', Action::ReadHistory),
    ('A', Action::Acknowledge),
    ('M', Action::PauseAlarms),
    ('O', Action::SwitchOffAlarms),
    ('G', Action::ChangeLimits),
    ('T', Action::Transfer),
    ('E', Action::OpenEmergency),
    ('S', Action::EnrolStation),
    ('W', Action::OpenToSupport),
    ('K', Action::Administer),
    ('L', Action::ReadAccessLog),
    ('C', Action::ManageConsent),
    ('U', Action::ReadAudit),
    ('D', Action::DecideReview),
    ('X', Action::Export),
    ('P', Action::ReadPolicy),
];

pub fn action(letter: char) -> Action {
    let found = LETTERS.iter().find(|(known, _)| *known == letter);
    found.unwrap_or_else(|| panic!("no such letter: {letter}")).1
}

fn kind(word: &str) -> Kind {
    match word {
        "house" => Kind::Organisation,
        other => Kind::parse(other).unwrap_or_else(|| panic!("no such kind: {other}")),
    }
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
            if words[0] == "live" {
                map.topics.push(topic(&words));
                continue;
            }
            map.routes
                .push((words[1].to_owned(), words[2].to_owned(), mapped(&words, body)));
        }
        map
    }
}

fn mapped(words: &[&str], body: &str) -> Mapped {
    let with_a_reason = |mapped| {
        assert!(words.len() > 3, "why? {words:?}");
        mapped
    };
    let row = || RowRoute {
        kind: kind(words[3]),
        letter: letter(words[4]),
        parts: words[5..].iter().map(|word| part(words[0], word)).collect(),
        body: body.to_owned(),
    };
    match words[0] {
        "row" => Mapped::Row(row()),
        "act" => Mapped::Act(row()),
        "mine" => Mapped::Mine(row()),
        "behind" => Mapped::Behind(row()),
        "screen" => Mapped::Screen(row()),
        "find" => Mapped::Find(row()),
        "look" => Mapped::Look(row()),
        "platform" => Mapped::Platform(row()),
        "every" => Mapped::Every,
        "list" => Mapped::List(ListRoute {
            kind: kind(words[3]),
            letter: letter(words[4]),
            class: class(words[5]),
            pointer: (words[6] != "-").then(|| words[6].to_owned()),
        }),
        "shut" => Mapped::Shut(RowRoute {
            kind: kind(words[3]),
            letter: 'R',
            parts: Vec::new(),
            body: body.to_owned(),
        }),
        "own" => with_a_reason(Mapped::Own),
        "open" => with_a_reason(Mapped::Open),
        other => panic!("routes.txt: no such line: {other}"),
    }
}

fn topic(words: &[&str]) -> LiveTopic {
    let at = words.iter().position(|word| *word == "carries");
    let (opens, carries) = words.split_at(at.expect("what the topic carries"));
    let classes = |words: &[&str]| words.iter().map(|word| class(word)).collect();
    LiveTopic {
        name: opens[1].to_owned(),
        kind: kind(opens[2]),
        classes: classes(&opens[3..]),
        carries: (kind(carries[1]), classes(&carries[2..])),
    }
}

fn part(first: &str, word: &str) -> Part {
    let (of_device, word) = match word.strip_prefix("device.") {
        Some(word) => (true, word),
        None => (false, word),
    };
    let (label, shows) = if let Some((label, pointer)) = word.split_once('@') {
        (label, Shows::At(pointer.to_owned()))
    } else if let Some((label, why)) = word.split_once(':') {
        assert!(!why.is_empty(), "why? {word}");
        (label, Shows::Nowhere)
    } else {
        let read = matches!(first, "row" | "mine");
        assert!(!read, "where does {word} show, or why not?");
        (word, Shows::AsPermitted)
    };
    Part {
        class: class(label),
        of_device,
        shows,
    }
}
