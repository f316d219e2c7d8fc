//! Similar events, thirty days on either side: by the same person, about the same patient.

use fleetward_common::{
    review::{SimilarReview, Verdict},
    time::Instant,
};
use yew::{Html, Properties, component, html};
use yew_router::prelude::*;

use super::picture::{Axis, around};
use crate::{
    shell::staff::StaffRoute,
    ui::{panel::Panel, zone::Zone},
};

#[derive(Properties, PartialEq)]
pub struct SimilarProps {
    pub similar: Vec<SimilarReview>,
    pub person: String,
    pub at: Instant,
    pub now: Instant,
    pub zone: Zone,
}

#[component(Similar)]
pub fn similar(props: &SimilarProps) -> Html {
    let by_person = || props.similar.iter().filter(|review| review.same_person);
    let about_patient = || props.similar.iter().filter(|review| review.same_patient);
    let (span, future) = around(props.at, props.now);
    let axis = Axis {
        span,
        left: 4.0,
        right: 364.0,
    };
    let open: Vec<&SimilarReview> = props
        .similar
        .iter()
        .filter(|review| review.verdict.is_none())
        .collect();
    let row = |title: String, y: f64, reviews: Vec<&SimilarReview>| {
        html! {
            <g>
                <text x="4" y={(y - 12.0).to_string()}>{ title }</text>
                <path class="axis" d={format!("M4 {y}H364")} />
                { for reviews.into_iter().map(|review| html! { <circle class={dot(review)} cx={axis.x(review.at).to_string()} cy={y.to_string()} r="5.5" /> }) }
                <circle class="this" cx={axis.x(props.at).to_string()} cy={y.to_string()} r="5.5" />
            </g>
        }
    };
    html! {
        <Panel title="Similar, 30 days either side" class="slim">
            <div class="similar">
                <svg viewBox="0 0 368 92" role="img" aria-label={in_words(props)}>
                    if let Some(future) = future {
                        <rect class="future" x={axis.x(future.from).to_string()} y="4" width={(364.0 - axis.x(future.from)).to_string()} height="66" />
                    }
                    { row(format!("{}: {}", props.person, by_person().count() + 1), 26.0, by_person().collect()) }
                    { row(format!("The same patient: {}", about_patient().count() + 1), 62.0, about_patient().collect()) }
                    <text x="4" y="86">{ props.zone.day(span.from) }</text>
                    <text x="364" y="86" text-anchor="end">{ props.zone.day(span.until) }</text>
                </svg>
                if open.is_empty() { <p>{ "None of them is open." }</p> } else {
                    <ul>{ for open.into_iter().map(|review| html! {
                        <li><Link<StaffRoute> to={StaffRoute::Review { review: review.id }}>{ &review.person_name }{ ", " }{ props.zone.day(review.at) }{ " " }{ props.zone.minute(review.at) }</Link<StaffRoute>>{ ", open" }</li>
                    }) }</ul>
                }
            </div>
        </Panel>
    }
}

fn dot(review: &SimilarReview) -> &'static str {
    match review.verdict {
        Some(Verdict::Appropriate) => "ok",
        Some(Verdict::Breach) => "breach",
        None => "open",
    }
}

fn in_words(props: &SimilarProps) -> String {
    let all = props.similar.iter();
    let told: Vec<String> = all
        .map(|review| {
            let whose = if review.same_person {
                "same person"
            } else {
                "same patient"
            };
            let verdict = match review.verdict {
                Some(Verdict::Appropriate) => "appropriate",
                Some(Verdict::Breach) => "breach",
                None => "open",
            };
            format!(
                "{} {}: {whose}, {verdict}",
                review.person_name,
                props.zone.day(review.at)
            )
        })
        .collect();
    if told.is_empty() {
        "Nothing similar in the thirty days on either side.".to_owned()
    } else {
        told.join("; ")
    }
}
