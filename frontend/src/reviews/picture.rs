//! Where things stand in the two pictures of an event. Pure geometry in the units of a view box.

use fleetward_common::time::{Instant, Span};
use std::time::Duration;

/// A time axis between two edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub span: Span,
    pub left: f64,
    pub right: f64,
}

impl Axis {
    pub fn x(&self, at: Instant) -> f64 {
        let all = self.span.until.offset_from(self.span.from).max(1) as f64;
        let here = at.offset_from(self.span.from) as f64;
        self.left + (self.right - self.left) * (here / all).clamp(0.0, 1.0)
    }

    /// Left edge and width; never too narrow to be seen.
    pub fn bar(&self, span: Span) -> (f64, f64) {
        let from = self.x(span.from);
        (from, (self.x(span.until) - from).max(3.0))
    }

    /// Full hours within, at most eight.
    pub fn hours(&self) -> Vec<Instant> {
        const HOUR: i64 = 3_600_000_000;
        let (from, until) = (self.span.from.micros(), self.span.until.micros());
        let hours = (until - from) / HOUR;
        let step = (hours / 8 + 1).max(1) * HOUR;
        let first = from.div_euclid(HOUR) * HOUR + HOUR;
        (0..)
            .map(|at| first + at * step)
            .take_while(|at| *at <= until)
            .map(Instant::from_micros)
            .collect()
    }
}

/// The days on either side of an event, and what of them is still to come.
pub fn around(at: Instant, now: Instant) -> (Span, Option<Span>) {
    const SIDE: Duration = Duration::from_secs(30 * 24 * 3_600);
    let span = Span {
        from: at - SIDE,
        until: at + SIDE,
    };
    let future = Span {
        from: now,
        until: span.until,
    };
    (span, span.intersect(&future))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn minutes(from: i64, until: i64) -> Span {
        Span {
            from: Instant::from_millis(from * 60_000),
            until: Instant::from_millis(until * 60_000),
        }
    }

    #[test]
    fn a_bar_stands_in_proportion_and_a_moment_is_still_seen() {
        let axis = Axis {
            span: minutes(0, 100),
            left: 100.0,
            right: 300.0,
        };
        assert_eq!(axis.bar(minutes(25, 50)), (150.0, 50.0));
        assert_eq!(axis.bar(minutes(50, 50)), (200.0, 3.0));
        assert_eq!(axis.bar(minutes(-50, 500)), (100.0, 200.0));
    }

    #[test]
    fn the_axis_names_full_hours_and_not_too_many() {
        let axis = |span| Axis {
            span,
            left: 0.0,
            right: 1.0,
        };
        assert_eq!(axis(minutes(30, 200)).hours().len(), 3);
        assert!(axis(minutes(0, 60 * 48)).hours().len() <= 8);
    }

    #[test]
    fn what_is_to_come_ends_the_picture() {
        let now = Instant::from_millis(1_000_000_000_000);
        let (span, future) = around(now - Duration::from_secs(3_600), now);
        assert_eq!(future.map(|future| future.until), Some(span.until));
        let long_ago = Instant::from_millis(1);
        assert_eq!(around(long_ago, now).1, None);
    }
}
