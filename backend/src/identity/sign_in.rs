//! Proving who one is, and the session that follows.

use std::time::Duration;

use actix_web::cookie::Cookie;
use fleetward_common::{
    id::{OrganisationId, PersonId, SessionId},
    identity::SignIn,
    text::Login,
    time::Instant,
};
use serde_json::json;

use super::{
    Hashing,
    browser::Browser,
    password::LONGEST_BYTES,
    rules::{Rules, SessionKind},
    session::{self, SignedIn, Token},
    slowdown::{Attempt, Place},
    store::{self, failures::Begun, people::Account, sessions::NewSession},
};
use crate::{
    access::actor::usual_purpose,
    app::App,
    platform::{
        http::Failure,
        secrets::{Key, Secrets},
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// What sign-in keeps between requests.
pub struct SignInDesk {
    pub hashing: Hashing,
    /// Hashes what failures are counted under.
    counting: Key,
}

impl SignInDesk {
    pub fn new(secrets: &Secrets) -> Result<Self, Failure> {
        Ok(Self {
            hashing: Hashing::new()?,
            counting: secrets.derived(b"fleetward v1 sign-in counts"),
        })
    }
}

/// A session that just began: what goes into the cookie, and for whom.
pub struct Started {
    pub token: Token,
    pub kind: SessionKind,
    pub lifetime: Duration,
    pub session: SessionId,
}

impl Started {
    pub fn cookie(&self) -> Cookie<'static> {
        self.token.cookie(self.kind, self.lifetime)
    }
}

/// Where a session is about to begin.
enum Seat {
    /// A browser of one's own. What it had before ends: a token never survives a sign-in.
    Own { replaced: Option<[u8; 32]> },
    /// A ward's screen, which goes on as it is; whoever acted there before ends.
    Screen(Box<SignedIn>),
}

async fn seat(app: &App, browser: &Browser) -> Result<Seat, Failure> {
    let Some(hash) = browser.session.as_ref().map(Token::sha256) else {
        return Ok(Seat::Own { replaced: None });
    };
    let now = app.clock.now();
    let before = app
        .db
        .read(move |connection| store::sessions::alive(connection, &hash, now))
        .await?;
    Ok(match before {
        Some(screen) if screen.kind == SessionKind::Kiosk => Seat::Screen(Box::new(screen)),
        _ => Seat::Own { replaced: Some(hash) },
    })
}

/// Checks a password and starts a session: in a browser of one's own in place of the one before, on a
/// ward's screen for the moment and beside the screen's own.
pub async fn with_password(app: &App, attempt: SignIn, browser: &Browser) -> Result<Started, Failure> {
    let now = app.clock.now();
    let login = Login::parse(&attempt.login).or(Err(Failure::SignInFailed))?;
    let login = login.as_str().to_lowercase();
    let seat = seat(app, browser).await?;
    let place = match &seat {
        Seat::Screen(screen) => screen.station.as_ref().map(|station| Place::Station(station.id)),
        Seat::Own { .. } => None,
    };
    let place = place.unwrap_or(Place::Address(browser.address));
    let tried = Attempt::new(&app.sign_in.counting, &login, place);
    let known = begin(app, &tried, now).await?;
    let proven = proven(app, login, attempt.password, now).await;
    match proven {
        Ok((Some(account), true)) => {
            app.db
                .write({
                    let tried = tried.clone();
                    move |connection| {
                        store::failures::forgive(connection, &tried, known, now)?;
                        store::people::forgive(connection, account.person)?;
                        Ok::<_, Failure>(())
                    }
                })
                .await?;
            start_session(app, &account, seat, browser).await
        }
        Ok((account, _)) => {
            note_failure(app, account.as_ref(), now).await?;
            Err(Failure::SignInFailed)
        }
        Err(failure) => {
            // We could not look: that is nobody's mistake.
            app.db
                .write(move |connection| store::failures::take_back(connection, &tried, known))
                .await?;
            Err(failure)
        }
    }
}

/// Counts the try before it is looked at. Answers whether the account is known at this place.
async fn begin(app: &App, tried: &Attempt, now: Instant) -> Result<bool, Failure> {
    let tried = tried.clone();
    let begun = app
        .db
        .write(move |connection| store::failures::begin(connection, &tried, now).map_err(Failure::from))
        .await?;
    match begun {
        Begun::GoOn { known } => Ok(known),
        Begun::Wait(wait) => Err(Failure::SlowedDown(wait)),
    }
}

/// Looks the account up and its password through: one hash, whoever was named.
async fn proven(
    app: &App,
    login: String,
    password: String,
    now: Instant,
) -> Result<(Option<Account>, bool), Failure> {
    let account = app
        .db
        .read(move |connection| store::people::account(connection, &login, now))
        .await?;
    let phc = account
        .as_ref()
        .filter(|account| account.may_sign_in)
        .and_then(|account| account.phc.clone());
    let too_long = password.len() > LONGEST_BYTES;
    let password = if too_long { String::new() } else { password };
    let proven = app.sign_in.hashing.verify(password, phc).await? && !too_long;
    Ok((account, proven))
}

/// Starts a session for someone who has proven who they are, by whatever means.
async fn start_session(
    app: &App,
    account: &Account,
    seat: Seat,
    browser: &Browser,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let token = Token::random();
    let (kind, kiosk, replaced) = match &seat {
        Seat::Own { replaced } => (SessionKind::Person, None, *replaced),
        Seat::Screen(screen) if screen.actor.organisation == account.organisation => {
            let acted = browser.acting.as_ref().map(Token::sha256);
            (SessionKind::Acting, Some(screen.actor.session), acted)
        }
        Seat::Screen(screen) => {
            return Err(Failure::NotPermitted(format!(
                "This screen belongs to {}, where you have no role. Use a browser of your own.",
                screen.organisation_name
            )));
        }
    };
    let lifetime = Rules::of(kind, account.role).lifetime;
    let session = NewSession {
        id: SessionId::new(now, app.clock.entropy()),
        kind,
        kiosk,
        browser: browser.words.clone(),
        network: browser.network(),
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
        detail: json!({ "proof": "password", "kind": kind.as_str() }),
    };
    let key = app.secrets.audit.clone();
    let ended = app
        .db
        .write(move |connection| {
            let mut ended = Vec::new();
            if let Some(hash) = replaced {
                ended.extend(store::sessions::end_by_token(connection, &hash, now)?);
            }
            if let Some(kiosk) = session.kiosk {
                ended.extend(store::sessions::end_all_on_kiosk(connection, kiosk, now)?);
            }
            store::sessions::start(connection, &session)?;
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(ended)
        })
        .await?;
    for ended in ended {
        app.live.end_session(ended);
    }
    Ok(Started {
        token,
        kind,
        lifetime,
        session: id,
    })
}

/// Ends what this browser has: on a ward's screen only whoever acts there, because the screen stays. Says
/// which cookie is to go.
pub async fn sign_out(app: &App, browser: &Browser) -> Result<Cookie<'static>, Failure> {
    let Seat::Screen(_) = seat(app, browser).await? else {
        if let Some(token) = &browser.session {
            end_by_token(app, token).await?;
        }
        return Ok(session::no_cookie());
    };
    if let Some(token) = &browser.acting {
        end_by_token(app, token).await?;
    }
    Ok(session::no_acting_cookie())
}

async fn end_by_token(app: &App, token: &Token) -> Result<(), Failure> {
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
