//! "Relation then" as a picture, and the same as a list.

use fleetward_common::{
    review::{Lane, LaneLook},
    time::Span,
};
use yew::{Html, Properties, component, html, use_state_eq};

use super::picture::Axis;
use crate::ui::{panel::Panel, zone::Zone};

#[derive(Properties, PartialEq)]
pub struct RelationProps {
    pub lanes: Vec<Lane>,
    pub window: Span,
    pub access: Span,
    pub zone: Zone,
}

const WIDTH: f64 = 924.0;
const LABELS: f64 = 208.0;
const TOP: f64 = 18.0;
const LANE: f64 = 30.0;

#[component(Relation)]
pub fn relation(props: &RelationProps) -> Html {
    let as_list = use_state_eq(|| false);
    let toggle = {
        let as_list = as_list.clone();
        move |_| as_list.set(!*as_list)
    };
    let aside = html! {
        <span class="end">
            <span>{ props.zone.spoken_date(props.access.from) }{ ", hospital time" }</span>
            <button type="button" class="button quiet" onclick={toggle}>{ if *as_list { "As a picture" } else { "As a list" } }</button>
        </span>
    };
    html! {
        <Panel title="Relation then" class="slim" {aside}>
            if *as_list { { list(props) } } else { <div class="scroll-x" tabindex="0" role="region" aria-label="Relation then, picture">{ picture(props) }</div> }
        </Panel>
    }
}

fn picture(props: &RelationProps) -> Html {
    let axis = Axis {
        span: props.window,
        left: LABELS,
        right: WIDTH - 4.0,
    };
    let height = TOP + LANE * props.lanes.len() as f64 + 4.0;
    let (window_x, window_width) = axis.bar(props.access);
    html! {
        <svg class="relation" viewBox={format!("0 0 {WIDTH} {height}")} role="img" aria-label={in_words(props)}>
            { for axis.hours().into_iter().map(|hour| {
                let x = axis.x(hour);
                html! { <g><path class="axis" d={format!("M{x} {TOP}V{height}")} /><text class="dim" x={x.to_string()} y="12" text-anchor="middle">{ props.zone.minute(hour) }</text></g> }
            }) }
            <rect class="window" x={window_x.to_string()} y={TOP.to_string()} width={window_width.to_string()} height={(height - TOP).to_string()} />
            { for props.lanes.iter().enumerate().map(|(at, lane)| draw_lane(lane, TOP + LANE * at as f64, &axis)) }
            <path class="edge" d={format!("M{window_x} {TOP}V{height}M{} {TOP}V{height}", window_x + window_width)} />
        </svg>
    }
}

fn draw_lane(lane: &Lane, top: f64, axis: &Axis) -> Html {
    let middle = top + 19.0;
    html! {
        <g>
            <text x="0" y={middle.to_string()}>{ &lane.title }</text>
            { for lane.bars.iter().map(|bar| {
                let (x, width) = axis.bar(bar.span);
                let (class, text) = match bar.look {
                    LaneLook::Then => ("bar", "t"),
                    LaneLook::After => ("after", "t"),
                    LaneLook::Missing => ("none", "dim"),
                    LaneLook::Access => ("opened", "onbar"),
                };
                // A label that has no room in its bar stands after it.
                let beside = bar.look == LaneLook::Access || width < bar.label.len() as f64 * 7.0;
                let text_x = if beside { x + width + 8.0 } else { x + 8.0 };
                html! {
                    <g>
                        <rect {class} x={x.to_string()} y={(top + 4.5).to_string()} width={width.to_string()} height="21" rx="3" />
                        if bar.look == LaneLook::Access || !beside { <text class={text} x={text_x.to_string()} y={middle.to_string()}>{ &bar.label }</text> }
                    </g>
                }
            }) }
        </g>
    }
}

fn look(look: LaneLook) -> &'static str {
    match look {
        LaneLook::Then => "held then",
        LaneLook::After => "came after",
        LaneLook::Missing => "not then",
        LaneLook::Access => "the access",
    }
}

fn in_words(props: &RelationProps) -> String {
    let zone = &props.zone;
    let lanes: Vec<String> = props
        .lanes
        .iter()
        .map(|lane| {
            let bars: Vec<String> = lane
                .bars
                .iter()
                .map(|bar| {
                    format!(
                        "{} from {} to {}, {}",
                        bar.label,
                        zone.minute(bar.span.from),
                        zone.minute(bar.span.until),
                        look(bar.look)
                    )
                })
                .collect();
            format!("{}: {}", lane.title, bars.join("; "))
        })
        .collect();
    lanes.join(". ")
}

fn list(props: &RelationProps) -> Html {
    let zone = &props.zone;
    html! {
        <table class="data"><thead><tr><th scope="col">{ "Relation" }</th><th scope="col">{ "From" }</th><th scope="col">{ "To" }</th><th scope="col">{ "What" }</th><th scope="col">{ "When it was opened" }</th></tr></thead>
        <tbody>{ for props.lanes.iter().flat_map(|lane| lane.bars.iter().map(move |bar| html! {
            <tr><th scope="row">{ &lane.title }</th><td>{ zone.clock(bar.span.from) }</td><td>{ zone.clock(bar.span.until) }</td><td>{ &bar.label }</td><td>{ look(bar.look) }</td></tr>
        })) }</tbody></table>
    }
}
