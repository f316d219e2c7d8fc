//! P4: how many readings share one fsync.
//!
//! Counted by the server itself: readings stored and transactions committed between two looks at its
//! operations port. With `synchronous=FULL` each commit is one fsync of the log; the checkpoints' own
//! syncs (one in about 16,000 pages) are not in it.

use crate::{
    failure::Failure,
    ingest::Ingest,
    load::Run,
    plan::{J1_FRAMES_PER_SECOND, LINES, Plan},
    report::{Figure, Outcome, Report},
    server::Snapshot,
};

const READINGS: &str = "fleetward_device_readings_total";
const COMMITS: &str = "fleetward_writer_commits";

pub async fn measure(ingest: &mut Ingest, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let at_j1 = ingest.at(J1_FRAMES_PER_SECOND, plan).await?;
    let saturated = ingest.saturate(plan).await?;
    for (load, goal, run) in [
        (format!("J1's {J1_FRAMES_PER_SECOND:.0} frames/s"), 150.0, &at_j1),
        ("saturation".to_owned(), 1_000.0, &saturated),
    ] {
        let (readings, commits) = (counted(run, READINGS)?, counted(run, COMMITS)?);
        let each = readings / commits;
        report.add(Figure {
            promise: "P4",
            what: format!("readings per fsync at {load}"),
            goal: format!("≥ {goal}"),
            measured: format!("{each:.0}"),
            ruler: format!("{readings:.0} in {commits:.0} commits"),
            ratio: format!("{:.1}×", each / goal),
            outcome: Outcome::when(each >= goal),
        });
    }
    let cpu = (at_j1.after.cpu_seconds - at_j1.before.cpu_seconds) / at_j1.length.as_secs_f64();
    report.note(format!(
        "P4: commits as the server counts them, every one a synced write of the log. At J1's rate over {LINES} lines \
         the server used {:.0} % of one core.",
        cpu * 100.0
    ));
    Ok(())
}

fn counted(run: &Run<Snapshot>, family: &str) -> Result<f64, Failure> {
    Ok(run.after.metrics.get(family)? - run.before.metrics.get(family)?)
}
