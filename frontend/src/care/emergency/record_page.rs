//! `/ward/patient/{id}`: what an emergency opened, live.

use fleetward_common::{
    care::{BedView, BoardBed},
    emergency::PatientRecord,
    id::PatientId,
};
use std::rc::Rc;
use yew::{AttrValue, Callback, Html, Properties, component, html, use_state_eq};

use super::{EmergencyOnRefusal, Start, patient_line::PatientLine, use_emergency};
use crate::{
    api,
    care::{
        parts::{
            bed_drawer::{numbers, waves},
            device_notes::DeviceNotes,
            trends::TrendPanel,
        },
        ward::{BoardStore, use_record},
    },
    hooks::{use_media, use_pulse, use_query},
    shell::{frame::Frame, offline_bar::OfflineBar},
    ui::{
        async_view::{AsyncView, Loading},
        connection_badge::ConnectionBadge,
        error_panel::ErrorPanel,
        icon::Icon,
        zone::Zone,
    },
};

#[derive(Properties, PartialEq)]
pub struct RecordPageProps {
    pub patient: PatientId,
}

#[component(RecordPage)]
pub fn record_page(props: &RecordPageProps) -> Html {
    let phone = use_media("(max-width: 640px)");
    let store = use_record(props.patient, !phone);
    // Another access of this session opens and closes other things: look anew.
    let open = use_emergency()
        .and_then(|emergency| emergency.open)
        .map(|open| open.patient);
    let retry = {
        let store = store.clone();
        Callback::from(move |()| store.fetch())
    };
    let line = store.line();
    let zone = store
        .ward()
        .map_or_else(Zone::of_viewer, |(_, _, zone)| Zone::new(&zone));
    let nav = html! { <><a href="/ward">{ "Board" }</a><a href="/ward/emergency">{ "Emergency" }</a><ConnectionBadge {line} /></> };
    html! {
        <Frame {nav}>
            <OfflineBar {line} zone={zone.clone()} on_try={{ let store = store.clone(); Callback::from(move |()| store.try_now()) }} />
            { match (store.record(), store.error()) {
                (Some(record), _) => html! { <Record key={open.is_some().to_string()} {record} store={store.clone()} {zone} {phone} /> },
                (None, Some(error)) => html! {
                    <>
                        <h1 class="hidden">{ "Patient" }</h1>
                        <ErrorPanel {error} what="This record" {retry} />
                        <EmergencyOnRefusal start={Start::Nothing} />
                    </>
                },
                (None, None) => html! { <Loading what="the record" {retry} /> },
            } }
        </Frame>
    }
}

#[derive(Properties, PartialEq)]
struct RecordProps {
    record: Rc<PatientRecord>,
    store: BoardStore,
    zone: Zone,
    phone: bool,
}

#[component(Record)]
fn record(props: &RecordProps) -> Html {
    use_pulse(1_000);
    let record = &props.record;
    let bed: Option<BoardBed> = record.bed.as_ref().and_then(|bed| props.store.bed(bed.id));
    let place = record
        .ward
        .as_ref()
        .zip(bed.as_ref())
        .map(|(ward, bed)| format!("{}, bed {}", ward.name, bed.label));
    html! {
        <div class="bg-record">
            { match &record.identity {
                Some(identity) => html! { <PatientLine identity={identity.clone()} place={place.map(AttrValue::from)} is_heading=true /> },
                None => html! { <h1>{ "Patient" }</h1> },
            } }
            { match bed {
                Some(bed) => html! { <AtBed {bed} store={props.store.clone()} zone={props.zone.clone()} phone={props.phone} /> },
                None => html! { <p class="bed-empty"><b>{ "In no bed" }</b>{ " No device is on this patient here." }</p> },
            } }
            if let Some(from) = record.history_from {
                <section class="bga-closed" aria-labelledby="closed-title">
                    <h2 id="closed-title"><Icon name="lock" />{ "Closed in emergency access" }</h2>
                    <ul><li>{ "Limits and therapy: look, not change" }</li><li>{ "Reports and export" }</li>
                        <li>{ "What was measured before " }{ props.zone.day(from) }{ " " }{ props.zone.minute(from) }</li></ul>
                    <p>{ "Staying with this patient? The ward’s charge nurse can add you to the care team." }</p>
                </section>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct AtBedProps {
    bed: BoardBed,
    store: BoardStore,
    zone: Zone,
    phone: bool,
}

#[component(AtBed)]
fn at_bed(props: &AtBedProps) -> Html {
    let bed = &props.bed;
    let range = use_state_eq(|| "6h".to_owned());
    let view = use_query(bed.id, api::wards::bed);
    let notes = {
        let zone = props.zone.clone();
        Callback::from(move |view: Rc<BedView>| html! { <DeviceNotes {view} zone={zone.clone()} /> })
    };
    let on_range = {
        let range = range.clone();
        Callback::from(move |wanted: String| range.set(wanted))
    };
    html! {
        <>
            if bed.devices.is_empty() {
                <p class="bed-empty"><b>{ "Not monitored" }</b>{ " No device is at this bed." }</p>
            } else {
                <div class="bga-live bed-drawer">
                    { numbers(bed, &props.zone) }
                    if props.phone {
                        <p class="wave-note">{ "Waves are on the ward screen; they are not sent to phones." }</p>
                    } else {
                        { waves(&props.store, bed) }
                    }
                </div>
            }
            <div class="bga-grid">
                <TrendPanel bed={bed.id} zone={props.zone.clone()} range={(*range).clone()} {on_range} />
                <AsyncView<BedView> of={view} what="the devices at this bed" ready={notes} />
            </div>
        </>
    }
}
