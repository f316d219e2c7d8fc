//! The ward's clock: server time, hospital zone, seconds always moving.

use yew::{Html, Properties, component, html};

use crate::{api::clock, hooks::use_pulse, ui::zone::Zone};

#[derive(Properties, PartialEq)]
pub struct WardClockProps {
    pub zone: Zone,
}

#[component(WardClock)]
pub fn ward_clock(props: &WardClockProps) -> Html {
    use_pulse(250);
    let now = clock::now();
    let zone = &props.zone;
    // Named only when it is not the viewer's own: then it would mislead without its name.
    let named = Zone::of_viewer() != *zone;
    html! {
        <div class="ward-clock">
            <time class="clock">{ zone.clock(now) }</time>
            <span class="clock-date">{ zone.date(now) }if named { { format!(" {}", zone.short_name(now)) } }</span>
        </div>
    }
}
