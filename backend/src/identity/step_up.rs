//! Proving again who one is, before something dangerous: emergency access, a command, a change of one's
//! own credentials.
//!
//! [`recent`] is the question every such action asks. What it accepts is a passkey, or a password
//! with a one-time code, of the last five minutes; the second is marked as weaker wherever it is written
//! down, because a good copy of our page could have stolen both. With each new proof the session gets a
//! new token.

use fleetward_common::{
    credentials::{DemoProof, PasswordProof, Proof, ProofKind, ProofView},
    time::Instant,
};
use serde_json::{Value, json};
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    SignedIn,
    browser::Browser,
    passkeys::{COUNTER, Refusal},
    password::Verdict,
    second_factor::{self, Shown},
    session::Token,
    sign_in,
    slowdown::Place,
    store::{self, passkeys::StoredPasskey, second_factors::SecondFactor},
    totp::Secret,
    tries::{Try, note_failure, note_refused_passkey},
};
use crate::{
    app::App,
    platform::http::Failure,
    privacy::audit::{AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

/// The proof that a dangerous action rests on: strong, and of the last five minutes.
pub fn recent(signed_in: &SignedIn, now: Instant) -> Result<Proof, Failure> {
    let proof = signed_in.proof;
    if proof.kind.is_strong() && proof.is_recent(now) {
        Ok(proof)
    } else {
        Err(Failure::StepUpRequired)
    }
}

/// The proof that a change of one's own credentials, or a new ward's screen, rests on: as strong as this person can give. Who has
/// nothing but a password proves with that, or nobody could ever add a first passkey.
pub fn recent_for_own_credentials(signed_in: &SignedIn, ways: &Ways, now: Instant) -> Result<Proof, Failure> {
    if ways.has_passkey() || ways.factor.is_some() {
        return recent(signed_in, now);
    }
    if signed_in.proof.is_recent(now) {
        Ok(signed_in.proof)
    } else {
        Err(Failure::StepUpRequired)
    }
}

/// What a person can prove themselves with.
pub struct Ways {
    pub passkeys: Vec<StoredPasskey>,
    pub factor: Option<SecondFactor>,
    pub has_password: bool,
}

impl Ways {
    pub async fn of(app: &App, signed_in: &SignedIn) -> Result<Self, Failure> {
        let person = signed_in.actor.person;
        app.db
            .read(move |connection| {
                Ok::<_, Failure>(Self {
                    passkeys: store::passkeys::of_person(connection, person)?,
                    factor: store::second_factors::of_person(connection, person)?,
                    has_password: store::passwords::view(connection, person)?
                        .is_some_and(|password| !password.disabled),
                })
            })
            .await
    }

    /// One that works.
    pub fn has_passkey(&self) -> bool {
        self.passkeys
            .iter()
            .any(|passkey| passkey.switched_off_at.is_none())
    }
}

pub async fn view(app: &App, signed_in: &SignedIn) -> Result<ProofView, Failure> {
    let now = app.clock.now();
    let ways = Ways::of(app, signed_in).await?;
    let demo = demo_proof(app, signed_in, &ways, now).await?;
    let proof = signed_in.proof;
    Ok(ProofView {
        proof,
        strong_until: recent(signed_in, now).ok().map(|proof| proof.at + Proof::RECENT),
        has_passkey: ways.has_passkey(),
        has_password: ways.has_password,
        has_second_factor: ways.factor.is_some(),
        demo,
        server_time: now,
    })
}

/// Only where the demo's people are anybody's.
async fn demo_proof(
    app: &App,
    signed_in: &SignedIn,
    ways: &Ways,
    now: Instant,
) -> Result<Option<DemoProof>, Failure> {
    let Some(people) = app.demo_people() else {
        return Ok(None);
    };
    let person = signed_in.actor.person;
    let login = app
        .db
        .read(move |connection| store::people::login_of(connection, person).map_err(Failure::from))
        .await?;
    let Some(known) = people.iter().find(|person| person.login == login) else {
        return Ok(None);
    };
    let secret = known
        .one_time_code_secret
        .as_deref()
        .and_then(Secret::from_base32);
    let code = match (secret, &ways.factor) {
        (Some(secret), Some(factor)) => secret.next_code(factor.last_step, now)?,
        _ => None,
    };
    Ok(Some(DemoProof {
        password: known.password.clone(),
        code,
    }))
}

pub async fn ask_for_passkey(app: &App, signed_in: &SignedIn) -> Result<Value, Failure> {
    let ways = Ways::of(app, signed_in).await?;
    let (session, now) = (signed_in.actor.session, app.clock.now());
    app.sign_in.passkeys.ask_to_prove(session, &ways.passkeys, now)
}

/// Takes the answer of [`ask_for_passkey`]'s browser; the new token is what its cookie holds from now on.
pub async fn by_passkey(
    app: &App,
    signed_in: &SignedIn,
    answer: PublicKeyCredential,
) -> Result<Token, Failure> {
    let now = app.clock.now();
    let used = app.sign_in.passkeys.proven(signed_in.actor.session, &answer, now);
    let credential_id = answer.raw_id;
    let passkey = app
        .db
        .read(move |connection| store::passkeys::by_credential(connection, &credential_id))
        .await?
        .filter(|passkey| passkey.person == signed_in.actor.person);
    let refusal = match (used, passkey) {
        (Ok(used), Some(passkey)) => {
            let token = prove(app, signed_in, ProofKind::Passkey, {
                let passkey = passkey.clone();
                move |connection| {
                    store::passkeys::note_use(connection, &passkey, &used, now).map_err(Failure::from)
                }
            })
            .await?;
            match token {
                Some(token) => return Ok(token),
                None => (COUNTER, Some(passkey)),
            }
        }
        (Ok(_), None) => (Refusal("unknown_passkey"), None),
        (Err(refusal), passkey) => (refusal, passkey),
    };
    note_refused_passkey(app, refusal.1.as_ref(), refusal.0, now).await?;
    Err(Failure::PasskeyRefused)
}

/// Takes the password, and the code where the person has a second factor.
pub async fn by_password(
    app: &App,
    signed_in: &SignedIn,
    shown: PasswordProof,
    browser: &Browser,
) -> Result<Token, Failure> {
    let (person, now) = (signed_in.actor.person, app.clock.now());
    let account = app
        .db
        .read(move |connection| store::people::account_of(connection, person, now))
        .await?
        .ok_or(Failure::SessionExpired)?;
    let place = match &signed_in.station {
        Some(station) => Place::Station(station.id),
        None => Place::Address(browser.address),
    };
    let tried = Try::begin(app, &account.login, place, now).await?;
    let phc = account.phc.clone().filter(|_| account.may_sign_in);
    let outcome = async {
        let verdict = app.sign_in.hashing.verify(shown.password, phc).await?;
        let ways = Ways::of(app, signed_in).await?;
        match (verdict, &ways.factor, shown.code) {
            (Verdict::Wrong, ..) => Err(Failure::ProofFailed),
            (_, None, _) => prove(app, signed_in, ProofKind::Password, |_| Ok(true)).await,
            (_, Some(_), None) => Err(Failure::SecondFactorRequired),
            (_, Some(_), Some(code)) => match sign_in::recognised(app, person, &code, now).await? {
                Some(shown) => by_code(app, signed_in, shown, now).await,
                None => Err(Failure::ProofFailed),
            },
        }
    };
    match outcome.await {
        Ok(Some(token)) => {
            tried.was_good(app, person, now).await?;
            Ok(token)
        }
        Ok(None) | Err(Failure::ProofFailed) => {
            note_failure(app, Some(&account), now).await?;
            Err(Failure::ProofFailed)
        }
        Err(other) => {
            tried.take_back(app).await?;
            Err(other)
        }
    }
}

async fn by_code(
    app: &App,
    signed_in: &SignedIn,
    shown: Shown,
    now: Instant,
) -> Result<Option<Token>, Failure> {
    let person = signed_in.actor.person;
    prove(app, signed_in, ProofKind::PasswordAndCode, move |connection| {
        second_factor::spend(connection, person, &shown, now).map_err(Failure::from)
    })
    .await
}

/// Writes the proof down with what it spends, in one transaction; `None` when that was spent before.
async fn prove(
    app: &App,
    signed_in: &SignedIn,
    kind: ProofKind,
    spend: impl FnOnce(&mut crate::platform::db::DbConnection) -> Result<bool, Failure> + Send + 'static,
) -> Result<Option<Token>, Failure> {
    let now = app.clock.now();
    let (token, recorder) = (Token::random(), app.recorder.clone());
    let (hash, actor) = (token.sha256(), signed_in.actor.clone());
    let entry = AuditEntry {
        organisation: actor.organisation,
        at: now,
        action: AuditAction::Execute,
        event: "identity_proven",
        outcome: AuditOutcome::Success,
        actor: actor.for_audit(),
        entity: Some(AuditEntity {
            kind: "session",
            id: *actor.session.as_bytes(),
        }),
        patient: None,
        detail: json!({ "proof": kind.as_str(), "weaker": kind.is_weaker() }),
    };
    let proven = app
        .db
        .write(move |connection| {
            if !spend(connection)? {
                return Ok(false);
            }
            let proof = Proof { kind, at: now };
            if !store::sessions::prove(connection, actor.session, proof, hash)? {
                return Err(Failure::SessionExpired);
            }
            // A proof is a step on the way to a patient in an emergency; alone it changes nothing.
            recorder.append_in_emergency(connection, &entry)?;
            Ok::<_, Failure>(true)
        })
        .await?;
    Ok(proven.then_some(token))
}
