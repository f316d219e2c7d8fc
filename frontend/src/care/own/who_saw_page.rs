//! Who saw my data: every look, by day, in plain words.

use fleetward_common::{
    sharing::{AccessLog, AccessLook, LookKind},
    time::Instant,
};
use std::rc::Rc;
use yew::{AttrValue, Callback, Html, Properties, component, html, use_state_eq};
use yew_router::prelude::*;

use super::{OwnRoute, page::OwnPageFrame, spoken::spoken_day};
use crate::{
    api::sharing,
    hooks::use_query,
    ui::{async_view::AsyncView, icon::Icon, zone::Zone},
};

#[component(WhoSawPage)]
pub fn who_saw_page() -> Html {
    // Where the page on show begins; none for the newest.
    let after = use_state_eq(|| None::<String>);
    let log = use_query((*after).clone(), sharing::access_log);
    let ready = {
        let after = after.clone();
        let turn = Callback::from(move |to: Option<String>| after.set(to));
        Callback::from(move |log: Rc<AccessLog>| html! { <Looks {log} turn={turn.clone()} /> })
    };
    html! {
        <OwnPageFrame title="Who saw my data">
            <AsyncView<AccessLog> of={log} what="the list of who looked" {ready} />
        </OwnPageFrame>
    }
}

#[derive(Properties, PartialEq)]
struct LooksProps {
    log: Rc<AccessLog>,
    turn: Callback<Option<String>>,
}

#[component(Looks)]
fn looks(props: &LooksProps) -> Html {
    let log = &props.log;
    let zone = Zone::new(&log.time_zone);
    let title = if log.yours {
        "Who saw my data".to_owned()
    } else {
        format!("Who saw {}’s data", log.given_name)
    };
    html! {
        <>
            <div class="greeting">
                <h1>{ title }</h1>
                <p>{ "Every look from " }{ zone.spoken_date(log.from) }{ " on. Your own are left out." }</p>
            </div>
            if log.looks.is_empty() {
                <section class="card say">
                    <span class="badge plain"><Icon name="people" /></span>
                    <div>
                        <p class="big">{ "Nobody looked in this month." }</p>
                        <p>{ "When someone opens your name or your measurements, it appears here at once, with who and why." }</p>
                    </div>
                </section>
            } else {
                { for by_day(&log.looks, &zone).iter().map(|(day, looks)| day_section(day, looks, &zone, log.server_time)) }
            }
            <Pages log={log.clone()} turn={props.turn.clone()} />
            <section class="card rows">
                <ul>
                    <li><Icon name="info" /><span><b>{ "A look you don’t understand?" }</b>
                        <small>{ "Ask the privacy officer of the clinic or hospital that is named. They can see the reason of each look, and must answer you." }</small></span></li>
                    <li><Icon name="people" /><span><b><Link<OwnRoute> to={OwnRoute::Sharing}>{ "Who may look" }</Link<OwnRoute>></b>
                        <small>{ "What you share beyond your care, and how to stop." }</small></span></li>
                </ul>
            </section>
        </>
    }
}

#[component(Pages)]
fn pages(props: &LooksProps) -> Html {
    let press = |to: Option<String>| {
        let turn = props.turn.clone();
        move |_| turn.emit(to.clone())
    };
    let earlier = props.log.next.clone();
    // The newest page ends now; every other one ended where the page after it began.
    let is_newest = props.log.server_time.since(props.log.from).as_secs() <= 31 * 86_400;
    html! {
        <div class="pair">
            if !is_newest {
                <button type="button" class="button" onclick={press(None)}>{ "Newest looks" }</button>
            }
            if let Some(earlier) = earlier {
                <button type="button" class="button" onclick={press(Some(earlier))}>{ "The month before" }</button>
            }
        </div>
    }
}

/// Looks come newest first; a day is a run of them.
fn by_day(looks: &[AccessLook], zone: &Zone) -> Vec<(String, Vec<AccessLook>)> {
    let mut days: Vec<(String, Vec<AccessLook>)> = Vec::new();
    for look in looks {
        let day = zone.date(look.last);
        match days.last_mut() {
            Some((known, of_day)) if *known == day => of_day.push(look.clone()),
            _ => days.push((day, vec![look.clone()])),
        }
    }
    days
}

fn day_section(day: &str, looks: &[AccessLook], zone: &Zone, now: Instant) -> Html {
    let id = AttrValue::from(format!("day-{}", day.replace(' ', "-")));
    let at = looks.first().map_or(now, |look| look.last);
    html! {
        <section class="card looks" aria-labelledby={id.clone()}>
            <h2 {id}>{ spoken_day(at, zone, now) }</h2>
            <ol>{ for looks.iter().map(|look| one_look(look, zone)) }</ol>
        </section>
    }
}

fn one_look(look: &AccessLook, zone: &Zone) -> Html {
    let (icon, emergency) = match look.kind {
        LookKind::Emergency => ("emergency", true),
        LookKind::Device => ("device", false),
        LookKind::Chosen => ("check", false),
        LookKind::Care | LookKind::Office => ("people", false),
    };
    html! {
        <li class={emergency.then_some("emergency")}>
            <Icon name={icon} />
            <div>
                <p class="when">{ when(look, zone) }</p>
                <p><b>{ &look.who }</b></p>
                if let Some(role) = &look.role { <p class="small">{ role }</p> }
                <p>{ &look.what }</p>
                <p class="small">{ "Why: " }{ &look.why }{ "." }</p>
            </div>
        </li>
    }
}

/// `09:21`, or `09:21 to 11:04, 5 times`.
fn when(look: &AccessLook, zone: &Zone) -> String {
    let (first, last) = (zone.minute(look.first), zone.minute(look.last));
    match look.times {
        1 => last,
        times if first == last => format!("{last}, {times} times"),
        times => format!("{first} to {last}, {times} times"),
    }
}
