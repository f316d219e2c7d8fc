//! Messages to the outside, so that none is lost and none is sent for a change that never was.
//!
//! [`put`] writes a message in the transaction of what it tells: both are stored, or neither. The
//! worker ([`deliver`]) carries what is due, tries again with growing pauses, and after the last try
//! lays the message aside as dead, for the operator to see. A message may arrive twice after a crash
//! between sending and noting it; its id travels with it, so the second can be told from a new one.
//!
//! Never in a message: who a patient is, or what was measured. A link that opens a door may be in its
//! text, so texts are sealed with a key outside the database and erased once they have left.

mod carrier;
mod store;
mod worker;

use fleetward_common::{
    id::{MessageId, PersonId},
    time::Instant,
};

pub use carrier::{Carrier, MailServer, MailServerError};
pub use store::{Stored, put, recent, try_again, withdraw};
pub use worker::deliver;

/// One message, before it is written down.
#[derive(Debug, Clone)]
pub struct Message {
    /// Putting the same id a second time does nothing.
    pub id: MessageId,
    /// A word for whoever counts and reads the list: `invitation`, `recovery_notice`.
    pub kind: &'static str,
    pub recipient: Recipient,
    pub subject: String,
    pub text: String,
    /// Not before this moment.
    pub due_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Wherever this person's mail goes when the message leaves.
    Person(PersonId),
    Address(String),
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Sent,
    /// Every try failed, or the other side refused it for good.
    Dead,
    /// Taken back before it left.
    Withdrawn,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::Dead => "dead",
            State::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [State::Waiting, State::Sent, State::Dead, State::Withdrawn]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}
