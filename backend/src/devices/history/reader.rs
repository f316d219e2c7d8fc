//! Fetches a history, a stretch at a time.

use std::time::Duration;

use fleetward_common::{
    devices::{
        Value,
        history::{Block, Gap, GapReason, History, Point, Series},
    },
    id::DeviceId,
    metric::{Metric, MetricCode, Shape},
    time::{Instant, Span},
};

use super::{
    blocks::{add_to_buckets, append, cut, end_of, silence_before},
    decimate::Buckets,
    gaps::{GapFinder, Mark, explain},
};
use crate::{
    access::HistoryPermit,
    devices::{
        store::{
            gaps, measured, minutes,
            quarantine::{self, CorruptRow},
        },
        twin::Twins,
    },
    platform::{
        db::{DbConnection, DbError},
        http::Failure,
    },
};

/// What is asked of a history.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    pub metric: &'static Metric,
    pub span: Span,
    pub most_points: usize,
}

/// What was measured within the permit's spans. Rows that turn out corrupt are set aside and reported;
/// the rest is served.
pub async fn read(twins: &Twins, permit: &HistoryPermit, question: Question) -> Result<History, Failure> {
    read_spans(twins, permit.device(), permit.spans().to_vec(), question).await
}

/// For those who have checked the permit, and for tests of what is read.
pub(in crate::devices) async fn read_spans(
    twins: &Twins,
    device: DeviceId,
    spans: Vec<Span>,
    question: Question,
) -> Result<History, Failure> {
    let now = twins.now();
    let found = twins.db().read(move |connection| {
        let mut reader = Reader {
            connection,
            device,
            question,
            now,
            corrupt: Vec::new(),
        };
        let history = reader.history(&spans)?;
        Ok::<_, DbError>((history, reader.corrupt))
    });
    let (history, corrupt) = found.await?;
    if !corrupt.is_empty() {
        quarantine(twins, device, corrupt, now).await?;
    }
    Ok(history)
}

async fn quarantine(
    twins: &Twins,
    device: DeviceId,
    corrupt: Vec<CorruptRow>,
    now: Instant,
) -> Result<(), Failure> {
    for row in &corrupt {
        tracing::error!(
            device.id = %device, epoch = row.epoch, seq = row.seq, lane = row.lane.as_str(),
            "a stored frame is corrupt; it was set aside and the rest was served"
        );
    }
    let set_aside = twins.db().write(move |connection| {
        quarantine::set_aside(connection, device, &corrupt, now).map_err(DbError::Query)
    });
    let new = set_aside.await?;
    twins.metrics().quarantined.inc_by(new as u64);
    Ok(())
}

/// How much time is fetched at once.
const NUMERIC_STRETCH: Duration = Duration::from_secs(2 * 3_600);
const WAVE_STRETCH: Duration = Duration::from_secs(10 * 60);
const MINUTE: Duration = Duration::from_secs(60);

struct Reader<'a> {
    connection: &'a mut DbConnection,
    device: DeviceId,
    question: Question,
    now: Instant,
    corrupt: Vec<CorruptRow>,
}

impl Reader<'_> {
    fn history(&mut self, spans: &[Span]) -> Result<History, DbError> {
        let metric = self.question.metric;
        let (series, mut gaps) = if metric.shape == Shape::Wave {
            self.samples(spans)?
        } else {
            self.readings(spans)?
        };
        let lost = gaps::lost(self.connection, self.device, self.question.span)?;
        explain(&mut gaps, &lost);
        gaps.extend(out_of_reach(self.question.span, spans));
        gaps.sort_by_key(|gap| (gap.span.from, gap.span.until));
        Ok(History {
            metric: metric.code,
            unit: Some(metric.unit),
            span: self.question.span,
            series,
            gaps,
        })
    }

    fn readings(&mut self, spans: &[Span]) -> Result<(Series, Vec<Gap>), DbError> {
        let most = self.question.most_points;
        let minutes = Buckets::of_minutes(self.question.span, most);
        let fine = Buckets::over(self.question.span, most);
        let rolled_up = fine.width() >= MINUTE && self.count(spans)? > most as u64;
        if rolled_up {
            self.minutes(spans, minutes)
        } else {
            self.every_reading(spans, fine)
        }
    }

    fn count(&mut self, spans: &[Span]) -> Result<u64, DbError> {
        let mut count = 0;
        for span in spans {
            count += minutes::count(self.connection, self.device, self.code(), *span)?;
        }
        Ok(count)
    }

    /// All readings as they were sent, as long as they fit; extremes of the same readings otherwise.
    fn every_reading(&mut self, spans: &[Span], mut buckets: Buckets) -> Result<(Series, Vec<Gap>), DbError> {
        let mut points = Some(Vec::new());
        let mut gaps = Vec::new();
        for span in spans {
            let mut finder = GapFinder::over(*span);
            for stretch in stretches(*span, NUMERIC_STRETCH) {
                for (point, interval_ms) in self.points(stretch)? {
                    finder.mark(Mark {
                        at: point.at,
                        interval_ms,
                        absent: match point.value {
                            Value::Absent(reason) => Some(reason),
                            Value::Known(_) | Value::Implausible(_) => None,
                        },
                    });
                    if let Value::Known(value) = point.value {
                        buckets.add(point.at, value);
                    }
                    if let Some(kept) = &mut points {
                        kept.push(point);
                    }
                }
                points = points.filter(|kept: &Vec<Point>| kept.len() <= self.question.most_points);
            }
            gaps.extend(finder.finish(self.now));
        }
        Ok(match points {
            Some(points) => (Series::Readings(points), gaps),
            None => {
                gaps.retain(|gap| gap.span.length() >= buckets.width());
                (Series::Decimated(buckets.finish()), gaps)
            }
        })
    }

    /// In order of time; readings of one moment in the order they were sent.
    fn points(&mut self, stretch: Span) -> Result<Vec<(Point, u32)>, DbError> {
        let found = measured::numerics_measured(self.connection, self.device, stretch.from, stretch.until)?;
        self.corrupt.extend(found.corrupt);
        let code = self.code();
        let mut points = Vec::new();
        for row in &found.rows {
            for block in row.numerics.blocks.iter().filter(|block| block.metric == code) {
                for (after, value) in &block.readings {
                    let point = Point {
                        at: row.numerics.times.on_server(*after),
                        value: *value,
                        clock_untrusted: row.clock_untrusted,
                    };
                    if stretch.contains(point.at) {
                        points.push((point, block.interval_ms));
                    }
                }
            }
        }
        points.sort_by_key(|(point, _)| point.at);
        Ok(points)
    }

    /// From the roll-ups, and from the rows where the last minutes aren't rolled up yet.
    fn minutes(&mut self, spans: &[Span], mut buckets: Buckets) -> Result<(Series, Vec<Gap>), DbError> {
        let mut gaps = Vec::new();
        for span in spans {
            let rolled = minutes::measured(self.connection, self.device, self.code(), *span)?;
            let rolled_until = rolled.last().map_or(span.from, |last| last.minute + MINUTE);
            let interval_ms = usual_distance(&rolled);
            let mut finder = GapFinder::over(*span);
            for minute in &rolled {
                finder.mark(Mark {
                    at: minute.minute.max(span.from),
                    interval_ms,
                    absent: None,
                });
                if let Some((least, greatest)) = minute.extremes {
                    buckets.add_extremes(minute.minute.max(span.from), least, greatest);
                }
            }
            let rest = Span {
                from: rolled_until.min(span.until),
                until: span.until,
            };
            for stretch in stretches(rest, NUMERIC_STRETCH) {
                for (point, _) in self.points(stretch)? {
                    finder.mark(Mark {
                        at: point.at,
                        interval_ms,
                        absent: None,
                    });
                    if let Value::Known(value) = point.value {
                        buckets.add(point.at, value);
                    }
                }
            }
            gaps.extend(finder.finish(self.now));
        }
        gaps.retain(|gap| gap.span.length() >= buckets.width());
        Ok((Series::Decimated(buckets.finish()), gaps))
    }

    fn samples(&mut self, spans: &[Span]) -> Result<(Series, Vec<Gap>), DbError> {
        let most = self.question.most_points;
        let mut buckets = Buckets::over(self.question.span, most);
        let (mut blocks, mut kept) = (Some(Vec::new()), 0);
        let mut gaps = Vec::new();
        for span in spans {
            let mut end = None;
            for stretch in stretches(*span, WAVE_STRETCH) {
                for block in self.blocks(stretch)? {
                    gaps.extend(silence_before(&block, end, *span));
                    end = Some(end_of(&block));
                    add_to_buckets(&block, &mut buckets);
                    kept += block.samples.len();
                    if let Some(blocks) = blocks.as_mut().filter(|_| kept <= most) {
                        append(blocks, block);
                    }
                }
                blocks = blocks.filter(|_| kept <= most);
            }
            let (from, until) = (end.unwrap_or(span.from), span.until.min(self.now));
            if until.since(from) > Duration::from_secs(1) {
                gaps.push(Gap {
                    span: Span { from, until },
                    reason: GapReason::NoData,
                });
            }
        }
        Ok(match blocks {
            Some(blocks) => (Series::Samples(blocks), gaps),
            None => {
                gaps.retain(|gap| gap.span.length() >= buckets.width());
                (Series::Decimated(buckets.finish()), gaps)
            }
        })
    }

    fn blocks(&mut self, stretch: Span) -> Result<Vec<Block>, DbError> {
        let found = measured::waves_measured(self.connection, self.device, stretch.from, stretch.until)?;
        self.corrupt.extend(found.corrupt);
        let code = self.code();
        let mut blocks = Vec::new();
        for waves in found.rows {
            let times = waves.times;
            let of_metric = waves.blocks.into_iter().filter(|block| block.metric == code);
            blocks.extend(of_metric.filter_map(|block| cut(times.on_server(block.start), block, stretch)));
        }
        blocks.sort_by_key(|block| block.start);
        Ok(blocks)
    }

    const fn code(&self) -> MetricCode {
        self.question.metric.code
    }
}

/// Consecutive parts of a span, each at most `length` long.
fn stretches(span: Span, length: Duration) -> impl Iterator<Item = Span> {
    let mut from = span.from;
    std::iter::from_fn(move || {
        (from < span.until).then(|| {
            let until = (from + length).min(span.until);
            let stretch = Span { from, until };
            from = until;
            stretch
        })
    })
}

/// The middle distance between minutes that have readings: how far apart they usually are.
fn usual_distance(rolled: &[minutes::RolledUp]) -> u32 {
    let mut distances: Vec<i64> = rolled
        .windows(2)
        .filter_map(|pair| match pair {
            [one, next] => Some(next.minute.offset_from(one.minute) / 1_000),
            _ => None,
        })
        .collect();
    distances.sort_unstable();
    let middle = distances.get(distances.len() / 2).copied().unwrap_or(60_000);
    u32::try_from(middle).unwrap_or(u32::MAX)
}

/// What was measured there is somebody else's to read; a line must not be drawn across it.
fn out_of_reach(span: Span, spans: &[Span]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut from = span.from;
    let ends = spans.iter().map(|span| (span.from, span.until));
    for (begins, ends) in ends.chain([(span.until, span.until)]) {
        if from < begins {
            gaps.push(Gap {
                span: Span { from, until: begins },
                reason: GapReason::NoData,
            });
        }
        from = from.max(ends);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn what_lies_between_two_stays_is_a_gap() {
        let gaps = out_of_reach(span(0, 100), &[span(10, 20), span(50, 100)]);
        let spans: Vec<_> = gaps
            .iter()
            .map(|gap| (gap.span.from.micros(), gap.span.until.micros()))
            .collect();
        assert_eq!(spans, [(0, 10), (20, 50)]);
    }

    #[test]
    fn stretches_cover_a_span_once() {
        let parts: Vec<_> = stretches(span(0, 25), Duration::from_micros(10))
            .map(|part| part.from.micros())
            .collect();
        assert_eq!(parts, [0, 10, 20]);
    }
}
