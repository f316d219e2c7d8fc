//! When something is lost, the board says what, and never looks healthy.

use fleetward_common::{time::Instant, unit::Decimal};
use fleetward_device::clock::{Clock, SystemClock};
use fleetward_e2e::{
    a11y::nothing_found,
    bedside::{Bedside, monitor_at},
    browser::Screen,
    eventually::eventually,
    journey::{Stage, journey},
    pages::{SignIn, Tile, WardBoard},
    people::RASHIDA,
    trouble::{Outcome, same},
};
use std::{f64::consts::TAU, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// A pulled plug shows as silence first, and as a device that is gone when the server is sure of it.
const UNTIL_GONE: Duration = Duration::from_secs(90);

/// Measures 72 beats a minute, and a wave of as many, until it is dropped.
struct Measuring {
    device: Arc<Bedside>,
    task: JoinHandle<Outcome>,
}

impl Drop for Measuring {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn measuring(device: Bedside) -> Measuring {
    let device = Arc::new(device);
    let task = tokio::spawn({
        let device = Arc::clone(&device);
        async move {
            let mut quarter = tokio::time::interval(Duration::from_millis(250));
            for number in 0.. {
                quarter.tick().await;
                let now = SystemClock.now();
                if number % 4 == 0 {
                    device.heart_rate(now, Decimal::whole(72))?;
                }
                device.ecg(now, &wave(now))?;
            }
            Ok(())
        }
    });
    Measuring { device, task }
}

/// A quarter second of a plain sine of 72 per minute: it must move, not look like a heart.
fn wave(start: Instant) -> Vec<i32> {
    let second = (start.millis() % 60_000) as f64 / 1_000.0;
    let sample = |index: u32| {
        let at = second + f64::from(index) / 250.0;
        ((at * TAU * 1.2).sin() * 500.0) as i32
    };
    (0..62).map(sample).collect()
}

fn shows_72_live(tile: &Tile) -> bool {
    tile.heart_rate
        .as_ref()
        .is_some_and(|rate| rate.number == "72" && rate.state == "live")
}

#[test]
fn a_pulled_plug_turns_the_tile_stale_and_then_gone_and_back_when_it_is_in_again() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let monitor = measuring(Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?);
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        let patience = Duration::from_secs(15);
        board
            .wait_for_tile("bed 7 being live", "7", patience, shows_72_live)
            .await?;
        board.see_the_pen_move("7").await?;

        monitor.device.pull_the_plug();
        let stale = board
            .wait_for_tile("bed 7 going stale", "7", UNTIL_GONE, |tile| {
                tile.heart_rate.as_ref().is_some_and(|rate| rate.state == "stale")
            })
            .await?;
        println!(
            "delay: a pulled plug was stale on the board after {:.1} s",
            stale.after.as_secs_f64()
        );
        let rate = stale.value.heart_rate.as_ref().unwrap();
        assert_eq!(rate.number, "72", "the number stays while it is only old");
        assert!(rate.note.ends_with("old"), "its age is said: {}", rate.note);
        assert!(
            stale
                .value
                .no_wave
                .iter()
                .any(|words| words.starts_with("No signal")),
            "no line is drawn for absence: {:?}",
            stale.value.no_wave
        );

        let gone = board
            .wait_for_tile("bed 7 being gone", "7", UNTIL_GONE, |tile| tile.gone)
            .await?;
        println!("delay: and gone {:.1} s later", gone.after.as_secs_f64());
        assert!(!shows_72_live(&gone.value));

        monitor.device.plug_in();
        let back = board.wait_for_tile("bed 7 being live again", "7", UNTIL_GONE, |tile| {
            shows_72_live(tile) && !tile.gone
        });
        println!(
            "delay: back on the board {:.1} s after the plug was in",
            back.await?.after.as_secs_f64()
        );
        Ok(())
    })
}

#[test]
fn a_killed_server_shows_as_a_lost_line_and_a_restart_brings_the_board_back() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let _monitor = measuring(Bedside::connect(portal, &monitor_at(portal, "4B/7")?)?);
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        let patience = Duration::from_secs(15);
        board
            .wait_for_tile("bed 7 being live", "7", patience, shows_72_live)
            .await?;
        board.is_live().await?;

        portal.kill();
        let lost = eventually("the banner of a lost line", async || {
            Ok(browser
                .text()
                .await?
                .contains("Nothing on this page is live")
                .then_some(()))
        });
        println!(
            "delay: a killed server was on the board after {:.1} s",
            lost.await?.after.as_secs_f64()
        );
        assert_ne!(board.connection().await?, "Live");
        let aged = board.wait_for_tile("bed 7 ageing", "7", Duration::from_secs(30), |tile| {
            !shows_72_live(tile)
        });
        aged.await?;

        portal.start_again().await?;
        let back = board.wait_for_tile(
            "bed 7 being live again",
            "7",
            Duration::from_secs(60),
            shows_72_live,
        );
        println!(
            "delay: the board was live {:.1} s after the restart",
            back.await?.after.as_secs_f64()
        );
        board.is_live().await?;
        assert!(!browser.text().await?.contains("Nothing on this page is live"));
        browser
            .expect_console_errors(|line| line.contains("ERR_CONNECTION") || line.contains("WebSocket"))
            .await
    })
}

/// The watchdog's timer is the first of the page, because its script comes before the portal's.
const STOP_EVERY_TIMER_BUT_THE_WATCHDOGS: &str = r"
    const last = setTimeout(() => {}, 0);
    for (let id = 2; id <= last; id++) clearInterval(id);
";

#[test]
fn when_the_program_behind_the_page_stops_the_screen_is_covered() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        let before = board.clock().await?;
        eventually("the ward's clock moving", async || {
            Ok((board.clock().await? != before).then_some(()))
        })
        .await?;
        same(
            "covered while it runs",
            browser.is_there(".stopped").await?,
            false,
        )?;

        browser
            .run(STOP_EVERY_TIMER_BUT_THE_WATCHDOGS, Vec::new())
            .await?;
        browser.read("DISPLAY STOPPED").await?;
        browser.read("Look at the bedside monitors.").await?;
        nothing_found(browser, "a stopped display").await?;
        same(
            "beds that look healthy",
            browser.is_there("[data-bed]").await?,
            false,
        )?;

        browser.press("Start this screen again").await?;
        WardBoard::on(browser).await?;
        Ok(())
    })
}
