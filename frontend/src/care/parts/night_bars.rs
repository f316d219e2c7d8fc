//! Seven nights: bars with the goal line, and the same as a table.

use yew::{Html, Properties, component, html, use_state_eq};

use crate::{
    care::week::{Bar, GOAL_MINUTES},
    ui::icon::Icon,
};

#[derive(Properties, PartialEq)]
pub struct NightBarsProps {
    pub bars: Vec<Bar>,
}

const LEFT: f64 = 36.0;
const WIDTH: f64 = 290.0;
const TOP: f64 = 18.0;
const BASE: f64 = 102.0;
/// A full bar; longer nights stretch the scale.
const FULL_MINUTES: u32 = 444;

#[component(NightBars)]
pub fn night_bars(props: &NightBarsProps) -> Html {
    let table = use_state_eq(|| false);
    let bars = &props.bars;
    let toggle = {
        let table = table.clone();
        move |_| table.set(!*table)
    };
    html! {
        <>
            if !*table { { chart(bars) } }
            <div class={if *table { "night-table is-shown" } else { "night-table" }}>
                <table>
                    <caption class="hidden">{ "Hours of each night" }</caption>
                    <tbody>
                        { for bars.iter().map(|bar| html! { <tr><th scope="row">{ bar.weekday }</th><td>{ bar.words() }</td></tr> }) }
                    </tbody>
                </table>
            </div>
            <button type="button" class="button quiet as-table" aria-pressed={table.to_string()} onclick={toggle}>
                <Icon name="table" />{ if *table { "Show as bars" } else { "Show as table" } }
            </button>
        </>
    }
}

fn chart(bars: &[Bar]) -> Html {
    let most = bars
        .iter()
        .filter_map(|bar| bar.minutes)
        .fold(FULL_MINUTES, u32::max);
    let height = |minutes: u32| (BASE - TOP) * f64::from(minutes) / f64::from(most);
    let goal = BASE - height(GOAL_MINUTES);
    let stride = WIDTH / bars.len().max(1) as f64;
    let spoken: Vec<String> = bars
        .iter()
        .map(|bar| format!("{} {}", bar.weekday, bar.words()))
        .collect();
    html! {
        <svg class="night-bars" viewBox="0 0 326 128" role="img" aria-label={format!("Hours of each night. {}. Goal 4 hours.", spoken.join(", "))}>
            <defs>
                <pattern id="night-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <path class="hatch" d="M0 0V5" />
                </pattern>
            </defs>
            <path class="goal" d={format!("M{LEFT} {goal}H326")} />
            <text x="0" y={(goal - 2.0).to_string()}>{ "Goal" }</text>
            <text x="0" y={(goal + 14.0).to_string()}>{ "4 h" }</text>
            { for bars.iter().enumerate().map(|(index, bar)| {
                let x = LEFT + 5.0 + stride * index as f64;
                night(bar, x, stride - 10.0, bar.minutes.map(height), goal, index + 1 == bars.len())
            }) }
            <path class="base" d={format!("M{LEFT} {BASE}H326")} />
        </svg>
    }
}

fn night(bar: &Bar, x: f64, width: f64, height: Option<f64>, goal: f64, last: bool) -> Html {
    let middle = (x + width / 2.0).to_string();
    let top = height.map_or(TOP, |height| BASE - height);
    html! {
        <>
            { match height {
                None => html! { <rect class="none" x={x.to_string()} y={TOP.to_string()} width={width.to_string()} height={(BASE - TOP).to_string()} /> },
                Some(height) if height <= 0.0 => html! { <circle class="zero" cx={middle.clone()} cy={(BASE - 5.0).to_string()} r="4" /> },
                Some(height) => html! { <rect class="bar" x={x.to_string()} y={top.to_string()} width={width.to_string()} height={height.to_string()} /> },
            } }
            if height.is_some() && top < goal { <path class="goal-cut" d={format!("M{x} {goal}h{width}")} /> }
            if let Some(above) = bar.above() { <text class="middle strong" x={middle.clone()} y={(top - 5.0).to_string()}>{ above }</text> }
            <text class={if last { "middle strong" } else { "middle" }} x={middle} y="121">{ bar.short() }</text>
        </>
    }
}
