//! Tells the privacy officers that something waits for them. It says that, and nothing about anybody.

use fleetward_common::{
    id::{Entropy, MessageId, OrganisationId},
    time::Instant,
};

use crate::{
    care::store::told,
    platform::{
        db::DbConnection,
        http::Failure,
        outbox::{self, Message, Recipient},
        secrets::Key,
    },
};

/// An organisation with more officers than this tells the first ones.
pub const MOST: usize = 8;

/// In the transaction that opened the access.
pub fn opened(
    connection: &mut DbConnection,
    key: &Key,
    organisation: OrganisationId,
    now: Instant,
    entropy: &[Entropy],
) -> Result<(), Failure> {
    let officers = told::privacy_officers(connection, organisation, now)?;
    for (officer, entropy) in officers.into_iter().zip(entropy) {
        let message = Message {
            id: MessageId::new(now, *entropy),
            kind: "emergency_access_notice",
            recipient: Recipient::Person(officer.person),
            subject: "An emergency access waits for your review".to_owned(),
            text: "A patient was opened in an emergency. What, by whom and why stands on your desk in \
                   Fleetward, under Reviews, with the time by which it must be decided. This message \
                   names nobody on purpose."
                .to_owned(),
            due_at: now,
        };
        outbox::put(connection, key, &message, now)?;
    }
    Ok(())
}
