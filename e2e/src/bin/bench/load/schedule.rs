//! When each frame should leave: fixed before the first one does.

use std::time::Duration;
use tokio::time::Instant;

/// Every line sends once an interval, each at a moment of its own within it.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    starts: Instant,
    interval: Duration,
    lines: u32,
}

impl Schedule {
    pub fn spread(starts: Instant, lines: u32, frames_per_second: f64) -> Self {
        Self {
            starts,
            interval: Duration::from_secs_f64(f64::from(lines) / frames_per_second),
            lines,
        }
    }

    pub fn moment(&self, line: u32, frame: u32) -> Instant {
        let place = f64::from(line) / f64::from(self.lines.max(1));
        self.starts + self.interval.mul_f64(f64::from(frame) + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_lines_at_a_thousand_frames_a_second_send_one_each_millisecond() {
        let starts = Instant::now();
        let schedule = Schedule::spread(starts, 1_000, 1_000.0);
        assert_eq!(schedule.moment(0, 0), starts);
        assert_eq!(schedule.moment(7, 0), starts + Duration::from_millis(7));
        assert_eq!(schedule.moment(7, 3), starts + Duration::from_millis(3_007));
    }
}
