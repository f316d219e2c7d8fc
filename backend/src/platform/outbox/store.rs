//! The table `outbox_messages`.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{MessageId, PersonId},
    time::Instant,
};

use super::{Message, Recipient, State};
use crate::{
    platform::{
        db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
        sealing::{self, Sealed},
        secrets::Key,
    },
    schema::{outbox_messages, people},
};

/// Writes the message down, in the caller's transaction. `key` is [`Secrets::outbox`].
///
/// [`Secrets::outbox`]: crate::platform::secrets::Secrets::outbox
pub fn put(connection: &mut DbConnection, key: &Key, message: &Message, now: Instant) -> Result<(), DbError> {
    let known: Option<Vec<u8>> = outbox_messages::table
        .find(message.id.stored())
        .select(outbox_messages::id)
        .first(connection)
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let (person, address) = match &message.recipient {
        Recipient::Person(person) => (Some(person.stored()), None),
        Recipient::Address(address) => (None, Some(address.as_str())),
    };
    let Sealed { nonce, bytes } = seal(key, message.id, &message.text)?;
    diesel::insert_into(outbox_messages::table)
        .values((
            outbox_messages::id.eq(message.id.stored()),
            outbox_messages::kind.eq(message.kind),
            outbox_messages::person_id.eq(person),
            outbox_messages::address.eq(address),
            outbox_messages::subject.eq(&message.subject),
            outbox_messages::nonce.eq(Some(nonce)),
            outbox_messages::sealed.eq(Some(bytes)),
            outbox_messages::created_at.eq(micros(now)),
            outbox_messages::due_at.eq(micros(message.due_at)),
            outbox_messages::next_try_at.eq(micros(message.due_at)),
            outbox_messages::attempts.eq(0),
            outbox_messages::state.eq(State::Waiting.as_str()),
        ))
        .execute(connection)?;
    Ok(())
}

/// A message that should leave now.
pub(super) struct Due {
    pub id: MessageId,
    /// `None` when the person has no address.
    pub to: Option<String>,
    pub subject: String,
    /// `None` when what is sealed doesn't open: this message can't leave, and those behind it can.
    pub text: Option<String>,
    pub attempts: i64,
}

type DueRow = (
    Vec<u8>,
    Option<Vec<u8>>,
    Option<String>,
    String,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    i64,
);

/// The oldest messages that are due.
pub(super) fn due(
    connection: &mut DbConnection,
    key: &Key,
    now: Instant,
    most: i64,
) -> Result<Vec<Due>, DbError> {
    let rows: Vec<DueRow> = outbox_messages::table
        .filter(outbox_messages::state.eq(State::Waiting.as_str()))
        .filter(outbox_messages::next_try_at.le(micros(now)))
        .order(outbox_messages::next_try_at)
        .limit(most)
        .select((
            outbox_messages::id,
            outbox_messages::person_id,
            outbox_messages::address,
            outbox_messages::subject,
            outbox_messages::nonce,
            outbox_messages::sealed,
            outbox_messages::attempts,
        ))
        .load(connection)?;
    let mut messages = Vec::new();
    for (id, person, address, subject, nonce, sealed, attempts) in rows {
        let id = MessageId::restored(&id)?;
        let to = match person {
            Some(person) => address_of(connection, &person)?,
            None => address,
        };
        let text = open(key, id, nonce, sealed);
        messages.push(Due {
            id,
            to,
            subject,
            text,
            attempts,
        });
    }
    Ok(messages)
}

fn address_of(connection: &mut DbConnection, person: &[u8]) -> Result<Option<String>, DbError> {
    let row: Option<(Option<String>, String)> = people::table
        .find(person)
        .select((people::email, people::login))
        .first(connection)
        .optional()?;
    Ok(row.and_then(|(email, login)| email.or_else(|| login.contains('@').then_some(login))))
}

/// It has left, or never will. The text goes: nobody needs it any more.
pub(super) fn settle(
    connection: &mut DbConnection,
    id: MessageId,
    state: State,
    error: Option<&str>,
    now: Instant,
) -> Result<(), DbError> {
    diesel::update(outbox_messages::table.find(id.stored()))
        .filter(outbox_messages::state.eq(State::Waiting.as_str()))
        .set((
            outbox_messages::state.eq(state.as_str()),
            outbox_messages::attempts.eq(outbox_messages::attempts + 1),
            outbox_messages::last_error.eq(error),
            outbox_messages::settled_at.eq(Some(micros(now))),
        ))
        .execute(connection)?;
    // A dead letter keeps its text, sealed, so that the operator can send it once the cause is gone.
    if state != State::Dead {
        erase_text(connection, id)?;
    }
    Ok(())
}

fn erase_text(connection: &mut DbConnection, id: MessageId) -> Result<(), DbError> {
    diesel::update(outbox_messages::table.find(id.stored()))
        .set((
            outbox_messages::nonce.eq(None::<Vec<u8>>),
            outbox_messages::sealed.eq(None::<Vec<u8>>),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn put_off(
    connection: &mut DbConnection,
    id: MessageId,
    error: &str,
    next_try_at: Instant,
) -> Result<(), DbError> {
    diesel::update(outbox_messages::table.find(id.stored()))
        .set((
            outbox_messages::attempts.eq(outbox_messages::attempts + 1),
            outbox_messages::last_error.eq(Some(error)),
            outbox_messages::next_try_at.eq(micros(next_try_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a message back that has not left. Returns whether there was such a message.
pub fn withdraw(connection: &mut DbConnection, id: MessageId, now: Instant) -> Result<bool, DbError> {
    let taken = diesel::update(outbox_messages::table.find(id.stored()))
        .filter(outbox_messages::state.eq_any([State::Waiting.as_str(), State::Dead.as_str()]))
        .set((
            outbox_messages::state.eq(State::Withdrawn.as_str()),
            outbox_messages::settled_at.eq(Some(micros(now))),
        ))
        .execute(connection)?;
    if taken > 0 {
        erase_text(connection, id)?;
    }
    Ok(taken > 0)
}

/// A dead letter is tried again, as if it were new. Returns whether it was dead.
pub fn try_again(connection: &mut DbConnection, id: MessageId, now: Instant) -> Result<bool, DbError> {
    let revived = diesel::update(outbox_messages::table.find(id.stored()))
        .filter(outbox_messages::state.eq(State::Dead.as_str()))
        .set((
            outbox_messages::state.eq(State::Waiting.as_str()),
            outbox_messages::attempts.eq(0),
            outbox_messages::next_try_at.eq(micros(now)),
            outbox_messages::settled_at.eq(None::<i64>),
        ))
        .execute(connection)?;
    Ok(revived > 0)
}

/// A message as the operator sees it: everything but its text.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: MessageId,
    pub kind: String,
    pub recipient: Recipient,
    pub subject: String,
    pub state: State,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub created_at: Instant,
    /// When it is tried next; only while it waits.
    pub next_try_at: Instant,
    pub settled_at: Option<Instant>,
}

type StoredRow = (
    Vec<u8>,
    String,
    Option<Vec<u8>>,
    Option<String>,
    String,
    String,
    i64,
    Option<String>,
    i64,
    i64,
    Option<i64>,
);

/// The youngest messages, in one state or in any.
pub fn recent(
    connection: &mut DbConnection,
    state: Option<State>,
    most: i64,
) -> Result<Vec<Stored>, DbError> {
    let mut query = outbox_messages::table
        .order(outbox_messages::created_at.desc())
        .limit(most)
        .select((
            outbox_messages::id,
            outbox_messages::kind,
            outbox_messages::person_id,
            outbox_messages::address,
            outbox_messages::subject,
            outbox_messages::state,
            outbox_messages::attempts,
            outbox_messages::last_error,
            outbox_messages::created_at,
            outbox_messages::next_try_at,
            outbox_messages::settled_at,
        ))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(outbox_messages::state.eq(state.as_str()));
    }
    let rows: Vec<StoredRow> = query.load(connection)?;
    rows.into_iter().map(stored).collect()
}

fn stored(row: StoredRow) -> Result<Stored, DbError> {
    let (
        id,
        kind,
        person,
        address,
        subject,
        state,
        attempts,
        last_error,
        created_at,
        next_try_at,
        settled_at,
    ) = row;
    let recipient = match (person, address) {
        (Some(person), _) => Recipient::Person(PersonId::restored(&person)?),
        (None, Some(address)) => Recipient::Address(address),
        (None, None) => {
            return Err(CorruptRow {
                what: "a message to nobody",
            }
            .into());
        }
    };
    Ok(Stored {
        id: MessageId::restored(&id)?,
        kind,
        recipient,
        subject,
        state: State::parse(&state).ok_or(CorruptRow {
            what: "a message's state",
        })?,
        attempts,
        last_error,
        created_at: instant(created_at),
        next_try_at: instant(next_try_at),
        settled_at: settled_at.map(instant),
    })
}

fn seal(key: &Key, id: MessageId, text: &str) -> Result<Sealed, DbError> {
    sealing::seal(key, id.as_bytes(), text.as_bytes())
        .ok_or_else(|| DbError::Settings("a message can't be sealed".into()))
}

fn open(key: &Key, id: MessageId, nonce: Option<Vec<u8>>, bytes: Option<Vec<u8>>) -> Option<String> {
    let (nonce, bytes) = nonce.zip(bytes)?;
    let text = sealing::open(key, id.as_bytes(), &Sealed { nonce, bytes })?;
    String::from_utf8(text).ok()
}
