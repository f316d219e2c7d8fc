//! Searching the record: by person, patient, device and time.

use fleetward_common::{
    review::{RecordPage, RecordSearch},
    time::Instant,
};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlInputElement, InputEvent, SubmitEvent};
use yew::{Callback, Html, TargetCast, UseStateHandle, component, html, use_state, use_state_eq};
use yew_router::prelude::*;

use super::{
    copy::SignedCopy,
    own_view::{OwnViewNote, grouped},
};
use crate::{
    api::{self, ApiError, clock},
    shell::staff::StaffRoute,
    ui::{empty_state::EmptyState, error_panel::ErrorPanel, icon::Icon, zone::Zone},
};

#[component(SearchPage)]
pub fn search_page() -> Html {
    let asked = use_state_eq(RecordSearch::default);
    let found = use_state(|| None::<Result<Rc<RecordPage>, ApiError>>);
    let search = {
        let found = found.clone();
        Callback::from(move |asked: RecordSearch| {
            let found = found.clone();
            spawn_local(async move {
                let page = api::reviews::search(&asked).await;
                if let Ok(page) = &page {
                    clock::heard(page.server_time);
                }
                found.set(Some(page.map(Rc::new)));
            });
        })
    };
    let on_submit = {
        let (asked, search) = (asked.clone(), search.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            search.emit(RecordSearch {
                after: None,
                ..(*asked).clone()
            });
        }
    };
    let zone = Zone::of_viewer();
    html! {
        <div class="desk">
            <div class="page-head">
                <div><p class="crumb"><Link<StaffRoute> to={StaffRoute::Privacy}>{ "Reviews" }</Link<StaffRoute>></p><h1>{ "Search the record" }</h1>
                    <p class="muted">{ "Who did what, when. No value and no patient’s name stands here." }</p></div>
                <div class="end"><SignedCopy unverified=false span={Some((asked.from, asked.until))} /></div>
            </div>
            <form class="panel record-search" onsubmit={on_submit}>
                { field("Person", "part of a name", &asked, |asked| asked.person.clone().unwrap_or_default(), |asked, text| asked.person = some(text)) }
                { field("Patient", "record number, exactly", &asked, |asked| asked.record_number.clone().unwrap_or_default(), |asked, text| asked.record_number = some(text)) }
                { field("Device", "serial number, exactly", &asked, |asked| asked.serial.clone().unwrap_or_default(), |asked, text| asked.serial = some(text)) }
                { moment("From", &asked, |asked, at| asked.from = at) }
                { moment("Until", &asked, |asked, at| asked.until = at) }
                <button type="submit" class="button primary"><Icon name="search" />{ "Search" }</button>
            </form>
            { match &*found {
                None => html! {},
                Some(Err(error)) => {
                    let (search, asked) = (search.clone(), asked.clone());
                    html! { <ErrorPanel error={error.clone()} what="The record" retry={Callback::from(move |()| search.emit((*asked).clone()))} /> }
                }
                Some(Ok(page)) if page.items.is_empty() => html! { <EmptyState title="Nothing matches"><p>{ "That you searched is on record." }</p></EmptyState> },
                Some(Ok(page)) => entries(page, &zone, {
                    let (search, asked, next) = (search.clone(), asked.clone(), page.next.clone());
                    Callback::from(move |()| search.emit(RecordSearch { after: next.clone(), ..(*asked).clone() }))
                }),
            } }
        </div>
    }
}

fn some(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn field(
    label: &'static str,
    hint: &'static str,
    asked: &UseStateHandle<RecordSearch>,
    value: fn(&RecordSearch) -> String,
    set: fn(&mut RecordSearch, String),
) -> Html {
    let shown = value(asked);
    let asked = asked.clone();
    let typed = move |event: InputEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            let mut next = (*asked).clone();
            set(&mut next, input.value());
            asked.set(next);
        }
    };
    html! { <label><span>{ label }<small>{ hint }</small></span><input autocomplete="off" value={shown} oninput={typed} /></label> }
}

fn moment(
    label: &'static str,
    asked: &UseStateHandle<RecordSearch>,
    set: fn(&mut RecordSearch, Option<Instant>),
) -> Html {
    let asked = asked.clone();
    let typed = move |event: InputEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            // Of the computer's own zone, as the field shows it.
            let millis = js_sys::Date::new(&input.value().into()).get_time();
            let mut next = (*asked).clone();
            set(
                &mut next,
                millis.is_finite().then(|| Instant::from_millis(millis as i64)),
            );
            asked.set(next);
        }
    };
    html! { <label><span>{ label }<small>{ "your time" }</small></span><input type="datetime-local" oninput={typed} /></label> }
}

fn entries(page: &RecordPage, zone: &Zone, more: Callback<()>) -> Html {
    html! {
        <>
            <section class="panel scroll-x" tabindex="0" aria-label="Entries found">
                <table class="data"><thead><tr><th scope="col">{ "Entry" }</th><th scope="col">{ "Time" }</th><th scope="col">{ "Who" }</th><th scope="col">{ "What" }</th><th scope="col">{ "Purpose" }</th></tr></thead>
                <tbody>{ for page.items.iter().map(|entry| html! {
                    <tr><td class="num">{ grouped(entry.entry) }</td><td>{ zone.day(entry.at) }{ " " }{ zone.clock(entry.at) }</td>
                        <td>{ entry.person_name.clone().unwrap_or_else(|| "The system".to_owned()) }if let Some(role) = entry.role { <small>{ ", " }{ role.title() }</small> }</td>
                        <td>if entry.refused { <Icon name="closed" /> }{ &entry.what }</td><td>{ entry.purpose.clone().unwrap_or_default() }</td></tr>
                }) }</tbody></table>
            </section>
            <p class="pages">
                if page.next.is_some() { <button type="button" class="button" onclick={move |_| more.emit(())}>{ "Earlier ones" }</button> }
                <OwnViewNote view={page.own_view.clone()} zone={zone.clone()} />
            </p>
        </>
    }
}
