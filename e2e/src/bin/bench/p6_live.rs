//! P6: from a device's frame to a browser's socket.
//!
//! 1,000 wards with one monitor each, 1,000 tabs that watch one ward each, and one frame a second from
//! every monitor. Measured: from the moment at which a frame should have left the device (open loop) to
//! the moment at which the tab's client has read the update that carries its heart rate, which says in
//! its last digits which frame it is. In between lies the commit: a reading goes live once it is stored.
//!
//! The flush tick is excluded by the load itself: a tab that heard nothing since its last flush gets
//! an update at once, and each ward here moves once a second.

use std::{path::Path, time::Duration};
use tokio::time::Instant;

use crate::{
    failure::{Failure, Step},
    load::{Fleet, Pace, frames::Content, line::Peer, schedule::Schedule},
    plan::{LIVE_MESSAGES_PER_SECOND, LIVE_SUBSCRIBERS, Plan},
    quantiles::{Delays, Summary, millis},
    report::{Figure, Outcome, Report},
    rulers::echo,
    server::Server,
    tab::Tab,
    world::World,
};

const TYPICAL: f64 = 3.0;
const WORST: f64 = 10.0;
const WORST_AT_MOST: Duration = Duration::from_millis(50);

pub async fn measure(folder: &Path, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let data = folder.join("live");
    let world = World::create(&data, LIVE_SUBSCRIBERS, LIVE_SUBSCRIBERS).await?;
    let ruler = echo_ruler(&world, plan).await?;
    let server = Server::start(&data, &[]).await?;
    let cookies = world.sign_in(&server.listening.portal).await?;
    let mut tabs = Vec::new();
    for (ward, cookie) in world.wards.iter().zip(&cookies) {
        tabs.push(Tab::open(&server.listening.portal, cookie, *ward).await?);
    }
    let fleet = Fleet::connect(
        Peer::Server,
        server.listening.device,
        &world.devices,
        Content::Marked,
    )
    .await?;
    let starts = Instant::now();
    let schedule = Schedule::spread(starts, fleet.lines(), LIVE_MESSAGES_PER_SECOND);
    let from = starts + plan.warm_up;
    let until = from + plan.live;
    let watching: Vec<_> = (0u32..)
        .zip(tabs)
        .map(|(index, tab)| tokio::spawn(tab.watch(index, schedule, from, until)))
        .collect();
    let run = fleet
        .run(Pace::Steady(schedule), plan.warm_up, plan.live, async || {
            server.snapshot().await
        })
        .await?;
    let mut seen = Delays::default();
    for tab in watching {
        seen.append(tab.await.step("watch as a tab")??);
    }
    server.stop().await?;
    let expected = LIVE_MESSAGES_PER_SECOND * plan.live.as_secs_f64();
    let share = seen.len() as f64 / expected;
    let summary = |delays: Delays| {
        delays
            .summary()
            .ok_or_else(|| Failure::new("no tab saw anything"))
    };
    let (seen, acknowledged) = (summary(seen)?, summary(run.tally.from_intended)?);
    add_figures(report, &seen, &ruler);
    report.note(format!(
        "P6: {LIVE_MESSAGES_PER_SECOND:.0} frames/s to {LIVE_SUBSCRIBERS} tabs for {} s; the tabs saw {:.1} % of the frames \
         as updates of their own. Tabs: {seen}. Acknowledged to the devices meanwhile: {acknowledged}; that wait for the \
         commit is part of the tabs' delay. The echo is plain TCP, one message a second on each of {LIVE_SUBSCRIBERS} \
         sockets; the device's side of the server speaks mutual TLS. The server used {:.0} % of one core.",
        plan.live.as_secs(),
        share * 100.0,
        (run.after.cpu_seconds - run.before.cpu_seconds) / run.length.as_secs_f64() * 100.0,
    ));
    Ok(())
}

fn add_figures(report: &mut Report, seen: &Summary, ruler: &Summary) {
    let mut add = |name: &str, goal: String, measured: Duration, ruler: Duration, met: bool| {
        report.add(Figure {
            promise: "P6",
            what: format!("device frame to browser {name}"),
            goal,
            measured: millis(measured),
            ruler: format!("WebSocket echo {name} {}", millis(ruler)),
            ratio: format!("{:.1}×", measured.as_secs_f64() / ruler.as_secs_f64()),
            outcome: Outcome::when(met),
        });
    };
    let typical = seen.p50 <= ruler.p50.mul_f64(TYPICAL);
    add("p50", format!("≤ {TYPICAL}×"), seen.p50, ruler.p50, typical);
    let worst = seen.p99 <= ruler.p99.mul_f64(WORST) && seen.p99 <= WORST_AT_MOST;
    add(
        "p99",
        format!("≤ {WORST}× and ≤ 50 ms"),
        seen.p99,
        ruler.p99,
        worst,
    );
}

async fn echo_ruler(world: &World, plan: &Plan) -> Result<Summary, Failure> {
    let (child, address) = echo::start(None).await?;
    let fleet = Fleet::connect(Peer::PlainEcho, address, &world.devices, Content::Marked).await?;
    let schedule = Schedule::spread(Instant::now(), fleet.lines(), LIVE_MESSAGES_PER_SECOND);
    let run = fleet
        .run(Pace::Steady(schedule), plan.warm_up, plan.ruler, async || Ok(()))
        .await?;
    child.stop().await?;
    run.tally
        .from_intended
        .summary()
        .ok_or_else(|| Failure::new("the echo was silent"))
}
