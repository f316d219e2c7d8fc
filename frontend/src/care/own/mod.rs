//! The patient portal: one page, phone first.

mod own_page;
mod what_to_check;

use yew::{Html, component, html};
use yew_router::prelude::*;

use crate::{
    identity::SecurityPage,
    shell::{Portal, SessionGate, error_page::NotFoundPage, frame::Frame},
};
use own_page::OwnPageView;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
pub enum OwnRoute {
    #[at("/patient")]
    Today,
    #[at("/security")]
    Security,
    #[not_found]
    #[at("/patient/nothing-here")]
    NotFound,
}

#[component(PatientPortal)]
pub fn patient_portal() -> Html {
    html! {
        <Portal>
            <SessionGate><Switch<OwnRoute> render={page} /></SessionGate>
        </Portal>
    }
}

fn page(route: OwnRoute) -> Html {
    match route {
        OwnRoute::Today => html! { <OwnPageView /> },
        OwnRoute::Security => html! { <SecurityPage /> },
        OwnRoute::NotFound => html! { <Frame><NotFoundPage home="/patient" home_name="today" /></Frame> },
    }
}
