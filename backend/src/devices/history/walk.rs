//! A long span, a stretch at a time. Pure.
//!
//! Where nothing is stored nothing is asked, stretches that hold little grow, and one answer has a bounded
//! number of them: what a question costs depends on what was measured, never on how long it is.

use std::time::Duration;

use fleetward_common::time::{Instant, Span};

/// A stretch that held fewer readings, or blocks, doubles the next one.
const LITTLE: usize = 1_000;
const MOST_DOUBLINGS: u32 = 4;
const MOST_STRETCHES: usize = 1_000;

/// How many stretches one answer may still read.
#[derive(Debug)]
pub(super) struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Self {
        Self(MOST_STRETCHES)
    }
}

impl Allowance {
    /// False when there is none left.
    pub(super) const fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

#[derive(Debug)]
pub(super) struct Walk {
    reached: Instant,
    until: Instant,
    usual: Duration,
    doublings: u32,
}

impl Walk {
    pub(super) const fn over(span: Span, usual: Duration) -> Self {
        Self {
            reached: span.from,
            until: span.until,
            usual,
            doublings: 0,
        }
    }

    pub(super) const fn reached(&self) -> Instant {
        self.reached
    }

    pub(super) fn is_over(&self) -> bool {
        self.reached >= self.until
    }

    /// Goes on from `next`, before which nothing is stored.
    pub(super) fn stretch_from(&mut self, next: Instant) -> Option<Span> {
        let from = next.max(self.reached);
        if from >= self.until {
            self.reached = self.until;
            return None;
        }
        let until = (from + self.usual * 2_u32.pow(self.doublings)).min(self.until);
        self.reached = until;
        Some(Span { from, until })
    }

    /// What the last stretch held decides how long the next one is.
    pub(super) fn found(&mut self, count: usize) {
        self.doublings = if count < LITTLE {
            (self.doublings + 1).min(MOST_DOUBLINGS)
        } else {
            0
        };
    }
}

/// Consecutive parts of a span, each at most `length` long.
pub(super) fn stretches(span: Span, length: Duration) -> impl Iterator<Item = Span> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, until: i64) -> Span {
        Span {
            from: Instant::from_micros(from),
            until: Instant::from_micros(until),
        }
    }

    #[test]
    fn stretches_cover_a_span_once() {
        let parts: Vec<_> = stretches(span(0, 25), Duration::from_micros(10)).collect();
        assert_eq!(parts, [span(0, 10), span(10, 20), span(20, 25)]);
    }

    #[test]
    fn a_walk_leaps_over_what_is_empty_and_grows_where_little_is() {
        let mut walk = Walk::over(span(0, 1_000), Duration::from_micros(10));
        let mut parts = Vec::new();
        for (next, count) in [(0, 5_000), (10, 3), (400, 2), (900, 5_000), (950, 1)] {
            parts.extend(walk.stretch_from(Instant::from_micros(next)));
            walk.found(count);
        }
        assert_eq!(
            parts,
            [
                span(0, 10),
                span(10, 20),
                span(400, 420),
                span(900, 940),
                span(950, 960)
            ]
        );
        assert_eq!(walk.stretch_from(Instant::from_micros(2_000)), None);
        assert!(walk.is_over());
    }

    #[test]
    fn an_answer_reads_so_many_stretches_and_no_more() {
        let mut allowance = Allowance::default();
        assert_eq!((0..5_000).filter(|_| allowance.take()).count(), MOST_STRETCHES);
    }
}
