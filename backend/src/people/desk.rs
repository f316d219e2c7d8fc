//! Who changes something, and what writing it down takes: the record, the notice, chance and time.

use fleetward_common::{
    id::{MembershipId, MessageId, PersonId},
    time::Instant,
};

use super::{
    notices::{self, AccessNews},
    store::places::House,
};
use crate::{
    access::Actor,
    app::App,
    identity::{SignedIn, step_up},
    platform::{clock::Clock, db::DbConnection, http::Failure, outbox, secrets::Key},
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

/// Who changes something, when, and what writing it down needs.
pub struct Desk {
    pub actor: Actor,
    pub name: String,
    pub now: Instant,
    pub clock: Clock,
    pub audit: Key,
    pub outbox: Key,
}

impl Desk {
    pub fn of(app: &App, signed_in: &SignedIn, now: Instant) -> Self {
        Self {
            actor: signed_in.actor.clone(),
            name: signed_in.name.clone(),
            now,
            clock: app.clock.clone(),
            audit: app.secrets.audit.clone(),
            outbox: app.secrets.outbox.clone(),
        }
    }

    pub fn message_id(&self) -> MessageId {
        MessageId::new(self.now, self.clock.entropy())
    }

    /// Into the record of the actor's organisation.
    pub fn note(
        &self,
        connection: &mut DbConnection,
        event: &'static str,
        action: AuditAction,
        entity: AuditEntity,
        detail: serde_json::Value,
    ) -> Result<(), Failure> {
        let entry = AuditEntry {
            organisation: self.actor.organisation,
            at: self.now,
            action,
            event,
            outcome: AuditOutcome::Success,
            actor: self.actor.for_audit(),
            entity: Some(entity),
            patient: None,
            detail,
        };
        audit::append(connection, &self.audit, &entry)?;
        Ok(())
    }

    pub fn send(&self, connection: &mut DbConnection, message: &outbox::Message) -> Result<(), Failure> {
        Ok(outbox::put(connection, &self.outbox, message, self.now)?)
    }

    /// To somebody whose access an administrator changed.
    pub fn tell(
        &self,
        connection: &mut DbConnection,
        person: PersonId,
        house: &House,
        news: &AccessNews,
    ) -> Result<(), Failure> {
        let message =
            notices::access_changed(self.message_id(), person, &house.name, &self.name, news, self.now);
        self.send(connection, &message)
    }
}

pub fn about_membership(id: MembershipId) -> AuditEntity {
    AuditEntity {
        kind: "membership",
        id: *id.as_bytes(),
    }
}

/// Who gives or takes access proves who they are first: a screen that was left open must not.
pub fn must_have_proven(signed_in: &SignedIn, now: Instant) -> Result<(), Failure> {
    step_up::recent(signed_in, now).map(drop)
}
