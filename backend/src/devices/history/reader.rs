//! Fetches a history, a stretch at a time.

use std::time::Duration;

use fleetward_common::{
    devices::history::{Block, Gap, GapReason, History, Point, Series},
    id::DeviceId,
    metric::{Metric, MetricCode, Shape},
    time::{Instant, Span},
};

use super::{
    blocks::{add_to_buckets, append, cut, end_of, not_to_be_shown, silence_before},
    decimate::Buckets,
    gaps::{GapFinder, Mark, at_width, explain},
    walk::{Allowance, Walk, stretches},
};
use crate::{
    access::HistoryPermit,
    devices::{
        store::{
            gaps, measured, minutes,
            quarantine::{self, CorruptRow},
        },
        telemetry::rollup::Counted,
        twin::Twins,
    },
    platform::{
        db::{DbConnection, DbError, StillWanted},
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
    let found = twins.db().read_long(move |connection, wanted| {
        let mut reader = Reader {
            connection,
            wanted,
            device,
            question,
            now,
            stretches: Allowance::default(),
            corrupt: Vec::new(),
        };
        let history = reader.history(&spans)?;
        Ok::<_, Failure>((history, reader.corrupt))
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

/// How much time is fetched at once, to begin with.
const NUMERIC_STRETCH: Duration = Duration::from_secs(2 * 3_600);
const WAVE_STRETCH: Duration = Duration::from_secs(10 * 60);
const MINUTES_STRETCH: Duration = Duration::from_secs(7 * 24 * 3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// Longer spans with more readings than were asked for come from the roll-ups, however many may be shown.
const LONGEST_UNROLLED: Duration = Duration::from_secs(14 * 24 * 3_600);

struct Reader<'a> {
    connection: &'a mut DbConnection,
    wanted: &'a StillWanted,
    device: DeviceId,
    question: Question,
    now: Instant,
    stretches: Allowance,
    corrupt: Vec<CorruptRow>,
}

impl Reader<'_> {
    fn history(&mut self, spans: &[Span]) -> Result<History, Failure> {
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

    fn readings(&mut self, spans: &[Span]) -> Result<(Series, Vec<Gap>), Failure> {
        let most = self.question.most_points;
        let minutes = Buckets::of_minutes(self.question.span, most);
        let fine = Buckets::over(self.question.span, most);
        let may_be_rolled_up = fine.width() >= MINUTE || self.question.span.length() > LONGEST_UNROLLED;
        if may_be_rolled_up && self.are_more_than(most, spans)? {
            self.minutes(spans, minutes)
        } else {
            self.every_reading(spans, fine)
        }
    }

    fn are_more_than(&mut self, most: usize, spans: &[Span]) -> Result<bool, Failure> {
        for span in spans {
            self.wanted.check()?;
            if minutes::hold_more_than(self.connection, self.device, self.code(), *span, most as u64)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All readings as they were sent, as long as they fit; extremes of the same readings otherwise.
    fn every_reading(&mut self, spans: &[Span], mut buckets: Buckets) -> Result<(Series, Vec<Gap>), Failure> {
        let mut points = Some(Vec::new());
        let mut gaps = Vec::new();
        for span in spans {
            let mut finder = GapFinder::over(*span);
            let mut walk = Walk::over(*span, NUMERIC_STRETCH);
            while let Some(stretch) = self.next(&mut walk)? {
                let found = self.points(stretch)?;
                walk.found(found.len());
                add_points(&found, &mut finder, &mut buckets);
                if let Some(kept) = &mut points {
                    kept.extend(found.into_iter().map(|(point, _)| point));
                }
                points = points.filter(|kept: &Vec<Point>| kept.len() <= self.question.most_points);
            }
            gaps.extend(finder.finish(self.now));
        }
        Ok(match points {
            Some(points) => (Series::Readings(points), gaps),
            None => {
                let gaps = at_width(gaps, buckets.width());
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

    /// From the roll-ups of whole minutes, and from the rows where a span begins or ends within one, and
    /// where the last minutes aren't rolled up yet.
    fn minutes(&mut self, spans: &[Span], mut buckets: Buckets) -> Result<(Series, Vec<Gap>), Failure> {
        let mut gaps = Vec::new();
        for span in spans {
            let mut finder = GapFinder::over(*span);
            let whole = whole_minutes(*span);
            let begins = Span {
                from: span.from,
                until: whole.from,
            };
            self.rows_into(begins, &mut finder, &mut buckets)?;
            let mut rolled_until = whole.from;
            for stretch in stretches(whole, MINUTES_STRETCH) {
                self.wanted.check()?;
                for minute in minutes::measured(self.connection, self.device, self.code(), stretch)? {
                    rolled_until = minute.minute + MINUTE;
                    finder.minute(&minute);
                    if let Some((least, greatest)) = minute.extremes {
                        buckets.add_extremes(minute.minute, least, greatest);
                    }
                }
            }
            let rest = Span {
                from: rolled_until,
                until: span.until,
            };
            self.rows_into(rest, &mut finder, &mut buckets)?;
            gaps.extend(finder.finish(self.now));
        }
        let gaps = at_width(gaps, buckets.width());
        Ok((Series::Decimated(buckets.finish()), gaps))
    }

    fn rows_into(
        &mut self,
        span: Span,
        finder: &mut GapFinder,
        buckets: &mut Buckets,
    ) -> Result<(), Failure> {
        let mut walk = Walk::over(span, NUMERIC_STRETCH);
        while let Some(stretch) = self.next(&mut walk)? {
            let found = self.points(stretch)?;
            walk.found(found.len());
            add_points(&found, finder, buckets);
        }
        Ok(())
    }

    fn samples(&mut self, spans: &[Span]) -> Result<(Series, Vec<Gap>), Failure> {
        let most = self.question.most_points;
        let mut buckets = Buckets::over(self.question.span, most);
        let (mut blocks, mut kept) = (Some(Vec::new()), 0);
        let mut gaps = Vec::new();
        for span in spans {
            let mut end = None;
            let mut walk = Walk::over(*span, WAVE_STRETCH);
            while let Some(stretch) = self.next(&mut walk)? {
                let found = self.blocks(stretch)?;
                walk.found(found.len());
                for block in found {
                    gaps.extend(silence_before(&block, end, *span));
                    end = Some(end_of(&block));
                    if block.clock_untrusted {
                        gaps.push(not_to_be_shown(&block));
                    } else {
                        add_to_buckets(&block, &mut buckets);
                    }
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
                let gaps = at_width(gaps, buckets.width());
                (Series::Decimated(buckets.finish()), gaps)
            }
        })
    }

    fn blocks(&mut self, stretch: Span) -> Result<Vec<Block>, DbError> {
        let found = measured::waves_measured(self.connection, self.device, stretch.from, stretch.until)?;
        self.corrupt.extend(found.corrupt);
        let code = self.code();
        let mut blocks = Vec::new();
        for row in found.rows {
            let times = row.waves.times;
            let of_metric = row.waves.blocks.into_iter().filter(|block| block.metric == code);
            let inside = of_metric.filter_map(|block| cut(times.on_server(block.start), block, stretch));
            blocks.extend(inside.map(|block| Block {
                clock_untrusted: row.clock_untrusted,
                ..block
            }));
        }
        blocks.sort_by_key(|block| block.start);
        Ok(blocks)
    }

    /// The next stretch in which something is stored.
    fn next(&mut self, walk: &mut Walk) -> Result<Option<Span>, Failure> {
        self.wanted.check()?;
        if walk.is_over() {
            return Ok(None);
        }
        let next = if self.question.metric.shape == Shape::Wave {
            measured::next_waves(self.connection, self.device, walk.reached())?
        } else {
            measured::next_numerics(self.connection, self.device, walk.reached())?
        };
        let stretch = next.and_then(|next| walk.stretch_from(next));
        if stretch.is_some() && !self.stretches.take() {
            return Err(Failure::BadRequest(
                "Too much was measured in that time for one answer. Ask for a shorter one.".to_owned(),
            ));
        }
        Ok(stretch)
    }

    const fn code(&self) -> MetricCode {
        self.question.metric.code
    }
}

fn add_points(points: &[(Point, u32)], finder: &mut GapFinder, buckets: &mut Buckets) {
    for (point, interval_ms) in points {
        let counted = Counted {
            at: point.at,
            value: &point.value,
            interval_ms: *interval_ms,
            clock_untrusted: point.clock_untrusted,
        };
        let shown = counted.shown();
        finder.mark(Mark {
            at: point.at,
            interval_ms: *interval_ms,
            absent: shown.err(),
        });
        if let Ok(value) = shown {
            buckets.add(point.at, value);
        }
    }
}

/// The minutes that lie in the span whole. A minute that two stays share is nobody's.
fn whole_minutes(span: Span) -> Span {
    let from = span.from.shifted(59_999_999).minute().min(span.until);
    Span {
        from,
        until: span.until.minute().max(from),
    }
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
    fn a_minute_that_a_stay_shares_with_another_is_not_whole() {
        let minute = 60_000_000;
        assert_eq!(
            whole_minutes(span(minute + 1, 5 * minute - 1)),
            span(2 * minute, 4 * minute)
        );
        assert_eq!(whole_minutes(span(minute, 2 * minute)), span(minute, 2 * minute));
        assert!(whole_minutes(span(minute + 1, minute + 2)).length().is_zero());
    }
}
