//! `cargo xtask bench`: the figures of the promises, each beside its ruler from the same run.
//!
//! `bench [--quick] [P1 P3 P4 P6 M1 A1 A2 A3 H1 W2]` measures what is named, or everything. It prints a table and
//! writes it to `target/bench/report.md`. Everything runs on this machine and its loopback interface;
//! nothing that it starts outlives it. A missed goal is a result, not a failure: only what could not be
//! measured makes the exit code other than 0.
//!
//! Read in this order: [`load`] is the generator, [`rulers`] are what the server is held against,
//! `p1_ingest` and its like each say what their figure is and is not.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program tells its figures to its caller and its progress to its user"
)]

mod a1_decision;
mod a2_filtered_page;
mod a3_change;
mod child;
mod failure;
mod frames_drawn;
mod h1_read;
mod heap;
mod hospital;
mod ingest;
mod load;
mod m1_twins;
mod metrics;
mod p1_ingest;
mod p3_acknowledgement;
mod p4_readings_per_fsync;
mod p6_live;
mod plan;
mod process;
mod quantiles;
mod report;
mod rulers;
mod server;
mod tab;
mod w2_ward_board;
mod world;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use failure::{Failure, Step};
use ingest::Ingest;
use plan::Plan;
use report::Report;
use rulers::{bare_actor, echo};

const PROMISES: [&str; 10] = ["P1", "P3", "P4", "P6", "M1", "A1", "A2", "A3", "H1", "W2"];

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == echo::COMMAND => {
            echo::serve(echo::Identity::from_arguments(rest).as_ref())
        }
        Some((first, rest)) if first == bare_actor::COMMAND => {
            count(rest).and_then(bare_actor::measure).map(say)
        }
        Some((first, rest)) if first == m1_twins::COMMAND => {
            count(rest).and_then(m1_twins::live_twins).map(say)
        }
        _ => bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn say(bytes: f64) {
    println!("{bytes}");
}

fn count(arguments: &[OsString]) -> Result<usize, Failure> {
    let count = arguments
        .first()
        .and_then(|argument| argument.to_str()?.parse().ok());
    count.ok_or_else(|| Failure::new("how many?"))
}

fn bench(arguments: &[OsString]) -> Result<(), Failure> {
    let (mut quick, mut wanted) = (false, Vec::new());
    for argument in arguments {
        let word = argument.to_string_lossy();
        match PROMISES
            .iter()
            .find(|promise| promise.eq_ignore_ascii_case(&word))
        {
            Some(promise) => wanted.push(*promise),
            None if word == "--quick" => quick = true,
            None => {
                return Err(Failure::new(format!(
                    "{word} is neither --quick nor one of {PROMISES:?}"
                )));
            }
        }
    }
    let plan = if quick { Plan::quick() } else { Plan::full() };
    let wanted: Vec<_> = PROMISES
        .into_iter()
        .filter(|promise| wanted.is_empty() || wanted.contains(promise))
        .collect();
    let folder = folder()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let report = runtime
        .step("start a runtime")?
        .block_on(measure(&wanted, &plan, &folder))?;
    let heading = if quick {
        "Bench, quick: figures scatter"
    } else {
        "Bench"
    };
    let text = report.markdown(heading);
    fs::write(folder.join("report.md"), &text).step("write the report")?;
    println!("{text}");
    match report.is_complete() {
        true => Ok(()),
        false => Err(Failure::new(
            "not everything could be measured; the report says what and why",
        )),
    }
}

/// `target/bench`, on the file system that builds and data live on.
fn folder() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().step("find this program")?;
    let target = program.ancestors().nth(2).map(Path::to_owned);
    let folder = target
        .ok_or_else(|| Failure::new("this program lies in no target folder"))?
        .join("bench");
    fs::create_dir_all(&folder).step("make the bench's folder")?;
    Ok(folder)
}

async fn measure(wanted: &[&'static str], plan: &Plan, folder: &Path) -> Result<Report, Failure> {
    let mut report = Report::default();
    let scratch = tempfile::TempDir::new_in(folder).step("make a folder for data")?;
    let started = Instant::now();
    let mut ingest = None;
    for promise in wanted {
        eprintln!("{promise} … ({} s so far)", started.elapsed().as_secs());
        let shares_a_server = matches!(*promise, "P1" | "P3" | "P4");
        // It ends with the last that needs it: others want the machine for themselves.
        if let Some(ingest) = ingest.take_if(|_| !shares_a_server) {
            Ingest::stop(ingest).await?;
        }
        let measured = match *promise {
            "P6" => p6_live::measure(scratch.path(), plan, &mut report).await,
            "A1" => a1_decision::measure(scratch.path(), plan, &mut report).await,
            "A2" => a2_filtered_page::measure(scratch.path(), plan, &mut report).await,
            "A3" => a3_change::measure(scratch.path(), plan, &mut report).await,
            "H1" => h1_read::measure(scratch.path(), plan, &mut report).await,
            "M1" => m1_twins::measure(&mut report).await,
            "W2" => w2_ward_board::measure(plan, &mut report).await,
            _ => measure_ingest(promise, &mut ingest, scratch.path(), plan, &mut report).await,
        };
        if let Err(failure) = measured {
            eprintln!("{promise}: {failure}");
            report.failed(promise, &failure.to_string());
        }
    }
    Ok(report)
}

async fn measure_ingest(
    promise: &str,
    ingest: &mut Option<Ingest>,
    folder: &Path,
    plan: &Plan,
    report: &mut Report,
) -> Result<(), Failure> {
    let started = match ingest.take() {
        Some(running) => running,
        None => Ingest::start(folder.to_owned()).await?,
    };
    let running = ingest.insert(started);
    match promise {
        "P1" => p1_ingest::measure(running, plan, report).await,
        "P3" => p3_acknowledgement::measure(running, plan, report).await,
        _ => p4_readings_per_fsync::measure(running, plan, report).await,
    }
}
