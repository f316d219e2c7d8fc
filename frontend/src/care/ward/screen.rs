//! The board on a screen that only watches: what was pressed there, and whose screen it is.

use fleetward_common::{id::BedId, identity::SessionView};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use yew::{Html, UseStateHandle, html};

use super::grid;
use crate::{api, care::tile::Tile};

/// What is pressed on a screen that only watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Bed(BedId),
    /// The form for looking at a patient in an emergency.
    Emergency,
    /// Nothing yet: someone says who they are first.
    Act,
}

impl Wanted {
    pub fn words(self, tiles: &[Rc<Tile>]) -> String {
        match self {
            Wanted::Bed(bed) => {
                let label = tiles.iter().find(|tile| tile.bed == bed);
                label.map_or_else(
                    || "open a bed".to_owned(),
                    |tile| format!("open bed {}", tile.label),
                )
            }
            Wanted::Emergency => "look at a patient in an emergency".to_owned(),
            Wanted::Act => "act on this screen".to_owned(),
        }
    }
}

/// Beds that nothing may lie on: those whose signal is lost or late.
pub fn troubled(shown: &[Rc<Tile>]) -> Vec<bool> {
    shown.iter().map(|tile| tile.needs_a_look()).collect()
}

pub fn covered(shown: &[Rc<Tile>], columns: usize) -> String {
    let corner = grid::calmest_corner(&troubled(shown), columns);
    let labels: Vec<&str> = grid::beds_under(corner, shown.len(), columns)
        .into_iter()
        .filter_map(|at| shown.get(at))
        .map(|tile| tile.label.as_str())
        .collect();
    labels.join(", ")
}

/// Who answers for the ward makes this browser its screen, and takes it back.
pub fn screen_link(
    session: Option<&SessionView>,
    may_enrol: bool,
    watching: bool,
    enrolling: &UseStateHandle<bool>,
    ward: &str,
) -> Html {
    let Some(session) = session.filter(|_| may_enrol && !watching) else {
        return html! {};
    };
    let Some(station) = &session.station else {
        let enrolling = enrolling.clone();
        return html! {
            <button type="button" class="link" onclick={move |_| enrolling.set(true)}>{ "Make this a ward screen" }</button>
        };
    };
    let id = station.id;
    let retire = move |_| {
        spawn_local(async move {
            // If it fails the page is what it was, and the button still there.
            if api::stations::retire(id).await.is_ok() {
                api::session::go_to_sign_in();
            }
        });
    };
    html! {
        <button type="button" class="link" onclick={retire} title={format!("{} shows {ward} no longer", station.name)}>{ "Take this screen back" }</button>
    }
}
