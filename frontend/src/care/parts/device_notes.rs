//! The devices at a bed: what they are and how their line stands.

use fleetward_common::{
    care::BedView,
    devices::{Connection, DeviceSummary},
    time::Instant,
};
use std::rc::Rc;
use yew::{Html, Properties, component, html};

use crate::{
    api::clock,
    ui::{age::age_text, panel::Panel, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct DeviceNotesProps {
    pub view: Rc<BedView>,
    pub zone: Zone,
}

#[component(DeviceNotes)]
pub fn device_notes(props: &DeviceNotesProps) -> Html {
    let now = clock::now();
    let devices: Vec<&DeviceSummary> = props
        .view
        .devices
        .iter()
        .filter_map(|device| device.technical.as_ref())
        .collect();
    html! {
        <Panel title={if devices.len() == 1 { "Device" } else { "Devices" }} class="device-notes">
            if devices.is_empty() {
                <p class="body muted">{ "No device at this bed whose technical state is open to you." }</p>
            }
            { for devices.into_iter().map(|device| html! {
                <dl class="facts">
                    <div><dt>{ "Model" }</dt><dd>{ &device.model.name }</dd></div>
                    <div><dt>{ "Serial" }</dt><dd class="mono">{ device.serial.as_str() }</dd></div>
                    <div><dt>{ "Line" }</dt><dd>{ connection_words(device.connection, &props.zone, now) }</dd></div>
                    <div><dt>{ "Software" }</dt><dd>{ device.software.as_ref().map_or("Not told yet".to_owned(), ToString::to_string) }</dd></div>
                    <div><dt>{ "Battery" }</dt><dd>{ device.battery_percent.map_or("Not told".to_owned(), |percent| format!("{percent} %")) }</dd></div>
                    <div><dt>{ "Clock" }</dt><dd>{ clock_words(device) }</dd></div>
                    <div><dt>{ "Faults" }</dt><dd>{ faults_words(device) }</dd></div>
                </dl>
            }) }
        </Panel>
    }
}

pub fn connection_words(connection: Connection, zone: &Zone, now: Instant) -> String {
    match connection {
        Connection::NeverSeen => "Never seen".to_owned(),
        Connection::Connected { since } => format!("Connected since {}", zone.moment(since, now)),
        Connection::Gone { since } => format!(
            "Gone since {} ({})",
            zone.moment(since, now),
            age_text(now.since(since))
        ),
    }
}

/// A second here or there is how clocks are; more is worth saying.
pub fn clock_words(device: &DeviceSummary) -> String {
    if !device.clock_trusted {
        return "Not trusted: times are the server's best guess".to_owned();
    }
    match device.clock_offset_ms {
        None => "Not measured yet".to_owned(),
        Some(offset) if offset.abs() < 100 => "Agrees with the server".to_owned(),
        Some(offset) => {
            let seconds = offset.unsigned_abs() as f64 / 1_000.0;
            let side = if offset > 0 { "ahead" } else { "behind" };
            format!("{seconds:.1} s {side}")
        }
    }
}

pub fn faults_words(device: &DeviceSummary) -> String {
    if device.faults.is_empty() {
        return "None".to_owned();
    }
    device
        .faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
