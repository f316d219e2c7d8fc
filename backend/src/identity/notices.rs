//! What a person is told when something they sign in with has changed. Sent in the transaction of the
//! change: nobody can change a credential quietly.

use fleetward_common::id::{MessageId, PersonId};

use crate::platform::{
    clock::Clock,
    db::{DbConnection, DbError},
    outbox::{self, Message, Recipient},
    secrets::Secrets,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    PasskeyAdded(&'a str),
    PasskeyRenamed(&'a str),
    PasskeyRemoved(&'a str),
    /// Its counter went backwards.
    PasskeySwitchedOff(&'a str),
    PasswordChanged,
    SecondFactorSet,
    SecondFactorRemoved,
    SecondFactorAskedAtSignIn(bool),
    RecoveryCodesMade,
    RecoveryCodeUsed,
}

impl Notice<'_> {
    const fn subject(self) -> &'static str {
        match self {
            Notice::PasskeyAdded(_) => "A passkey was added to your account",
            Notice::PasskeyRenamed(_) => "A passkey of your account has a new name",
            Notice::PasskeyRemoved(_) => "A passkey was removed from your account",
            Notice::PasskeySwitchedOff(_) => "A passkey of your account was switched off",
            Notice::PasswordChanged => "Your password was changed",
            Notice::SecondFactorSet => "An authenticator app was added to your account",
            Notice::SecondFactorRemoved => "The authenticator app was removed from your account",
            Notice::SecondFactorAskedAtSignIn(_) => "When your account asks for a code has changed",
            Notice::RecoveryCodesMade => "You have new recovery codes",
            Notice::RecoveryCodeUsed => "A recovery code of your account was used",
        }
    }

    fn sentence(self) -> String {
        match self {
            Notice::PasskeyAdded(name) => format!("The passkey “{name}” can sign in as you now."),
            Notice::PasskeyRenamed(name) => format!("It is called “{name}” now."),
            Notice::PasskeyRemoved(name) => format!("The passkey “{name}” no longer opens anything."),
            Notice::PasskeySwitchedOff(name) => format!(
                "The passkey “{name}” was used in a way that suggests a copy of it exists. Neither opens anything any more. Remove it on your security page and make a new one."
            ),
            Notice::PasswordChanged => {
                "The password of before no longer opens anything, and every other session of yours has ended."
                    .to_owned()
            }
            Notice::SecondFactorSet => {
                "Its codes, or your recovery codes, now stand beside your password.".to_owned()
            }
            Notice::SecondFactorRemoved => {
                "Its codes and the recovery codes no longer open anything. Your password now stands alone."
                    .to_owned()
            }
            Notice::SecondFactorAskedAtSignIn(true) => {
                "From now on a code is asked for at every sign-in with your password.".to_owned()
            }
            Notice::SecondFactorAskedAtSignIn(false) => {
                "From now on a code is asked for only before dangerous actions.".to_owned()
            }
            Notice::RecoveryCodesMade => "Those from before no longer open anything.".to_owned(),
            Notice::RecoveryCodeUsed => {
                "It stood in for your authenticator app, and counts only once.".to_owned()
            }
        }
    }
}

pub fn put(
    connection: &mut DbConnection,
    secrets: &Secrets,
    clock: &Clock,
    person: PersonId,
    notice: Notice<'_>,
) -> Result<(), DbError> {
    let now = clock.now();
    let message = Message {
        id: MessageId::new(now, clock.entropy()),
        kind: "credential_notice",
        recipient: Recipient::Person(person),
        subject: notice.subject().to_owned(),
        text: format!(
            "{}\n\nIf that was you, there is nothing to do. If it was not: sign out everywhere on your security page, change your password there, and tell your administrator.\n\nFleetward",
            notice.sentence()
        ),
        due_at: now,
    };
    outbox::put(connection, &secrets.outbox, &message, now)
}
