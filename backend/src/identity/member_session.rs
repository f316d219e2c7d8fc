//! Which of a person's memberships their session carries: one at a time, changed openly.

use fleetward_common::{
    access::Role,
    credentials::ProofKind,
    id::{MembershipId, OrganisationId, PersonId, SessionId},
    time::Instant,
};
use serde_json::json;

use super::{
    browser::Browser,
    rules::{Rules, SessionKind},
    session::{SignedIn, Token},
    sign_in::Started,
    store::{self, sessions::NewSession},
};
use crate::{
    access::actor::usual_purpose,
    app::App,
    platform::{
        db::{DbConnection, DbError},
        http::Failure,
        secrets::Key,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

/// Goes on as another of one's own memberships, with a session of its own: a token never survives a
/// change of what it opens. How the person proved who they are, and when, goes along.
pub async fn switch(
    app: &App,
    signed_in: &SignedIn,
    membership: MembershipId,
    browser: &Browser,
) -> Result<Started, Failure> {
    if signed_in.kind != SessionKind::Person {
        return Err(Failure::NotPermitted(
            "On a ward’s screen you act as a member of its ward. Use a browser of your own for another role."
                .to_owned(),
        ));
    }
    let now = app.clock.now();
    let (token, id) = (Token::random(), SessionId::new(now, app.clock.entropy()));
    let (hash, key, from) = (token.sha256(), app.secrets.audit.clone(), signed_in.actor.clone());
    let (place, proof) = (Place::of(browser), signed_in.proof);
    let (role, ended) = app
        .db
        .write(move |connection| {
            let (organisation, role) =
                store::people::open_membership(connection, from.person, membership, now)?
                    .ok_or(Failure::NotFound)?;
            let ended = store::sessions::end(connection, from.session, now)?;
            let new = new_session(id, hash, from.person, membership, role, place, now);
            store::sessions::start(connection, &new)?;
            store::sessions::carry_proof(connection, id, proof)?;
            let left = Note {
                organisation: from.organisation,
                actor: from.for_audit(),
                session: from.session,
                event: "membership_left",
            };
            left.append(connection, &key, json!({ "to": membership }), now)?;
            let taken = Note {
                organisation,
                actor: actor(&new, role),
                session: id,
                event: "membership_taken_up",
            };
            taken.append(connection, &key, json!({ "from": from.membership }), now)?;
            Ok::<_, Failure>((role, ended))
        })
        .await?;
    if ended {
        app.live.end_session(signed_in.actor.session);
    }
    Ok(Started {
        person: signed_in.actor.person,
        token,
        kind: SessionKind::Person,
        lifetime: Rules::of(SessionKind::Person, role).lifetime,
        session: id,
    })
}

/// The first session of somebody who has just made their sign-in, by an invitation.
pub async fn begin(
    app: &App,
    person: PersonId,
    membership: MembershipId,
    browser: &Browser,
) -> Result<Started, Failure> {
    let now = app.clock.now();
    let (token, id) = (Token::random(), SessionId::new(now, app.clock.entropy()));
    let (hash, key) = (token.sha256(), app.secrets.audit.clone());
    let replaced = browser.session.as_ref().map(Token::sha256);
    let place = Place::of(browser);
    let (role, ended) = app
        .db
        .write(move |connection| {
            let (organisation, role) = store::people::open_membership(connection, person, membership, now)?
                .ok_or(Failure::NotFound)?;
            let ended = match replaced {
                Some(hash) => store::sessions::end_by_token(connection, &hash, now)?,
                None => None,
            };
            let new = new_session(id, hash, person, membership, role, place, now);
            store::sessions::start(connection, &new)?;
            let note = Note {
                organisation,
                actor: actor(&new, role),
                session: id,
                event: "session_started",
            };
            note.append(
                connection,
                &key,
                json!({ "proof": "password", "by": "invitation" }),
                now,
            )?;
            Ok::<_, Failure>((role, ended))
        })
        .await?;
    if let Some(ended) = ended {
        app.live.end_session(ended);
    }
    Ok(Started {
        person,
        token,
        kind: SessionKind::Person,
        lifetime: Rules::of(SessionKind::Person, role).lifetime,
        session: id,
    })
}

/// The browser, as a session remembers it.
struct Place {
    browser: String,
    network: String,
}

impl Place {
    fn of(browser: &Browser) -> Self {
        Self {
            browser: browser.words.clone(),
            network: browser.network(),
        }
    }
}

fn new_session(
    id: SessionId,
    token_sha256: [u8; 32],
    person: PersonId,
    membership: MembershipId,
    role: Role,
    place: Place,
    now: Instant,
) -> NewSession {
    NewSession {
        id,
        kind: SessionKind::Person,
        kiosk: None,
        browser: place.browser,
        network: place.network,
        token_sha256,
        person,
        membership,
        purpose: usual_purpose(role),
        proof: ProofKind::Password,
        created_at: now,
        expires_at: now + Rules::of(SessionKind::Person, role).lifetime,
    }
}

fn actor(session: &NewSession, role: Role) -> AuditActor {
    AuditActor {
        person: Some(session.person),
        membership: Some(session.membership),
        role: Some(role),
        purpose: Some(session.purpose),
    }
}

/// An entry about a session.
struct Note {
    organisation: OrganisationId,
    actor: AuditActor,
    session: SessionId,
    event: &'static str,
}

impl Note {
    fn append(
        self,
        connection: &mut DbConnection,
        key: &Key,
        detail: serde_json::Value,
        at: Instant,
    ) -> Result<(), DbError> {
        let entry = AuditEntry {
            organisation: self.organisation,
            at,
            action: AuditAction::Execute,
            event: self.event,
            outcome: AuditOutcome::Success,
            actor: self.actor,
            entity: Some(AuditEntity {
                kind: "session",
                id: *self.session.as_bytes(),
            }),
            patient: None,
            detail,
        };
        audit::append(connection, key, &entry)?;
        Ok(())
    }
}
