//! One bed in full, while the board stays visible beside it.

use fleetward_common::{
    care::{BedView, BoardBed},
    id::BedId,
    metric::codes,
};
use std::{collections::HashSet, rc::Rc};
use web_sys::HtmlElement;
use yew::{AttrValue, Callback, Html, Properties, component, html, use_effect_with, use_node_ref};

use super::{
    bed_alarms::BedAlarmsPanel,
    bed_tile::lane_words,
    device_notes::DeviceNotes,
    patient_banner::PatientBanner,
    sweep::{Pace, SweepCanvas},
    trends::TrendPanel,
    vital::VitalSign,
};
use crate::{
    api::{self, clock},
    care::{
        tile::{self, Lane, Vital},
        ward::BoardStore,
    },
    hooks::{use_pulse, use_query, use_refresh},
    ui::{async_view::AsyncView, icon::Icon, zone::Zone},
};

/// What 12 s need at 25 mm/s nominal; the canvas is always 12 s wide.
const DRAWER_PACE: Pace = Pace::Seconds(12.0);
const MOST_LANES: usize = 3;

#[derive(Properties, PartialEq)]
pub struct BedDrawerProps {
    pub bed: BedId,
    pub store: BoardStore,
    pub zone: Zone,
    /// Whether samples come to this screen at all.
    pub waves: bool,
    pub range: AttrValue,
    pub on_range: Callback<String>,
    pub on_close: Callback<()>,
    /// `true`: the next bed.
    pub on_walk: Callback<bool>,
}

#[component(BedDrawer)]
pub fn bed_drawer(props: &BedDrawerProps) -> Html {
    use_pulse(1_000);
    let title = use_node_ref();
    {
        let title = title.clone();
        use_effect_with((), move |()| {
            if let Some(title) = title.cast::<HtmlElement>() {
                // Reading goes on where the bed opened.
                let _ = title.focus();
            }
        });
    }
    let view = use_query(props.bed, api::wards::bed);
    use_refresh(view.reload.clone(), 30_000);
    let Some(bed) = props.store.bed(props.bed) else {
        return html! {
            <section class="bed-drawer" aria-label="Bed" tabindex="-1" ref={title}>
                <div class="page">
                    <h2>{ "Nothing here that you can open" }</h2>
                    <p>{ "This bed is not on this board." }</p>
                    <p>{ close_button(&props.on_close) }</p>
                </div>
            </section>
        };
    };
    let ward = props.store.ward().map(|(name, ..)| name).unwrap_or_default();
    let zone = &props.zone;
    let notes = {
        let zone = zone.clone();
        Callback::from(move |view: Rc<BedView>| html! { <DeviceNotes {view} zone={zone.clone()} /> })
    };
    html! {
        <section class="bed-drawer" aria-labelledby="drawer-title" tabindex="-1" ref={title}>
            <PatientBanner bed={bed.clone()} {ward} zone={zone.clone()}>
                { walk_button(&props.on_walk, false) }
                { walk_button(&props.on_walk, true) }
                { close_button(&props.on_close) }
            </PatientBanner>
            <BedAlarmsPanel bed={props.bed} store={props.store.clone()} zone={zone.clone()} />
            if bed.devices.is_empty() {
                <p class="bed-empty"><b>{ "Not monitored" }</b>{ " No device is at this bed." }</p>
            } else {
                { numbers(&bed, zone) }
                if props.waves {
                    { waves(&props.store, &bed) }
                } else {
                    <p class="wave-note">{ "Waves are on the ward screen; they are not sent to phones." }</p>
                }
            }
            <div class="drawer-columns">
                <TrendPanel bed={props.bed} zone={zone.clone()} range={props.range.clone()} on_range={props.on_range.clone()} />
                <AsyncView<BedView> of={view} what="the devices at this bed" ready={notes} />
            </div>
        </section>
    }
}

pub fn numbers(bed: &BoardBed, zone: &Zone) -> Html {
    let now = clock::now();
    let vital = |metric| tile::vital(bed, metric, now);
    let vitals = [
        ("rate", vital(codes::HEART_RATE)),
        ("spo2", vital(codes::SPO2)),
        ("respiration", vital(codes::RESPIRATION_RATE)),
        ("pressure", tile::pressure(bed, now)),
        ("temperature", vital(codes::TEMPERATURE)),
    ];
    let others = others(bed, now);
    html! {
        <>
            <div class="big-vitals">
                { for vitals.into_iter().map(|(class, vital)| html! {
                    <VitalSign class={format!("big-vital {class}")} {vital} zone={zone.clone()} />
                }) }
            </div>
            if !others.is_empty() {
                <div class="other-vitals">
                    { for others.into_iter().map(|vital| html! {
                        <VitalSign class="minor other" {vital} zone={zone.clone()} />
                    }) }
                </div>
            }
        </>
    }
}

/// What other devices at the bed measure, e.g. a pump.
fn others(bed: &BoardBed, now: fleetward_common::time::Instant) -> Vec<Vital> {
    let shown: HashSet<_> = [
        codes::HEART_RATE,
        codes::SPO2,
        codes::RESPIRATION_RATE,
        codes::NIBP_SYSTOLIC,
        codes::NIBP_DIASTOLIC,
        codes::NIBP_MEAN,
        codes::TEMPERATURE,
        codes::PULSE_RATE_OXIMETER,
        codes::PULSE_RATE_CUFF,
        codes::BATTERY_CHARGE,
    ]
    .into();
    bed.devices
        .iter()
        .flat_map(|device| &device.channels)
        .filter(|channel| !shown.contains(&channel.metric))
        .filter(|channel| matches!(channel.signal, fleetward_common::devices::Signal::Numeric { .. }))
        .filter(|channel| channel.metric.metric().is_some() && channel.latest.is_some())
        .map(|channel| tile::vital(bed, channel.metric, now))
        .take(6)
        .collect()
}

pub fn waves(store: &BoardStore, bed: &BoardBed) -> Html {
    let lanes = store.lanes_of(bed);
    let lanes: Vec<&Lane> = lanes.iter().take(MOST_LANES).collect();
    let keys: Vec<_> = lanes.iter().map(|lane| lane.key).collect();
    let device = bed.devices.first();
    html! {
        <>
            <div class="waves big-waves" data-lanes={lanes.len().to_string()}>
                <SweepCanvas sweeper={store.sweeper.clone()} lanes={keys} pace={DRAWER_PACE} />
                { lane_words(&lanes) }
            </div>
            <p class="wave-note">
                <span>{ "12 s across, ticks 1 s" }</span>
                if let Some(device) = device {
                    <span>{ &device.model }{ ", " }<span class="mono">{ device.serial.as_str() }</span></span>
                }
            </p>
        </>
    }
}

fn walk_button(on_walk: &Callback<bool>, forward: bool) -> Html {
    let on_walk = on_walk.clone();
    let (label, icon, key) = if forward {
        ("Next bed", "right", "]")
    } else {
        ("Previous bed", "left", "[")
    };
    html! {
        <button type="button" class="button" aria-label={label} title={label} onclick={move |_| on_walk.emit(forward)}>
            <Icon name={icon} /><kbd>{ key }</kbd>
        </button>
    }
}

fn close_button(on_close: &Callback<()>) -> Html {
    let on_close = on_close.clone();
    html! {
        <button type="button" class="button close" onclick={move |_| on_close.emit(())}>{ "Close" }<kbd>{ "Esc" }</kbd></button>
    }
}
