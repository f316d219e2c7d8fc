//! One bed on the board. Drawn anew at most once a second; its waves are drawn by the sweeper.

use fleetward_common::{
    alarms::Priority,
    metric::{MetricCode, codes},
    unit::Decimal,
};
use std::rc::Rc;
use yew::{AttrValue, Callback, Html, Properties, classes, component, html};

use super::{
    alarm_block::{band, look},
    sweep::{Pace, SweepCanvas, Sweeper, wave_kind},
    vital::VitalSign,
};
use crate::{
    api::clock,
    care::tile::{Absence, Body, Lane, Monitored, Tile, Vital},
    ui::{
        age::{age_text, stopwatch_text},
        icon::Icon,
        zone::Zone,
    },
};

#[derive(Properties, PartialEq)]
pub struct BedTileProps {
    pub tile: Rc<Tile>,
    pub zone: Zone,
    pub sweeper: Sweeper,
    /// Where a press leads: the bed's own address.
    pub href: String,
    pub on_open: Callback<()>,
    pub open: bool,
    /// Lanes that fit: two on the desk board, one in the far view, none beside a drawer or on a phone.
    pub waves: usize,
}

const RATE: [MetricCode; 2] = [codes::HEART_RATE, codes::PULSE_RATE_OXIMETER];
const SPO2: [MetricCode; 1] = [codes::SPO2];
const RESPIRATION: [MetricCode; 1] = [codes::RESPIRATION_RATE];
const PRESSURE: [MetricCode; 3] = [codes::NIBP_SYSTOLIC, codes::NIBP_DIASTOLIC, codes::NIBP_MEAN];

/// 12.5 mm/s nominal: a browser does not know millimetres.
pub const TILE_PACE: Pace = Pace::Pixels(47.0);

#[component(BedTile)]
pub fn bed_tile(props: &BedTileProps) -> Html {
    let tile = &props.tile;
    let state = match &tile.body {
        Body::Free => "is-free",
        Body::NotMonitored { .. } | Body::NeverSeen { .. } => "is-unmonitored",
        Body::Monitored(monitored) if monitored.gone => "is-gone",
        Body::Monitored(_) => "is-monitored",
    };
    let alarm = tile.alarms.first.as_ref().map(|alarm| match alarm.priority {
        Priority::High => "high",
        Priority::Medium => "medium",
        Priority::Low => "low",
    });
    let on_open = props.on_open.clone();
    let onclick = move |event: yew::MouseEvent| {
        // A middle click or Ctrl opens a tab, as everywhere.
        if event.button() == 0 && !event.ctrl_key() && !event.meta_key() && !event.shift_key() {
            event.prevent_default();
            on_open.emit(());
        }
    };
    html! {
        <li class={classes!("bed-tile", state, props.open.then_some("is-open"))} data-bed={tile.label.clone()} data-alarm={alarm}>
            <div class="bed-tile-in">
                <div class="bed-tile-head">
                    <a class="bed-link" href={props.href.clone()} aria-current={props.open.then_some("true")} {onclick}>
                        <span class="hidden">{ "Bed " }</span><b class="bed-no">{ &tile.label }</b>
                        if let Some(name) = &tile.name {
                            <span class="bed-name">{ name }</span>
                        }
                        if let Some(initials) = &tile.initials {
                            <span class="bed-initials" aria-hidden="true">{ initials }</span>
                        }
                    </a>
                    { band(&tile.alarms, |at| props.zone.minute(at), clock::now()) }
                </div>
                { body(props) }
            </div>
        </li>
    }
}

fn body(props: &BedTileProps) -> Html {
    match &props.tile.body {
        Body::Free => html! { <div class="bed-empty"><p>{ "Free" }</p></div> },
        Body::NotMonitored { since } => html! {
            <div class="bed-empty">
                <p><b>{ "Not monitored" }</b>
                    if let Some(since) = since {
                        <span>{ "No device since " }{ props.zone.moment(*since, clock::now()) }</span>
                    } else {
                        <span>{ "No device at this bed" }</span>
                    }
                </p>
            </div>
        },
        Body::NeverSeen { model, serial } => html! {
            <div class="bed-empty">
                <p><b>{ "Never seen" }</b><span>{ model }{ ", " }<span class="mono">{ serial }</span>{ " has not connected yet" }</span></p>
            </div>
        },
        Body::Monitored(monitored) => html! {
            <>
                { waves(props, monitored) }
                { vital(props, "vital rate", &monitored.rate, &RATE) }
                { vital(props, "vital spo2", &monitored.spo2, &SPO2) }
                <div class="bed-tile-foot">
                    { device(monitored) }
                    { vital(props, "minor respiration", &monitored.respiration, &RESPIRATION) }
                    { vital(props, "minor pressure", &monitored.pressure, &PRESSURE) }
                </div>
            </>
        },
    }
}

/// The number that alarms is filled like its alarm; a limit that is not the ward's stands beside it.
fn vital(props: &BedTileProps, class: &'static str, vital: &Vital, metrics: &[MetricCode]) -> Html {
    let alarms = &props.tile.alarms;
    let first = alarms.first.as_ref();
    let filled = first
        .filter(|alarm| !alarm.technical && alarm.metric.is_some_and(|metric| metrics.contains(&metric)))
        .map(look);
    let class: AttrValue = (&classes!(class, filled)).into();
    let changed: Vec<_> = alarms.changed(metrics).cloned().collect();
    html! { <VitalSign {class} vital={vital.clone()} zone={props.zone.clone()} {changed} /> }
}

fn waves(props: &BedTileProps, monitored: &Monitored) -> Html {
    if props.waves == 0 {
        return html! {};
    }
    let lanes: Vec<&Lane> = monitored.lanes.iter().take(props.waves).collect();
    let keys: Vec<_> = lanes.iter().map(|lane| lane.key).collect();
    html! {
        <div class="waves" data-lanes={lanes.len().to_string()}>
            if !keys.is_empty() {
                <SweepCanvas sweeper={props.sweeper.clone()} lanes={keys} pace={TILE_PACE} />
            }
            { lane_words(&lanes) }
        </div>
    }
}

/// Labels, and absences drawn as absences. One sentence when all lanes are blank for the same reason.
pub fn lane_words(lanes: &[&Lane]) -> Html {
    let common = lanes
        .first()
        .and_then(|first| first.absence)
        .filter(|absence| lanes.len() > 1 && lanes.iter().all(|lane| lane.absence == Some(*absence)));
    html! {
        <>
            { for lanes.iter().enumerate().map(|(index, lane)| html! {
                <>
                    <span class={format!("wave-label lane-{index} {}", wave_kind(lane.key))}>{ lane.label }</span>
                    if let (Some(absence), None) = (lane.absence, common) {
                        <p class={format!("no-wave lane-{index}")}><span>{ absence_words(absence, lane) }</span></p>
                    }
                </>
            }) }
            if let (Some(absence), Some(lane)) = (common, lanes.first()) {
                <p class="no-wave all-lanes"><span>{ absence_words(absence, lane) }</span></p>
            }
            if lanes.is_empty() { <p class="no-wave all-lanes"><span>{ "No waves from this device" }</span></p> }
        </>
    }
}

fn absence_words(absence: Absence, lane: &Lane) -> String {
    let (what, since) = match absence {
        Absence::SensorOff(since) if wave_kind(lane.key) == "ecg" => ("Lead off", since),
        Absence::SensorOff(since) => ("Sensor off", since),
        Absence::NoSignal(since) => ("No signal", since),
    };
    match since {
        Some(since) => format!("{what} {}", stopwatch_text(since)),
        None => what.to_owned(),
    }
}

fn device(monitored: &Monitored) -> Html {
    let late = monitored.gone || monitored.heard.is_none_or(|age| age.as_secs() >= 5);
    html! {
        <p class="bed-device">
            <span>{ &monitored.model }</span>
            <span class={classes!("heard", late.then_some("is-late"))}>
                <i aria-hidden="true"></i>
                { match monitored.heard {
                    Some(age) if late => format!("{} old", age_text(age)),
                    Some(age) => age_text(age),
                    None => "silent".to_owned(),
                } }
            </span>
            if let Some(battery) = monitored.battery {
                <span class={classes!("battery", is_low(battery).then_some("is-low"))} title="Battery"><Icon name="battery" /><span class="hidden">{ "Battery " }</span>{ battery.to_string() }{ " %" }</span>
            }
        </p>
    }
}

/// Worth walking over with a cable.
fn is_low(battery: Decimal) -> bool {
    battery.compare(Decimal::whole(20)).is_lt()
}
