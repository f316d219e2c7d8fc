//! Where there is nothing, and why. Pure.

use std::time::Duration;

use fleetward_common::{
    devices::history::{Gap, GapReason},
    metric::FreshnessBudget,
    time::{Instant, Span},
};

use crate::devices::store::minutes::RolledUp;

/// One moment at which something was measured, or said to be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub at: Instant,
    pub interval_ms: u32,
    /// Why there is no value to show.
    pub absent: Option<GapReason>,
}

/// Goes through a span in order of time and notes where nothing was.
#[derive(Debug)]
pub struct GapFinder {
    span: Span,
    last: Option<Mark>,
    absent_since: Option<(Instant, GapReason)>,
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
        self.unbroken(mark);
    }

    /// A mark of which it is known that no silence lies before it.
    fn unbroken(&mut self, mark: Mark) {
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

    /// A whole minute's marks. Silences within it are shorter than any bucket of minutes.
    pub fn minute(&mut self, minute: &RolledUp) {
        let mark = |at: Instant, absent: Option<GapReason>| Mark {
            at,
            interval_ms: minute.interval_ms,
            absent,
        };
        let (first, last) = minute.measured;
        let missing = Some(minute.absent_for.unwrap_or(GapReason::NoData));
        let Some((known_from, known_until)) = minute.known else {
            self.mark(mark(first, missing));
            self.unbroken(mark(last, missing));
            return;
        };
        if first < known_from {
            self.mark(mark(first, missing));
            self.unbroken(mark(known_from, None));
        } else {
            self.mark(mark(known_from, None));
        }
        self.unbroken(mark(known_until, None));
        if known_until < last {
            self.unbroken(mark(known_until.shifted(1), missing));
            self.unbroken(mark(last, missing));
        }
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
            self.note(since, until, reason);
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

/// The gaps that buckets of this width show. Those that touch and are finer than a bucket become one,
/// which keeps its reason when all agree; what is still finer lies within a bucket.
pub fn at_width(mut gaps: Vec<Gap>, width: Duration) -> Vec<Gap> {
    gaps.sort_by_key(|gap| (gap.span.from, gap.span.until));
    let mut merged: Vec<Gap> = Vec::with_capacity(gaps.len());
    for gap in gaps {
        match merged.last_mut() {
            Some(last)
                if gap.span.from <= last.span.until
                    && (last.reason == gap.reason || last.span.length().min(gap.span.length()) < width) =>
            {
                last.span.until = last.span.until.max(gap.span.until);
                if last.reason != gap.reason {
                    last.reason = GapReason::NoData;
                }
            }
            _ => merged.push(gap),
        }
    }
    merged.retain(|gap| gap.span.length() >= width);
    merged
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
    use crate::devices::telemetry::rollup::{Counted, Minute};
    use fleetward_common::{
        devices::{Value, link::NoValue},
        unit::Decimal,
    };
    use proptest::{collection::vec, prelude::*};

    fn second(at: i64) -> Instant {
        Instant::from_millis(at * 1_000)
    }

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: second(from),
            until: second(until),
        }
    }

    fn gaps(marks: &[(i64, Option<GapReason>)]) -> Vec<(i64, i64, GapReason)> {
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
        let off = Some(GapReason::Absent(NoValue::SensorOff));
        let marks: Vec<_> = (0..100)
            .map(|at| (at, if (20..30).contains(&at) { off } else { None }))
            .collect();
        assert_eq!(gaps(&marks), [(20, 30, GapReason::Absent(NoValue::SensorOff))]);
    }

    #[test]
    fn a_lead_that_is_off_when_the_device_goes_away_is_off_only_while_it_said_so() {
        let off = Some(GapReason::Absent(NoValue::SensorOff));
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

    /// What a device did for some seconds.
    #[derive(Debug, Clone, Copy)]
    enum Spell {
        Measured,
        Silent,
        Absent(NoValue),
        Implausible,
        ClockUntrusted,
    }

    fn spell() -> impl Strategy<Value = (Spell, i64)> {
        let kind = prop_oneof![
            4 => Just(Spell::Measured),
            2 => Just(Spell::Silent),
            2 => Just(Spell::Absent(NoValue::SensorOff)),
            1 => Just(Spell::Absent(NoValue::Disconnected)),
            1 => Just(Spell::Implausible),
            1 => Just(Spell::ClockUntrusted),
        ];
        (kind, 1i64..400)
    }

    fn readings(spells: &[(Spell, i64)]) -> Vec<(i64, Value, bool)> {
        let number = Decimal::whole(70);
        let mut readings = Vec::new();
        let mut at = 0;
        for (spell, seconds) in spells {
            for second in at..at + seconds {
                match spell {
                    Spell::Silent => {}
                    Spell::Measured => readings.push((second, Value::Known(number), false)),
                    Spell::Absent(reason) => readings.push((second, Value::Absent(*reason), false)),
                    Spell::Implausible => readings.push((second, Value::Implausible(number), false)),
                    Spell::ClockUntrusted => readings.push((second, Value::Known(number), true)),
                }
            }
            at += seconds;
        }
        readings
    }

    proptest! {
        #[test]
        fn a_chart_of_minutes_has_every_gap_that_is_longer_than_a_bucket(
            spells in vec(spell(), 1..30),
            width in 60u64..400,
        ) {
            let readings = readings(&spells);
            let end = spells.iter().map(|(_, seconds)| seconds).sum();
            let width = Duration::from_secs(width);
            let (mut fine, mut coarse) = (GapFinder::over(span(0, end)), GapFinder::over(span(0, end)));
            let mut minutes: Vec<Minute> = Vec::new();
            for (at, value, clock_untrusted) in &readings {
                let counted = Counted {
                    at: second(*at),
                    value,
                    interval_ms: 1_000,
                    clock_untrusted: *clock_untrusted,
                };
                fine.mark(Mark {
                    at: counted.at,
                    interval_ms: 1_000,
                    absent: counted.shown().err(),
                });
                let minute = counted.at.minute();
                if minutes.last().is_none_or(|last| last.minute != minute) {
                    minutes.push(Minute::starting(minute));
                }
                minutes.last_mut().unwrap().add(counted);
            }
            for minute in &minutes {
                coarse.minute(&RolledUp::from(minute));
            }
            let told = at_width(coarse.finish(second(end)), width);
            for gap in fine.finish(second(end)) {
                if gap.span.length() > width {
                    // A minute of several reasons lies between those of one.
                    let mut covered = gap.span.from;
                    for told in &told {
                        if told.span.from <= covered {
                            covered = covered.max(told.span.until);
                        }
                    }
                    prop_assert!(covered >= gap.span.until, "{gap:?} is not covered by {told:?}");
                }
            }
            let told_most = told.iter().map(|gap| gap.span.length()).sum::<Duration>();
            prop_assert!(told_most <= Duration::from_secs(end.unsigned_abs()), "gaps don't overlap");
        }
    }

    #[test]
    fn gaps_that_touch_and_are_finer_than_a_bucket_become_one_with_the_reason_they_share() {
        let gap = |from, until, reason| Gap {
            span: span(from, until),
            reason,
        };
        let off = GapReason::Absent(NoValue::SensorOff);
        let gaps = vec![
            gap(0, 40, off),
            gap(40, 70, off),
            gap(200, 230, off),
            gap(230, 290, GapReason::Implausible),
        ];
        assert_eq!(
            at_width(gaps, Duration::from_secs(60)),
            [gap(0, 70, off), gap(200, 290, GapReason::NoData)]
        );
    }
}
