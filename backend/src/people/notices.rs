//! The words of the messages that go out. No patient, no value; who acted, what follows, whom to ask.

use fleetward_common::{
    access::Role,
    id::{MessageId, PersonId},
    people::IdentityCheck,
    time::Instant,
};
use jiff::{Timestamp, tz::TimeZone};

use super::store::invitations::Invitation;
use crate::platform::outbox::{Message, Recipient};

/// `Tue 24 Nov 2026, 14:02 UTC`: a message does not know where it is read.
pub fn moment(at: Instant) -> String {
    Timestamp::from_microsecond(at.micros()).map_or_else(
        |_| "an unknown time".to_owned(),
        |at| {
            at.to_zoned_datetime(TimeZone::UTC)
                .strftime("%a %-d %b %Y, %H:%M UTC")
                .to_string()
        },
    )
}

pub fn invitation(
    id: MessageId,
    invitation: &Invitation,
    inviter: &str,
    link: &str,
    now: Instant,
) -> Message {
    let organisation = &invitation.organisation_name;
    let units = invitation.unit_names();
    let place = if units.is_empty() {
        String::new()
    } else {
        format!(", {}", units.join(", "))
    };
    Message {
        id,
        kind: "invitation",
        recipient: Recipient::Address(invitation.email.clone()),
        subject: format!("{inviter} invites you to {organisation} on Fleetward"),
        text: format!(
            "{name},\n\n\
             {inviter} gives you access to Fleetward at {organisation} as {role}{place}.\n\n\
             Open this link to join. It takes about five minutes:\n\n{link}\n\n\
             The link works once, until {until}. It is for you alone: do not pass it on.\n\
             You did not expect this? Do nothing, and tell {inviter}.\n",
            name = invitation.name,
            role = invitation.role.title(),
            until = moment(invitation.expires_at),
        ),
        due_at: now,
    }
}

pub fn recovery_link(
    id: MessageId,
    person: PersonId,
    helper: &str,
    link: &str,
    until: Instant,
    now: Instant,
) -> Message {
    Message {
        id,
        kind: "recovery_link",
        recipient: Recipient::Person(person),
        subject: "A way back into Fleetward".to_owned(),
        text: format!(
            "{helper} has opened a way back into your Fleetward account.\n\n\
             Open this link, and type the code that {helper} tells you:\n\n{link}\n\n\
             It works once, until {}. Until you use it, your password and passkeys stay as they are.\n\
             You did not ask for this? Do nothing, and tell your privacy officer.\n",
            moment(until)
        ),
        due_at: now,
    }
}

/// To the privacy officer: someone else holds half of a key to this account for a day.
pub fn recovery_watch(
    id: MessageId,
    officer: PersonId,
    name: &str,
    helper: &str,
    proven_by: IdentityCheck,
    now: Instant,
) -> Message {
    let how = match proven_by {
        IdentityCheck::SeenInPerson => "stood before them, and is known to them",
        IdentityCheck::IdentityDocument => "showed a document with a picture",
        IdentityCheck::CalledBack => "answered a call to a number on file",
    };
    Message {
        id,
        kind: "recovery_notice",
        recipient: Recipient::Person(officer),
        subject: format!("{helper} started a recovery for {name}"),
        text: format!(
            "{helper} started a recovery of the account of {name} on {}, after proving who they are.\n\
             How they knew that it was {name} who asked, in their words: {name} {how}.\n\n\
             Nothing has changed yet: it takes a link that went to {name} and a code that {helper} tells them.\n\
             It is in the record. Ask one of them if you did not expect it.\n",
            moment(now)
        ),
        due_at: now,
    }
}

pub fn recovery_used(id: MessageId, to: PersonId, name: &str, now: Instant) -> Message {
    Message {
        id,
        kind: "recovery_notice",
        recipient: Recipient::Person(to),
        subject: format!("The account of {name} was recovered"),
        text: format!(
            "The account of {name} has a new password since {}. The old password, passkeys and codes are \
             gone, and every open session was ended.\n\nWas it not {name}? Tell your administrator and \
             your privacy officer at once.\n",
            moment(now)
        ),
        due_at: now,
    }
}

/// What an administrator did to somebody's access, to that somebody.
pub enum AccessNews {
    Changed {
        role: Role,
        units: Vec<String>,
        from: Instant,
        until: Option<Instant>,
    },
    Suspended,
    Lifted,
    Ended,
}

pub fn access_changed(
    id: MessageId,
    person: PersonId,
    organisation: &str,
    by: &str,
    news: &AccessNews,
    now: Instant,
) -> Message {
    let what = match news {
        AccessNews::Changed {
            role,
            units,
            from,
            until,
        } => {
            let place = if units.is_empty() {
                String::new()
            } else {
                format!(" in {}", units.join(", "))
            };
            let end = until.map_or_else(String::new, |until| format!(" Access ends {}.", moment(until)));
            format!("From {} you are {}{place}.{end}", moment(*from), role.title())
        }
        AccessNews::Suspended => {
            "Your access is suspended. You were signed out; your passkeys stay.".to_owned()
        }
        AccessNews::Lifted => "Your access is no longer suspended. Sign in as before.".to_owned(),
        AccessNews::Ended => "Your access has ended.".to_owned(),
    };
    Message {
        id,
        kind: "access_changed",
        recipient: Recipient::Person(person),
        subject: format!("Your access to {organisation} on Fleetward"),
        text: format!(
            "{by} changed your access to {organisation}.\n\n{what}\n\nYou did not expect this? Ask {by}.\n"
        ),
        due_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_names_its_zone() {
        let at = Instant::from_millis(1_795_528_920_000);
        assert_eq!(moment(at), "Tue 24 Nov 2026, 14:02 UTC");
    }
}
