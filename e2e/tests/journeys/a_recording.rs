//! A recorded heart on a nurse's board.

use fleetward_device::{
    agent::{Agent, Credentials},
    clock::{Clock, SystemClock},
    replay::play_live,
};
use fleetward_e2e::{
    bedside::{Bedside, monitor_at},
    browser::Screen,
    journey::{Stage, journey},
    pages::{SignIn, Tile, WardBoard},
    people::RASHIDA,
    recording::{self, FIRST_RATE},
    trouble::{Outcome, Trouble},
};
use std::time::Duration;

const SECONDS: u32 = 60;
/// How many numbers of the recording she watches go by.
const WATCHED: usize = 10;
const PATIENCE: Duration = Duration::from_secs(15);

/// The second of the recording that the tile shows.
fn second_on(tile: &Tile) -> Option<u32> {
    let rate = tile.heart_rate.as_ref().filter(|rate| rate.state == "live")?;
    rate.number.parse::<u32>().ok()?.checked_sub(FIRST_RATE)
}

#[test]
fn rashida_sees_a_recorded_heart_rate_soon_after_it_was_sent() -> Outcome {
    journey(Screen::Desk, async |stage: &mut Stage| {
        let Stage { portal, browser } = stage;
        let entry = monitor_at(portal, "4B/9")?;
        let folder = portal.device_folder(entry.serial.as_str());
        let replay = recording::of_a_quickening_heart(&folder, SECONDS)?;
        let credentials = Credentials::from_folder(&folder).map_err(Trouble::wrong)?;
        let agent = Agent::builder(entry.serial.clone(), entry.software.clone())
            .channels(replay.channels())
            .folder(&folder)
            .open(credentials)
            .map_err(Trouble::wrong)?;
        let bedside = Bedside::of(agent.clone(), portal);
        SignIn::at(portal, browser).choose(RASHIDA).await?;
        let board = WardBoard::on(browser).await?;
        board.is_live().await?;

        let began = SystemClock.now() + Duration::from_secs(1);
        let playing = tokio::spawn(async move { play_live(&agent, &replay, &SystemClock, began).await });
        let mut delays = Vec::new();
        let mut shown = None;
        while delays.len() < WATCHED {
            let seen = board.wait_for_tile("the next number of the recording", "9", PATIENCE, |tile| {
                second_on(tile) > shown
            });
            shown = second_on(&seen.await?.value);
            let measured = began + Duration::from_secs(u64::from(shown.unwrap()));
            delays.push(SystemClock.now().since(measured));
        }
        delays.sort();
        println!(
            "delay: a recorded heart rate was on the board {:.2} s after it was measured (median of {WATCHED}, \
             at most {:.2} s)",
            delays[WATCHED / 2].as_secs_f64(),
            delays[WATCHED - 1].as_secs_f64(),
        );
        board.see_the_pen_move("9").await?;
        // The free bed beside it stays free: a recording is of one bed.
        assert!(board.tile("8").await?.text.contains("Free"));
        playing.abort();
        drop(bedside);
        Ok(())
    })
}
