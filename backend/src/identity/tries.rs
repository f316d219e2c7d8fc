//! A try at somebody's password, code or passkey: counted before it is looked at, and on record when it
//! fails.

use fleetward_common::{
    id::{OrganisationId, PersonId},
    time::Instant,
};
use serde_json::json;

use super::{
    notices::{self, Notice},
    passkeys::{COUNTER, Refusal},
    slowdown::{Attempt, Place},
    store::{self, failures::Begun, passkeys::StoredPasskey, people::Account},
};
use crate::{
    app::App,
    platform::http::Failure,
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// Counts as failed until it is forgiven or taken back.
pub(super) struct Try {
    attempt: Attempt,
    /// The account has signed in at this place before.
    known: bool,
}

impl Try {
    /// Refused while earlier failures make it wait.
    pub(super) async fn begin(app: &App, login: &str, place: Place, now: Instant) -> Result<Self, Failure> {
        let attempt = Attempt::new(&app.sign_in.counting, login, place);
        let counted = attempt.clone();
        let begun = app
            .db
            .write(move |connection| store::failures::begin(connection, &counted, now).map_err(Failure::from))
            .await?;
        match begun {
            Begun::GoOn { known } => Ok(Self { attempt, known }),
            Begun::Wait(wait) => Err(Failure::SlowedDown(wait)),
        }
    }

    /// It was good: this account's failures at this place, and its password's, are forgiven.
    pub(super) async fn was_good(self, app: &App, person: PersonId, now: Instant) -> Result<(), Failure> {
        app.db
            .write(move |connection| {
                store::failures::forgive(connection, &self.attempt, self.known, now)?;
                store::people::forgive(connection, person)?;
                Ok::<_, Failure>(())
            })
            .await
    }

    /// It was neither good nor wrong: we could not look, or there is more to come.
    pub(super) async fn take_back(self, app: &App) -> Result<(), Failure> {
        app.db
            .write(move |connection| {
                store::failures::take_back(connection, &self.attempt, self.known).map_err(Failure::from)
            })
            .await
    }
}

/// A failure goes into the record of the organisation it was aimed at; one aimed at nobody, into the
/// operator's.
pub(super) async fn note_failure(app: &App, account: Option<&Account>, now: Instant) -> Result<(), Failure> {
    let key = app.secrets.audit.clone();
    let target: Option<(OrganisationId, PersonId)> =
        account.map(|account| (account.organisation, account.person));
    app.db
        .write(move |connection| {
            let organisation = match target {
                Some((organisation, person)) => {
                    store::people::note_failure(connection, person, now)?;
                    Some(organisation)
                }
                None => store::organisations::platform(connection)?,
            };
            let Some(organisation) = organisation else {
                return Ok(());
            };
            let entry = AuditEntry {
                organisation,
                at: now,
                action: AuditAction::Execute,
                event: "sign_in_failed",
                outcome: AuditOutcome::MinorFailure,
                actor: AuditActor::SYSTEM,
                entity: target.map(|(_, person)| AuditEntity {
                    kind: "person",
                    id: *person.as_bytes(),
                }),
                patient: None,
                detail: json!({ "known": target.is_some() }),
            };
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}

/// The same for a passkey. One whose counter went backwards may have been copied: from now on neither
/// it nor the copy opens anything, and its person is told.
pub(super) async fn note_refused_passkey(
    app: &App,
    passkey: Option<&StoredPasskey>,
    refusal: Refusal,
    now: Instant,
) -> Result<(), Failure> {
    let secrets = app.secrets.clone();
    let clock = app.clock.clone();
    let target = passkey.map(|passkey| (passkey.id, passkey.person, passkey.name.clone()));
    app.db
        .write(move |connection| {
            let known = match &target {
                Some((_, person, _)) => store::people::account_of(connection, *person, now)?,
                None => None,
            };
            let organisation = match &known {
                Some(account) => Some(account.organisation),
                None => store::organisations::platform(connection)?,
            };
            let copied = refusal == COUNTER;
            if let Some((id, person, name)) = target.as_ref().filter(|_| copied) {
                store::passkeys::switch_off(connection, *id, now)?;
                notices::put(
                    connection,
                    &secrets,
                    &clock,
                    *person,
                    Notice::PasskeySwitchedOff(name),
                )?;
            }
            let Some(organisation) = organisation else {
                return Ok(());
            };
            let entry = AuditEntry {
                organisation,
                at: now,
                action: AuditAction::Execute,
                event: if copied {
                    "passkey_switched_off"
                } else {
                    "passkey_refused"
                },
                outcome: if copied {
                    AuditOutcome::SeriousFailure
                } else {
                    AuditOutcome::MinorFailure
                },
                actor: AuditActor::SYSTEM,
                entity: target.map(|(id, _, _)| AuditEntity {
                    kind: "passkey",
                    id: *id.as_bytes(),
                }),
                patient: None,
                detail: json!({ "why": refusal.0 }),
            };
            audit::append(connection, &secrets.audit, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}
