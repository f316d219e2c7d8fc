//! Carries what is due, one message after the other, for as long as the server runs.

use std::time::Duration;

use fleetward_common::time::Instant;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    State,
    carrier::{Carrier, Letter, NotCarried},
    store::{self, Due},
};
use crate::platform::{
    clock::Clock,
    db::{Db, DbError},
    secrets::Key,
};

const LOOK: Duration = Duration::from_millis(500);
const AT_ONCE: i64 = 20;
/// With the pauses below the last try comes about three hours after the first.
const MOST_TRIES: i64 = 12;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// What a try that failed leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    TryAt(Instant),
    Dead,
}

/// `tries` counts the one that just failed.
fn after(failure: &NotCarried, tries: i64, now: Instant) -> Next {
    match failure {
        NotCarried::Never(_) => Next::Dead,
        NotCarried::Later(_) if tries >= MOST_TRIES => Next::Dead,
        NotCarried::Later(_) => Next::TryAt(now + pause(tries)),
    }
}

fn pause(tries: i64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(16);
    LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(doublings))
}

/// Runs until it is dropped.
pub async fn deliver(db: Db, clock: Clock, carrier: Carrier, key: Key) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = false;
    loop {
        look.tick().await;
        if matches!(carrier, Carrier::Nobody) {
            // A message without a carrier loses no tries: it leaves when there is one.
            told = told || tell_of_waiting(&db).await;
            continue;
        }
        if let Err(error) = round(&db, &clock, &carrier, &key).await {
            tracing::warn!(cause = %error, "messages to the outside wait: the outbox could not be read or written");
        }
    }
}

/// One log line, once, when messages wait and nobody can carry them.
async fn tell_of_waiting(db: &Db) -> bool {
    let waiting = db
        .read(|connection| store::recent(connection, Some(State::Waiting), 1))
        .await
        .unwrap_or_default();
    if waiting.is_empty() {
        return false;
    }
    tracing::warn!("messages wait in the outbox: give a mail server with --smtp-url and --mail-from");
    true
}

async fn round(db: &Db, clock: &Clock, carrier: &Carrier, key: &Key) -> Result<(), DbError> {
    let (now, opener) = (clock.now(), key.clone());
    let due = db
        .read(move |connection| store::due(connection, &opener, now, AT_ONCE))
        .await?;
    for message in due {
        let (id, tries) = (message.id, message.attempts + 1);
        let outcome = carry(carrier, message, now).await;
        let now = clock.now();
        db.write(move |connection| match outcome {
            Ok(()) => store::settle(connection, id, State::Sent, None, now),
            Err(failure) => {
                let (NotCarried::Later(error) | NotCarried::Never(error)) = &failure;
                match after(&failure, tries, now) {
                    Next::TryAt(at) => store::put_off(connection, id, error, at),
                    Next::Dead => {
                        tracing::error!(message.id = %id, tries, "a message could not be delivered and was laid aside");
                        store::settle(connection, id, State::Dead, Some(error), now)
                    }
                }
            }
        })
        .await?;
    }
    Ok(())
}

async fn carry(carrier: &Carrier, message: Due, now: Instant) -> Result<(), NotCarried> {
    let to = message
        .to
        .ok_or_else(|| NotCarried::Never("this person has no mail address".to_owned()))?;
    let text = message
        .text
        .ok_or_else(|| NotCarried::Never("its sealed text does not open with the outbox’s key".to_owned()))?;
    let letter = Letter {
        id: message.id,
        to,
        subject: message.subject,
        text,
        at: now,
    };
    carrier.carry(&letter).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tries: i64) -> u64 {
        pause(tries).as_secs()
    }

    #[test]
    fn a_server_that_is_down_is_asked_ever_less_often_and_then_no_more() {
        assert_eq!([1, 2, 3, 10, 11].map(seconds), [5, 10, 20, 2_560, 3_600]);
        let down = NotCarried::Later("connection refused".to_owned());
        let now = Instant::EPOCH;
        assert_eq!(after(&down, 1, now), Next::TryAt(now + FIRST_PAUSE));
        assert_eq!(after(&down, MOST_TRIES, now), Next::Dead);
    }

    #[test]
    fn a_refusal_for_good_is_not_tried_again() {
        let refused = NotCarried::Never("550 no such mailbox".to_owned());
        assert_eq!(after(&refused, 1, Instant::EPOCH), Next::Dead);
    }
}
