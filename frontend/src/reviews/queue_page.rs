//! The queue: emergency access, then unexplained access, each by the time that is left.

use fleetward_common::{
    id::AccessReviewId,
    review::{ReviewKind, ReviewLine, ReviewQueue, ReviewState},
    time::Instant,
};
use std::rc::Rc;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::{Callback, Html, Properties, component, html, use_effect_with, use_state_eq};
use yew_router::prelude::*;

use super::{
    chain::{ChainBadge, ChainBreak},
    copy::SignedCopy,
    own_view::OwnViewNote,
    words,
};
use crate::{
    api::{self, clock},
    hooks::{use_keys, use_query, use_refresh},
    shell::staff::StaffRoute,
    ui::{async_view::AsyncView, empty_state::EmptyState, help_dialog::HelpDialog, icon::Icon, zone::Zone},
};

const KEYS: &[(&str, &str)] = &[
    ("j", "next review"),
    ("k", "review before"),
    ("Enter", "open it"),
    (".", "open the one that is due first"),
    ("/", "search the record"),
    ("?", "this list"),
];

/// Which part, and the words for it.
const PARTS: [(&str, &str); 5] = [
    ("open", "Open"),
    ("emergency", "Emergency"),
    ("unexplained", "Unexplained"),
    ("waiting", "Waiting for an answer"),
    ("second", "Second reviewer"),
];

#[component(QueuePage)]
pub fn queue_page() -> Html {
    let part = use_state_eq(|| "open");
    let after = use_state_eq(|| None::<String>);
    let queue = use_query((*part, (*after).clone()), |(part, after)| async move {
        let queue = api::reviews::queue(part, after).await?;
        clock::heard(queue.server_time);
        Ok(queue)
    });
    use_refresh(queue.reload.clone(), 60_000);
    let ready = {
        let (part, after) = (part.clone(), after.clone());
        Callback::from(move |queue: Rc<ReviewQueue>| {
            let choose = {
                let (part, after) = (part.clone(), after.clone());
                Callback::from(move |to: &'static str| {
                    after.set(None);
                    part.set(to);
                })
            };
            let more = {
                let (after, next) = (after.clone(), queue.next.clone());
                Callback::from(move |()| after.set(next.clone()))
            };
            let back = {
                let after = after.clone();
                Callback::from(move |()| after.set(None))
            };
            html! { <Desk {queue} part={*part} is_later_page={after.is_some()} {choose} {more} {back} /> }
        })
    };
    html! { <AsyncView<ReviewQueue> of={queue} what="the reviews" {ready} /> }
}

#[derive(Properties, PartialEq)]
struct DeskProps {
    queue: Rc<ReviewQueue>,
    part: &'static str,
    is_later_page: bool,
    choose: Callback<&'static str>,
    more: Callback<()>,
    back: Callback<()>,
}

#[component(Desk)]
fn desk(props: &DeskProps) -> Html {
    let queue = &props.queue;
    let (zone, now) = (Zone::new(&queue.time_zone), clock::now());
    let selected = use_state_eq(|| None::<AccessReviewId>);
    let help = use_state_eq(|| false);
    let navigator = use_navigator();
    let lines = &queue.items;
    let here = lines.iter().position(|line| Some(line.id) == *selected);
    use_effect_with(*selected, |selected| {
        if let Some(review) = selected {
            focus_line(*review);
        }
    });
    use_keys({
        let ids: Vec<AccessReviewId> = lines.iter().map(|line| line.id).collect();
        let (selected, help) = (selected.clone(), help.clone());
        Callback::from(move |event: KeyboardEvent| {
            let open = |review: AccessReviewId| {
                if let Some(navigator) = &navigator {
                    navigator.push(&StaffRoute::Review { review });
                }
            };
            match event.key().as_str() {
                "j" => {
                    let next = here.map_or(0, |here| here + 1).min(ids.len().saturating_sub(1));
                    selected.set(ids.get(next).copied());
                }
                "k" => {
                    let before = here.map_or(0, |here| here.saturating_sub(1));
                    selected.set(ids.get(before).copied());
                }
                "." => {
                    if let Some(first) = ids.first() {
                        open(*first);
                    }
                }
                "/" => {
                    event.prevent_default();
                    if let Some(navigator) = &navigator {
                        navigator.push(&StaffRoute::Record);
                    }
                }
                "?" => help.set(true),
                _ => {}
            }
        })
    });
    let broken = queue.chain.is_broken();
    let next_due = queue
        .counts
        .next_due
        .map(|due| format!(", the next due {}", zone.moment(due, now)));
    html! {
        <div class="desk">
            <div class="page-head">
                <div><h1>{ "Reviews" }</h1><p class="muted">{ format!("{} open, {} over their deadline{}", queue.counts.open, queue.counts.overdue, next_due.unwrap_or_default()) }
                    if broken { { ". Deciding waits until the break is settled." } }</p></div>
                <div class="end"><ChainBadge chain={queue.chain.clone()} zone={zone.clone()} /><SignedCopy unverified={broken} /></div>
            </div>
            <ChainBreak chain={queue.chain.clone()} zone={zone.clone()} />
            <div class="filters" role="group" aria-label="Which reviews">
                { for PARTS.iter().map(|(part, label)| {
                    let (choose, part) = (props.choose.clone(), *part);
                    html! {
                        <button type="button" class="filter" aria-pressed={(props.part == part).to_string()} onclick={move |_| choose.emit(part)}>
                            { *label }<b>{ count(queue, part) }</b>
                        </button>
                    }
                }) }
                <span class="end hint">{ "Your own views are recorded too, and the other officers can review them." }</span>
            </div>
            if lines.is_empty() {
                <EmptyState title={if props.part == "open" { "No open reviews" } else { "Nothing of this kind waits" }}>
                    <p>{ "Each emergency access comes here at once, and looks that nothing explains within a minute." }</p>
                    if let Some(due) = queue.counts.next_due { <p>{ "The next one is due " }{ zone.moment(due, now) }{ "." }</p> }
                </EmptyState>
            } else {
                <section class={if broken { "panel paused" } else { "panel" }} aria-label="Reviews">
                    <table class="queue">
                        <colgroup><col class="c-left" /><col class="c-what" /><col class="c-said" /><col /><col class="c-state" /></colgroup>
                        <thead><tr><th scope="col">{ "Time left" }</th><th scope="col">{ "Who opened whom" }</th><th scope="col">{ "Reason given, or signal" }</th><th scope="col">{ "Explanation on record" }</th><th scope="col">{ "State" }</th></tr></thead>
                        { group(lines, ReviewKind::Emergency, "Emergency access", queue.deadlines.emergency_hours, *selected, &zone, now) }
                        { group(lines, ReviewKind::Unexplained, "Access without a relation that explains it", queue.deadlines.unexplained_hours, *selected, &zone, now) }
                    </table>
                </section>
                <p class="pages">
                    if props.is_later_page { <button type="button" class="button" onclick={{ let back = props.back.clone(); move |_| back.emit(()) }}>{ "Back to the first" }</button> }
                    if queue.next.is_some() { <button type="button" class="button" onclick={{ let more = props.more.clone(); move |_| more.emit(()) }}>{ "Those due later" }</button> }
                </p>
            }
            <footer class="keys">
                <span><kbd>{ "j" }</kbd><kbd>{ "k" }</kbd>{ "move" }</span><span><kbd>{ "Enter" }</kbd>{ "open" }</span><span><kbd>{ "." }</kbd>{ "due first" }</span><span><kbd>{ "/" }</kbd>{ "search" }</span>
                <button type="button" class="link" onclick={{ let help = help.clone(); move |_| help.set(true) }}><kbd>{ "?" }</kbd>{ "all keys" }</button>
                <span class="end"><OwnViewNote view={queue.own_view.clone()} {zone} /></span>
            </footer>
            <HelpDialog keys={KEYS} open={*help} on_close={{ let help = help.clone(); Callback::from(move |()| help.set(false)) }} />
        </div>
    }
}

fn count(queue: &ReviewQueue, part: &str) -> u64 {
    let counts = &queue.counts;
    match part {
        "emergency" => counts.emergency,
        "unexplained" => counts.unexplained,
        "waiting" => counts.waiting_for_answer,
        "second" => counts.second_review,
        _ => counts.open,
    }
}

fn group(
    lines: &[ReviewLine],
    kind: ReviewKind,
    title: &str,
    hours: u32,
    selected: Option<AccessReviewId>,
    zone: &Zone,
    now: Instant,
) -> Html {
    let of_kind: Vec<&ReviewLine> = lines.iter().filter(|line| line.kind == kind).collect();
    if of_kind.is_empty() {
        return html! {};
    }
    html! {
        <tbody>
            <tr><th colspan="5" scope="rowgroup">{ title }<span>{ format!("review within {}", words::length(u64::from(hours) * 3_600)) }</span></th></tr>
            { for of_kind.into_iter().map(|line| row(line, selected == Some(line.id), zone, now)) }
        </tbody>
    }
}

fn row(line: &ReviewLine, selected: bool, zone: &Zone, now: Instant) -> Html {
    let gone = words::gone_in_twentieths(line.raised_at, line.due_at, now);
    let (why, icon) = words::degree(line.explanation.degree);
    let (chip, state) = words::state(line.state);
    html! {
        <tr key={line.id.to_string()} class={if selected { "is-current" } else { "" }}>
            <td><div class={words::urgency(line.due_at, now).class()}>{ words::time_left(line.due_at, now) }
                <svg class="due-bar" viewBox="0 0 20 1" preserveAspectRatio="none" aria-hidden="true"><rect width={gone.to_string()} height="1" /></svg>
                <small>{ zone.moment(line.span.from, now) }</small></div></td>
            <td><span id={format!("review-{}", line.id)}><Link<StaffRoute> to={StaffRoute::Review { review: line.id }}>{ title(line) }</Link<StaffRoute>></span><small>{ about(line, now) }</small></td>
            <td>{ reason(line) }</td>
            <td><div class={why}><Icon name={icon} /><span>{ &line.explanation.text }<small>{ &line.explanation.looked_for }</small></span></div></td>
            <td><span class={chip}>{ state }</span>{ asked(line, zone, now) }</td>
        </tr>
    }
}

/// `Tomas Reuter opened Edgar Hollis`
pub fn title(line: &ReviewLine) -> String {
    match &line.patient {
        Some(patient) => format!(
            "{} opened {} {}",
            line.person_name, patient.given_name, patient.family_name
        ),
        None if line.patients > 1 => format!("{} opened {} patients", line.person_name, line.patients),
        None => format!("{} opened an erased patient", line.person_name),
    }
}

fn about(line: &ReviewLine, now: Instant) -> String {
    let mut parts = vec![match line.units.as_slice() {
        [] => line.role.title().to_owned(),
        units => format!("{}, {}", line.role.title(), units.join(", ")),
    }];
    if line.state == ReviewState::StillOpen {
        parts.push(format!("open now, {}", words::time_left(line.span.until, now)));
    } else if let Some(lasted) = words::lasted(line.span) {
        parts.push(lasted);
    }
    parts.extend(line.place.clone());
    parts.join(" · ")
}

fn reason(line: &ReviewLine) -> Html {
    html! {
        <>
            if let Some(reason) = line.reason {
                { line.sentence.as_ref().map_or_else(|| "Erased".to_owned(), |sentence| format!("“{}”", shortened(sentence))) }
                <small>{ reason.title() }</small>
            }
            if !line.signals.is_empty() {
                <span class="signals">{ for line.signals.iter().map(|signal| html! { <span class="chip plain">{ signal.title() }</span> }) }</span>
            }
        </>
    }
}

fn shortened(sentence: &str) -> String {
    const MOST: usize = 60;
    if sentence.chars().count() <= MOST {
        sentence.to_owned()
    } else {
        format!("{}…", sentence.chars().take(MOST).collect::<String>().trim_end())
    }
}

fn asked(line: &ReviewLine, zone: &Zone, now: Instant) -> Html {
    match line.state {
        ReviewState::AnswerAsked { answer_due, .. } => {
            html! { <small>{ "due " }{ zone.moment(answer_due, now) }</small> }
        }
        _ => html! {},
    }
}

fn focus_line(review: AccessReviewId) {
    let selector = format!("[id=\"review-{review}\"] a");
    let link = gloo::utils::document().query_selector(&selector).ok().flatten();
    if let Some(link) = link.and_then(|link| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(link).ok()) {
        // An element that can't take focus just doesn't.
        let _ = link.focus();
    }
}
