//! Today: the last night in one sentence, the week, the device, and who looks at all this.

use fleetward_common::{
    access::Role,
    care::{HomeDevice, Measurement, OwnPage, Tone},
    devices::{Connection, DeviceType},
    identity::SessionView,
    metric::{MetricCode, codes},
    time::Instant,
};
use std::rc::Rc;
use yew::{Callback, Html, Properties, component, html};
use yew_router::prelude::*;

use super::{OwnRoute, spoken::spoken_moment, tools::Tools, what_to_check::WhatToCheck};
use crate::{
    api::{clock, patients},
    care::{parts::night_bars::NightBars, week},
    hooks::{use_query, use_refresh, use_session},
    shell::brand,
    ui::{
        async_view::AsyncView,
        icon::Icon,
        metric_label::{metric_label, unit_label},
        zone::Zone,
    },
};

#[component(OwnPageView)]
pub fn own_page_view() -> Html {
    let session = use_session();
    let page = use_query((), |()| async {
        let page = patients::own_page().await?;
        clock::heard(page.server_time);
        Ok(page)
    });
    use_refresh(page.reload.clone(), 300_000);
    let clinic = session
        .as_ref()
        .map(|session| session.organisation_name.clone())
        .unwrap_or_default();
    let ready = Callback::from(move |page: Rc<OwnPage>| html! { <Today {page} session={session.clone()} /> });
    html! {
        <>
            <header class="own-top">
                { brand::mark() }
                <span class="clinic">{ clinic }</span>
                <Tools />
            </header>
            <main id="main" class="own"><AsyncView<OwnPage> of={page} what="your page" {ready} /></main>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct TodayProps {
    page: Rc<OwnPage>,
    session: Option<Rc<SessionView>>,
}

#[component(Today)]
fn today(props: &TodayProps) -> Html {
    let page = &props.page;
    let zone = Zone::new(&page.time_zone);
    let now = page.server_time;
    let is_proxy = props
        .session
        .as_ref()
        .is_some_and(|session| session.role == Role::Proxy);
    let bars = week::bars(&page.nights);
    html! {
        <>
            <div class="greeting">
                <h1>{ if is_proxy { format!("How {} is doing", page.given_name) } else { format!("{}, {}", greeting(zone.hour(now)), page.given_name) } }</h1>
                <p>{ zone.spoken_date(now) }</p>
            </div>
            { say(page, &zone) }
            if page.sentence.tone == Tone::NoData { <WhatToCheck /> }
            if !bars.is_empty() {
                <section class="card">
                    <h2>{ "The last 7 nights" }</h2>
                    <p class="small">{ week::sentence(&bars) }</p>
                    <NightBars {bars} />
                </section>
            }
            if !page.measurements.is_empty() { { measurements(&page.measurements, &zone, now) } }
            <section class="card rows">
                <h2 class="hidden">{ "Devices" }</h2>
                <ul>{ for page.devices.iter().map(|device| device_row(device, is_proxy, &zone, now)) }</ul>
            </section>
            { who_looks(props.session.as_ref().map(|session| session.organisation_name.as_str())) }
        </>
    }
}

fn greeting(hour: u32) -> &'static str {
    match hour {
        4..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    }
}

fn say(page: &OwnPage, zone: &Zone) -> Html {
    let (badge, icon) = match page.sentence.tone {
        Tone::Good => ("badge", "check"),
        Tone::Plain => ("badge plain", "info"),
        Tone::NoData => ("badge gap", "no-data"),
    };
    // Without data the server's own words say since when.
    let heard = (page.sentence.tone != Tone::NoData)
        .then(|| page.devices.iter().filter_map(|device| device.last_data).max())
        .flatten();
    html! {
        <section class="card say">
            <span class={badge}><Icon name={icon} /></span>
            <div>
                <p class="big">{ &page.sentence.text }</p>
                if let Some(detail) = &page.sentence.detail { <p>{ detail }</p> }
                if let Some(heard) = heard {
                    <p class="small">{ "Last heard " }{ spoken_moment(heard, zone, page.server_time) }</p>
                }
            </div>
        </section>
    }
}

fn measurements(measurements: &[Measurement], zone: &Zone, now: Instant) -> Html {
    html! {
        <section class="card">
            <h2>{ "The last measurements" }</h2>
            <ul class="readings">
                { for joined(measurements).into_iter().map(|(label, value, at)| html! {
                    <li><span>{ label }<br /><span class="small">{ spoken_moment(at, zone, now) }</span></span><b>{ value }</b></li>
                }) }
            </ul>
        </section>
    }
}

/// The newest of each kind; the two halves of one cuff in one line.
fn joined(measurements: &[Measurement]) -> Vec<(Html, Html, Instant)> {
    let mut seen = Vec::new();
    let diastolic = |at: Instant| {
        measurements
            .iter()
            .find(|other| other.metric == codes::NIBP_DIASTOLIC && other.at == at)
    };
    measurements
        .iter()
        .filter(|measurement| measurement.metric != codes::NIBP_DIASTOLIC)
        .filter(|measurement| {
            let first = !seen.contains(&measurement.metric);
            seen.push(measurement.metric);
            first
        })
        .map(|measurement| {
            let unit =
                html! { <>{ " " }<span class="unit">{ unit_label(measurement.unit.printed()) }</span></> };
            let lower = diastolic(measurement.at).filter(|_| measurement.metric == codes::NIBP_SYSTOLIC);
            let value = match lower {
                Some(lower) => {
                    html! { <>{ measurement.value.to_string() }{ "/" }{ lower.value.to_string() }{ unit }</> }
                }
                None => html! { <>{ measurement.value.to_string() }{ unit }</> },
            };
            (name(measurement.metric), value, measurement.at)
        })
        .collect()
}

/// In the words of home, not of the ward.
fn name(metric: MetricCode) -> Html {
    match metric {
        codes::NIBP_SYSTOLIC => html! { "Blood pressure" },
        codes::SPO2 => html! { <>{ "Oxygen, SpO" }<sub>{ "2" }</sub></> },
        codes::GLUCOSE => html! { "Glucose" },
        codes::PULSE_RATE_CUFF | codes::PULSE_RATE_OXIMETER => html! { "Pulse" },
        other => metric_label(other.metric().map_or("Measurement", |metric| metric.name)),
    }
}

/// Somebody who acts for the patient has no device here.
fn device_row(device: &HomeDevice, is_proxy: bool, zone: &Zone, now: Instant) -> Html {
    let whose = if is_proxy { "The" } else { "Your" };
    let kind = device_word(device.device_type);
    let (title, detail) = match (device.connection, device.last_data) {
        (Connection::Connected { .. }, Some(last)) => (
            format!("{whose} {kind} is connected"),
            format!("{}, last data {}", device.model, spoken_moment(last, zone, now)),
        ),
        (Connection::Connected { .. }, None) => {
            (format!("{whose} {kind} is connected"), device.model.clone())
        }
        (_, Some(last)) => (
            format!("{whose} {kind}"),
            format!("{}, last data {}", device.model, spoken_moment(last, zone, now)),
        ),
        (_, None) => (
            format!("{whose} {kind} has not connected yet"),
            format!(
                "{}. Its data appears here after the first night or measurement.",
                device.model
            ),
        ),
    };
    html! { <li><Icon name="device" /><span><b>{ title }</b><small>{ detail }</small></span></li> }
}

fn device_word(kind: DeviceType) -> &'static str {
    match kind {
        DeviceType::Cpap => "sleep device",
        DeviceType::BloodPressureCuff => "blood pressure cuff",
        DeviceType::PulseOximeter => "oximeter",
        DeviceType::ContinuousGlucoseMonitor => "glucose sensor",
        DeviceType::Scale => "scale",
        DeviceType::Ventilator => "ventilator",
        DeviceType::PatientMonitor => "monitor",
        DeviceType::InfusionPump => "pump",
    }
}

fn who_looks(clinic: Option<&str>) -> Html {
    html! {
        <section class="card rows">
            <ul>
                <li>
                    <Icon name="people" />
                    <span><b>{ "Who looks at this, and when" }</b>
                        <small>{ clinic.unwrap_or("The clinic") }{ " sees this when it opens its list in working hours. Nobody watches at night." }</small>
                        <small>{ "The maker of the device sees that it works, never a name or a measurement." }</small>
                    </span>
                </li>
                <li>
                    <Icon name="info" />
                    <span><b><Link<OwnRoute> to={OwnRoute::WhoSaw}>{ "Who saw my data" }</Link<OwnRoute>></b>
                        <small>{ "Every look: who, when and why." }</small></span>
                </li>
                <li>
                    <Icon name="check" />
                    <span><b><Link<OwnRoute> to={OwnRoute::Sharing}>{ "What I share" }</Link<OwnRoute>></b>
                        <small>{ "With the maker, for research, with one person. Your choice." }</small></span>
                </li>
                <li>
                    <Icon name="info" />
                    <span><b>{ "In an emergency" }</b><small>{ "Call your emergency number. This page calls nobody." }</small></span>
                </li>
            </ul>
        </section>
    }
}
