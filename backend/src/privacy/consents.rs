//! Giving and withdrawing consent: by the patient, or by who acts for them, each as easily as the other.

use fleetward_common::{
    access::Role,
    id::{ConsentId, OrganisationId, PatientId},
    sharing::{ConsentPurpose, GiveConsent, Sharing},
    time::Instant,
};
use serde_json::json;

pub use super::store::consents::{Grantee, NewConsent, add};

use super::{
    audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
    store::consents,
};
use crate::{
    access::{Actor, ManageConsent, Patient, Permit},
    app::App,
    platform::http::Failure,
};

/// The patient's own record; of somebody who acts for a patient, that patient's, whatever they are themselves.
pub fn patient_of(actor: &Actor) -> Result<PatientId, Failure> {
    let records = if actor.role == Role::Proxy {
        actor.acts_for.first().or(actor.own_records.first())
    } else {
        actor.own_records.first().or(actor.acts_for.first())
    };
    records.copied().ok_or(Failure::NotFound)
}

/// Everything that can be shared, and what is.
pub async fn sharing(
    app: &App,
    permit: Permit<Patient, ManageConsent>,
    given_name: String,
) -> Result<Sharing, Failure> {
    let now = app.clock.now();
    app.db
        .read(move |connection| {
            let in_force = consents::in_force(connection, &permit)?;
            let around = consents::around(connection, &permit)?;
            Ok::<_, Failure>(Sharing {
                patient: permit.id(),
                given_name,
                yours: permit.actor().own_records.contains(&permit.id()),
                choices: consents::choices(connection, &around, &in_force)?,
                people: consents::people_shared_with(connection, &in_force, now)?,
                time_zone: around.time_zone,
                server_time: now,
            })
        })
        .await
}

/// In force when this returns, and every open stream that it concerns looks again.
pub async fn give(
    app: &App,
    permit: &Permit<Patient, ManageConsent>,
    wanted: GiveConsent,
) -> Result<(), Failure> {
    let (asked, now) = (permit.clone(), app.clock.now());
    let id = ConsentId::new(now, app.clock.entropy());
    let key = app.secrets.audit.clone();
    let changed = app
        .db
        .write(move |connection| {
            let around = consents::around(connection, &asked)?;
            let (purpose, grantee, mut concerned) = match wanted {
                GiveConsent::ManufacturerSupport { organisation } => {
                    if !around.makers.contains(&organisation) {
                        return Err(Failure::NotFound);
                    }
                    let grantee = Grantee::Organisation(organisation);
                    (ConsentPurpose::ManufacturerSupport, grantee, vec![organisation])
                }
                GiveConsent::Research {} => {
                    let grantee = Grantee::Organisation(around.organisation);
                    (ConsentPurpose::Research, grantee, Vec::new())
                }
                GiveConsent::NamedPerson { login } => {
                    let known = consents::person_to_name(connection, &login, now)?
                        .filter(|known| known.person != asked.actor().person)
                        .ok_or_else(nobody_by_that_name)?;
                    let grantee = Grantee::Person(known.person);
                    (ConsentPurpose::NamedPerson, grantee, known.organisations)
                }
            };
            let new = NewConsent {
                id,
                patient: asked.id(),
                organisation: around.organisation,
                purpose,
                grantee,
                given_by: asked.actor().person,
                at: now,
            };
            let Some(version) = consents::give(connection, &asked, &new)? else {
                return Ok(Vec::new());
            };
            let entry = AuditEntry {
                action: AuditAction::Create,
                event: "consent_given",
                ..of_consent(&asked, around.organisation, now, (id, purpose, version))
            };
            audit::append(connection, &key, &entry)?;
            concerned.push(around.organisation);
            concerned.extend(around.custodians);
            Ok::<_, Failure>(concerned)
        })
        .await?;
    bump(app, &changed);
    Ok(())
}

/// Out of force when this returns.
pub async fn withdraw(
    app: &App,
    permit: &Permit<Patient, ManageConsent>,
    id: ConsentId,
) -> Result<(), Failure> {
    let (asked, now) = (permit.clone(), app.clock.now());
    let key = app.secrets.audit.clone();
    let changed = app
        .db
        .write(move |connection| {
            let around = consents::around(connection, &asked)?;
            let withdrawn = consents::withdraw(connection, &asked, id, asked.actor().person, now)?
                .ok_or(Failure::NotFound)?;
            let mut concerned = match withdrawn.grantee {
                Grantee::Organisation(organisation) => vec![organisation],
                Grantee::Person(person) => consents::organisations_of(connection, person, now)?,
            };
            let version = i64::from(withdrawn.consent.version);
            let entry = AuditEntry {
                action: AuditAction::Update,
                event: "consent_withdrawn",
                ..of_consent(&asked, around.organisation, now, (id, withdrawn.purpose, version))
            };
            audit::append(connection, &key, &entry)?;
            concerned.push(around.organisation);
            concerned.extend(around.custodians);
            Ok::<_, Failure>(concerned)
        })
        .await?;
    bump(app, &changed);
    Ok(())
}

/// One answer for everyone who can't be named, there or not.
fn nobody_by_that_name() -> Failure {
    Failure::BadRequest(
        "We can’t find that person. Ask them how they sign in, and type it as they tell you.".to_owned(),
    )
}

fn bump(app: &App, concerned: &[OrganisationId]) {
    for organisation in concerned {
        app.access.epochs.bump_scope(*organisation);
    }
}

fn of_consent(
    permit: &Permit<Patient, ManageConsent>,
    organisation: OrganisationId,
    at: Instant,
    (id, purpose, version): (ConsentId, ConsentPurpose, i64),
) -> AuditEntry {
    AuditEntry {
        organisation,
        at,
        action: AuditAction::Update,
        event: "consent_changed",
        outcome: AuditOutcome::Success,
        actor: permit.actor().for_audit(),
        entity: Some(AuditEntity {
            kind: "consent",
            id: *id.as_bytes(),
        }),
        patient: Some(permit.id()),
        detail: json!({ "consent": purpose.as_str(), "version": version, "wording": purpose.wording() }),
    }
}
