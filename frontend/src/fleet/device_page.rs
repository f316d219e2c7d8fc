//! One device: its technical facts, and what it measures where that is open to the reader.

use fleetward_common::{
    devices::{ChannelState, DeviceSummary, DeviceView, Signal},
    id::DeviceId,
};
use std::rc::Rc;
use yew::{Callback, Html, Properties, component, html};
use yew_router::prelude::*;

use super::{
    fleet_page::chip,
    state::state,
    support_panel::SupportPanel,
    words::{clock_words, connection_words, faults_words},
};
use crate::{
    api::{clock, devices},
    hooks::{use_pulse, use_query, use_refresh},
    shell::staff::StaffRoute,
    ui::{
        age::age_text,
        async_view::AsyncView,
        icon::Icon,
        metric_label::{metric_label, unit_label},
        panel::Panel,
        zone::Zone,
    },
};

#[derive(Properties, PartialEq)]
pub struct DevicePageProps {
    pub device: DeviceId,
}

#[component(DevicePage)]
pub fn device_page(props: &DevicePageProps) -> Html {
    use_pulse(5_000);
    let view = use_query(props.device, devices::get_device);
    use_refresh(view.reload.clone(), 10_000);
    let ready = Callback::from(|view: Rc<DeviceView>| page(&view));
    html! {
        <>
            <p><Link<StaffRoute> to={StaffRoute::Fleet} classes="back"><Icon name="left" />{ "All devices" }</Link<StaffRoute>></p>
            <AsyncView<DeviceView> of={view} what="the device" {ready} />
            <SupportPanel device={props.device} />
        </>
    }
}

fn page(view: &DeviceView) -> Html {
    let now = clock::now();
    let zone = Zone::of_viewer();
    html! {
        <>
            if let Some(device) = &view.technical {
                <div class="device-head">
                    <h1 class="mono">{ device.serial.as_str() }</h1>
                    <span>{ &device.model.name }</span>
                    { chip(state(device, now)) }
                </div>
            }
            <div class="device-panels">
                if let Some(device) = &view.technical { { technical(device, &zone) } }
                if let Some(channels) = &view.clinical { { clinical(channels) } }
            </div>
        </>
    }
}

fn technical(device: &DeviceSummary, zone: &Zone) -> Html {
    let now = clock::now();
    let fact = |name: &'static str, value: String| html! { <div><dt>{ name }</dt><dd>{ value }</dd></div> };
    html! {
        <Panel title="Technical state">
            <dl class="facts">
                { fact("Site", device.site.clone().unwrap_or_else(|| "Unknown".to_owned())) }
                { fact("Software", device.software.as_ref().map_or("Not told yet".to_owned(), ToString::to_string)) }
                { fact("Line", connection_words(device.connection, zone, now)) }
                { fact("Last seen", device.last_seen.map_or("Never".to_owned(), |seen| format!("{} ({} ago)", zone.moment(seen, now), age_text(now.since(seen))))) }
                { fact("Battery", device.battery_percent.map_or("Not told".to_owned(), |percent| format!("{percent} %"))) }
                { fact("Faults", faults_words(device)) }
                { fact("Clock", clock_words(device)) }
                { fact("Expected", format!("at least every {}", age_text(std::time::Duration::from_secs(u64::from(device.model.expected_interval_s))))) }
            </dl>
        </Panel>
    }
}

fn clinical(channels: &[ChannelState]) -> Html {
    html! {
        <Panel title="What it measures">
            <dl class="facts">
                { for channels.iter().filter(|channel| matches!(channel.signal, Signal::Numeric { .. })).map(|channel| {
                    let metric = channel.metric.metric();
                    let shown = crate::care::vitals::shown(Some(channel), clock::now(), false);
                    html! {
                        <div>
                            <dt>{ metric_label(metric.map_or("Unknown", |metric| metric.label)) }</dt>
                            <dd>{ shown.spoken() }{ " " }<span class="unit">{ unit_label(metric.map_or("", |metric| metric.unit.printed())) }</span></dd>
                        </div>
                    }
                }) }
            </dl>
        </Panel>
    }
}
