//! The patient portal, phone first: today, who saw it, what is shared.

mod own_page;
mod page;
mod sharing_page;
mod spoken;
mod tools;
mod what_to_check;
mod who_saw_page;

use yew::{Html, component, html};
use yew_router::prelude::*;

use crate::{
    identity::SecurityPage,
    shell::{Portal, SessionGate, error_page::NotFoundPage, frame::Frame},
};
use own_page::OwnPageView;
use sharing_page::SharingPage;
use who_saw_page::WhoSawPage;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
pub enum OwnRoute {
    #[at("/patient")]
    Today,
    #[at("/security")]
    Security,
    #[at("/patient/who-saw")]
    WhoSaw,
    #[at("/patient/sharing")]
    Sharing,
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
        OwnRoute::WhoSaw => html! { <WhoSawPage /> },
        OwnRoute::Sharing => html! { <SharingPage /> },
        OwnRoute::NotFound => html! { <Frame><NotFoundPage home="/patient" home_name="today" /></Frame> },
    }
}
