//! Every device in the reader's reach: state, software, when it was last seen.

use fleetward_common::{access::Role, devices::DeviceSummary, fleet::FleetCounts, page::Page, time::Instant};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;
use yew_router::prelude::*;

use super::{
    state::{DeviceState, state},
    words::{faults_words, line_word},
};
use crate::{
    api::{
        clock,
        devices::{self, DeviceFilter},
    },
    hooks::{use_keys, use_pulse, use_query, use_refresh, use_session, use_text},
    shell::staff::StaffRoute,
    ui::{age::age_text, async_view::AsyncView, help_dialog::HelpDialog, icon::Icon, zone::Zone},
};

const KEYS: &[(&str, &str)] = &[
    ("/", "search by serial, site, model or software"),
    ("j k", "next, previous device"),
    ("Enter", "open the device in focus"),
    ("?", "this list"),
];

/// Filters live in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct FleetQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[component(FleetPage)]
pub fn fleet_page() -> Html {
    use_pulse(5_000);
    let query = use_location()
        .and_then(|location| location.query::<FleetQuery>().ok())
        .unwrap_or_default();
    let navigator = use_navigator();
    let help = use_state_eq(|| false);
    let current = use_state_eq(|| None::<usize>);
    let search = use_text(query.q.clone().unwrap_or_default());
    let counts = use_query((), |()| devices::counts());
    let filter = DeviceFilter {
        q: query.q.clone(),
        state: query.state.clone(),
        after: query.after.clone(),
    };
    let page = use_query(filter, |filter| async move { devices::list(&filter).await });
    use_refresh(page.reload.clone(), 15_000);
    use_refresh(counts.reload.clone(), 15_000);

    let go = {
        let navigator = navigator.clone();
        Callback::from(move |query: FleetQuery| {
            if let Some(navigator) = &navigator {
                // A query of plain words always encodes.
                let _ = navigator.push_with_query(&StaffRoute::Fleet, query);
            }
        })
    };
    // An exact serial opens at once.
    {
        let (navigator, page, q) = (navigator.clone(), page.ready().cloned(), query.q.clone());
        use_effect_with((page.clone(), q), move |(page, q)| {
            let only = page.as_ref().filter(|page| page.items.len() == 1);
            let hit = only.and_then(|page| page.items.first());
            if let (Some(hit), Some(q), Some(navigator)) = (hit, q, navigator)
                && hit.serial.as_str().eq_ignore_ascii_case(q.trim())
            {
                navigator.replace(&StaffRoute::Device { device: hit.id });
            }
        });
    }
    use_keys({
        let (search, help, current) = (search.clone(), help.clone(), current.clone());
        let rows = page.ready().map_or(0, |page| page.items.len());
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "/" => {
                event.prevent_default();
                if let Some(field) = search.cast::<HtmlInputElement>() {
                    // A field that can't take focus just doesn't.
                    let _ = field.focus();
                    field.select();
                }
            }
            "j" => walk(&current, rows, true),
            "k" => walk(&current, rows, false),
            "?" => help.set(true),
            _ => {}
        })
    });
    let submit = {
        let (go, search, state) = (go.clone(), search.clone(), query.state.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let text = search.cast::<HtmlInputElement>().map(|field| field.value());
            go.emit(FleetQuery {
                q: text
                    .map(|text| text.trim().to_owned())
                    .filter(|text| !text.is_empty()),
                state: state.clone(),
                after: None,
            });
        }
    };
    let biomedical = use_session().is_some_and(|session| session.role == Role::BiomedicalEngineer);
    let ready = {
        let (query, go, current) = (query.clone(), go.clone(), *current);
        Callback::from(move |page: Rc<Page<DeviceSummary>>| table(&page, &query, &go, current))
    };
    html! {
        <>
            <div class="page-head">
                <div>
                    <h1>{ if biomedical { "Devices" } else { "Fleet" } }</h1>
                    <p class="muted">{ counts_words(counts.ready().map(|counts| **counts)) }</p>
                </div>
                <form class="end search" role="search" onsubmit={submit}>
                    <Icon name="search" />
                    <input ref={search} type="search" aria-label="Search by serial, site, model or software" placeholder="Serial (opens at once), site, model"
                        autocomplete="off" spellcheck="false" />
                    <kbd aria-hidden="true">{ "/" }</kbd>
                </form>
            </div>
            { filters(&query, counts.ready().map(|counts| **counts), &go) }
            <AsyncView<Page<DeviceSummary>> of={page} what="the devices" {ready} />
            <HelpDialog keys={KEYS} open={*help} on_close={Callback::from(move |()| help.set(false))} />
        </>
    }
}

fn counts_words(counts: Option<FleetCounts>) -> String {
    counts.map_or_else(String::new, |counts| {
        format!(
            "{} devices · {} connected · {} not seen · {} with faults",
            counts.total, counts.connected, counts.not_seen, counts.with_faults
        )
    })
}

fn filters(query: &FleetQuery, counts: Option<FleetCounts>, go: &Callback<FleetQuery>) -> Html {
    let chip = |label: &'static str, count: Option<u64>, state: Option<&'static str>| {
        let (go, q) = (go.clone(), query.q.clone());
        let pressed = query.state.as_deref() == state;
        let onclick = move |_| {
            go.emit(FleetQuery {
                q: q.clone(),
                state: state.map(str::to_owned),
                after: None,
            });
        };
        html! {
            <button type="button" class="filter" aria-pressed={pressed.to_string()} {onclick}>
                { label }if let Some(count) = count { <b>{ count }</b> }
            </button>
        }
    };
    html! {
        <div class="filters" role="group" aria-label="Which devices">
            { chip("All", counts.map(|counts| counts.total), None) }
            { chip("Fault", counts.map(|counts| counts.with_faults), Some("faults")) }
            { chip("Not seen", counts.map(|counts| counts.not_seen), Some("not_seen")) }
            { chip("Connected", counts.map(|counts| counts.connected), Some("connected")) }
        </div>
    }
}

fn walk(current: &UseStateHandle<Option<usize>>, rows: usize, forward: bool) {
    let last = rows.saturating_sub(1);
    let next = match (**current, forward) {
        (None, _) => 0,
        (Some(row), true) => (row + 1).min(last),
        (Some(row), false) => row.saturating_sub(1),
    };
    current.set(Some(next));
    let link = gloo::utils::document()
        .query_selector(&format!("[data-row=\"{next}\"] a"))
        .ok()
        .flatten();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        // Enter on it opens the device, as on any link.
        let _ = link.focus();
    }
}

fn table(
    page: &Page<DeviceSummary>,
    query: &FleetQuery,
    go: &Callback<FleetQuery>,
    current: Option<usize>,
) -> Html {
    let now = clock::now();
    let zone = Zone::of_viewer();
    if page.items.is_empty() {
        return no_hits(query, go);
    }
    let to = |after: Option<String>| {
        let (go, query) = (go.clone(), query.clone());
        move |_| {
            go.emit(FleetQuery {
                after: after.clone(),
                ..query.clone()
            });
        }
    };
    html! {
        <section class="panel fleet-table" aria-label="Devices">
            <div class="table-scroll" tabindex="0" role="region" aria-label="Devices, table">
                <table class="data">
                    <thead><tr>
                        <th scope="col">{ "Serial" }</th><th scope="col">{ "Model" }</th><th scope="col">{ "Site" }</th>
                        <th scope="col">{ "State" }</th><th scope="col">{ "Faults" }</th><th scope="col">{ "Software" }</th>
                        <th scope="col">{ "Line" }</th><th scope="col" class="num">{ "Battery" }</th><th scope="col">{ "Last seen" }</th>
                    </tr></thead>
                    <tbody>
                        { for page.items.iter().enumerate().map(|(index, device)| row(device, index, current == Some(index), &zone, now)) }
                    </tbody>
                </table>
            </div>
            <p class="table-foot">
                <span>{ format!("{} of {} devices", page.items.len(), page.total) }</span>
                <span class="keys"><span><kbd>{ "j" }</kbd>{ " " }<kbd>{ "k" }</kbd>{ " row" }</span><span><kbd>{ "Enter" }</kbd>{ " open" }</span><span><kbd>{ "?" }</kbd>{ " all keys" }</span></span>
                <span>{ "“Not seen” is judged by each model’s own interval" }</span>
                <span class="end">
                    if query.after.is_some() { <button type="button" class="button" onclick={to(None)}>{ "First page" }</button> }
                    if page.next.is_some() { <button type="button" class="button" onclick={to(page.next.clone())}>{ "Next page" }</button> }
                </span>
            </p>
        </section>
    }
}

fn no_hits(query: &FleetQuery, go: &Callback<FleetQuery>) -> Html {
    let go = go.clone();
    html! {
        <section class="panel"><div class="page">
            <h2>{ "No device matches" }</h2>
            <p>
                { match (&query.q, &query.state) {
                    (Some(q), Some(_)) => format!("Nothing with “{q}” in this state."),
                    (Some(q), None) => format!("No serial number, site, model or version in your reach has “{q}” in it."),
                    (None, _) => "No device is in this state now.".to_owned(),
                } }
            </p>
            <p><button type="button" class="button" onclick={move |_| go.emit(FleetQuery::default())}>{ "Clear the filter" }</button></p>
        </div></section>
    }
}

fn row(device: &DeviceSummary, index: usize, current: bool, zone: &Zone, now: Instant) -> Html {
    let route = StaffRoute::Device { device: device.id };
    let condition = state(device, now);
    html! {
        <tr data-row={index.to_string()} class={classes!(current.then_some("is-current"))}>
            <td class="mono"><Link<StaffRoute> to={route}>{ device.serial.as_str().to_owned() }</Link<StaffRoute>></td>
            <td>{ &device.model.name }</td>
            <td>{ device.site.clone().unwrap_or_else(|| "Unknown".to_owned()) }</td>
            <td>{ chip(condition) }</td>
            <td>{ faults_words(device) }</td>
            <td>{ device.software.as_ref().map_or("Unknown".to_owned(), ToString::to_string) }</td>
            <td>{ line_word(device.connection) }</td>
            <td class="num">{ device.battery_percent.map_or("Unknown".to_owned(), |percent| format!("{percent} %")) }</td>
            <td>{ last_seen(device, condition, zone, now) }</td>
        </tr>
    }
}

pub fn chip(state: DeviceState) -> Html {
    let (word, icon, class) = state.look();
    html! { <span class={class}><Icon name={icon} />{ word }</span> }
}

fn last_seen(device: &DeviceSummary, state: DeviceState, zone: &Zone, now: Instant) -> Html {
    match device.last_seen {
        None => html! { <span class="muted">{ "never" }</span> },
        Some(seen) if state == DeviceState::NotSeen => {
            html! { <span class="seen-late">{ zone.moment(seen, now) }</span> }
        }
        Some(seen) => html! { <span class="age">{ age_text(now.since(seen)) }{ " ago" }</span> },
    }
}
