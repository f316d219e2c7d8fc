//! What a command says while it works: the name of each step and the time since the start. Plain
//! lines, so that it reads the same on a terminal, in a file and in CI.

use crate::failure::Failure;
use std::time::{Duration, Instant};

pub struct Steps {
    started: Instant,
}

impl Steps {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    pub fn say(&self, what: &str) {
        println!("[{}] {what}", clock(self.started.elapsed()));
    }

    /// Says what is done, does it, says how long it took or that it failed.
    pub fn step<T>(&self, name: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.say(&format!("{name} …"));
        let started = Instant::now();
        let done = work();
        let took = in_words(started.elapsed());
        match &done {
            Ok(_) => self.say(&format!("{name}: done in {took}")),
            Err(Failure::Interrupted) => {}
            Err(_) => self.say(&format!("{name}: failed after {took}")),
        }
        done
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// `3:07`
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:>3}:{:02}", seconds / 60, seconds % 60)
}

/// `0.4 s`, `12 s`, `3 min 7 s`
pub fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_one_would_say_them() {
        assert_eq!(in_words(Duration::from_millis(440)), "0.4 s");
        assert_eq!(in_words(Duration::from_secs(59)), "59 s");
        assert_eq!(in_words(Duration::from_secs(187)), "3 min 7 s");
        assert_eq!(clock(Duration::from_secs(1187)), " 19:47");
    }
}
