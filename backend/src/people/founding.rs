//! `fleetward organisation add`: an organisation and its first administrator, made by whoever runs the
//! server. Everyone after them comes by invitation.
//!
//! The administrator gets no password but a way in, in two halves as a recovery has them: a link, and a
//! code to tell them. Both are printed once.

use std::time::Duration;

use fleetward_common::{
    id::{MembershipId, OrganisationId, PersonId, RecoveryId},
    people::OrganisationKind,
    time::Instant,
};
use serde_json::json;

pub use super::notices::moment;
use super::{
    links::{LinkToken, SpokenCode},
    naming,
    store::recoveries::{self, NewRecovery},
};
use crate::{
    app::{App, Parts, StartError},
    identity::store::{
        organisations::{self, NewOrganisation},
        people::{self, NewMembership, NewPerson},
    },
    platform::{
        clock::{Clock, random},
        config::{Founding, Store},
        db::DbConnection,
        hex,
        http::{Failure, assets::Portal, budget::Limits},
        secrets::Key,
    },
    privacy::audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
};

const WORKS_FOR: Duration = Duration::from_secs(72 * 3_600);
const LONGEST_NAME: usize = 120;

/// What is handed over, once.
pub struct Founded {
    pub name: String,
    /// Behind the portal's address.
    pub path: String,
    pub code: String,
    pub until: Instant,
}

/// What is to be written, with nothing left to decide.
struct Plan {
    organisation: OrganisationId,
    kind: OrganisationKind,
    region: String,
    name: String,
    person: PersonId,
    person_name: String,
    email: String,
    phc: String,
    membership: MembershipId,
    recovery: RecoveryId,
    token: LinkToken,
    code: SpokenCode,
    now: Instant,
}

/// The server is not running meanwhile: it would hold the data folder.
pub async fn found(store: Store, wanted: Founding) -> Result<Founded, StartError> {
    let app = App::open(Parts {
        store,
        clock: Clock::system(),
        portal: Portal::default(),
        demo: false,
        limits: Limits::default(),
    })
    .await?;
    let founded = found_in(&app, wanted).await?;
    app.recorder.note_checkpoint(app.clock.now()).await?;
    Ok(founded)
}

pub async fn found_in(app: &App, wanted: Founding) -> Result<Founded, Failure> {
    let now = app.clock.now();
    let kind = OrganisationKind::parse(&wanted.kind).ok_or_else(|| {
        Failure::BadRequest(
            "There is no such kind of organisation: hospital, provider, manufacturer or platform.".to_owned(),
        )
    })?;
    let entropy = || app.clock.entropy();
    let plan = Plan {
        organisation: OrganisationId::new(now, entropy()),
        kind,
        region: naming::name(&wanted.region, 20, "the region a name")?,
        name: naming::name(&wanted.name, LONGEST_NAME, "the organisation a name")?,
        person: PersonId::new(now, entropy()),
        person_name: naming::name(&wanted.administrator, LONGEST_NAME, "the administrator’s name")?,
        email: naming::mail_address(&wanted.email)?,
        // Nobody ever knows it: the first password is the administrator's own.
        phc: app.sign_in.hashing.hash(hex::encode(&random::<32>())).await?,
        membership: MembershipId::new(now, entropy()),
        recovery: RecoveryId::new(now, entropy()),
        token: LinkToken::random(),
        code: SpokenCode::random(),
        now,
    };
    let founded = Founded {
        name: plan.name.clone(),
        path: format!("/recover/{}", plan.token.as_str()),
        code: plan.code.as_str().to_owned(),
        until: now + WORKS_FOR,
    };
    let key = app.secrets.audit.clone();
    app.db
        .write(move |connection| plan.carry_out(connection, &key))
        .await?;
    Ok(founded)
}

impl Plan {
    fn carry_out(&self, connection: &mut DbConnection, key: &Key) -> Result<(), Failure> {
        if organisations::by_name_or_id(connection, &self.name)?.is_some() {
            return Err(Failure::BadRequest(format!("{} is there already.", self.name)));
        }
        if people::account(connection, &self.email, self.now)?.is_some() {
            return Err(Failure::BadRequest(
                "Somebody signs in with this address already. Invite them from within an organisation."
                    .to_owned(),
            ));
        }
        let organisation = NewOrganisation {
            id: self.organisation,
            name: &self.name,
            kind: self.kind.as_str(),
            home_region: &self.region,
            created_at: self.now,
        };
        organisations::add(connection, &organisation)?;
        let person = NewPerson {
            id: self.person,
            home_region: &self.region,
            name: &self.person_name,
            login: &self.email,
            phc: &self.phc,
            created_at: self.now,
        };
        people::add(connection, &person)?;
        people::set_email(connection, self.person, &self.email)?;
        let membership = NewMembership {
            id: self.membership,
            person: self.person,
            organisation: self.organisation,
            role: self.kind.administrator(),
            valid_from: self.now,
        };
        people::add_membership(connection, &membership)?;
        let recovery = NewRecovery {
            id: self.recovery,
            organisation: self.organisation,
            person: self.person,
            // Nobody else is there who could have.
            started_by: self.person,
            created_at: self.now,
            expires_at: self.now + WORKS_FOR,
            token_sha256: self.token.sha256(),
            code_hmac: self.code.hmac(&self.token),
        };
        recoveries::add(connection, &recovery)?;
        self.note(
            connection,
            key,
            "organisation_added",
            "organisation",
            *self.organisation.as_bytes(),
        )?;
        self.note(
            connection,
            key,
            "member_added",
            "membership",
            *self.membership.as_bytes(),
        )
    }

    /// By whoever runs the server: nobody is signed in.
    fn note(
        &self,
        connection: &mut DbConnection,
        key: &Key,
        event: &'static str,
        kind: &'static str,
        id: [u8; 16],
    ) -> Result<(), Failure> {
        let entry = AuditEntry {
            organisation: self.organisation,
            at: self.now,
            action: AuditAction::Create,
            event,
            outcome: AuditOutcome::Success,
            actor: AuditActor::SYSTEM,
            entity: Some(AuditEntity { kind, id }),
            patient: None,
            detail: json!({ "by": "command" }),
        };
        audit::append(connection, key, &entry)?;
        Ok(())
    }
}
