//! Where there is nothing, and why. Pure.

use std::time::Duration;

use fleetward_common::{
    devices::{
        history::{Gap, GapReason},
        link::NoValue,
    },
    metric::FreshnessBudget,
    time::{Instant, Span},
};

/// One moment at which something was measured, or said to be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub at: Instant,
    pub interval_ms: u32,
    pub absent: Option<NoValue>,
}

/// Goes through a span in order of time and notes where nothing was.
#[derive(Debug)]
pub struct GapFinder {
    span: Span,
    last: Option<Mark>,
    absent_since: Option<(Instant, NoValue)>,
    gaps: Vec<Gap>,
}

impl GapFinder {
    pub const fn over(span: Span) -> Self {
        Self {
            span,
            last: None,
            absent_since: None,
            gaps: Vec::new(),
        }
    }

    /// Marks must come in order of time.
    pub fn mark(&mut self, mark: Mark) {
        let before = self.last.map_or(self.span.from, |last| last.at);
        let usual = self.last.map_or(mark.interval_ms, |last| last.interval_ms);
        if mark.at.since(before) > tolerated(usual) {
            self.end_absence(before);
            self.note(before, mark.at, GapReason::NoData);
        }
        match (self.absent_since, mark.absent) {
            (Some((_, reason)), Some(same)) if reason == same => {}
            (since, absent) => {
                if since.is_some() {
                    self.end_absence(mark.at);
                }
                self.absent_since = absent.map(|reason| (mark.at, reason));
            }
        }
        self.last = Some(mark);
    }

    /// `now` bounds what can be missing: the future isn't.
    pub fn finish(mut self, now: Instant) -> Vec<Gap> {
        let end = self.span.until.min(now);
        match self.last {
            None => self.note(self.span.from, end, GapReason::NoData),
            Some(last) => {
                let is_missing = end.since(last.at) > tolerated(last.interval_ms);
                self.end_absence(if is_missing { last.at } else { end });
                if is_missing {
                    self.note(last.at, end, GapReason::NoData);
                }
            }
        }
        self.gaps
    }

    fn end_absence(&mut self, until: Instant) {
        if let Some((since, reason)) = self.absent_since.take() {
            self.note(since, until, GapReason::Absent(reason));
        }
    }

    fn note(&mut self, from: Instant, until: Instant, reason: GapReason) {
        if from < until {
            self.gaps.push(Gap {
                span: Span { from, until },
                reason,
            });
        }
    }
}

fn tolerated(interval_ms: u32) -> Duration {
    FreshnessBudget { interval_ms }.stale_after()
}

/// Lost frames explain the silence they lie in; a lost frame of another channel explains nothing here.
pub fn explain(gaps: &mut [Gap], lost: &[Span]) {
    for gap in gaps.iter_mut().filter(|gap| gap.reason == GapReason::NoData) {
        let touches = |lost: &Span| lost.from <= gap.span.until && gap.span.from <= lost.until;
        if lost.iter().any(touches) {
            gap.reason = GapReason::FramesLost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(at: i64) -> Instant {
        Instant::from_millis(at * 1_000)
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: second(from),
            until: second(until),
        }
    }

    fn gaps(marks: &[(i64, Option<NoValue>)]) -> Vec<(i64, i64, GapReason)> {
        let mut finder = GapFinder::over(span(0, 100));
        for (at, absent) in marks {
            finder.mark(Mark {
                at: second(*at),
                interval_ms: 1_000,
                absent: *absent,
            });
        }
        let found = finder.finish(second(1_000));
        found
            .iter()
            .map(|gap| {
                (
                    gap.span.from.millis() / 1_000,
                    gap.span.until.millis() / 1_000,
                    gap.reason,
                )
            })
            .collect()
    }

    #[test]
    fn a_silence_of_more_than_five_seconds_is_a_gap_and_a_shorter_one_is_not() {
        let marks: Vec<_> = (0..100)
            .filter(|at| !(40..50).contains(at) && !(60..64).contains(at))
            .map(|at| (at, None))
            .collect();
        assert_eq!(gaps(&marks), [(39, 50, GapReason::NoData)]);
    }

    #[test]
    fn a_span_in_which_nothing_was_measured_is_one_gap() {
        assert_eq!(gaps(&[]), [(0, 100, GapReason::NoData)]);
    }

    #[test]
    fn a_lead_that_is_off_says_so_from_the_first_absent_reading_to_the_next_value() {
        let off = Some(NoValue::SensorOff);
        let marks: Vec<_> = (0..100)
            .map(|at| (at, if (20..30).contains(&at) { off } else { None }))
            .collect();
        assert_eq!(gaps(&marks), [(20, 30, GapReason::Absent(NoValue::SensorOff))]);
    }

    #[test]
    fn a_lead_that_is_off_when_the_device_goes_away_is_off_only_while_it_said_so() {
        let off = Some(NoValue::SensorOff);
        let marks: Vec<_> = (0..30)
            .map(|at| (at, if at >= 20 { off } else { None }))
            .collect();
        assert_eq!(
            gaps(&marks),
            [
                (20, 29, GapReason::Absent(NoValue::SensorOff)),
                (29, 100, GapReason::NoData)
            ]
        );
    }

    #[test]
    fn the_future_is_not_missing() {
        let mut finder = GapFinder::over(span(0, 100));
        finder.mark(Mark {
            at: second(0),
            interval_ms: 1_000,
            absent: None,
        });
        assert!(finder.finish(second(2)).is_empty());
    }

    #[test]
    fn lost_frames_explain_the_silence_they_lie_in() {
        let mut gaps = vec![
            Gap {
                span: span(10, 20),
                reason: GapReason::NoData,
            },
            Gap {
                span: span(50, 60),
                reason: GapReason::NoData,
            },
        ];
        explain(&mut gaps, &[span(9, 20)]);
        let reasons: Vec<_> = gaps.iter().map(|gap| gap.reason).collect();
        assert_eq!(reasons, [GapReason::FramesLost, GapReason::NoData]);
    }
}
