//! One event: who, whom, why, what was opened, how they stood to each other then, and the decision.

use fleetward_common::{
    id::AccessReviewId,
    review::{Finding, ReviewEvent, ReviewStep},
};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::KeyboardEvent;
use yew::{Callback, Html, Properties, component, html, use_state_eq};
use yew_router::prelude::*;

use super::{
    chain::{ChainBadge, ChainBreak},
    decision::DecisionForm,
    opened::Opened,
    own_view::OwnViewNote,
    queue_page::title,
    relation::Relation,
    similar::Similar,
    words,
};
use crate::{
    api::{self, clock},
    care::parts::patient_banner::clinical_date,
    hooks::{use_keys, use_query},
    shell::staff::StaffRoute,
    ui::{async_view::AsyncView, help_dialog::HelpDialog, icon::Icon, panel::Panel, zone::Zone},
};

const KEYS: &[(&str, &str)] = &[
    ("1", "appropriate, then confirm"),
    ("2", "needs an answer, then confirm"),
    ("3", "breach, then confirm"),
    ("n", "write the note"),
    (".", "next that is undecided"),
    ("[", "review before"),
    ("]", "review after"),
    ("Esc", "queue"),
    ("?", "this list"),
];

#[derive(Properties, PartialEq)]
pub struct EventPageProps {
    pub review: AccessReviewId,
}

#[component(EventPage)]
pub fn event_page(props: &EventPageProps) -> Html {
    let event = use_query(props.review, |review| async move {
        let event = api::reviews::event(review).await?;
        clock::heard(event.server_time);
        Ok(event)
    });
    let help = use_state_eq(|| false);
    let navigator = use_navigator();
    use_keys({
        let (help, review) = (help.clone(), props.review);
        Callback::from(move |event: KeyboardEvent| {
            let Some(navigator) = navigator.clone() else {
                return;
            };
            match event.key().as_str() {
                "Escape" => navigator.push(&StaffRoute::Privacy),
                "." => walk(navigator, review, Walk::NextUndecided),
                "[" => walk(navigator, review, Walk::Before),
                "]" => walk(navigator, review, Walk::After),
                "?" => help.set(true),
                _ => {}
            }
        })
    });
    let ready = {
        let reload = event.reload.clone();
        Callback::from(move |event: Rc<ReviewEvent>| html! { <Event {event} reload={reload.clone()} /> })
    };
    html! {
        <>
            <AsyncView<ReviewEvent> of={event} what="this review" {ready} />
            <HelpDialog keys={KEYS} open={*help} on_close={{ let help = help.clone(); Callback::from(move |()| help.set(false)) }} />
        </>
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Walk {
    NextUndecided,
    Before,
    After,
}

/// Through the open ones of the queue, as they stand now.
fn walk(navigator: Navigator, review: AccessReviewId, walk: Walk) {
    spawn_local(async move {
        let Ok(queue) = api::reviews::queue("open", None).await else {
            return;
        };
        let ids: Vec<AccessReviewId> = queue.items.iter().map(|line| line.id).collect();
        let here = ids.iter().position(|id| *id == review);
        let to = match walk {
            Walk::Before => here.and_then(|here| ids.get(here.checked_sub(1)?)),
            Walk::After => ids.get(here.map_or(0, |here| here + 1)),
            Walk::NextUndecided => ids
                .get(here.map_or(0, |here| here + 1))
                .or_else(|| ids.iter().find(|id| **id != review)),
        };
        match to {
            Some(review) => navigator.push(&StaffRoute::Review { review: *review }),
            None if walk == Walk::NextUndecided => navigator.push(&StaffRoute::Privacy),
            None => {}
        }
    });
}

#[derive(Properties, PartialEq)]
struct EventProps {
    event: Rc<ReviewEvent>,
    reload: Callback<()>,
}

#[component(Event)]
fn event(props: &EventProps) -> Html {
    let event = &props.event;
    let line = &event.line;
    let (zone, now) = (Zone::new(&event.time_zone), clock::now());
    let lasted = words::lasted(line.span)
        .map(|lasted| format!(", {lasted}"))
        .unwrap_or_default();
    let kind = match line.kind {
        fleetward_common::review::ReviewKind::Emergency => "Emergency access",
        fleetward_common::review::ReviewKind::Unexplained => "Unexplained access",
    };
    let all = words::length(line.due_at.since(line.raised_at).as_secs());
    html! {
        <div class="desk">
            <div class="event-head"><div>
                <p class="crumb"><Link<StaffRoute> to={StaffRoute::Privacy}>{ "Reviews" }</Link<StaffRoute>></p>
                <h1>{ title(line) }</h1>
                <p class="muted">{ format!("{kind}, {} {} to {}{lasted}", zone.day(line.span.from), zone.clock(line.span.from), zone.clock(line.span.until)) }</p>
            </div><div class="end"><ChainBadge chain={event.chain.clone()} zone={zone.clone()} /></div></div>
            <ChainBreak chain={event.chain.clone()} zone={zone.clone()} />
            <dl class="panel event-facts">
                <div><dt>{ "Who" }</dt><dd><b>{ &line.person_name }</b><small>{ line.role.title() }{ for line.units.iter().map(|unit| html! { <>{ ", " }{ unit }</> }) }</small>
                    if let Some(proof) = &event.proof { <small>{ proof }</small> }</dd></div>
                <div><dt>{ "Patient" }</dt><dd>{ whom(event) }</dd></div>
                <div><dt>{ said(event) }</dt><dd>
                    if line.reason.is_some() { <q>{ line.sentence.clone().unwrap_or_else(|| "Erased with the patient’s key".to_owned()) }</q> }
                    if let Some(extension) = &event.extended { <small>{ "Extended " }{ zone.clock(extension.at) }{ ", " }{ extension.reason.title() }{ ": " }<q>{ extension.sentence.clone().unwrap_or_default() }</q></small> }
                    <span class="signals">{ for line.signals.iter().map(|signal| html! { <span class="chip plain">{ signal.title() }</span> }) }</span>
                </dd></div>
                <div><dt>{ "Explanation on record" }</dt><dd><ul class="findings">{ for event.findings.iter().map(finding) }</ul></dd></div>
            </dl>
            <div class="event-grid">
                <div class="event-left">
                    <Relation lanes={event.lanes.clone()} window={event.window} access={line.span} zone={zone.clone()} />
                    <Opened items={event.opened.clone()} zone={zone.clone()} />
                    if !event.steps.is_empty() { { steps(&event.steps, &zone) } }
                </div>
                <div class="event-right">
                    <DecisionForm review={line.id} person={line.person_name.clone()} state={line.state} may={event.may_decide.clone()}
                        due={format!("{} of {all}", words::time_left(line.due_at, now))} on_decided={props.reload.clone()} />
                    <Similar similar={event.similar.clone()} person={line.person_name.clone()} at={line.span.from} {now} zone={zone.clone()} />
                </div>
            </div>
            <footer class="keys">
                <span><kbd>{ "1" }</kbd><kbd>{ "2" }</kbd><kbd>{ "3" }</kbd>{ "choose, then confirm" }</span><span><kbd>{ "n" }</kbd>{ "note" }</span><span><kbd>{ "." }</kbd>{ "next undecided" }</span><span><kbd>{ "[" }</kbd><kbd>{ "]" }</kbd>{ "before, after" }</span><span><kbd>{ "Esc" }</kbd>{ "queue" }</span>
                <span class="end"><OwnViewNote view={event.own_view.clone()} {zone} /></span>
            </footer>
        </div>
    }
}

fn whom(event: &ReviewEvent) -> Html {
    let line = &event.line;
    match &line.patient {
        Some(patient) => html! {
            <><b>{ patient.family_name.to_uppercase() }{ ", " }{ &patient.given_name }</b>
            <small>{ "Born " }{ clinical_date(&patient.born) }{ ", " }{ &patient.record_number }</small>
            <small>{ line.place.clone().map_or("In no bed then".to_owned(), |place| format!("{place} at the time")) }</small></>
        },
        None if line.patients > 1 => html! { <b>{ format!("{} patients", line.patients) }</b> },
        None => html! { <b>{ "Erased" }</b> },
    }
}

fn said(event: &ReviewEvent) -> String {
    event.line.reason.map_or("What stood out".to_owned(), |reason| {
        format!("Reason given: {}", reason.title().to_lowercase())
    })
}

fn finding(finding: &Finding) -> Html {
    let (class, icon) = words::degree(finding.degree);
    html! { <li class={class}><Icon name={icon} /><span>{ &finding.text }</span></li> }
}

fn steps(steps: &[ReviewStep], zone: &Zone) -> Html {
    html! {
        <Panel title="What was decided and answered" class="slim">
            <ol class="steps">{ for steps.iter().map(|step| html! {
                <li><p><b>{ &step.by }</b>{ " " }{ words::step(step.step) }{ ", " }{ zone.day(step.at) }{ " " }{ zone.minute(step.at) }if step.late { <span class="chip act">{ "Late" }</span> }</p><q>{ &step.note }</q></li>
            }) }</ol>
        </Panel>
    }
}
