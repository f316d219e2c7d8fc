//! A device's history, sent once, through the same protocol as everything else.
//!
//! What a model recalls of a span is always the same frames. So it is enough to remember which
//! sequence number the history began with: whoever is interrupted counts the frames it has made
//! since, leaves that many out, and goes on. Nothing is sent twice.

use fleetward_common::time::{Instant, Span};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};
use thiserror::Error;

use crate::{
    agent::{Agent, AgentError, FrameDraft},
    models::DeviceModel,
};

const FILE: &str = "history.json";
/// Frames never hold more than this much time, so that a late one is late by little.
const PIECE: Duration = Duration::from_secs(3_600);
/// A history that ended so shortly before now goes on to now: the device has been measuring meanwhile.
const STILL_MEASURING: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Error)]
pub enum BackFillError {
    #[error("could not {step} {}", path.display())]
    Marker {
        step: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Agent(#[from] AgentError),
}

/// Remembered in the device's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    epoch: u64,
    first_seq: u64,
    from: Instant,
    until: Instant,
    done: bool,
}

impl Marker {
    fn load(folder: &Path) -> Result<Option<Self>, BackFillError> {
        let path = folder.join(FILE);
        let failed = |source| BackFillError::Marker {
            step: "read",
            path: path.clone(),
            source,
        };
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| failed(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn store(&self, folder: &Path) -> Result<(), BackFillError> {
        let path = folder.join(FILE);
        let write = || {
            let fresh = folder.join("history.json.new");
            let mut file = File::create(&fresh)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)
        };
        write().map_err(|source| BackFillError::Marker {
            step: "write",
            path: path.clone(),
            source,
        })
    }
}

/// Whether the history was handed over before, whole.
pub(super) fn is_done(folder: &Path) -> Result<bool, BackFillError> {
    Ok(Marker::load(folder)?.is_some_and(|marker| marker.done))
}

/// Hands the history to the agent, or what is missing of it, and returns when the device goes on to
/// measure: where the history ends, or now if it was handed over before (what it measured since then
/// is stored already). The agent may still have to send it: see [`Agent::settled`].
pub(super) async fn back_fill(
    agent: &Agent,
    model: &dyn DeviceModel,
    folder: &Path,
    history: Span,
    now: Instant,
) -> Result<Instant, BackFillError> {
    let (epoch, next_seq) = {
        let status = agent.status();
        let status = status.borrow();
        (status.epoch, status.next_seq)
    };
    let mut marker = match Marker::load(folder)? {
        Some(marker) => marker,
        None => {
            let begun = Marker {
                epoch,
                first_seq: next_seq,
                from: history.from,
                until: measured_until(history.until, now),
                done: false,
            };
            begun.store(folder)?;
            begun
        }
    };
    if marker.done {
        return Ok(now);
    }
    if marker.epoch != epoch {
        // Which frames of the old epoch were made is forgotten; rather a gap than anything twice.
        tracing::warn!(device.serial = %agent.serial(), "the history stays incomplete: its epoch is over");
    } else {
        let made = next_seq.saturating_sub(marker.first_seq);
        send(agent, model, &marker, made).await?;
    }
    marker.done = true;
    marker.store(folder)?;
    Ok(marker.until)
}

fn measured_until(until: Instant, now: Instant) -> Instant {
    if until < now && now.since(until) <= STILL_MEASURING {
        now
    } else {
        until
    }
}

async fn send(agent: &Agent, model: &dyn DeviceModel, marker: &Marker, made: u64) -> Result<(), AgentError> {
    let skipped = usize::try_from(made).unwrap_or(usize::MAX);
    for draft in recalled(model, marker.from, marker.until).skip(skipped) {
        agent.send(draft).await?;
        // Making history is work for the processor: let the lines of other devices have their turn.
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn recalled(model: &dyn DeviceModel, from: Instant, until: Instant) -> impl Iterator<Item = FrameDraft> + '_ {
    let starts = std::iter::successors(Some(from), |start| Some(*start + PIECE));
    starts
        .take_while(move |start| *start < until)
        .flat_map(move |start| {
            model.recalled(Span {
                from: start,
                until: (start + PIECE).min(until),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Character, Scenario, model};
    use fleetward_common::devices::{
        DeviceType,
        link::{DeviceMessage, MAX_MESSAGE_BYTES, encode},
    };

    fn noon() -> Instant {
        Instant::from_millis(1_764_072_000_000)
    }

    fn at_home(kind: DeviceType) -> Box<dyn DeviceModel> {
        let scenario = Scenario::Stable;
        model(kind, Character { seed: 4, scenario }).unwrap()
    }

    #[test]
    fn a_day_at_a_bed_is_a_few_dozen_frames_and_each_fits_one_message() {
        let model = at_home(DeviceType::PatientMonitor);
        let day = Duration::from_secs(86_400);
        let frames: Vec<FrameDraft> = recalled(&*model, noon() - day, noon()).collect();
        assert!((24..=72).contains(&frames.len()), "{}", frames.len());
        let readings: usize = frames.iter().map(FrameDraft::readings).sum();
        assert!(readings > 80_000, "{readings}");
        for frame in frames {
            let bytes = encode(&DeviceMessage::Frame(frame.numbered(u64::MAX, u64::MAX))).len();
            assert!(bytes <= MAX_MESSAGE_BYTES, "{bytes}");
        }
    }

    #[test]
    fn the_frames_of_a_history_are_the_same_each_time() {
        let model = at_home(DeviceType::Cpap);
        let month = Duration::from_secs(30 * 86_400);
        let frames = || recalled(&*model, noon() - month, noon()).collect::<Vec<_>>();
        assert_eq!(frames(), frames());
    }

    #[test]
    fn a_history_that_just_ended_goes_on_to_now_and_an_old_one_does_not() {
        let minute = Duration::from_secs(60);
        assert_eq!(measured_until(noon() - minute, noon()), noon());
        assert_eq!(measured_until(noon() - minute * 60, noon()), noon() - minute * 60);
        assert_eq!(measured_until(noon() + minute, noon()), noon() + minute);
    }
}
