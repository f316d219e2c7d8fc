//! What the desk says about times, states and explanations. Pure.

use fleetward_common::{
    review::{Degree, ReviewState, Step, Verdict},
    time::{Instant, Span},
};

/// How a time left looks: calm, soon, over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    Calm,
    Soon,
    Over,
}

impl Urgency {
    pub const fn class(self) -> &'static str {
        match self {
            Urgency::Calm => "due",
            Urgency::Soon => "due soon",
            Urgency::Over => "due over",
        }
    }
}

const HOUR: u64 = 3_600;
/// A working day before the end is soon.
const SOON: u64 = 8 * HOUR;

pub fn urgency(due_at: Instant, now: Instant) -> Urgency {
    match due_at.since(now).as_secs() {
        0 => Urgency::Over,
        seconds if seconds <= SOON => Urgency::Soon,
        _ => Urgency::Calm,
    }
}

/// `4 h 57 min left`, `15 h over`, `6 days left`
pub fn time_left(due_at: Instant, now: Instant) -> String {
    if due_at > now {
        format!("{} left", length(due_at.since(now).as_secs()))
    } else {
        format!("{} over", length(now.since(due_at).as_secs()))
    }
}

/// Short, and exact enough to act on.
pub fn length(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => match (seconds / HOUR, seconds % HOUR / 60) {
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        },
        86_400..259_200 => format!("{} h", seconds / HOUR),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How much of the time for it has gone, in twentieths: a width without a style.
pub fn gone_in_twentieths(raised_at: Instant, due_at: Instant, now: Instant) -> u64 {
    let all = due_at.since(raised_at).as_secs().max(1);
    (now.since(raised_at).as_secs() * 20 / all).min(20)
}

pub fn state(state: ReviewState) -> (&'static str, &'static str) {
    match state {
        ReviewState::StillOpen => ("chip watch", "Still open"),
        ReviewState::ToDecide => ("chip plain", "To decide"),
        ReviewState::AnswerAsked { late: true, .. } => ("chip act", "Answer is late"),
        ReviewState::AnswerAsked { late: false, .. } => ("chip watch", "Answer asked"),
        ReviewState::Answered { late: true } => ("chip watch", "Answered late"),
        ReviewState::Answered { late: false } => ("chip watch", "Answered"),
        ReviewState::SecondReview => ("chip watch", "Second reviewer"),
        ReviewState::Closed { verdict, .. } => match verdict {
            Verdict::Appropriate => ("chip plain", "Appropriate"),
            Verdict::Breach => ("chip act", "Breach"),
        },
    }
}

/// Class and icon of how well something is explained.
pub const fn degree(degree: Degree) -> (&'static str, &'static str) {
    match degree {
        Degree::Found => ("why found", "explained"),
        Degree::Part => ("why part", "half-explained"),
        Degree::None => ("why none", "unexplained"),
    }
}

pub const fn step(step: Step) -> &'static str {
    match step {
        Step::FoundAppropriate => "found it appropriate",
        Step::Asked => "asked",
        Step::Answered => "answered",
        Step::FoundBreach => "found a breach",
        Step::AgreedBreach => "agreed: a breach",
        Step::DisagreedBreach => "saw no breach; to decide anew",
    }
}

/// `14 min`, `40 s`; something that happened at once has no length.
pub fn lasted(span: Span) -> Option<String> {
    let seconds = span.length().as_secs();
    (seconds > 0).then(|| length(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn what_is_left_and_what_is_over_are_said_shortly() {
        assert_eq!(time_left(at(17_820), at(0)), "4 h 57 min left");
        assert_eq!(time_left(at(0), at(54_000)), "15 h over");
        assert_eq!(time_left(at(6 * 86_400 + 10), at(0)), "6 days left");
        assert_eq!(time_left(at(71 * 3_600 + 3_420), at(0)), "71 h left");
        assert_eq!(time_left(at(45), at(0)), "45 s left");
    }

    #[test]
    fn a_working_day_before_the_end_is_soon() {
        assert_eq!(urgency(at(9 * 3_600), at(0)), Urgency::Calm);
        assert_eq!(urgency(at(8 * 3_600), at(0)), Urgency::Soon);
        assert_eq!(urgency(at(0), at(1)), Urgency::Over);
    }

    #[test]
    fn the_bar_is_full_when_the_time_is_over() {
        assert_eq!(gone_in_twentieths(at(0), at(100), at(0)), 0);
        assert_eq!(gone_in_twentieths(at(0), at(100), at(50)), 10);
        assert_eq!(gone_in_twentieths(at(0), at(100), at(900)), 20);
    }
}
