//! What tests said, summed up.

mod binaries;
mod contract;
mod lints;

pub use binaries::{TestBinary, build_host, doc_tests, run_binary, wasm_tests};
pub use contract::api_contract;
pub use lints::{Reach, clippy_host, clippy_wasm, dependencies, formatting};

use crate::{
    failure::Failure,
    process::Record,
    steps::{Steps, in_words},
};
use std::{
    panic::resume_unwind,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Tally {
    pub const ONE_PASSED: Tally = Tally {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    pub const ONE_FAILED: Tally = Tally {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    pub fn and(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Sums every `test result: …` line. A run that broke without one counts as one failure, and so
    /// does one whose exit says failure though its tests say none.
    pub fn of(record: &Record) -> Tally {
        let said = record
            .lines
            .iter()
            .filter_map(|line| result_line(line))
            .fold(Tally::default(), Tally::and);
        if record.succeeded || said.failed > 0 {
            said
        } else {
            said.and(Tally::ONE_FAILED)
        }
    }
}

/// `test result: FAILED. 11 passed; 1 failed; 2 ignored; 0 measured; …`
fn result_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        counts
            .split(';')
            .filter_map(|part| part.trim().split_once(' '))
            .find(|(_, name)| *name == word)
            .and_then(|(number, _)| number.parse().ok())
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
        skipped: count("ignored").unwrap_or(0),
    })
}

/// Everything that ran, in order.
pub struct Suites<'a> {
    steps: &'a Steps,
    done: Vec<(String, Tally, Duration)>,
}

impl<'a> Suites<'a> {
    pub fn new(steps: &'a Steps) -> Self {
        Self {
            steps,
            done: Vec::new(),
        }
    }

    /// A check that counts as one test. Its failure is printed and the next suite goes on.
    pub fn check(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        self.suite(name, || work().map(|()| Tally::ONE_PASSED))
    }

    /// A check on which others build: what it made, unless it failed.
    pub fn prerequisite<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let mut made = None;
        self.suite(name, || {
            made = Some(work()?);
            Ok(Tally::ONE_PASSED)
        })?;
        Ok(made)
    }

    /// Only Ctrl-C ends the whole; any other failure is one more number.
    pub fn suite(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<Tally, Failure>,
    ) -> Result<(), Failure> {
        let (tally, took) = ran(self.steps, name, work)?;
        self.done.push((name.to_owned(), tally, took));
        Ok(())
    }

    /// Each as [`Self::suite`] would, two at a time: for what keeps one core busy and no other suite waits for.
    pub fn side_by_side<W>(&mut self, works: Vec<(String, W)>) -> Result<(), Failure>
    where
        W: FnOnce() -> Result<Tally, Failure> + Send,
    {
        let steps = self.steps;
        let waiting = Mutex::new(works.into_iter().enumerate());
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let lane = || {
            let mut done = Vec::new();
            while let Some((place, (name, work))) = next() {
                done.push((
                    place,
                    ran(steps, &name, work).map(|(tally, took)| (name, tally, took)),
                ));
            }
            done
        };
        let mut done = thread::scope(|scope| {
            let other = scope.spawn(lane);
            let mut done = lane();
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            done
        });
        done.sort_by_key(|(place, _)| *place);
        for (_, suite) in done {
            self.done.push(suite?);
        }
        Ok(())
    }

    pub fn total(&self) -> Tally {
        self.done
            .iter()
            .fold(Tally::default(), |sum, (_, tally, _)| sum.and(*tally))
    }

    pub fn table(&self) -> String {
        let mut table = String::from("\n");
        for (name, tally, took) in &self.done {
            let mark = if tally.failed > 0 { "FAILED" } else { "ok" };
            table.push_str(&format!(
                "  {mark:<7} {name:<44} {:<34} {}\n",
                said(*tally),
                in_words(*took)
            ));
        }
        table
    }
}

/// Does it, says how it went, and fails at nothing but Ctrl-C.
fn ran(
    steps: &Steps,
    name: &str,
    work: impl FnOnce() -> Result<Tally, Failure>,
) -> Result<(Tally, Duration), Failure> {
    steps.say(&format!("{name} …"));
    let began = Instant::now();
    let tally = match work() {
        Ok(tally) => tally,
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) => {
            println!("{failure}");
            Tally::ONE_FAILED
        }
    };
    let took = began.elapsed();
    steps.say(&format!("{name}: {}, {}", said(tally), in_words(took)));
    Ok((tally, took))
}

fn said(tally: Tally) -> String {
    let mut said = format!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.skipped > 0 {
        said.push_str(&format!(", {} skipped", tally.skipped));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(succeeded: bool, lines: &[&str]) -> Record {
        Record {
            succeeded,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    #[test]
    fn every_result_line_counts() {
        let tally = Tally::of(&record(
            false,
            &[
                "running 3 tests",
                "test result: ok. 11 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.12s",
                "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
            ],
        ));
        assert_eq!(
            tally,
            Tally {
                passed: 15,
                failed: 1,
                skipped: 2
            }
        );
    }

    #[test]
    fn a_crash_without_a_result_is_a_failure() {
        assert_eq!(Tally::of(&record(false, &["signal: 11"])), Tally::ONE_FAILED);
    }

    #[test]
    fn a_broken_suite_is_counted_and_the_next_one_runs() {
        let steps = Steps::start();
        let mut suites = Suites::new(&steps);
        suites.check("deny", || Err(Failure::new("a licence"))).unwrap();
        suites.check("tidy", || Ok(())).unwrap();
        assert_eq!(
            suites.total(),
            Tally {
                passed: 1,
                failed: 1,
                skipped: 0
            }
        );
        assert!(suites.table().contains("FAILED  deny"));
    }
    #[test]
    fn suites_side_by_side_all_run_and_keep_their_order() {
        let steps = Steps::start();
        let mut suites = Suites::new(&steps);
        let works = ["nurse", "patient", "administrator"].map(|who| {
            let work = move || match who {
                "patient" => Err(Failure::new("a shape that is not described")),
                _ => Ok(Tally::ONE_PASSED),
            };
            (who.to_owned(), work)
        });
        suites.side_by_side(works.into()).unwrap();
        let names: Vec<&str> = suites.done.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["nurse", "patient", "administrator"]);
        assert_eq!((suites.total().passed, suites.total().failed), (2, 1));
    }
}
