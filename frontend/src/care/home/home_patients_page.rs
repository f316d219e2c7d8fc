//! Patients at home with their last data. Those from whom nothing arrives are a group of their own.

use fleetward_common::{
    care::{HomeDevice, HomePatient, Measurement},
    devices::Connection,
    metric::{Freshness, FreshnessBudget, codes},
    page::Page,
    time::Instant,
};
use std::{rc::Rc, time::Duration};
use yew::{Callback, Html, component, html};
use yew_router::prelude::*;

use crate::{
    api::{clock, patients},
    care::parts::patient_banner::{clinical_date, full_name},
    hooks::{use_query, use_refresh},
    shell::staff::StaffRoute,
    ui::{
        age::{age_text, length_text},
        async_view::AsyncView,
        empty_state::EmptyState,
        icon::Icon,
        metric_label::{metric_label, unit_label},
        zone::Zone,
    },
};

/// Which rows; in the address, so that Back and a shared link keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct PatientsQuery {
    /// `no-data`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    show: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// Whether a device has been silent for longer than its own rhythm allows.
fn is_silent(device: &HomeDevice, now: Instant) -> bool {
    let budget = FreshnessBudget::every(Duration::from_secs(u64::from(device.expected_interval_s)));
    device
        .last_data
        .is_none_or(|last| budget.of_age(now.since(last)) == Freshness::Void)
}

fn sends_nothing(patient: &HomePatient, now: Instant) -> bool {
    patient.devices.iter().all(|device| is_silent(device, now))
}

#[component(HomePatientsPage)]
pub fn home_patients_page() -> Html {
    let query = use_location()
        .and_then(|location| location.query::<PatientsQuery>().ok())
        .unwrap_or_default();
    let navigator = use_navigator();
    let patients = use_query(query.after.clone(), patients::home_patients);
    use_refresh(patients.reload.clone(), 60_000);
    let go = Callback::from(move |query: PatientsQuery| {
        if let Some(navigator) = &navigator {
            // A query of plain words always encodes.
            let _ = navigator.push_with_query(&StaffRoute::Patients, query);
        }
    });
    let ready = Callback::from(move |page: Rc<Page<HomePatient>>| list(&page, &query, &go));
    html! {
        <>
            <div class="page-head">
                <div>
                    <h1>{ "Patients at home" }</h1>
                    <p class="honest"><Icon name="clock" /><b>{ "Nights arrive in the morning, other readings when they are taken. Nobody watches this at night." }</b></p>
                </div>
            </div>
            <AsyncView<Page<HomePatient>> of={patients} what="your patients" {ready} />
        </>
    }
}

fn list(page: &Page<HomePatient>, query: &PatientsQuery, go: &Callback<PatientsQuery>) -> Html {
    let now = clock::now();
    let zone = Zone::of_viewer();
    if page.items.is_empty() {
        return html! {
            <EmptyState title="No patient at home yet">
                <p>{ "Patients whose devices your clinic looks after would stand here, those with the oldest data first." }</p>
            </EmptyState>
        };
    }
    let (silent, sending): (Vec<_>, Vec<_>) =
        page.items.iter().partition(|patient| sends_nothing(patient, now));
    let only_silent = query.show.as_deref() == Some("no-data");
    let chip = |label: &'static str, count: usize, show: Option<&'static str>| {
        let go = go.clone();
        let pressed = query.show.as_deref() == show;
        let onclick = move |_| {
            go.emit(PatientsQuery {
                show: show.map(str::to_owned),
                after: None,
            });
        };
        html! { <button type="button" class="filter" aria-pressed={pressed.to_string()} {onclick}>{ label }{ " " }<b>{ count }</b></button> }
    };
    let next = page.next.clone().map(|next| {
        let (go, show) = (go.clone(), query.show.clone());
        move |_| {
            go.emit(PatientsQuery {
                show: show.clone(),
                after: Some(next.clone()),
            });
        }
    });
    html! {
        <>
            <div class="filters" role="group" aria-label="Which patients">
                { chip("All", page.items.len(), None) }
                { chip("No data", silent.len(), Some("no-data")) }
            </div>
            <section class="panel home-patients" aria-label="Patients">
                <div class="table-scroll" tabindex="0" role="region" aria-label="Patients, table">
                    <table class="data">
                        <thead><tr>
                            <th scope="col">{ "Patient" }</th><th scope="col">{ "Device" }</th>
                            <th scope="col">{ "Last data" }</th><th scope="col">{ "Last measurement" }</th>
                        </tr></thead>
                        if !silent.is_empty() {
                            <tbody>
                                <tr class="group"><th colspan="4" scope="rowgroup"><Icon name="no-data" />{ format!("No data, {}: neither good nor bad, and never counted as 0", silent.len()) }</th></tr>
                                { for silent.iter().map(|patient| row(patient, &zone, now)) }
                            </tbody>
                        }
                        if !sending.is_empty() && !only_silent {
                            <tbody>
                                <tr class="group"><th colspan="4" scope="rowgroup"><Icon name="check" />{ format!("Data arrives, {}", sending.len()) }</th></tr>
                                { for sending.iter().map(|patient| row(patient, &zone, now)) }
                            </tbody>
                        }
                    </table>
                </div>
                if only_silent && silent.is_empty() {
                    <div class="page"><p>{ "Every device has sent in its own rhythm." }</p></div>
                }
                <p class="table-foot">
                    <span>{ format!("{} of {} patients", page.items.len(), page.total) }</span>
                    <span>{ "A device counts as silent after twice its own interval" }</span>
                    <span class="end">
                        { "Times in " }{ zone.name() }
                        if let Some(onclick) = next { <button type="button" class="button" {onclick}>{ "Next page" }</button> }
                    </span>
                </p>
            </section>
        </>
    }
}

fn row(patient: &HomePatient, zone: &Zone, now: Instant) -> Html {
    let lines: Vec<&HomeDevice> = patient.devices.iter().collect();
    let rows = lines.len().max(1).to_string();
    let name = match &patient.identity {
        Some(identity) => html! {
            <><b>{ full_name(identity) }</b><span class="second">{ clinical_date(&identity.born) }{ " · " }{ &identity.record_number }</span></>
        },
        None => html! { <span class="muted">{ "Name not open to you" }</span> },
    };
    html! {
        <>
            <tr>
                <th scope="row" rowspan={rows}>{ name }</th>
                { match lines.first() {
                    Some(device) => cells(device, zone, now),
                    None => html! { <td colspan="3" class="muted">{ "No device" }</td> },
                } }
            </tr>
            { for lines.iter().skip(1).map(|device| html! { <tr>{ cells(device, zone, now) }</tr> }) }
        </>
    }
}

fn cells(device: &HomeDevice, zone: &Zone, now: Instant) -> Html {
    html! {
        <>
            <td>{ &device.model }<span class="second">{ line_words(device.connection) }</span></td>
            <td>{ last_data(device, zone, now) }</td>
            <td>{ headline(&device.headline, zone, now) }</td>
        </>
    }
}

fn line_words(connection: Connection) -> &'static str {
    match connection {
        Connection::NeverSeen => "has never connected",
        Connection::Connected { .. } => "connected",
        Connection::Gone { .. } => "not connected now",
    }
}

fn last_data(device: &HomeDevice, zone: &Zone, now: Instant) -> Html {
    match device.last_data {
        None => html! { <b>{ "none yet" }</b> },
        Some(last) if is_silent(device, now) => {
            html! { <><b class="old">{ "No data since " }{ zone.moment(last, now) }</b><span class="second">{ age_text(now.since(last)) }</span></> }
        }
        Some(last) => {
            html! { <>{ zone.moment(last, now) }<span class="second">{ age_text(now.since(last)) }{ " ago" }</span></> }
        }
    }
}

fn headline(measurements: &[Measurement], zone: &Zone, now: Instant) -> Html {
    if measurements.is_empty() {
        return html! { <span class="muted">{ "nothing measured yet" }</span> };
    }
    let at = measurements.iter().map(|measurement| measurement.at).max();
    let diastolic = measurements
        .iter()
        .find(|measurement| measurement.metric == codes::NIBP_DIASTOLIC);
    let shown = measurements
        .iter()
        .filter(|measurement| measurement.metric != codes::NIBP_DIASTOLIC)
        .enumerate();
    html! {
        <>
            { for shown.map(|(index, measurement)| html! {
                <>if index > 0 { { ", " } }{ words(measurement, diastolic) }</>
            }) }
            if let Some(at) = at { <span class="second">{ zone.moment(at, now) }</span> }
        </>
    }
}

fn words(measurement: &Measurement, diastolic: Option<&Measurement>) -> Html {
    let unit = html! { <span class="unit">{ unit_label(measurement.unit.printed()) }</span> };
    match measurement.metric {
        codes::CPAP_USAGE => {
            let minutes = measurement.value.to_f64().max(0.0) as u32;
            html! { <>{ "Used " }{ length_text(minutes) }</> }
        }
        codes::NIBP_SYSTOLIC => html! {
            <>{ "Blood pressure " }{ measurement.value.to_string() }{ "/" }
                { diastolic.map_or("---".to_owned(), |lower| lower.value.to_string()) }{ " " }{ unit }</>
        },
        other => html! {
            <>{ metric_label(other.metric().map_or("", |metric| metric.label)) }{ " " }{ measurement.value.to_string() }{ " " }{ unit }</>
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::DeviceType,
        id::{DeviceId, PatientId},
    };
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Instant = Instant::from_millis(1_764_000_000_000);

    fn cpap(hours_ago: Option<u64>) -> HomeDevice {
        HomeDevice {
            device: DeviceId::from_bytes([5; 16]),
            device_type: DeviceType::Cpap,
            model: "C3".into(),
            connection: Connection::NeverSeen,
            last_data: hours_ago.map(|hours| NOW - Duration::from_secs(hours * 3_600)),
            expected_interval_s: 86_400,
            headline: vec![],
        }
    }

    fn patient(devices: Vec<HomeDevice>) -> HomePatient {
        HomePatient {
            patient: PatientId::from_bytes([1; 16]),
            identity: None,
            devices,
        }
    }

    #[test]
    fn joan_whitfield_whose_device_is_silent_for_four_days_has_no_data() {
        assert!(sends_nothing(&patient(vec![cpap(Some(97))]), NOW));
        assert!(sends_nothing(&patient(vec![cpap(None)]), NOW));
    }

    #[test]
    fn alan_reed_who_slept_last_night_has() {
        assert!(!sends_nothing(&patient(vec![cpap(Some(2))]), NOW));
        assert!(!sends_nothing(&patient(vec![cpap(Some(97)), cpap(Some(2))]), NOW));
    }
}
