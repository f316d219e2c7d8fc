//! Handing a replay to an agent: as if it happened now, or as history that ends now.

use fleetward_common::time::{Instant, Span};
use tokio::time::sleep;

use super::Replay;
use crate::{
    agent::{Agent, AgentError},
    clock::Clock,
};

/// As bedside monitors send.
const FRAME_MICROS: i64 = 250_000;

/// Where on the clock a replay lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playing {
    /// What the files call 0.
    pub origin: Instant,
    /// From the first sample or reading to just after the last.
    pub span: Span,
}

impl Playing {
    pub fn starting(replay: &Replay, at: Instant) -> Self {
        let extent = replay.extent();
        let origin = at.shifted(-extent.start);
        Self {
            origin,
            span: Span {
                from: at,
                until: origin.shifted(extent.end),
            },
        }
    }

    pub fn ending(replay: &Replay, at: Instant) -> Self {
        let extent = replay.extent();
        Self::starting(replay, at.shifted(extent.start - extent.end))
    }
}

/// Sends the files so that they end now, as fast as the server takes them. Returns when all is handed
/// to the agent; [`Agent::settled`] waits until all is stored.
pub async fn play_back_dated(
    agent: &Agent,
    replay: &Replay,
    clock: &dyn Clock,
) -> Result<Playing, AgentError> {
    let playing = Playing::ending(replay, clock.now());
    for draft in replay.whole(playing.origin) {
        agent.send(draft).await?;
    }
    Ok(playing)
}

/// Sends the files in real time, in frames of 250 ms, so that they begin at `at`: now, or in a moment.
pub async fn play_live(
    agent: &Agent,
    replay: &Replay,
    clock: &dyn Clock,
    at: Instant,
) -> Result<Playing, AgentError> {
    let playing = Playing::starting(replay, at);
    let extent = replay.extent();
    let mut from = extent.start;
    while from < extent.end {
        let until = from + FRAME_MICROS;
        // A frame leaves when its last sample is taken, not before.
        sleep(playing.origin.shifted(until).since(clock.now())).await;
        let mut slice = from..until;
        let behind = clock.now().offset_from(playing.origin.shifted(until));
        if behind > FRAME_MICROS {
            // The machine slept: catch up in larger pieces.
            slice.end += (behind / FRAME_MICROS).min(40) * FRAME_MICROS;
        }
        from = slice.end;
        let draft = replay.between(playing.origin, slice);
        if !draft.is_empty() {
            agent.record(draft)?;
        }
    }
    Ok(playing)
}
