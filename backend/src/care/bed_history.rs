//! What was measured at a bed during the stay of whoever lies in it now. A device may have been
//! exchanged meanwhile; the patient before is not in it. The joining is pure.

use actix_web::web::Data;
use fleetward_common::{
    devices::{
        Value,
        history::{Block, Extremes, Gap, GapReason, History, Point, Series},
    },
    id::DeviceId,
    time::Span,
    unit::Decimal,
};

use super::store::wards;
use crate::{
    access::{Actor, Bed, Permit, ReadHistory},
    app::App,
    devices::history::{self, Question},
    platform::http::Failure,
};

pub async fn read(
    app: &Data<App>,
    actor: &Actor,
    permit: &Permit<Bed, ReadHistory>,
    question: Question,
) -> Result<History, Failure> {
    permit.requires(question.metric.class)?;
    let (bed, now, asked) = (permit.id(), permit.granted_at(), question.span);
    let stood: Vec<(DeviceId, Span)> = app
        .db
        .read(move |connection| {
            let Some(stay) = wards::current_stay(connection, bed, now)? else {
                return Ok::<_, Failure>(Vec::new());
            };
            let Some(span) = stay.intersect(&asked) else {
                return Ok(Vec::new());
            };
            Ok(wards::devices_at_bed_in(connection, bed, span)?)
        })
        .await?;
    let mut parts = Vec::new();
    for (device, span) in stood {
        let allowed = app
            .access
            .device(device)
            .history(actor, question.metric.class, span)
            .await;
        match allowed {
            Ok(permit) => {
                let part = Question { span, ..question };
                parts.push(history::read(&app.twins, &permit, part).await?);
            }
            // A device that moved on to where this person can't follow leaves a gap.
            Err(Failure::NotFound | Failure::NotPermitted(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(joined(question, parts))
}

/// One history of several devices' parts.
fn joined(question: Question, mut parts: Vec<History>) -> History {
    // Every device at the bed was asked; only those that measure this have anything to say.
    parts.retain(says_something);
    parts.sort_by_key(|part| part.span.from);
    let mut gaps: Vec<Gap> = parts.iter().flat_map(|part| part.gaps.clone()).collect();
    gaps.extend(uncovered(question.span, &parts));
    gaps.sort_by_key(|gap| gap.span.from);
    History {
        metric: question.metric.code,
        unit: Some(question.metric.unit),
        span: question.span,
        series: parts
            .into_iter()
            .map(|part| part.series)
            .reduce(one_after_the_other)
            .unwrap_or(Series::Readings(Vec::new())),
        gaps,
    }
}

/// Where no device stood, or none that measured this.
fn uncovered(span: Span, parts: &[History]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut from = span.from;
    for part in parts {
        if from < part.span.from {
            gaps.push(Span {
                from,
                until: part.span.from,
            });
        }
        from = from.max(part.span.until);
    }
    if from < span.until {
        gaps.push(Span {
            from,
            until: span.until,
        });
    }
    gaps.into_iter()
        .map(|span| Gap {
            span,
            reason: GapReason::NoData,
        })
        .collect()
}

fn says_something(part: &History) -> bool {
    let measured = match &part.series {
        Series::Readings(points) => !points.is_empty(),
        Series::Samples(blocks) => !blocks.is_empty(),
        Series::Decimated(buckets) => !buckets.is_empty(),
    };
    measured || part.gaps.iter().any(|gap| gap.reason != GapReason::NoData)
}

fn one_after_the_other(earlier: Series, later: Series) -> Series {
    match (earlier, later) {
        (Series::Readings(mut points), Series::Readings(more)) => {
            points.extend(more);
            points.sort_by_key(|point| point.at);
            Series::Readings(points)
        }
        (Series::Samples(mut blocks), Series::Samples(more)) => {
            blocks.extend(more);
            blocks.sort_by_key(|block| block.start);
            Series::Samples(blocks)
        }
        // One part was decimated and the other is short enough not to be: a reading is its own bucket.
        (earlier, later) => {
            let mut buckets = extremes(earlier);
            buckets.extend(extremes(later));
            buckets.sort_by_key(|bucket| bucket.at);
            Series::Decimated(buckets)
        }
    }
}

fn extremes(series: Series) -> Vec<Extremes> {
    match series {
        Series::Decimated(buckets) => buckets,
        Series::Readings(points) => points.iter().filter_map(of_point).collect(),
        Series::Samples(blocks) => blocks
            .iter()
            .filter(|block| !block.clock_untrusted)
            .flat_map(of_block)
            .collect(),
    }
}

fn of_point(point: &Point) -> Option<Extremes> {
    match point.value {
        Value::Known(value) if !point.clock_untrusted => Some(Extremes {
            at: point.at,
            min: value,
            max: value,
        }),
        Value::Known(_) | Value::Implausible(_) | Value::Absent(_) => None,
    }
}

fn of_block(block: &Block) -> Vec<Extremes> {
    (0_u64..)
        .zip(&block.samples)
        .map(|(index, sample)| {
            let value = Decimal::new(i64::from(*sample), block.exponent);
            Extremes {
                at: block.rate.instant_of(block.start, index),
                min: value,
                max: value,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{devices::link::NoValue, metric::codes, time::Instant};

    fn question(from: i64, until: i64) -> Question {
        Question {
            metric: codes::HEART_RATE.metric().unwrap(),
            span: span(from, until),
            most_points: 100,
        }
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: Instant::from_micros(from),
            until: Instant::from_micros(until),
        }
    }

    fn part(from: i64, until: i64, rates: &[(i64, i64)]) -> History {
        History {
            metric: codes::HEART_RATE,
            unit: None,
            span: span(from, until),
            series: Series::Readings(
                rates
                    .iter()
                    .map(|(at, rate)| Point {
                        at: Instant::from_micros(*at),
                        value: Value::Known(Decimal::whole(*rate)),
                        clock_untrusted: false,
                    })
                    .collect(),
            ),
            gaps: Vec::new(),
        }
    }

    #[test]
    fn an_exchanged_monitor_leaves_a_gap_where_none_stood() {
        let history = joined(
            question(0, 100),
            vec![part(50, 100, &[(60, 71)]), part(10, 40, &[(20, 70)])],
        );
        let Series::Readings(points) = &history.series else {
            panic!("{history:?}");
        };
        assert_eq!(
            points.iter().map(|point| point.at.micros()).collect::<Vec<_>>(),
            [20, 60]
        );
        let gaps: Vec<_> = history.gaps.iter().map(|gap| gap.span).collect();
        assert_eq!(gaps, [span(0, 10), span(40, 50)]);
    }

    #[test]
    fn a_pump_beside_the_monitor_adds_no_gap() {
        let mut pump = part(0, 100, &[]);
        pump.gaps.push(Gap {
            span: span(0, 100),
            reason: GapReason::NoData,
        });
        let history = joined(question(0, 100), vec![pump, part(0, 100, &[(20, 70)])]);
        assert!(history.gaps.is_empty());
    }

    #[test]
    fn two_silent_devices_leave_one_gap_and_a_loose_electrode_is_told() {
        let mut silent = part(0, 100, &[]);
        silent.gaps.push(Gap {
            span: span(0, 100),
            reason: GapReason::NoData,
        });
        let history = joined(question(0, 100), vec![silent.clone(), silent.clone()]);
        assert_eq!(history.gaps, silent.gaps);

        let mut loose = part(0, 100, &[]);
        loose.gaps.push(Gap {
            span: span(0, 100),
            reason: GapReason::Absent(NoValue::SensorOff),
        });
        let history = joined(question(0, 100), vec![silent, loose.clone()]);
        assert_eq!(history.gaps, loose.gaps);
    }

    #[test]
    fn before_the_patient_came_there_is_nothing() {
        let history = joined(question(0, 100), Vec::new());
        assert_eq!(
            history.gaps.iter().map(|gap| gap.span).collect::<Vec<_>>(),
            [span(0, 100)]
        );
        assert_eq!(history.series, Series::Readings(Vec::new()));
    }
}
