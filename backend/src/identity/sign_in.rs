//! Proving who one is, and the session that follows.

use std::{net::IpAddr, time::Duration};

use fleetward_common::{
    id::{OrganisationId, PersonId, SessionId},
    identity::SignIn,
    text::Login,
    time::Instant,
};
use serde_json::json;

use super::{
    Hashing,
    password::LONGEST_BYTES,
    session::{Token, lifetime},
    slowdown::Slowdown,
    store::{self, people::Account, sessions::NewSession},
};
use crate::{
    access::actor::usual_purpose,
    app::App,
    platform::http::Failure,
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// What sign-in keeps between requests.
pub struct SignInDesk {
    pub hashing: Hashing,
    slowdown: Slowdown,
}

impl SignInDesk {
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            hashing: Hashing::new()?,
            slowdown: Slowdown::default(),
        })
    }
}

/// A session that just began: what goes into the cookie, and for whom.
pub struct Started {
    pub token: Token,
    pub lifetime: Duration,
    pub session: SessionId,
}

/// Checks a password and starts a session. `replaced` is the session the browser had before: a token
/// never survives a sign-in.
pub async fn with_password(
    app: &App,
    attempt: SignIn,
    address: IpAddr,
    replaced: Option<Token>,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let login = Login::parse(&attempt.login).or(Err(Failure::SignInFailed))?;
    let login = login.as_str().to_lowercase();
    let wait = app.sign_in.slowdown.wait(&login, address, now);
    if wait > Duration::ZERO {
        return Err(Failure::SlowedDown(wait));
    }
    let wanted = login.clone();
    let account = app
        .db
        .read(move |connection| store::people::account(connection, &wanted, now))
        .await?;
    let phc = account
        .as_ref()
        .filter(|account| account.may_sign_in)
        .and_then(|account| account.phc.clone());
    let too_long = attempt.password.len() > LONGEST_BYTES;
    let password = if too_long { String::new() } else { attempt.password };
    let proven = app.sign_in.hashing.verify(password, phc).await? && !too_long;
    match account {
        Some(account) if proven => {
            app.sign_in.slowdown.succeeded(&login, address);
            start_session(app, &account, replaced).await
        }
        account => {
            app.sign_in.slowdown.failed(&login, address, now);
            note_failure(app, account.as_ref(), now).await?;
            Err(Failure::SignInFailed)
        }
    }
}

/// Starts a session for someone who has proven who they are, by whatever means.
async fn start_session(app: &App, account: &Account, replaced: Option<Token>) -> Result<Started, Failure> {
    let now = app.clock.now();
    let token = Token::random();
    let lifetime = lifetime(account.role);
    let session = NewSession {
        id: SessionId::new(now, app.clock.entropy()),
        token_sha256: token.sha256(),
        person: account.person,
        membership: account.membership,
        purpose: usual_purpose(account.role),
        created_at: now,
        expires_at: now + lifetime,
    };
    let id = session.id;
    let entry = AuditEntry {
        organisation: account.organisation,
        at: now,
        action: AuditAction::Execute,
        event: "session_started",
        outcome: AuditOutcome::Success,
        actor: AuditActor {
            person: Some(account.person),
            membership: Some(account.membership),
            role: Some(account.role),
            purpose: Some(session.purpose),
        },
        entity: Some(AuditEntity {
            kind: "session",
            id: *id.as_bytes(),
        }),
        patient: None,
        detail: json!({ "proof": "password" }),
    };
    let key = app.secrets.audit.clone();
    let replaced = replaced.map(|token| token.sha256());
    let ended = app
        .db
        .write(move |connection| {
            let ended = match replaced {
                Some(hash) => store::sessions::end_by_token(connection, &hash, now)?,
                None => None,
            };
            store::sessions::start(connection, &session)?;
            store::people::forgive(connection, session.person)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(ended)
        })
        .await?;
    if let Some(ended) = ended {
        app.live.end_session(ended);
    }
    Ok(Started {
        token,
        lifetime,
        session: id,
    })
}

/// Ends the session of this token, if it lives.
pub async fn sign_out(app: &App, token: Token) -> Result<(), Failure> {
    let now = app.clock.now();
    let key = app.secrets.audit.clone();
    let hash = token.sha256();
    let ended = app
        .db
        .write(move |connection| {
            let Some(signed_in) = store::sessions::alive(connection, &hash, now)? else {
                return Ok::<_, Failure>(None);
            };
            let ended = store::sessions::end_by_token(connection, &hash, now)?;
            let actor = &signed_in.actor;
            let entry = AuditEntry {
                organisation: actor.organisation,
                at: now,
                action: AuditAction::Execute,
                event: "session_ended",
                outcome: AuditOutcome::Success,
                actor: actor.for_audit(),
                entity: Some(AuditEntity {
                    kind: "session",
                    id: *actor.session.as_bytes(),
                }),
                patient: None,
                detail: json!({ "by": "sign_out" }),
            };
            audit::append(connection, &key, &entry)?;
            Ok(ended)
        })
        .await?;
    if let Some(ended) = ended {
        app.live.end_session(ended);
    }
    Ok(())
}

/// A failure goes into the record of the organisation it was aimed at; one aimed at nobody, into the
/// operator's.
async fn note_failure(app: &App, account: Option<&Account>, now: Instant) -> Result<(), Failure> {
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
