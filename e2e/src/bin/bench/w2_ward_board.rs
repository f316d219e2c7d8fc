//! W2: the ward board of the demo's Ward 4B in Chromium, drawn from simulated monitors.
//!
//! Measured: intervals between animation frames while the board sweeps two waves at 250 Hz for each
//! monitored bed, and what of the page's memory stays in use after a collection. Headless Chromium
//! draws in software here, on the cores that server and devices run on: it says whether the board
//! keeps up with an empty page under the same conditions, not what a ward PC's screen shows.

use fleetward_e2e::{
    browser::{Browser, Screen},
    eventually::eventually,
    pages::{SignIn, WardBoard},
    people::RASHIDA,
    portal::Portal,
};
use std::{ffi::OsString, time::Duration};
use tokio::time::{Instant, sleep};

use crate::{
    child::Child,
    failure::{Failure, Step},
    frames_drawn::FramesDrawn,
    heap::Heap,
    plan::Plan,
    process::cpu_of_tree,
    quantiles::{Summary, millis},
    report::{Figure, Outcome, Report},
    rulers::empty_page,
    server::binary,
};

const PACE: f64 = 1.25;
const MEGABYTE: f64 = 1e6;
/// 22 of the ward's 24 beds are monitored; some may be between two frames when we look.
const WAVES_AT_LEAST: u64 = 40;
const HEAP_EVERY: Duration = Duration::from_secs(15);

/// What the tiles say that they draw.
const WAVES: &str = r"
    const tiles = Array.from(document.querySelectorAll('[data-bed] .waves[data-lanes]'));
    return tiles.reduce((waves, tile) => waves + Number(tile.dataset.lanes), 0);
";

struct Board {
    frames: Summary,
    heap: Heap,
    server_share: f64,
}

pub async fn measure(plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let mut portal = Portal::start().await.step("start the demo world")?;
    let arguments: Vec<OsString> = vec![
        "fleet".into(),
        "--exit-with-parent".into(),
        "--data".into(),
        portal.data().into(),
        "--server".into(),
        portal.device_port().to_string().into(),
    ];
    let log = portal.data().join("devices.log");
    let mut devices = Child::start(
        &binary("FLEETWARD_DEVICE", "fleetward-device")?,
        &arguments,
        Some(&log),
    )?;
    while !devices.next_line().await?.contains(r#""event":"live""#) {}
    let browser = Browser::open(Screen::Desk).await.step("open Chromium")?;

    let before = empty_page::measure(&browser, plan.empty_page).await?;
    let board = board(&browser, &portal, plan).await?;
    let after = empty_page::measure(&browser, plan.empty_page).await?;

    browser.close().await.step("close Chromium")?;
    devices.stop().await?;
    portal.stop().await.step("stop the demo world")?;
    add_figures(report, plan, &board, [before, after])
}

async fn board(browser: &Browser, portal: &Portal, plan: &Plan) -> Result<Board, Failure> {
    SignIn::at(portal, browser)
        .choose(RASHIDA)
        .await
        .step("sign in")?;
    let ward = WardBoard::on(browser).await.step("open the ward board")?;
    ward.is_live().await.step("watch the board come alive")?;
    let drawn = eventually("the board drawing its waves", async || {
        let waves = browser.run(WAVES, Vec::new()).await?.as_u64().unwrap_or(0);
        Ok((waves >= WAVES_AT_LEAST).then_some(()))
    });
    drawn.await.step("watch the board come alive")?;

    let pid = portal.pid().ok_or_else(|| Failure::new("the server has ended"))?;
    let mut frames = FramesDrawn::watch(browser).await?;
    let mut heap = Heap::watch();
    let (started, cpu) = (Instant::now(), cpu_of_tree(pid));
    while started.elapsed() < plan.board {
        frames.watch_for(HEAP_EVERY).await?;
        heap.sample(browser).await?;
        // The collection's own pause is not the board's.
        sleep(Duration::from_millis(200)).await;
        frames.forget_last().await?;
    }
    let server_share = (cpu_of_tree(pid) - cpu) / started.elapsed().as_secs_f64();
    Ok(Board {
        frames: frames.summary()?,
        heap,
        server_share,
    })
}

fn add_figures(
    report: &mut Report,
    plan: &Plan,
    board: &Board,
    [before, after]: [Summary; 2],
) -> Result<(), Failure> {
    // The better of the two is the harder ruler.
    let ruler = before.p95.min(after.p95);
    let ratio = board.frames.p95.as_secs_f64() / ruler.as_secs_f64();
    report.add(Figure {
        promise: "W2",
        what: "ward board, p95 between animation frames".into(),
        goal: format!("≤ {PACE}×"),
        measured: millis(board.frames.p95),
        ruler: format!("empty page {}", millis(ruler)),
        ratio: format!("{ratio:.2}×"),
        outcome: Outcome::when(ratio <= PACE),
    });
    let warm_up = plan.board / 5;
    let slope = board
        .heap
        .slope(warm_up)
        .ok_or_else(|| Failure::new("too few looks at the heap"))?
        / MEGABYTE;
    report.add(Figure {
        promise: "W2",
        what: "ward board, growth of the page's heap".into(),
        goal: "≤ 1 MB/min".into(),
        measured: format!("{slope:+.2} MB/min"),
        ruler: "–".into(),
        ratio: "–".into(),
        outcome: Outcome::when(slope <= 1.0),
    });
    report.note(format!(
        "W2: {} s of Ward 4B, 22 of 24 beds monitored, two waves each, headless Chromium in software. Board: {}; empty \
         page before: {}, after: {}. The heap (after a forced collection every {} s, the first {} s left out) ended at \
         {:.1} MB. The server used {:.0} % of one core meanwhile, for all simulated devices of the demo.",
        plan.board.as_secs(),
        board.frames,
        before,
        after,
        HEAP_EVERY.as_secs(),
        warm_up.as_secs(),
        board.heap.last_bytes() / MEGABYTE,
        board.server_share * 100.0,
    ));
    Ok(())
}
