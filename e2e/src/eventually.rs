//! Waiting for what a person would see. No test asserts a time: it waits long enough, and whoever
//! wants to print how long it took gets the delay.

use crate::trouble::{Outcome, Trouble};
use std::time::{Duration, Instant};

/// Long enough for a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(15);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What was waited for, and after how long it was there.
#[derive(Debug)]
pub struct Seen<T> {
    pub value: T,
    pub after: Duration,
}

/// Looks again until there is something to see. An error counts as "not yet": pages change under
/// the looking eye.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Outcome<Option<T>>) -> Outcome<Seen<T>> {
    within(PATIENCE, what, look).await
}

pub async fn within<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Outcome<Option<T>>,
) -> Outcome<Seen<T>> {
    let began = Instant::now();
    loop {
        let last = match look().await {
            Ok(Some(value)) => {
                return Ok(Seen {
                    value,
                    after: began.elapsed(),
                });
            }
            Ok(None) => "nothing".to_owned(),
            Err(trouble) => trouble.to_string(),
        };
        if began.elapsed() > patience {
            return Err(Trouble::NeverHappened {
                what: what.to_owned(),
                waited: patience,
                last,
            });
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
