//! The one look of an alarm: shape, mark and words, in a tile, in the strip and beside an open bed.

use fleetward_common::{
    alarms::{Level, Priority, Signal},
    time::Instant,
};
use std::time::Duration;
use yew::{Classes, Html, classes, html};

use crate::{
    care::alarms::{BedAlarms, Shown},
    ui::{age::stopwatch_text, icon::Icon, metric_label::metric_label},
};

/// Colour by priority, and whether it flashes.
pub fn look(alarm: &Shown) -> Classes {
    classes!(
        match alarm.priority {
            Priority::High => "is-high",
            Priority::Medium => "is-medium",
            Priority::Low => "is-low",
        },
        alarm.technical.then_some("is-technical"),
        // Low is steady, and so is what somebody owns.
        (alarm.calls() && alarm.priority != Priority::Low).then_some("is-flashing"),
    )
}

pub const fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "High",
        Priority::Medium => "Medium",
        Priority::Low => "Low",
    }
}

/// The shape and the mark: never the colour alone.
pub fn sign(priority: Priority) -> Html {
    let (name, mark) = match priority {
        Priority::High => ("alarm-high", "!!!"),
        Priority::Medium => ("alarm-medium", "!!"),
        Priority::Low => ("alarm-low", "!"),
    };
    html! { <><Icon {name} class="shape" /><span class="mark" aria-hidden="true">{ mark }</span></> }
}

/// What is left of a pause: `1:24`.
pub fn left(until: Instant, now: Instant) -> String {
    if now < until {
        stopwatch_text(until.since(now))
    } else {
        stopwatch_text(Duration::ZERO)
    }
}

/// In the head of a tile.
pub fn band(alarms: &BedAlarms, zone_minute: impl Fn(Instant) -> String, now: Instant) -> Html {
    html! {
        <>
            if let Some(alarm) = &alarms.first {
                <span class={classes!("alarm-block", look(alarm))}>
                    <span class="hidden">{ word(alarm.priority) }{ " alarm: " }</span>
                    { sign(alarm.priority) }
                    if alarm.technical { <Icon name="wrench" /><span class="word">{ "TECHNICAL" }</span> }
                    <span class="what">{ metric_label(&alarm.what) }
                        if let Some(limit) = &alarm.short_limit { { " " }<span class="limit">{ limit }</span> }</span>
                    if let Some(initials) = &alarm.owner_initials {
                        <span class="seen"><Icon name="check" /><span class="hidden">{ "seen by " }</span>{ initials }</span>
                    } else if alarm.latched {
                        <span class="since">{ "over" }</span>
                    } else {
                        <span class="since">{ age(alarm.since, now) }</span>
                    }
                </span>
            }
            { silence(alarms, zone_minute, now) }
        </>
    }
}

/// Inverted, with a crossed bell: nobody overlooks that something is silent.
pub fn silence(alarms: &BedAlarms, zone_minute: impl Fn(Instant) -> String, now: Instant) -> Html {
    if let Some(until) = alarms.off {
        return html! { <span class="pause-countdown"><Icon name="bell-off" />{ "ALARMS OFF to " }{ zone_minute(until) }</span> };
    }
    match alarms.pause {
        Some(until) => html! {
            <span class="pause-countdown"><Icon name="bell-off" /><span class="word">{ "Paused " }</span>{ left(until, now) }</span>
        },
        None => html! {},
    }
}

/// Shape, words, time and owner, each in a place of its own.
pub fn full(alarm: &Shown, bed: Option<&str>, now: Instant) -> Html {
    html! {
        <>
            <span class="sign">{ sign(alarm.priority) }</span>
            if let Some(bed) = bed { <span class="where"><span class="hidden">{ "Bed " }</span>{ bed }</span> }
            <span class="text">
                <b><span class="hidden">{ word(alarm.priority) }{ " alarm: " }</span>{ metric_label(&alarm.what) }</b>
                <span>
                    if alarm.technical { <Icon name="wrench" />{ " TECHNICAL" } }
                    if let Some(limit) = &alarm.limit { { limit } }
                    if alarm.latched { { ", over now" } }
                </span>
            </span>
            <span class="owned">
                <b>{ age(alarm.since, now) }</b>
                <span>
                    if let Signal::Off { .. } = alarm.signal { <Icon name="bell-off" />{ "OFF" } }
                    else if let Some(owner) = &alarm.owner { <Icon name="check" />{ owner } }
                    else if let Signal::Paused { until } = alarm.signal { <Icon name="bell-off" />{ left(until, now) } }
                    else { <span class="nobody">{ nobody(alarm.asked) }</span> }
                </span>
            </span>
        </>
    }
}

const fn nobody(asked: Level) -> &'static str {
    match asked {
        Level::Nurse => "No owner yet",
        Level::ChargeNurse => "Charge nurse asked",
        Level::PhysicianOnCall => "Physician asked",
    }
}

fn age(since: Instant, now: Instant) -> String {
    stopwatch_text(if since < now {
        now.since(since)
    } else {
        Duration::ZERO
    })
}
