//! What begins or ends by the clock, without anyone changing a row: the last day of a membership, a unit
//! that was given for a week, a consent with an end. Open streams look again when it does.

use std::time::Duration;

use actix_web::web::Data;
use fleetward_common::time::Instant;
use tokio::time::{MissedTickBehavior, interval};

use super::store::hours;
use crate::{
    app::App,
    platform::http::{Failure, failure::chain},
};

const ROUND: Duration = Duration::from_millis(500);

/// For as long as the server runs.
pub async fn keep(app: Data<App>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = Known::default();
    loop {
        rounds.tick().await;
        if let Err(failure) = look(&app, &mut known).await {
            tracing::error!(cause = %chain(&failure), "what begins and ends by the clock could not be looked up");
        }
    }
}

/// What comes next, as far as it was asked.
#[derive(Default)]
struct Known {
    /// What came until then was told.
    told: Option<Instant>,
    /// How often anything had moved then; `None` before the first look.
    moves: Option<u64>,
    next: Option<hours::Next>,
}

async fn look(app: &App, known: &mut Known) -> Result<(), Failure> {
    let now = app.clock.now();
    let mut told = known.told.unwrap_or(now);
    if now < told {
        // The clock was set back: what ended is not over any more, and will end once more.
        (told, known.moves) = (now, None);
    }
    loop {
        // Plans are changes too: whatever is planned moved something.
        let moves = app.access.epochs.moves();
        if known.moves != Some(moves) {
            known.next = app
                .db
                .read(move |connection| Ok::<_, Failure>(hours::next(connection, told)?))
                .await?;
            known.moves = Some(moves);
        }
        let Some(next) = known.next.take_if(|next| next.at <= now) else {
            known.told = Some(now);
            return Ok(());
        };
        told = next.at;
        // This moves something as well, so what comes after it is asked for.
        for organisation in next.whose {
            app.access.epochs.bump_scope(organisation);
        }
    }
}
