//! What a twin has to tell its line. Small while it is empty, for there is one per connected device.
//!
//! Acknowledgements are cumulative, so only the newest waits. Everything else waits in order and goes
//! first: a refusal must not be overtaken by the acknowledgement that covers its number.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use fleetward_common::devices::link::ServerMessage;
use futures_util::task::AtomicWaker;

/// More than this can't wait as long as the line takes its messages: it sends nothing meanwhile.
const MOST: usize = 256;

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    bell: AtomicWaker,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<ServerMessage>,
    acknowledgement: Option<(u64, u64)>,
    room: bool,
    ended: bool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The twin's end. Dropping it ends the line, after what waits was told.
pub struct Outbox(Arc<Shared>);

/// The line's end.
pub struct Inbox(Arc<Shared>);

/// What the line has to say, and whether it should go on reading.
#[derive(Debug, PartialEq, Eq)]
pub struct ToLine {
    pub message: ServerMessage,
    pub room: bool,
}

pub fn outbox() -> (Outbox, Inbox) {
    let shared = Arc::new(Shared::default());
    (Outbox(shared.clone()), Inbox(shared))
}

impl Outbox {
    /// Answers `false` when the line doesn't take its messages and is as good as broken.
    pub fn tell(&self, message: ServerMessage, room: bool) -> bool {
        let mut waiting = self.0.waiting();
        waiting.room = room;
        match message {
            ServerMessage::Ack { epoch, through } => waiting.acknowledgement = Some((epoch, through)),
            // Nothing follows a goodbye, so what waits must go before it.
            ServerMessage::Bye { .. } => {
                let last = waiting.acknowledgement.take();
                let last = last.map(|(epoch, through)| ServerMessage::Ack { epoch, through });
                waiting.messages.extend(last);
                waiting.messages.push_back(message);
            }
            _ => waiting.messages.push_back(message),
        }
        let taken = waiting.messages.len() <= MOST;
        drop(waiting);
        self.0.bell.wake();
        taken
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.0.waiting().ended = true;
        self.0.bell.wake();
    }
}

impl Inbox {
    /// The next message, without waiting.
    pub fn take(&self) -> Option<ToLine> {
        let mut waiting = self.0.waiting();
        let message = waiting.messages.pop_front().or_else(|| {
            let (epoch, through) = waiting.acknowledgement.take()?;
            Some(ServerMessage::Ack { epoch, through })
        })?;
        if waiting.messages.is_empty() {
            waiting.messages = VecDeque::new();
        }
        Some(ToLine {
            message,
            room: waiting.room,
        })
    }

    /// The next message; `None` when the twin has let the line go.
    pub async fn next(&self) -> Option<ToLine> {
        poll_fn(|context| {
            self.0.bell.register(context.waker());
            match self.take() {
                Some(message) => Poll::Ready(Some(message)),
                None if self.0.waiting().ended => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::devices::link::{ByeReason, Refusal, RefusalCode};

    fn ack(through: u64) -> ServerMessage {
        ServerMessage::Ack { epoch: 1, through }
    }

    fn refused(seq: u64) -> ServerMessage {
        ServerMessage::Refused(Refusal {
            seq: Some(seq),
            code: RefusalCode::Malformed,
            field: "waves".to_owned(),
        })
    }

    fn all(inbox: &Inbox) -> Vec<ServerMessage> {
        std::iter::from_fn(|| inbox.take().map(|told| told.message)).collect()
    }

    #[test]
    fn of_many_acknowledgements_only_the_newest_is_told() {
        let (outbox, inbox) = outbox();
        for through in 0..5 {
            outbox.tell(ack(through), true);
        }
        assert_eq!(all(&inbox), [ack(4)]);
    }

    #[test]
    fn a_refusal_is_not_overtaken_by_the_acknowledgement_that_covers_it() {
        let (outbox, inbox) = outbox();
        outbox.tell(refused(3), true);
        outbox.tell(ack(4), true);
        assert_eq!(all(&inbox), [refused(3), ack(4)]);
    }

    #[test]
    fn what_was_stored_is_told_before_goodbye() {
        let (outbox, inbox) = outbox();
        let bye = ServerMessage::Bye {
            reason: ByeReason::Superseded,
        };
        outbox.tell(ack(4), true);
        outbox.tell(bye.clone(), false);
        assert_eq!(all(&inbox), [ack(4), bye]);
    }

    #[actix_web::test]
    async fn a_line_hears_what_waits_and_then_that_its_twin_let_it_go() {
        let (outbox, inbox) = outbox();
        outbox.tell(ack(4), true);
        drop(outbox);
        assert_eq!(inbox.next().await.map(|told| told.message), Some(ack(4)));
        assert_eq!(inbox.next().await, None);
    }
}
