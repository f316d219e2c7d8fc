//! From history to what a chart, a table and a sentence say. Pure. A gap stays a gap in all three.

use fleetward_common::{
    devices::{
        Value,
        history::{Extremes, Gap, GapReason, History, Point, Series},
        link::NoValue,
    },
    metric::FreshnessBudget,
    time::{Instant, Span},
};
use std::time::Duration;

/// How far back a trend looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    Hour,
    SixHours,
    Day,
}

impl Range {
    pub const ALL: [Range; 3] = [Range::Hour, Range::SixHours, Range::Day];

    pub fn word(self) -> &'static str {
        match self {
            Range::Hour => "1h",
            Range::SixHours => "6h",
            Range::Day => "24h",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Range::Hour => "1 h",
            Range::SixHours => "6 h",
            Range::Day => "24 h",
        }
    }

    /// What the address says; six hours when it says nothing.
    pub fn parse(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|range| range.word() == word)
            .unwrap_or(Range::SixHours)
    }

    pub fn span(self, until: Instant) -> Span {
        let hours = match self {
            Range::Hour => 1,
            Range::SixHours => 6,
            Range::Day => 24,
        };
        Span {
            from: until - Duration::from_secs(hours * 3_600),
            until,
        }
    }

    /// One row of the table: 5, 30 or 60 minutes.
    pub fn row(self) -> Duration {
        Duration::from_secs(match self {
            Range::Hour => 5 * 60,
            Range::SixHours => 30 * 60,
            Range::Day => 3_600,
        })
    }
}

/// One moment on a chart: the least and the greatest there, or nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    pub at: Instant,
    pub extremes: Option<(f64, f64)>,
}

/// What the pen draws, with an empty stroke wherever it has to be lifted. Readings further apart
/// than the channel's own budget are not joined.
pub fn strokes(history: &History, interval: Duration) -> Vec<Stroke> {
    let budget = FreshnessBudget::every(interval);
    let (measured, reach, width): (Vec<Stroke>, Duration, Duration) = match &history.series {
        Series::Readings(points) => (
            points.iter().map(stroke_of_point).collect(),
            budget.void_after(),
            Duration::ZERO,
        ),
        Series::Decimated(buckets) => {
            let width = bucket_width(buckets);
            (
                buckets.iter().map(stroke_of_bucket).collect(),
                (width * 3 / 2).max(budget.void_after()),
                width,
            )
        }
        // Waves have their own drawing.
        Series::Samples(_) => (Vec::new(), Duration::ZERO, Duration::ZERO),
    };
    let mut strokes: Vec<Stroke> = Vec::with_capacity(measured.len());
    for stroke in measured {
        let broken = strokes.last().is_some_and(|last| {
            // A gap may end within the bucket that goes on after it.
            stroke.at.since(last.at) > reach || gap_between(history, last.at, stroke.at + width)
        });
        if broken && let Some(last) = strokes.last().copied() {
            strokes.push(Stroke {
                at: last.at.shifted(1),
                extremes: None,
            });
        }
        strokes.push(stroke);
    }
    strokes
}

fn gap_between(history: &History, before: Instant, after: Instant) -> bool {
    history
        .gaps
        .iter()
        .any(|gap| gap.span.from >= before && gap.span.until <= after && gap.span.from < gap.span.until)
}

/// The usual distance of buckets.
fn bucket_width(buckets: &[Extremes]) -> Duration {
    let mut steps: Vec<Duration> = buckets
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b.at.since(a.at)),
            _ => None,
        })
        .collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or_default()
}

fn stroke_of_point(point: &Point) -> Stroke {
    Stroke {
        at: point.at,
        extremes: match point.value {
            // A value of which nobody knows when it was measured has no place on a line.
            Value::Known(value) if !point.clock_untrusted => Some((value.to_f64(), value.to_f64())),
            Value::Known(_) | Value::Implausible(_) | Value::Absent(_) => None,
        },
    }
}

/// Whether values came in the span that are not drawn because the device's clock was wrong.
pub fn clock_was_wrong(history: &History, span: Span) -> bool {
    history
        .gaps
        .iter()
        .any(|gap| gap.reason == GapReason::ClockUntrusted && gap.span.intersect(&span).is_some())
}

fn stroke_of_bucket(bucket: &Extremes) -> Stroke {
    Stroke {
        at: bucket.at,
        extremes: Some((bucket.min.to_f64(), bucket.max.to_f64())),
    }
}

/// Least and greatest of the strokes within each row of the table. A row without any is `None`.
pub fn rows(strokes: &[Stroke], span: Span, row: Duration) -> Vec<(Instant, Option<(f64, f64)>)> {
    let mut rows = Vec::new();
    let mut from = span.from;
    while from < span.until {
        let part = Span {
            from,
            until: (from + row).min(span.until),
        };
        rows.push((from, extremes(strokes, part)));
        from = from + row;
    }
    rows
}

fn extremes(strokes: &[Stroke], span: Span) -> Option<(f64, f64)> {
    strokes
        .iter()
        .filter(|stroke| span.contains(stroke.at))
        .filter_map(|stroke| stroke.extremes)
        .reduce(|(low, high), (least, greatest)| (low.min(least), high.max(greatest)))
}

/// `62 to 110, last 72`; or that there is nothing.
pub fn summary(strokes: &[Stroke]) -> String {
    let known: Vec<(f64, f64)> = strokes.iter().filter_map(|stroke| stroke.extremes).collect();
    let (Some((_, last)), Some((low, high))) = (
        known.last().copied(),
        known
            .iter()
            .copied()
            .reduce(|(low, high), (least, greatest)| (low.min(least), high.max(greatest))),
    ) else {
        return "no data".to_owned();
    };
    if low == high {
        format!("{}, steady", number(low))
    } else {
        format!("{} to {}, last {}", number(low), number(high), number(last))
    }
}

/// The same for strokes from diastolic to systolic: `highest 129/79, last 110/71`.
pub fn pressure_summary(strokes: &[Stroke]) -> String {
    let known: Vec<(f64, f64)> = strokes.iter().filter_map(|stroke| stroke.extremes).collect();
    let highest = known.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
    let lowest = known.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let over = |(low, high): (f64, f64)| format!("{}/{}", number(high), number(low));
    match (lowest, highest, known.last()) {
        (Some(lowest), Some(highest), Some(last)) => {
            format!("{} to {}, last {}", over(lowest), over(highest), over(*last))
        }
        _ => "no data".to_owned(),
    }
}

/// Whole numbers without a point, others with one digit.
pub fn number(value: f64) -> String {
    if (value - value.round()).abs() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// The gaps worth telling, the longest first.
pub fn told_gaps(history: &History) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = history
        .gaps
        .iter()
        .copied()
        .filter(|gap| gap.span.length() >= Duration::from_secs(60))
        .collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.length()));
    gaps
}

pub fn gap_words(reason: GapReason) -> &'static str {
    match reason {
        GapReason::NoData => "no data",
        GapReason::FramesLost => "lost before it was sent",
        GapReason::Absent(NoValue::SensorOff) => "sensor off",
        GapReason::Absent(NoValue::Unreadable) => "unreadable",
        GapReason::Absent(NoValue::NotMeasuring) => "not measuring",
        GapReason::Absent(NoValue::Disconnected) => "disconnected",
        GapReason::Implausible => "implausible",
        GapReason::ClockUntrusted => "device clock wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{metric::codes, unit::Decimal};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(second: i64) -> Instant {
        Instant::from_millis(second * 1_000)
    }

    fn history(series: Series, gaps: Vec<Gap>) -> History {
        History {
            metric: codes::HEART_RATE,
            unit: None,
            span: Span {
                from: at(0),
                until: at(600),
            },
            series,
            gaps,
        }
    }

    fn point(second: i64, value: Value) -> Point {
        Point {
            at: at(second),
            value,
            clock_untrusted: false,
        }
    }

    fn beats(second: i64, rate: i64) -> Point {
        point(second, Value::Known(Decimal::whole(rate)))
    }

    fn bucket(second: i64, low: i64, high: i64) -> Extremes {
        Extremes {
            at: at(second),
            min: Decimal::whole(low),
            max: Decimal::whole(high),
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn lifted(strokes: &[Stroke]) -> Vec<i64> {
        strokes
            .iter()
            .filter(|stroke| stroke.extremes.is_none())
            .map(|stroke| stroke.at.millis() / 1_000)
            .collect()
    }

    #[test]
    fn readings_of_every_second_are_one_line() {
        let history = history(Series::Readings(vec![beats(1, 70), beats(2, 71)]), vec![]);
        assert!(lifted(&strokes(&history, SECOND)).is_empty());
    }

    #[test]
    fn the_pen_is_lifted_over_a_silence_and_over_a_value_that_is_none() {
        let readings = vec![
            beats(1, 70),
            beats(100, 71),
            point(101, Value::Implausible(Decimal::whole(900))),
            beats(102, 72),
        ];
        let history = history(Series::Readings(readings), vec![]);
        assert_eq!(lifted(&strokes(&history, SECOND)), [1, 101]);
    }

    #[test]
    fn empty_buckets_of_a_day_are_not_bridged() {
        let buckets = vec![
            bucket(0, 60, 80),
            bucket(60, 61, 79),
            bucket(120, 62, 81),
            bucket(300, 58, 90),
        ];
        let history = history(Series::Decimated(buckets), vec![]);
        assert_eq!(lifted(&strokes(&history, SECOND)), [120]);
    }

    #[test]
    fn a_gap_the_server_names_lifts_the_pen_even_when_it_is_short() {
        let gap = Gap {
            span: Span {
                from: at(2),
                until: at(4),
            },
            reason: GapReason::Absent(NoValue::SensorOff),
        };
        let history = history(Series::Readings(vec![beats(1, 70), beats(5, 71)]), vec![gap]);
        assert_eq!(lifted(&strokes(&history, SECOND)), [1]);
    }

    #[test]
    fn a_gap_that_ends_within_the_next_bucket_lifts_the_pen_once() {
        let buckets = (0..4).map(|index| bucket(index * 120, 60, 80)).collect();
        let gap = Gap {
            span: Span {
                from: at(100),
                until: at(230),
            },
            reason: GapReason::Absent(NoValue::Disconnected),
        };
        let history = history(Series::Decimated(buckets), vec![gap]);
        assert_eq!(lifted(&strokes(&history, SECOND)), [0]);
    }

    #[test]
    fn what_a_wrong_clock_measured_is_told_and_not_drawn() {
        let mut readings = vec![beats(1, 70), beats(2, 180), beats(3, 71)];
        readings[1].clock_untrusted = true;
        let gap = Gap {
            span: Span {
                from: at(2),
                until: at(3),
            },
            reason: GapReason::ClockUntrusted,
        };
        let history = history(Series::Readings(readings), vec![gap]);
        // Once for the reading and once for the gap that names it.
        assert_eq!(lifted(&strokes(&history, SECOND)), [2, 2]);
        assert_eq!(summary(&strokes(&history, SECOND)), "70 to 71, last 71");
        let span = |from, until| Span {
            from: at(from),
            until: at(until),
        };
        assert!(clock_was_wrong(&history, span(0, 600)));
        assert!(!clock_was_wrong(&history, span(300, 600)));
    }

    #[test]
    fn a_table_keeps_spikes_and_says_where_nothing_was() {
        let history = history(
            Series::Readings(vec![beats(1, 70), beats(2, 140), beats(3, 71)]),
            vec![],
        );
        let span = Span {
            from: at(0),
            until: at(600),
        };
        let rows = rows(&strokes(&history, SECOND), span, Duration::from_secs(300));
        assert_eq!(rows, [(at(0), Some((70.0, 140.0))), (at(300), None)]);
    }

    #[test]
    fn a_blood_pressure_is_told_by_whole_cuffs() {
        let cuff = |second, low, high| Stroke {
            at: at(second),
            extremes: Some((low, high)),
        };
        let strokes = [
            cuff(0, 78.0, 124.0),
            cuff(300, 70.0, 129.0),
            cuff(600, 71.0, 110.0),
        ];
        assert_eq!(pressure_summary(&strokes), "110/71 to 129/70, last 110/71");
    }

    #[test]
    fn the_sentence_says_from_to_and_last() {
        let told = history(
            Series::Readings(vec![beats(1, 70), beats(2, 140), beats(3, 71)]),
            vec![],
        );
        assert_eq!(summary(&strokes(&told, SECOND)), "70 to 140, last 71");
        let nothing = history(Series::Readings(vec![]), vec![]);
        assert_eq!(summary(&strokes(&nothing, SECOND)), "no data");
    }
}
