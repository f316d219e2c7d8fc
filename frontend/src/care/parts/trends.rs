//! Trends of one bed: strips over one time axis, a sentence, and a table of the same.

use fleetward_common::{
    devices::history::History,
    id::BedId,
    metric::{MetricCode, codes},
    time::{Instant, Span},
};
use futures_util::future::join_all;
use std::{rc::Rc, time::Duration};
use yew::{AttrValue, Callback, Html, Properties, component, html, use_callback, use_memo, use_state_eq};

use crate::{
    api::{self, ApiError, clock},
    care::trend::{self, Range, Stroke},
    hooks::{use_query, use_refresh},
    ui::{
        age::age_text,
        async_view::AsyncView,
        choice::Choice,
        icon::Icon,
        metric_label::{metric_label, unit_label},
        panel::Panel,
        trend_chart::{Library, SeriesColour, TrendChart, TrendData, use_chart_library},
        zone::Zone,
    },
};

/// What a strip shows, and the least it shows of its axis.
struct Strip {
    metric: MetricCode,
    /// Drawn as bars with this as the lower end.
    lower: Option<MetricCode>,
    label: &'static str,
    colour: u8,
    floor: (f64, f64),
    /// For how long two readings are one line; the channel's usual interval.
    interval: Duration,
}

const SECOND: Duration = Duration::from_secs(1);

const STRIPS: [Strip; 4] = [
    Strip {
        metric: codes::HEART_RATE,
        lower: None,
        label: "HR",
        colour: 3,
        floor: (50.0, 130.0),
        interval: SECOND,
    },
    Strip {
        metric: codes::SPO2,
        lower: None,
        label: "SpO2",
        colour: 1,
        floor: (85.0, 100.0),
        interval: SECOND,
    },
    Strip {
        metric: codes::RESPIRATION_RATE,
        lower: None,
        label: "RR",
        colour: 4,
        floor: (8.0, 30.0),
        interval: SECOND,
    },
    Strip {
        metric: codes::NIBP_SYSTOLIC,
        lower: Some(codes::NIBP_DIASTOLIC),
        label: "NIBP",
        colour: 2,
        floor: (60.0, 160.0),
        interval: Duration::from_secs(300),
    },
];

/// As many as a strip has pixels, and a few more for a wider screen.
const MOST_POINTS: u32 = 720;
/// Trends move slowly: asked for anew each minute.
const FRESH_FOR: u32 = 60_000;

/// All strips of one range.
#[derive(PartialEq)]
struct Trends {
    span: Span,
    strips: Vec<Vec<Stroke>>,
    histories: Vec<History>,
}

impl Trends {
    fn clock_was_wrong(&self) -> bool {
        let wrong = |history: &History| trend::clock_was_wrong(history, self.span);
        self.histories.iter().any(wrong)
    }

    fn clock_was_wrong_for(&self, strip: &Strip, span: Span) -> bool {
        self.histories
            .iter()
            .any(|history| history.metric == strip.metric && trend::clock_was_wrong(history, span))
    }
}

async fn fetch(bed: BedId, span: Span) -> Result<Trends, ApiError> {
    let wanted = STRIPS
        .iter()
        .flat_map(|strip| [Some(strip.metric), strip.lower])
        .flatten()
        .filter_map(MetricCode::metric);
    let answers =
        join_all(wanted.map(|metric| api::wards::bed_history(bed, metric, span, MOST_POINTS))).await;
    let histories = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let find = |code| histories.iter().find(|history: &&History| history.metric == code);
    let strips = STRIPS
        .iter()
        .map(|strip| {
            let upper = find(strip.metric).map(|history| trend::strokes(history, strip.interval));
            let lower = strip
                .lower
                .and_then(find)
                .map(|history| trend::strokes(history, strip.interval));
            match (upper, lower) {
                (Some(upper), Some(lower)) => pair(upper, &lower),
                (upper, _) => upper.unwrap_or_default(),
            }
        })
        .collect();
    Ok(Trends {
        span,
        strips,
        histories,
    })
}

/// Systolic and diastolic of one cuff as one bar.
fn pair(upper: Vec<Stroke>, lower: &[Stroke]) -> Vec<Stroke> {
    upper
        .into_iter()
        .map(|stroke| Stroke {
            extremes: stroke.extremes.and_then(|(_, high)| {
                let under = lower.iter().find(|candidate| candidate.at == stroke.at)?;
                Some((under.extremes?.0, high))
            }),
            ..stroke
        })
        .collect()
}

#[derive(Properties, PartialEq)]
pub struct TrendPanelProps {
    pub bed: BedId,
    pub zone: Zone,
    /// As in the address.
    pub range: AttrValue,
    pub on_range: Callback<String>,
}

#[component(TrendPanel)]
pub fn trend_panel(props: &TrendPanelProps) -> Html {
    let range = Range::parse(&props.range);
    let as_table = use_state_eq(|| false);
    let trends = use_query((props.bed, range.word()), move |(bed, word)| async move {
        fetch(bed, Range::parse(word).span(clock::now())).await
    });
    use_refresh(trends.reload.clone(), FRESH_FOR);
    let choose = {
        let on_range = props.on_range.clone();
        Callback::from(move |index: usize| {
            if let Some(range) = Range::ALL.get(index) {
                on_range.emit(range.word().to_owned());
            }
        })
    };
    let toggle = {
        let as_table = as_table.clone();
        move |_| as_table.set(!*as_table)
    };
    let aside = html! {
        <>
            <Choice label="Range" options={Range::ALL.map(|range| AttrValue::from(range.label())).to_vec()}
                chosen={Range::ALL.iter().position(|candidate| *candidate == range).unwrap_or(1)} on_choose={choose} />
            <button type="button" class="button quiet as-table" aria-pressed={as_table.to_string()} onclick={toggle}>
                <Icon name="table" />{ if *as_table { "Show as chart" } else { "Show as table" } }
            </button>
        </>
    };
    let (zone, table) = (props.zone.clone(), *as_table);
    let ready = Callback::from(move |trends: Rc<Trends>| {
        html! { <TrendBody trends={TrendsRef(trends)} zone={zone.clone()} {range} {table} /> }
    });
    html! {
        <Panel title="Trend" class="trend-panel" {aside}>
            <AsyncView<Trends> of={trends} what="the trends" {ready} />
        </Panel>
    }
}

/// The same fetch is the same picture.
#[derive(Clone)]
struct TrendsRef(Rc<Trends>);

impl PartialEq for TrendsRef {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Properties, PartialEq)]
struct TrendBodyProps {
    trends: TrendsRef,
    zone: Zone,
    range: RangeProp,
    table: bool,
}

type RangeProp = Range;

#[component(TrendBody)]
fn trend_body(props: &TrendBodyProps) -> Html {
    let library = use_chart_library();
    let trends = &props.trends.0;
    let cursor = use_state_eq(|| None::<f64>);
    let on_cursor = use_callback(cursor.clone(), |at: Option<f64>, cursor| cursor.set(at));
    let columns = use_memo(props.trends.clone(), |trends| {
        trends
            .0
            .strips
            .iter()
            .map(|strip| Rc::new(column(strip)))
            .collect::<Vec<_>>()
    });
    html! {
        <>
            if props.table || library == Library::Failed {
                { table(trends, &props.zone, props.range) }
            } else if library == Library::Ready {
                <div class="trend-strips">
                    { for STRIPS.iter().zip(columns.iter()).enumerate().map(|(index, (strip, data))| {
                        let last = index + 1 == STRIPS.len();
                        html! {
                            <div class="trend-strip">
                                <TrendChart data={data.clone()} from={seconds(trends.span.from)} until={seconds(trends.span.until)}
                                    floor={strip.floor} colour={SeriesColour(strip.colour)} zone={props.zone.name().to_owned()}
                                    height={strip_height() + if last { 24 } else { 0 }} bars={strip.lower.is_some()} hours={last}
                                    on_cursor={if index == 0 { on_cursor.clone() } else { Callback::noop() }} />
                                <p class={format!("trend-name series-{}", strip.colour)}>
                                    <b>{ metric_label(strip.label) }</b><span class="unit">{ unit(strip) }</span>
                                    if let Some(at) = *cursor { <b class="number">{ at_cursor(strip, data, at) }</b> }
                                </p>
                            </div>
                        }
                    }) }
                    if let Some(at) = *cursor {
                        <p class="trend-cursor">{ "At " }{ props.zone.moment(Instant::from_millis((at * 1_000.0) as i64), trends.span.until) }</p>
                    }
                </div>
            }
            <p class="trend-summary">{ sentence(trends, &props.zone) }</p>
        </>
    }
}

/// A tall screen gives its height to the trends.
fn strip_height() -> u32 {
    let height = gloo::utils::window().inner_height();
    let tall = height
        .ok()
        .and_then(|height| height.as_f64())
        .is_some_and(|height| height >= 1_000.0);
    if tall { 92 } else { 68 }
}

fn seconds(at: Instant) -> f64 {
    at.micros() as f64 / 1e6
}

fn column(strip: &[Stroke]) -> TrendData {
    TrendData {
        x: strip.iter().map(|stroke| seconds(stroke.at)).collect(),
        low: strip
            .iter()
            .map(|stroke| stroke.extremes.map(|(low, _)| low))
            .collect(),
        high: strip
            .iter()
            .map(|stroke| stroke.extremes.map(|(_, high)| high))
            .collect(),
    }
}

/// The nearest value to the cursor, if one is near: a gap has none.
fn at_cursor(strip: &Strip, data: &TrendData, at: f64) -> String {
    let near = (strip.interval.as_secs_f64() * 2.0).max(90.0);
    let values = data.x.iter().zip(data.low.iter().zip(&data.high));
    values
        .filter_map(|(x, (low, high))| Some(((x - at).abs(), ((*low)?, (*high)?))))
        .filter(|(distance, _)| *distance <= near)
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or("---".to_owned(), |(_, (low, high))| {
            if strip.lower.is_some() {
                format!("{}/{}", trend::number(high), trend::number(low))
            } else if low == high {
                trend::number(low)
            } else {
                format!("{} to {}", trend::number(low), trend::number(high))
            }
        })
}

fn unit(strip: &Strip) -> Html {
    unit_label(strip.metric.metric().map_or("", |metric| metric.unit.printed()))
}

fn sentence(trends: &Trends, zone: &Zone) -> Html {
    let gap = trends
        .histories
        .iter()
        .filter_map(|history| Some((history.metric.metric()?, *trend::told_gaps(history).first()?)))
        .max_by_key(|(_, gap)| gap.span.length());
    html! {
        <>
            { for STRIPS.iter().zip(&trends.strips).map(|(strip, strokes)| html! {
                <span class="told">{ metric_label(strip.label) }{ " " }{ told(strip, strokes) }{ ". " }</span>
            }) }
            if let Some((metric, gap)) = gap {
                <span class="told">
                    { "Longest gap: " }{ metric_label(metric.label) }{ format!(
                        " {} to {} ({}, {}). ",
                        zone.minute(gap.span.from), zone.minute(gap.span.until),
                        age_text(gap.span.length()), trend::gap_words(gap.reason)
                    ) }
                </span>
            }
            if trends.clock_was_wrong() {
                <span class="told">{ "Values that a device with a wrong clock measured are kept and not drawn. " }</span>
            }
            <span class="told">{ "Times in " }{ zone.name() }{ "." }</span>
        </>
    }
}

fn told(strip: &Strip, strokes: &[Stroke]) -> String {
    if strip.lower.is_some() {
        trend::pressure_summary(strokes)
    } else {
        trend::summary(strokes)
    }
}

fn table(trends: &Trends, zone: &Zone, range: Range) -> Html {
    let rows: Vec<_> = trends
        .strips
        .iter()
        .map(|strip| trend::rows(strip, trends.span, range.row()))
        .collect();
    let times: Vec<Instant> = rows
        .first()
        .map(|rows| rows.iter().map(|(at, _)| *at).collect())
        .unwrap_or_default();
    html! {
        <div class="trend-table" tabindex="0" role="region" aria-label="Trend as a table">
            <table class="data">
                <thead><tr>
                    <th scope="col">{ "From" }</th>
                    { for STRIPS.iter().map(|strip| html! {
                        <th scope="col" class="num">{ metric_label(strip.label) }{ " " }<span class="unit">{ unit(strip) }</span></th>
                    }) }
                </tr></thead>
                <tbody>
                    { for times.iter().enumerate().rev().map(|(index, at)| html! {
                        <tr>
                            <th scope="row">{ zone.minute(*at) }</th>
                            { for STRIPS.iter().zip(&rows).map(|(strip, rows)| {
                                let row = Span { from: *at, until: *at + range.row() };
                                let wrong = trends.clock_was_wrong_for(strip, row);
                                html! { <td class="num">{ cell(strip, rows.get(index).and_then(|(_, value)| *value), wrong) }</td> }
                            }) }
                        </tr>
                    }) }
                </tbody>
            </table>
        </div>
    }
}

/// Of a blood pressure: the highest systolic over the lowest diastolic. Values of a wrong clock are left
/// out, and the cell says so.
fn cell(strip: &Strip, value: Option<(f64, f64)>, clock_was_wrong: bool) -> Html {
    let shown = match value {
        Some((low, high)) if strip.lower.is_some() => {
            html! { format!("{}/{}", trend::number(high), trend::number(low)) }
        }
        Some((low, high)) if low == high => html! { trend::number(low) },
        Some((low, high)) => html! { format!("{} to {}", trend::number(low), trend::number(high)) },
        None if clock_was_wrong => html! {},
        None => html! { <span class="muted">{ "no data" }</span> },
    };
    html! {
        <>
            { shown }
            if clock_was_wrong { <span class="muted">{ " clock wrong" }</span> }
        </>
    }
}
