//! What a key means on the board. Which bed has the focus is asked of the page.

use fleetward_common::id::BedId;
use std::rc::Rc;
use web_sys::{HtmlElement, KeyboardEvent};

use super::grid::{self, Step};
use crate::care::{alarms::Shown, tile::Tile};

/// As the help lists them.
pub const KEYS: &[(&str, &str)] = &[
    ("7 Enter", "open bed 7"),
    ("← → ↑ ↓", "move between beds"),
    ("Enter", "open the bed in focus"),
    ("[ ]", "previous, next bed or screen"),
    ("Esc", "close the bed"),
    ("n", "next alarm that nobody owns"),
    ("a", "acknowledge, at the open bed"),
    ("s", "pause its sound, then confirm"),
    ("v", "far view, and back"),
    ("?", "this list"),
];

/// Focus goes to the bed, on the board, wherever it was before.
pub fn focus_bed(label: &str) {
    let selector = format!("[data-bed=\"{label}\"] .bed-link");
    let link = gloo::utils::document().query_selector(&selector).ok().flatten();
    if let Some(link) = link.and_then(|link| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(link).ok()) {
        // An element that can't take focus just doesn't.
        let _ = link.focus();
    }
}

fn focused_bed() -> Option<String> {
    gloo::utils::document()
        .active_element()?
        .closest("[data-bed]")
        .ok()
        .flatten()?
        .get_attribute("data-bed")
}

pub struct Keys {
    pub tiles: Vec<Rc<Tile>>,
    pub all: Vec<Rc<Tile>>,
    pub columns: usize,
    pub open: bool,
    pub far: Option<(usize, usize)>,
    pub typed: String,
}

pub enum Pressed {
    Nothing,
    Typed(String),
    Focus(String),
    Open(BedId),
    Close,
    Walk(bool),
    Far(Option<usize>),
    Help,
}

impl Keys {
    pub fn pressed(&self, event: &KeyboardEvent) -> Pressed {
        if self.all.is_empty() {
            return Pressed::Nothing;
        }
        let key = event.key();
        if let Some(step) = Step::of_key(&key) {
            return self.step(step);
        }
        if let Some(digits) = grid::type_digit(&self.typed, &key) {
            return Pressed::Typed(digits);
        }
        match (key.as_str(), self.far) {
            ("Enter", _) if !self.typed.is_empty() => self
                .all
                .iter()
                .find(|tile| tile.label == self.typed)
                .map_or(Pressed::Typed(String::new()), |tile| Pressed::Open(tile.bed)),
            ("Escape", _) if !self.typed.is_empty() => Pressed::Typed(String::new()),
            ("Escape", _) if self.open => Pressed::Close,
            ("[", Some((screen, _))) => Pressed::Far(Some(screen.saturating_sub(1).max(1))),
            ("]", Some((screen, screens))) => Pressed::Far(Some((screen + 1).min(screens))),
            ("[", None) if self.open => Pressed::Walk(false),
            ("]", None) if self.open => Pressed::Walk(true),
            ("v", Some(_)) => Pressed::Far(None),
            ("v", None) => Pressed::Far(Some(1)),
            ("n", _) => self.next_alarm(),
            ("?", _) => Pressed::Help,
            _ => Pressed::Nothing,
        }
    }

    /// The next bed after the focused one that calls for somebody.
    fn next_alarm(&self) -> Pressed {
        let focused = focused_bed();
        let here = self
            .tiles
            .iter()
            .position(|tile| Some(&tile.label) == focused.as_ref());
        let calls = |tile: &&Rc<Tile>| tile.alarms.first.as_ref().is_some_and(Shown::calls);
        let after = self.tiles.iter().skip(here.map_or(0, |here| here + 1));
        after
            .chain(&self.tiles)
            .find(calls)
            .map_or(Pressed::Nothing, |tile| Pressed::Focus(tile.label.clone()))
    }

    fn step(&self, step: Step) -> Pressed {
        let focused = focused_bed();
        let here = self
            .tiles
            .iter()
            .position(|tile| Some(&tile.label) == focused.as_ref());
        // Inside the drawer arrows belong to what has the focus there.
        if self.open && here.is_none() {
            return Pressed::Nothing;
        }
        grid::step(here, step, self.tiles.len(), self.columns)
            .and_then(|index| self.tiles.get(index))
            .map_or(Pressed::Nothing, |tile| Pressed::Focus(tile.label.clone()))
    }
}
