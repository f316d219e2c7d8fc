//! Proving who one is, and the session that follows.

use std::time::Duration;

use actix_web::cookie::Cookie;
use fleetward_common::{
    credentials::ProofKind,
    id::{PersonId, SessionId},
    identity::SignIn,
    text::Login,
    time::Instant,
};
use serde_json::json;

use super::{
    Hashing,
    browser::Browser,
    ceremonies::{Ceremonies, Ticket, TicketHash},
    notices::{self, Notice},
    passkeys::Passkeys,
    password::Verdict,
    rules::{Rules, SessionKind},
    second_factor::{self, Shown},
    session::{self, SignedIn, Token},
    slowdown::Place,
    store::{self, people::Account, sessions::NewSession},
    totp::Secret,
    tries::{Try, note_failure},
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
    pub passkeys: Passkeys,
    /// Authenticator apps that are being set up, by session.
    pub(super) enrolments: Ceremonies<SessionId, Secret>,
    pub(super) second_steps: Ceremonies<TicketHash, SecondStep>,
    /// Hashes what failures are counted under.
    pub(super) counting: Key,
}

impl SignInDesk {
    pub fn new(secrets: &Secrets) -> Result<Self, Failure> {
        Ok(Self {
            hashing: Hashing::new()?,
            passkeys: Passkeys::default(),
            enrolments: Ceremonies::default(),
            second_steps: Ceremonies::default(),
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
    pub person: PersonId,
}

impl Started {
    pub fn cookie(&self) -> Cookie<'static> {
        self.token.cookie(self.kind, self.lifetime)
    }
}

/// What a right password leads to.
pub enum Opened {
    Session(Started),
    /// This person is asked for a code at sign-in, and none came along.
    CodeNeeded(SecondStep),
}

/// The cookie of a browser that showed the password and is asked for the code.
pub const SECOND_STEP: &str = "__Host-second-step";

/// The password was right, and the code is still to come.
pub struct SecondStep {
    account: Account,
    tries_left: u32,
}

const TRIES: u32 = 5;

/// Where a session is about to begin.
pub(super) enum Seat {
    /// A browser of one's own. What it had before ends: a token never survives a sign-in.
    Own { replaced: Option<[u8; 32]> },
    /// A ward's screen, which goes on as it is; whoever acted there before ends.
    Screen(Box<SignedIn>),
}

pub(super) async fn seat(app: &App, browser: &Browser) -> Result<Seat, Failure> {
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

impl Seat {
    fn place(&self, browser: &Browser) -> Place {
        match self {
            Seat::Screen(screen) => screen.station.as_ref().map(|station| Place::Station(station.id)),
            Seat::Own { .. } => None,
        }
        .unwrap_or(Place::Address(browser.address))
    }
}

/// Checks a password, and the code where one is asked for, and starts a session: in a browser of one's own
/// in place of the one before, on a ward's screen for the moment and beside the screen's own.
pub async fn with_password(app: &App, attempt: SignIn, browser: &Browser) -> Result<Opened, Failure> {
    let now = app.clock.now();
    // What is no login at all is looked up all the same, so that it costs what others cost.
    let login = Login::parse(&attempt.login).map_or(String::new(), |login| login.as_str().to_lowercase());
    let seat = seat(app, browser).await?;
    let tried = Try::begin(app, &login, seat.place(browser), now).await?;
    let (account, verdict) = match looked_up(app, login, attempt.password.clone(), now).await {
        Ok(found) => found,
        Err(failure) => {
            // We could not look: that is nobody's mistake.
            tried.take_back(app).await?;
            return Err(failure);
        }
    };
    let account = match account {
        Some(account) if verdict.is_right() => account,
        account => {
            note_failure(app, account.as_ref(), now).await?;
            return Err(Failure::SignInFailed);
        }
    };
    let person = account.person;
    let factor = async {
        if verdict == Verdict::RightButOutdated {
            rehash(app, &account, attempt.password).await?;
        }
        app.db
            .read(move |connection| {
                store::second_factors::of_person(connection, person).map_err(Failure::from)
            })
            .await
    };
    let factor = match factor.await {
        Ok(factor) => factor,
        Err(failure) => {
            tried.take_back(app).await?;
            return Err(failure);
        }
    };
    if factor.is_none_or(|factor| !factor.asked_at_sign_in) {
        tried.was_good(app, person, now).await?;
        let started = start_session(app, &account, seat, browser, ProofKind::Password, None).await?;
        return Ok(Opened::Session(started));
    }
    tried.take_back(app).await?;
    match attempt.code {
        None => Ok(Opened::CodeNeeded(SecondStep {
            account,
            tries_left: TRIES,
        })),
        Some(code) => Ok(Opened::Session(with_code(app, &account, &code, browser).await?)),
    }
}

/// Looks the account up and its password through: one hash, whoever was named.
async fn looked_up(
    app: &App,
    login: String,
    password: String,
    now: Instant,
) -> Result<(Option<Account>, Verdict), Failure> {
    let account = app
        .db
        .read(move |connection| store::people::account(connection, &login, now))
        .await?;
    let phc = account
        .as_ref()
        .filter(|account| account.may_sign_in)
        .and_then(|account| account.phc.clone());
    let verdict = app.sign_in.hashing.verify(password, phc).await?;
    Ok((account, verdict))
}

/// The browser that showed the password may now show the code.
pub fn await_code(app: &App, step: SecondStep) -> Ticket {
    let ticket = Ticket::random(SECOND_STEP);
    app.sign_in
        .second_steps
        .begin(ticket.hash(), step, app.clock.now());
    ticket
}

/// The code of a browser that showed the password before.
pub async fn with_awaited_code(
    app: &App,
    ticket: &Ticket,
    code: &str,
    browser: &Browser,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let step = app
        .sign_in
        .second_steps
        .take(&ticket.hash(), now)
        .ok_or(Failure::SignInRequired)?;
    let outcome = with_code(app, &step.account, code, browser).await;
    // Only a wrong code uses a try: whoever was told to wait, or met a fault of ours, has guessed nothing.
    let guessed = matches!(outcome, Err(Failure::ProofFailed));
    let tries_left = step.tries_left - u32::from(guessed);
    if outcome.is_err() && tries_left > 0 {
        let again = SecondStep { tries_left, ..step };
        app.sign_in.second_steps.begin(ticket.hash(), again, now);
    }
    outcome
}

async fn with_code(app: &App, account: &Account, code: &str, browser: &Browser) -> Result<Started, Failure> {
    let now = app.clock.now();
    let seat = seat(app, browser).await?;
    let tried = Try::begin(app, &account.login, seat.place(browser), now).await?;
    let outcome = async {
        match recognised(app, account.person, code, now).await? {
            Some(shown) => {
                let proof = ProofKind::PasswordAndCode;
                start_session(app, account, seat, browser, proof, Some(shown)).await
            }
            None => Err(Failure::ProofFailed),
        }
    };
    match outcome.await {
        Ok(started) => {
            tried.was_good(app, account.person, now).await?;
            Ok(started)
        }
        Err(Failure::ProofFailed) => {
            note_failure(app, Some(account), now).await?;
            Err(Failure::ProofFailed)
        }
        Err(other) => {
            tried.take_back(app).await?;
            Err(other)
        }
    }
}

/// What this code is for this person; `None` when it is nothing.
pub(super) async fn recognised(
    app: &App,
    person: PersonId,
    code: &str,
    now: Instant,
) -> Result<Option<Shown>, Failure> {
    let factor = app
        .db
        .read(move |connection| store::second_factors::of_person(connection, person))
        .await?;
    match factor {
        Some(factor) => second_factor::recognise(&factor, &app.secrets.master, person, code, now),
        None => Ok(None),
    }
}

/// Somebody at a ward's screen acts as what they are at its organisation, if they are anything there.
async fn here(app: &App, account: &Account, seat: &Seat, now: Instant) -> Result<Account, Failure> {
    let mut here = account.clone();
    if let Seat::Screen(screen) = seat
        && screen.actor.organisation != account.organisation
    {
        let (person, organisation) = (account.person, screen.actor.organisation);
        let found = app
            .db
            .read(move |connection| store::people::membership_at(connection, person, organisation, now))
            .await?;
        if let Some((membership, role)) = found {
            (here.membership, here.organisation, here.role) = (membership, organisation, role);
        }
    }
    Ok(here)
}

/// Starts a session for someone who has proven who they are. `spent` is the code that was shown; used
/// before, it starts nothing.
pub(super) async fn start_session(
    app: &App,
    account: &Account,
    seat: Seat,
    browser: &Browser,
    proof: ProofKind,
    spent: Option<Shown>,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let account = &here(app, account, &seat, now).await?;
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
        proof,
        created_at: now,
        expires_at: now + lifetime,
    };
    let id = session.id;
    let by_recovery_code = matches!(spent, Some(Shown::RecoveryCode(_)));
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
        detail: json!({
            "proof": proof.as_str(), "kind": kind.as_str(), "recovery_code": by_recovery_code,
        }),
    };
    let (secrets, clock, person) = (app.secrets.clone(), app.clock.clone(), account.person);
    let ended = app
        .db
        .write(move |connection| {
            if let Some(shown) = &spent
                && !second_factor::spend(connection, person, shown, now)?
            {
                return Err(Failure::ProofFailed);
            }
            let mut ended = Vec::new();
            if let Some(hash) = replaced {
                ended.extend(store::sessions::end_by_token(connection, &hash, now)?);
            }
            if let Some(kiosk) = session.kiosk {
                ended.extend(store::sessions::end_all_on_kiosk(connection, kiosk, now)?);
            }
            store::sessions::start(connection, &session)?;
            audit::append(connection, &secrets.audit, &entry)?;
            if by_recovery_code {
                notices::put(connection, &secrets, &clock, person, Notice::RecoveryCodeUsed)?;
            }
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
        person,
    })
}

async fn rehash(app: &App, account: &Account, password: String) -> Result<(), Failure> {
    let Some(outdated) = account.phc.clone() else {
        return Ok(());
    };
    let (person, phc) = (account.person, app.sign_in.hashing.hash(password).await?);
    let (key, entry) = (
        app.secrets.audit.clone(),
        AuditEntry {
            organisation: account.organisation,
            at: app.clock.now(),
            action: AuditAction::Update,
            event: "password_hash_renewed",
            outcome: AuditOutcome::Success,
            actor: AuditActor::SYSTEM,
            entity: Some(AuditEntity {
                kind: "person",
                id: *person.as_bytes(),
            }),
            patient: None,
            detail: json!({}),
        },
    );
    app.db
        .write(move |connection| {
            if store::passwords::rehash(connection, person, &outdated, &phc)? {
                audit::append(connection, &key, &entry)?;
            }
            Ok::<_, Failure>(())
        })
        .await
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
            let actor = &signed_in.actor;
            store::sessions::end(connection, actor.session, now)?;
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
            Ok(Some(actor.session))
        })
        .await?;
    if let Some(ended) = ended {
        app.live.end_session(ended);
    }
    Ok(())
}
