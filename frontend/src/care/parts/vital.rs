//! One vital sign: label, unit, the number or why there is none, and its age.

use fleetward_common::{
    alarms::{Side, lane::ChangedLimit},
    time::Instant,
    unit::Decimal,
};
use yew::{AttrValue, Html, Properties, component, html};

use crate::{
    api::clock,
    care::{tile::Vital, vitals::Shown},
    ui::{
        age::age_text,
        icon::Icon,
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
    /// Limits of it that are the patient's own.
    #[prop_or_default]
    pub changed: Vec<ChangedLimit>,
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
            <dt>{ metric_label(vital.label) }{ " " }<span class="unit">{ unit_label(vital.unit) }</span>{ for props.changed.iter().map(|limit| changed(limit, &props.zone)) }</dt>
            <dd class="number">{ number }</dd>
            <dd class="note">{ note }</dd>
        </dl>
    }
}

/// An arrow to a bar, and the limit that is not the ward's.
fn changed(limit: &ChangedLimit, zone: &Zone) -> Html {
    let (name, side) = match limit.side {
        Side::Below => ("limit-low", "low"),
        Side::Above => ("limit-high", "high"),
    };
    let text = |value: Option<Decimal>| value.map_or_else(|| "none".to_owned(), |value| value.to_string());
    let when = zone.moment(limit.at, clock::now());
    let title = format!(
        "{side} limit: usual {}, set {} by {} {when}",
        text(limit.usual),
        text(limit.own),
        limit.by
    );
    html! {
        <span class="limit-changed" {title}><Icon {name} /><span class="hidden">{ format!("{side} limit changed to ") }</span>{ text(limit.own) }</span>
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
