//! The ward portal: the board, one bed's drawer, the far view.

mod alarm_lane;
mod alarm_strip;
mod board_page;
mod board_store;
mod grid;
mod keys;
mod screen;
mod sound;

use fleetward_common::id::{BedId, PatientId, UnitId};
use yew::{Html, component, html};
use yew_router::prelude::*;

use crate::{
    care::emergency::{EmergencyPage, EmergencyShell, RecordPage},
    identity::SecurityPage,
    shell::{Portal, SessionGate, error_page::NotFoundPage, frame::Frame},
};
use board_page::{BoardPage, FirstWard};

pub use board_store::{BoardStore, use_record};
pub use grid::Corner;

/// Opaque ids only: an address in a browser's history names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
pub enum WardRoute {
    #[at("/ward")]
    First,
    #[at("/ward/emergency")]
    Emergency,
    #[at("/ward/patient/:patient")]
    Record { patient: PatientId },
    #[at("/ward/:unit")]
    Board { unit: UnitId },
    #[at("/ward/:unit/bed/:bed")]
    Bed { unit: UnitId, bed: BedId },
    #[at("/security")]
    Security,
    #[not_found]
    #[at("/ward/nothing-here")]
    NotFound,
}

#[component(WardPortal)]
pub fn ward_portal() -> Html {
    html! {
        <Portal>
            <SessionGate><EmergencyShell><Switch<WardRoute> render={page} /></EmergencyShell></SessionGate>
        </Portal>
    }
}

fn page(route: WardRoute) -> Html {
    match route {
        WardRoute::First => html! { <FirstWard /> },
        WardRoute::Emergency => html! { <EmergencyPage /> },
        WardRoute::Record { patient } => html! { <RecordPage {patient} /> },
        WardRoute::Board { unit } => html! { <BoardPage {unit} bed={None::<BedId>} /> },
        WardRoute::Bed { unit, bed } => html! { <BoardPage {unit} bed={Some(bed)} /> },
        WardRoute::Security => html! { <SecurityPage /> },
        WardRoute::NotFound => html! { <Frame><NotFoundPage home="/ward" home_name="the board" /></Frame> },
    }
}
