//! Every active alarm of the ward, highest and oldest first, never left out for its age. It keeps its
//! place when nothing alarms, so no bed ever moves.

use fleetward_common::{alarms::Priority, id::BedId};
use std::{collections::HashMap, rc::Rc};
use yew::{Callback, Html, Properties, component, html};

use crate::{
    api::clock,
    care::{
        alarms::Shown,
        parts::alarm_block::{full, look, word},
        tile::Tile,
    },
    hooks::use_pulse,
    ui::icon::Icon,
};

/// What fits one row; the rest is counted.
const DESK: usize = 5;
const FAR: usize = 3;

#[derive(Properties, PartialEq)]
pub struct AlarmStripProps {
    pub alarms: Vec<Shown>,
    pub tiles: Vec<Rc<Tile>>,
    pub far: bool,
    /// A phone has a list of all of them.
    pub phone: bool,
    pub on_open: Callback<BedId>,
}

#[component(AlarmStrip)]
pub fn alarm_strip(props: &AlarmStripProps) -> Html {
    use_pulse(1_000);
    let now = clock::now();
    let labels: HashMap<BedId, &str> = props
        .tiles
        .iter()
        .map(|tile| (tile.bed, tile.label.as_str()))
        .collect();
    let room = match (props.phone, props.far) {
        (true, _) => usize::MAX,
        (_, true) => FAR,
        _ => DESK,
    };
    let shown = props.alarms.iter().take(room);
    let rest = props
        .alarms
        .get(room.min(props.alarms.len())..)
        .unwrap_or_default();
    let class = if props.far {
        "alarm-strip is-far"
    } else {
        "alarm-strip"
    };
    html! {
        <>
            { aloud(&props.alarms, &labels) }
            if props.alarms.is_empty() {
                <p class="alarm-strip is-calm"><Icon name="check" />{ "No active alarms" }</p>
            } else {
                <ol {class} aria-label="Active alarms, highest and oldest first">
                    { for shown.map(|alarm| {
                        let (open, bed) = (props.on_open.clone(), alarm.bed);
                        html! {
                            <li key={alarm.id.to_string()}>
                                <button type="button" class={yew::classes!("alarm-block", look(alarm))} onclick={move |_| open.emit(bed)}>
                                    { full(alarm, Some(labels.get(&alarm.bed).copied().unwrap_or("?")), now) }
                                </button>
                            </li>
                        }
                    }) }
                    if let Some(next) = rest.first() {
                        <li>
                            <button type="button" class="alarm-more" onclick={{ let (open, bed) = (props.on_open.clone(), next.bed); move |_| open.emit(bed) }}>
                                <b>{ format!("+{} more", rest.len()) }</b><small>{ counts(rest) }</small>
                            </button>
                        </li>
                    }
                </ol>
            }
        </>
    }
}

/// `2 Medium, 1 Low`
fn counts(rest: &[Shown]) -> String {
    let of = |priority| rest.iter().filter(|alarm| alarm.priority == priority).count();
    [Priority::High, Priority::Medium, Priority::Low]
        .into_iter()
        .map(|priority| (of(priority), word(priority)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// For whoever listens: what calls loudest, once. Its time is not in it, or every second would be said.
fn aloud(alarms: &[Shown], labels: &HashMap<BedId, &str>) -> Html {
    let calling = |high: bool| {
        let first = alarms
            .iter()
            .find(|alarm| alarm.calls() && (alarm.priority == Priority::High) == high);
        first.map_or_else(String::new, |alarm| {
            let bed = labels.get(&alarm.bed).copied().unwrap_or_default();
            let limit = alarm
                .limit
                .clone()
                .map(|limit| format!(", {limit}"))
                .unwrap_or_default();
            format!("{} alarm, bed {bed}: {}{limit}", word(alarm.priority), alarm.what)
        })
    };
    html! {
        <>
            <p class="hidden" role="alert">{ calling(true) }</p>
            <p class="hidden" role="status">{ calling(false) }</p>
        </>
    }
}
