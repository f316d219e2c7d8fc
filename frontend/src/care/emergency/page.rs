//! `/ward/emergency`: the form for whoever comes without an address, and what officers ask afterwards.

use yew::{Html, component, html};

use super::{EmergencyOnRefusal, Questions, Start};
use crate::shell::frame::Frame;

#[component(EmergencyPage)]
pub fn emergency_page() -> Html {
    html! {
        <Frame nav={html! { <><a href="/ward">{ "Board" }</a><a href="/ward/emergency" aria-current="page">{ "Emergency" }</a></> }}>
            <div class="bg-page">
                <div class="page-head"><div><h1>{ "Emergency access" }</h1><p class="muted">{ "For a patient of this hospital who is not one of yours." }</p></div></div>
                <EmergencyOnRefusal start={Start::Nothing} />
                <Questions />
            </div>
        </Frame>
    }
}
