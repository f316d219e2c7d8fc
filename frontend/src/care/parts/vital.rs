//! One vital sign: label, unit, the number or why there is none, and its age.

use yew::{AttrValue, Html, Properties, component, html};

use crate::{
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
        Shown::Void { .. } | Shown::Never => "is-void",
    }
}

#[component(VitalSign)]
pub fn vital_sign(props: &VitalProps) -> Html {
    let vital = &props.vital;
    let (number, note) = match &vital.shown {
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
                        <span class="last-value">{ &last.text }{ " at " }</span>{ props.zone.minute(last.at) }
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
