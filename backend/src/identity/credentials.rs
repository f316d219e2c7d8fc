//! Changes to what a person signs in with. Each asks for a recent proof, is written with its audit entry
//! and the notice to the person, and what rested on the old credential ends with it.

use fleetward_common::{
    credentials::{PasskeyView, RecoveryCodes, SecondFactorOffer, SecurityView},
    id::{PasskeyId, PersonId, SessionId},
};
use serde_json::{Value, json};
use webauthn_rs::prelude::{RegisterPublicKeyCredential, Uuid};

use super::{
    SignedIn,
    notices::{self, Notice},
    passkeys::Owner,
    password_rules::{self, Chooser, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR},
    recovery_codes,
    step_up::{Ways, recent_for_own_credentials},
    store::{self, passkeys::NewPasskey, second_factors::SecondFactor},
    totp::Secret,
    tries::note_refused_passkey,
};
use crate::{
    app::App,
    platform::{
        clock::{Clock, random},
        db::DbConnection,
        http::Failure,
        secrets::Secrets,
    },
    privacy::audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
};

const LONGEST_NAME: usize = 60;
const MOST_PASSKEYS: usize = 20;

/// Everything a change is written with.
#[derive(Clone)]
struct Pen {
    signed_in: SignedIn,
    secrets: Secrets,
    clock: Clock,
}

impl Pen {
    fn of(app: &App, signed_in: &SignedIn) -> Self {
        Self {
            signed_in: signed_in.clone(),
            secrets: app.secrets.clone(),
            clock: app.clock.clone(),
        }
    }

    fn person(&self) -> PersonId {
        self.signed_in.actor.person
    }

    /// The entry and the notice of a change that was just made in this transaction.
    fn note(
        &self,
        connection: &mut DbConnection,
        (action, event): (AuditAction, &'static str),
        entity: AuditEntity,
        notice: Notice<'_>,
    ) -> Result<(), Failure> {
        let entry = self.entry((action, event), entity);
        audit::append(connection, &self.secrets.audit, &entry)?;
        notices::put(connection, &self.secrets, &self.clock, self.person(), notice)?;
        Ok(())
    }

    fn entry(&self, (action, event): (AuditAction, &'static str), entity: AuditEntity) -> AuditEntry {
        let (actor, proof) = (&self.signed_in.actor, self.signed_in.proof.kind);
        AuditEntry {
            organisation: actor.organisation,
            at: self.clock.now(),
            action,
            event,
            outcome: AuditOutcome::Success,
            actor: actor.for_audit(),
            entity: Some(entity),
            patient: None,
            detail: json!({ "proof": proof.as_str(), "weaker": proof.is_weaker() }),
        }
    }

    fn myself(&self) -> AuditEntity {
        AuditEntity {
            kind: "person",
            id: *self.person().as_bytes(),
        }
    }

    /// Whoever came in by what has just ended is out.
    fn end_others(&self, connection: &mut DbConnection) -> Result<Vec<SessionId>, Failure> {
        let actor = &self.signed_in.actor;
        let now = self.clock.now();
        Ok(store::sessions::end_others_of_person(
            connection,
            actor.person,
            actor.session,
            now,
        )?)
    }
}

fn close(app: &App, ended: Vec<SessionId>) {
    for session in ended {
        app.live.end_session(session);
    }
}

/// The offer after a password is put off.
pub async fn decline_passkey(app: &App, signed_in: &SignedIn) -> Result<(), Failure> {
    let pen = Pen::of(app, signed_in);
    app.db
        .write(move |connection| {
            let entry = pen.entry((AuditAction::Update, "passkey_offer_declined"), pen.myself());
            store::people::decline_passkey(connection, pen.person(), entry.at)?;
            audit::append(connection, &pen.secrets.audit, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}

pub async fn view(app: &App, signed_in: &SignedIn) -> Result<SecurityView, Failure> {
    let (person, now) = (signed_in.actor.person, app.clock.now());
    let ways = Ways::of(app, signed_in).await?;
    app.db
        .read(move |connection| {
            Ok::<_, Failure>(SecurityView {
                login: store::people::login_of(connection, person)?,
                shortest_password: u32::try_from(shortest(&ways)).unwrap_or(u32::MAX),
                passkeys: ways.passkeys.iter().map(|passkey| passkey.view()).collect(),
                password: store::passwords::view(connection, person)?,
                second_factor: ways.factor.as_ref().map(SecondFactor::view),
                recovery_codes_left: store::second_factors::recovery_codes_left(connection, person)?,
                server_time: now,
            })
        })
        .await
}

/// A short password is enough only where a code is asked for at every sign-in.
fn shortest(ways: &Ways) -> usize {
    if ways.factor.as_ref().is_some_and(|factor| factor.asked_at_sign_in) {
        SHORTEST_WITH_SECOND_FACTOR
    } else {
        SHORTEST_ALONE
    }
}

async fn allowed(app: &App, signed_in: &SignedIn) -> Result<Ways, Failure> {
    let ways = Ways::of(app, signed_in).await?;
    recent_for_own_credentials(signed_in, &ways, app.clock.now())?;
    Ok(ways)
}

pub async fn ask_to_add_passkey(app: &App, signed_in: &SignedIn) -> Result<Value, Failure> {
    let ways = allowed(app, signed_in).await?;
    if ways.passkeys.len() >= MOST_PASSKEYS {
        return Err(Failure::NotPermitted(format!(
            "You have {MOST_PASSKEYS} passkeys, which is the most there can be. Remove one first."
        )));
    }
    let person = signed_in.actor.person;
    let login = app
        .db
        .read(move |connection| store::people::login_of(connection, person).map_err(Failure::from))
        .await?;
    let owner = Owner {
        login: &login,
        name: &signed_in.name,
        passkeys: &ways.passkeys,
    };
    // Version and variant bits aside, nothing but chance: it says nothing about the person.
    let handle = Uuid::from_bytes(random());
    let session = signed_in.actor.session;
    app.sign_in
        .passkeys
        .ask_to_register(session, &owner, handle, app.clock.now())
}

pub async fn add_passkey(
    app: &App,
    signed_in: &SignedIn,
    name: &str,
    answer: RegisterPublicKeyCredential,
) -> Result<PasskeyView, Failure> {
    let name = passkey_name(name)?;
    let now = app.clock.now();
    let registered = app
        .sign_in
        .passkeys
        .registered(signed_in.actor.session, &answer, now);
    let (credential, handle) = match registered {
        Ok(registered) => registered,
        Err(refusal) => {
            note_refused_passkey(app, None, refusal, now).await?;
            return Err(Failure::PasskeyRefused);
        }
    };
    let id = PasskeyId::new(now, app.clock.entropy());
    let pen = Pen::of(app, signed_in);
    app.db
        .write(move |connection| {
            let new = NewPasskey {
                id,
                person: pen.person(),
                user_handle: handle.as_bytes(),
                credential: &credential,
                name: &name,
                created_at: now,
            };
            if !store::passkeys::add(connection, &new)? {
                return Err(Failure::PasskeyRefused);
            }
            let change = (AuditAction::Create, "passkey_added");
            pen.note(connection, change, passkey(id), Notice::PasskeyAdded(&name))?;
            Ok(PasskeyView {
                id,
                name,
                created_at: now,
                last_used_at: None,
                switched_off_at: None,
            })
        })
        .await
}

pub async fn rename_passkey(
    app: &App,
    signed_in: &SignedIn,
    id: PasskeyId,
    name: &str,
) -> Result<(), Failure> {
    let name = passkey_name(name)?;
    let pen = Pen::of(app, signed_in);
    app.db
        .write(move |connection| {
            if !store::passkeys::rename(connection, pen.person(), id, &name)? {
                return Err(Failure::NotFound);
            }
            let change = (AuditAction::Update, "passkey_renamed");
            pen.note(connection, change, passkey(id), Notice::PasskeyRenamed(&name))
        })
        .await
}

pub async fn remove_passkey(app: &App, signed_in: &SignedIn, id: PasskeyId) -> Result<(), Failure> {
    let ways = Ways::of(app, signed_in).await?;
    let Some(known) = ways.passkeys.iter().find(|passkey| passkey.id == id).cloned() else {
        return Err(Failure::NotFound);
    };
    recent_for_own_credentials(signed_in, &ways, app.clock.now())?;
    let pen = Pen::of(app, signed_in);
    let ended = app
        .db
        .write(move |connection| {
            // Asked again in here: two removals at once must not take the last two ways.
            let others = store::passkeys::of_person(connection, pen.person())?
                .iter()
                .any(|other| other.id != id && other.switched_off_at.is_none());
            let password =
                store::passwords::view(connection, pen.person())?.is_some_and(|password| !password.disabled);
            if !others && !password && known.switched_off_at.is_none() {
                return Err(Failure::NotPermitted(
                    "That is your last way in. Add another passkey or set a password first.".to_owned(),
                ));
            }
            if !store::passkeys::remove(connection, pen.person(), id)? {
                return Err(Failure::NotFound);
            }
            let change = (AuditAction::Delete, "passkey_removed");
            pen.note(
                connection,
                change,
                passkey(id),
                Notice::PasskeyRemoved(&known.name),
            )?;
            pen.end_others(connection)
        })
        .await?;
    close(app, ended);
    Ok(())
}

fn passkey(id: PasskeyId) -> AuditEntity {
    AuditEntity {
        kind: "passkey",
        id: *id.as_bytes(),
    }
}

fn passkey_name(name: &str) -> Result<String, Failure> {
    let name = name.trim();
    let fits =
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or_else(|| {
        Failure::BadRequest(format!(
            "Give the passkey a name of at most {LONGEST_NAME} characters, such as the device it is on."
        ))
    })
}

pub async fn change_password(app: &App, signed_in: &SignedIn, password: String) -> Result<(), Failure> {
    let ways = allowed(app, signed_in).await?;
    let person = signed_in.actor.person;
    let login = app
        .db
        .read(move |connection| store::people::login_of(connection, person).map_err(Failure::from))
        .await?;
    let chooser = Chooser {
        login: &login,
        name: &signed_in.name,
        organisation: &signed_in.organisation_name,
    };
    password_rules::check(&password, chooser, shortest(&ways))
        .map_err(|weakness| Failure::BadRequest(weakness.to_string()))?;
    let stands_alone = password_rules::stands_alone(&password);
    let phc = app.sign_in.hashing.hash(password).await?;
    let pen = Pen::of(app, signed_in);
    let ended = app
        .db
        .write(move |connection| {
            store::passwords::set(connection, pen.person(), &phc, stands_alone, pen.clock.now())?;
            let change = (AuditAction::Update, "password_changed");
            pen.note(connection, change, pen.myself(), Notice::PasswordChanged)?;
            pen.end_others(connection)
        })
        .await?;
    close(app, ended);
    Ok(())
}

/// What goes into the authenticator app. It becomes the second factor with its first code.
pub async fn offer_second_factor(app: &App, signed_in: &SignedIn) -> Result<SecondFactorOffer, Failure> {
    allowed(app, signed_in).await?;
    let person = signed_in.actor.person;
    let login = app
        .db
        .read(move |connection| store::people::login_of(connection, person).map_err(Failure::from))
        .await?;
    let secret = Secret::random();
    let offer = secret.offer(&login)?;
    let (session, now) = (signed_in.actor.session, app.clock.now());
    app.sign_in.enrolments.begin(session, secret, now);
    Ok(offer)
}

/// Sets the app that shows this code, and makes recovery codes, because a phone gets lost.
pub async fn set_second_factor(
    app: &App,
    signed_in: &SignedIn,
    code: &str,
) -> Result<RecoveryCodes, Failure> {
    let (session, now) = (signed_in.actor.session, app.clock.now());
    let secret =
        app.sign_in.enrolments.take(&session, now).ok_or_else(|| {
            Failure::BadRequest("That took more than five minutes. Start again.".to_owned())
        })?;
    let Some(step) = secret.step_of(code, 0, now)? else {
        // A mistyped digit is no reason to scan again.
        app.sign_in.enrolments.begin(session, secret, now);
        return Err(Failure::ProofFailed);
    };
    let pen = Pen::of(app, signed_in);
    let new = SecondFactor {
        sealed: secret.seal(&app.secrets.master, pen.person())?,
        since: now,
        last_step: step,
        asked_at_sign_in: true,
    };
    let (codes, hashes) = new_recovery_codes(&pen);
    app.db
        .write(move |connection| {
            store::second_factors::set(connection, pen.person(), &new)?;
            store::second_factors::set_recovery_codes(connection, pen.person(), &hashes, now)?;
            let change = (AuditAction::Update, "second_factor_set");
            pen.note(connection, change, pen.myself(), Notice::SecondFactorSet)
        })
        .await?;
    Ok(codes)
}

fn new_recovery_codes(pen: &Pen) -> (RecoveryCodes, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..recovery_codes::HOW_MANY)
        .map(|_| recovery_codes::random_code())
        .collect();
    let hashes = codes
        .iter()
        .map(|code| recovery_codes::keyed_hash(&pen.secrets.master, pen.person(), code))
        .collect();
    (RecoveryCodes { codes }, hashes)
}

pub async fn ask_at_sign_in(app: &App, signed_in: &SignedIn, asked: bool) -> Result<(), Failure> {
    allowed(app, signed_in).await?;
    let pen = Pen::of(app, signed_in);
    app.db
        .write(move |connection| {
            if !asked {
                password_stands_alone(connection, pen.person())?;
            }
            if !store::second_factors::ask_at_sign_in(connection, pen.person(), asked)? {
                return Err(Failure::NotFound);
            }
            let change = (AuditAction::Update, "second_factor_asked_at_sign_in");
            let notice = Notice::SecondFactorAskedAtSignIn(asked);
            pen.note(connection, change, pen.myself(), notice)
        })
        .await
}

pub async fn remove_second_factor(app: &App, signed_in: &SignedIn) -> Result<(), Failure> {
    allowed(app, signed_in).await?;
    let pen = Pen::of(app, signed_in);
    app.db
        .write(move |connection| {
            password_stands_alone(connection, pen.person())?;
            if !store::second_factors::remove(connection, pen.person())? {
                return Err(Failure::NotFound);
            }
            let change = (AuditAction::Delete, "second_factor_removed");
            pen.note(connection, change, pen.myself(), Notice::SecondFactorRemoved)
        })
        .await
}

/// Taking the code away must not leave a password that is too short without it.
fn password_stands_alone(connection: &mut DbConnection, person: PersonId) -> Result<(), Failure> {
    if store::passwords::stands_alone(connection, person)? {
        return Ok(());
    }
    Err(Failure::NotPermitted(format!(
        "Your password is too short to stand alone. First change it to one of at least {SHORTEST_ALONE} characters."
    )))
}

pub async fn make_recovery_codes(app: &App, signed_in: &SignedIn) -> Result<RecoveryCodes, Failure> {
    let ways = allowed(app, signed_in).await?;
    if ways.factor.is_none() {
        return Err(Failure::NotPermitted(
            "Recovery codes stand in for an authenticator app. Set one up first.".to_owned(),
        ));
    }
    let pen = Pen::of(app, signed_in);
    let (codes, hashes) = new_recovery_codes(&pen);
    app.db
        .write(move |connection| {
            let now = pen.clock.now();
            store::second_factors::set_recovery_codes(connection, pen.person(), &hashes, now)?;
            let change = (AuditAction::Create, "recovery_codes_made");
            pen.note(connection, change, pen.myself(), Notice::RecoveryCodesMade)
        })
        .await?;
    Ok(codes)
}
