//! When the demo is ready: a nurse, asking as her browser would, sees fresh values on her board.

use super::people;
use crate::{failure::Failure, http::Client, steps::Steps};
use serde_json::Value;
use std::{
    io,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(3 * 60);
/// After the first live bed the others get this long; a scenario may keep one from ever being fresh.
const FOR_THE_OTHERS: Duration = Duration::from_secs(15);
const FRESH_MICROS: i64 = 10_000_000;

/// `pause` waits a moment and fails if something died meanwhile.
pub fn wait_until_live(
    steps: &Steps,
    port: u16,
    mut pause: impl FnMut(Duration) -> Result<(), Failure>,
) -> Result<(), Failure> {
    steps.step("wait until the ward board has live data", || {
        let began = Instant::now();
        let mut first_live = None;
        let mut last_trouble = "the board was never asked".to_owned();
        let mut nurse = None;
        while began.elapsed() < LIMIT {
            match look(port, &mut nurse) {
                Ok(board) if board.live == board.monitored && board.live > 0 => return Ok(()),
                Ok(board) if board.live > 0 => {
                    let since: &Instant = first_live.get_or_insert_with(Instant::now);
                    if since.elapsed() > FOR_THE_OTHERS {
                        steps.say(&format!("{} of {} beds are live", board.live, board.monitored));
                        return Ok(());
                    }
                }
                Ok(board) => last_trouble = format!("0 of {} beds have a fresh value", board.monitored),
                Err(error) => last_trouble = error.to_string(),
            }
            pause(Duration::from_millis(500))?;
        }
        Err(Failure::new(format!(
            "the ward board had no live data after {} s: {last_trouble}",
            LIMIT.as_secs()
        ))
        .remedy("the logs of server and devices are in the data folder"))
    })
}

struct Board {
    monitored: usize,
    live: usize,
}

/// A demo nurse's board, the fullest one she has. She signs in once.
fn look(port: u16, nurse: &mut Option<Client>) -> io::Result<Board> {
    let client = match nurse {
        Some(client) => client,
        None => nurse.insert(sign_in(port)?),
    };
    let mut best = Board {
        monitored: 0,
        live: 0,
    };
    for ward in client.get("/api/v1/wards")?.as_array().into_iter().flatten() {
        if let Some(id) = ward.pointer("/ward/id").and_then(Value::as_str) {
            let board = count(&client.get(&format!("/api/v1/wards/{id}"))?);
            if board.monitored > best.monitored {
                best = board;
            }
        }
    }
    Ok(best)
}

fn sign_in(port: u16) -> io::Result<Client> {
    let mut client = Client::of_port(port);
    let people = people::ask(&client)?;
    let nurse = people
        .iter()
        .find(|person| person.role == "nurse")
        .ok_or_else(|| io::Error::other("there is no nurse among the demo people"))?;
    client.sign_in(&nurse.login, &nurse.password)?;
    Ok(client)
}

fn count(board: &Value) -> Board {
    let now = board.get("server_time").and_then(micros).unwrap_or_default();
    let with_devices: Vec<&Value> = board
        .get("beds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|bed| devices(bed).next().is_some())
        .collect();
    let live = with_devices
        .iter()
        .filter(|bed| devices(bed).any(|device| is_live(device, now)))
        .count();
    Board {
        monitored: with_devices.len(),
        live,
    }
}

fn devices(bed: &Value) -> impl Iterator<Item = &Value> {
    bed.get("devices").and_then(Value::as_array).into_iter().flatten()
}

fn is_live(device: &Value, now: i64) -> bool {
    device
        .get("channels")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|channel| channel.get("latest"))
        .filter(|latest| latest.get("known").is_some())
        .filter_map(|latest| latest.get("at").and_then(micros))
        .any(|at| now - at < FRESH_MICROS)
}

/// Instants are microseconds since 1970, as a number.
fn micros(value: &Value) -> Option<i64> {
    value.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_764_000_000_000_000;

    fn bed(latest: &Value) -> Value {
        json!({ "devices": [{ "channels": [{ "latest": latest }] }] })
    }

    #[test]
    fn a_bed_is_live_when_one_value_is_fresh() {
        let board = json!({ "server_time": NOW, "beds": [
            bed(&json!({ "at": NOW - 900_000, "known": "72" })),
            bed(&json!({ "at": NOW - 60_000_000, "known": "72" })),
            bed(&json!({ "at": NOW - 900_000, "absent": "sensor_off" })),
            bed(&Value::Null),
            { "devices": [] },
        ] });
        let board = count(&board);
        assert_eq!((board.monitored, board.live), (4, 1));
    }
}
