//! One vital sign: label, unit, the number or why there is none, and its age.

use fleetward_common::time::Instant;
use yew::{AttrValue, Html, Properties, component, html};

use crate::{
    api::clock,
    care::{tile::Vital, vitals::Shown},
    ui::{
        age::age_text,
        metric_label::{metric_label, unit_label},
        zone::Zone,
    },
};

#[derive(Properties, PartialEq)]
pub struct VitalProps {
    pub vital: Vital,
    pub zone: Zone,
    /// `vital` beside a wave, `minor` in the foot of a tile, `big-vital` in the drawer.
    pub class: AttrValue,
}

/// Also the modifier that greys a number.
fn state_class(shown: &Shown) -> &'static str {
    match shown {
        Shown::Value { stale: false, .. } => "is-live",
        Shown::Value { stale: true, .. } => "is-stale",
        Shown::Void { .. } | Shown::Never | Shown::NotMeasured => "is-void",
    }
}

#[component(VitalSign)]
pub fn vital_sign(props: &VitalProps) -> Html {
    let vital = &props.vital;
    let (number, note) = match &vital.shown {
        Shown::NotMeasured => (
            html! { "---" },
            html! { <span class="age">{ "not measured" }</span> },
        ),
        Shown::Never => (html! { "---" }, html! { <span class="age">{ "none yet" }</span> }),
        Shown::Value {
            text,
            age,
            stale,
            unrecorded,
        } => (
            html! { text },
            html! {
                <>
                    if *unrecorded { <span class="unrecorded">{ "NOT RECORDED" }</span> }
                    if let Some(age) = age {
                        <span class="age">{ age_text(*age) }if *stale { <span class="old">{ " old" }</span> }</span>
                    }
                </>
            },
        ),
        Shown::Void { why, last } => (
            html! { "---" },
            match last {
                Some(last) => html! {
                    <span class="age last" title={why.words()}>
                        { last_words(&last.text, last.at, &props.zone) }
                    </span>
                },
                None => html! { <span class="age">{ why.words() }</span> },
            },
        ),
    };
    html! {
        <dl class={format!("{} {}", props.class, state_class(&vital.shown))}>
            <dt>{ metric_label(vital.label) }{ " " }<span class="unit">{ unit_label(vital.unit) }</span></dt>
            <dd class="number">{ number }</dd>
            <dd class="note">{ note }</dd>
        </dl>
    }
}

/// `76 at 14:28`, and a value of another day says so.
fn last_words(text: &str, at: Instant, zone: &Zone) -> Html {
    if zone.is_same_day(at, clock::now()) {
        html! { <><span class="last-value">{ text }{ " at " }</span>{ zone.minute(at) }</> }
    } else {
        html! { <><span class="last-value">{ text }{ ", " }</span>{ zone.day(at) }</> }
    }
}
