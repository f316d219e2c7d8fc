//! P1: durable ingest at saturation, acknowledged after the commit.
//!
//! Measured: frames of J1 that the server acknowledged in the window, over 2,000 mutual-TLS WebSockets
//! that each keep four frames on their way; CPU seconds of the server's process tree per such frame.
//! Not measured: what the server could do on its own machine. The generator runs on the same cores, for
//! the server as for the echo ruler; the SQLite ruler has the machine to itself.

use crate::{
    failure::Failure,
    ingest::Ingest,
    load::Pace,
    plan::{IN_FLIGHT, LINES, Plan},
    process::cpu_of_tree,
    quantiles::median,
    report::{Figure, Outcome, Report},
    rulers::{Throughput, echo, sqlite},
};

const SPEED: f64 = 0.35;
const COST: f64 = 3.0;

struct Round {
    sqlite: Throughput,
    echo: Throughput,
    server: Throughput,
}

impl Round {
    /// Frames a second against the slower of the two things that must happen to each frame.
    fn speed(&self) -> f64 {
        self.server.per_second / self.sqlite.per_second.min(self.echo.per_second)
    }

    fn cost(&self) -> f64 {
        self.server.cpu_seconds_each / (self.sqlite.cpu_seconds_each + self.echo.cpu_seconds_each)
    }
}

pub async fn measure(ingest: &mut Ingest, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let payloads = ingest.payloads();
    let bytes = payloads.iter().map(Vec::len).sum::<usize>() / payloads.len().max(1);
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        rounds.push(Round {
            sqlite: sqlite::measure(&ingest.folder, payloads.clone(), plan.ruler).await?,
            echo: echo_ruler(ingest, plan).await?,
            server: server(ingest, plan).await?,
        });
    }
    let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of).collect());
    let (speed, cost) = (middle(Round::speed), middle(Round::cost));
    report.add(Figure {
        promise: "P1",
        what: format!("durable ingest, {LINES} lines at saturation"),
        goal: format!("≥ {SPEED}× frames/s"),
        measured: format!("{:.0} frames/s", middle(|round| round.server.per_second)),
        ruler: format!(
            "SQLite groups {:.0}/s, mTLS echo {:.0}/s",
            middle(|round| round.sqlite.per_second),
            middle(|round| round.echo.per_second)
        ),
        ratio: format!("{speed:.2}×"),
        outcome: Outcome::when(speed >= SPEED),
    });
    report.add(Figure {
        promise: "P1",
        what: "server CPU per frame".into(),
        goal: format!("≤ {COST}× both rulers' CPU"),
        measured: format!("{:.0} µs", middle(|round| round.server.cpu_seconds_each) * 1e6),
        ruler: format!(
            "{:.0} µs + {:.0} µs",
            middle(|round| round.sqlite.cpu_seconds_each) * 1e6,
            middle(|round| round.echo.cpu_seconds_each) * 1e6
        ),
        ratio: format!("{cost:.2}×"),
        outcome: Outcome::when(cost <= COST),
    });
    report.note(format!(
        "P1: the median of {} rounds, each with its own rulers. A frame is 40 readings in about {bytes} bytes; \
         each line keeps {IN_FLIGHT} on their way. Server, generator and echo share this machine's cores; the \
         SQLite ruler (1,000 rows a transaction, one thread, synchronous=FULL) has them alone. The echo sends \
         the whole frame back where the server sends a short acknowledgement.",
        plan.rounds
    ));
    Ok(())
}

async fn server(ingest: &mut Ingest, plan: &Plan) -> Result<Throughput, Failure> {
    let run = ingest.saturate(plan).await?;
    Ok(Throughput {
        per_second: run.per_second(),
        cpu_seconds_each: (run.after.cpu_seconds - run.before.cpu_seconds) / run.tally.answered as f64,
    })
}

async fn echo_ruler(ingest: &Ingest, plan: &Plan) -> Result<Throughput, Failure> {
    let (child, address) = echo::start(Some(&ingest.device_port_identity())).await?;
    let fleet = ingest.connect_to_echo(address).await?;
    let pace = Pace::Saturated { in_flight: IN_FLIGHT };
    let pid = child.pid();
    let run = fleet
        .run(pace, plan.warm_up, plan.ruler, async || Ok(cpu_of_tree(pid)))
        .await?;
    child.stop().await?;
    Ok(Throughput {
        per_second: run.per_second(),
        cpu_seconds_each: (run.after - run.before) / run.tally.answered as f64,
    })
}
