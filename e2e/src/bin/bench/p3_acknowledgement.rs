//! P3: how long a device waits for its acknowledgement at half load.
//!
//! Measured: from the moment a frame should have left, by a schedule fixed beforehand, to the moment
//! its acknowledgement was read; at half of the rate that the same server took at saturation. It
//! contains the generator's own lateness (its timer ticks once a millisecond), said beside it.

use std::time::Duration;

use crate::{
    failure::Failure,
    ingest::Ingest,
    plan::{LINES, Plan},
    quantiles::{Delays, millis},
    report::{Figure, Outcome, Report},
    rulers::fdatasync,
};

/// The group's window: a frame may wait that long for others to share its commit.
const GRACE: Duration = Duration::from_millis(5);
const TYPICAL: f64 = 1.5;
const WORST: f64 = 3.0;

pub async fn measure(ingest: &mut Ingest, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let rate = ingest.saturation(plan).await? / 2.0;
    let mut syncs = fdatasync::measure(&ingest.folder, plan.syncs).await?;
    let run = ingest.at(rate, plan).await?;
    syncs.append(fdatasync::measure(&ingest.folder, plan.syncs).await?);
    let (achieved, count) = (run.per_second(), run.tally.from_intended.len());
    let summary = |delays: Delays| {
        delays
            .summary()
            .ok_or_else(|| Failure::new("nothing was acknowledged"))
    };
    let (ruler, waited) = (summary(syncs)?, summary(run.tally.from_intended)?);
    let from_leaving = summary(run.tally.from_leaving)?;
    for (name, measured, ruler, factor) in [
        ("p50", waited.p50, ruler.p50, TYPICAL),
        ("p99", waited.p99, ruler.p99, WORST),
    ] {
        let allowed = GRACE + ruler.mul_f64(factor);
        report.add(Figure {
            promise: "P3",
            what: format!("acknowledgement {name} at half load"),
            goal: format!("≤ 5 ms + {factor}×"),
            measured: millis(measured),
            ruler: format!("fdatasync {name} {}", millis(ruler)),
            ratio: format!(
                "{:.2} of {}",
                measured.as_secs_f64() / allowed.as_secs_f64(),
                millis(allowed)
            ),
            outcome: Outcome::when(measured <= allowed),
        });
    }
    report.note(format!(
        "P3: open loop of {rate:.0} frames/s over {LINES} lines for {} s; {achieved:.0}/s were acknowledged, {count} \
         delays counted, the longest {}. From leaving instead of the intended moment: {from_leaving}. fdatasync was \
         measured before and after, with nothing else running.",
        run.length.as_secs(),
        millis(waited.max),
    ));
    Ok(())
}
