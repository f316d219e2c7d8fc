//! What opening does, said before it is done.

use fleetward_common::emergency::FoundPatient;
use std::time::Duration;
use yew::{Html, Properties, component, html};

use crate::{
    api::clock,
    ui::{icon::Icon, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct EffectProps {
    pub found: FoundPatient,
}

const OPENS: [&str; 3] = [
    "Live values and waves",
    "Trends of the last 72 hours",
    "Devices at this bed",
];
const STAYS_CLOSED: [&str; 4] = [
    "Changing limits or therapy",
    "Reports, printing, export",
    "What was measured before that",
    "Every other patient",
];

#[component(Effect)]
pub fn effect(props: &EffectProps) -> Html {
    let found = &props.found;
    let zone = Zone::of_viewer();
    let review_by = clock::now() + Duration::from_secs(u64::from(found.review_hours) * 3_600);
    html! {
        <aside class="panel bg-effect" aria-label="What opening does">
            <section class="bg-time"><p><b>{ "15:00" }</b><span>{ "minutes, then it closes by itself. A counter stays in view; you can end it sooner." }</span></p></section>
            <section><h3>{ "What opens" }</h3><ul class="ticks">
                { for OPENS.iter().map(|what| html! { <li><Icon name="check" />{ *what }</li> }) }
            </ul></section>
            <section><h3>{ "What stays closed" }</h3><ul class="ticks no">
                { for STAYS_CLOSED.iter().map(|what| html! { <li><Icon name="closed" />{ *what }</li> }) }
            </ul></section>
            <section><h3>{ "Who is told" }</h3><dl class="told">
                { for found.told.iter().map(|told| html! {
                    <div><dt>{ &told.name }<span>{ &told.role }</span></dt><dd>{ "at once, to review it by " }{ zone.moment(review_by, clock::now()) }</dd></div>
                }) }
                <div><dt>{ &found.identity.given_name }{ " " }{ &found.identity.family_name }<span>{ "Patient" }</span></dt><dd>{ "in their own access log" }</dd></div>
            </dl></section>
            <p class="bg-note"><Icon name="info" /><span>{ "That you asked, at " }{ zone.clock(found.recorded_at) }{ ", is recorded already. This works without the hospital directory and without the internet." }</span></p>
        </aside>
    }
}
