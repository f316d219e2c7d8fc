//! The devices at a bed: what they are and how their line stands.

use fleetward_common::{care::BedView, devices::DeviceSummary};
use std::rc::Rc;
use yew::{Html, Properties, component, html};

use crate::{
    api::clock,
    fleet::words::{clock_words, connection_words, faults_words},
    ui::{panel::Panel, zone::Zone},
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
