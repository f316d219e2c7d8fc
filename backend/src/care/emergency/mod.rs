//! Opening a patient in an emergency, from the look-up to the end.
//!
//! Three steps: find one patient exactly and compare two identifiers; say why; prove who you are. Then
//! fifteen minutes in which the relation `break_glass` holds. Nothing here waits for anything but our
//! own database, and not even for its audit record: what that can't take goes into the reserved journal.
//! Each step is on record before its answer leaves, and the opening puts a review into the privacy
//! officers' queue in the same transaction.
//!
//! What decides is in `access/break_glass.rs`; `closing.rs` ends what is over.

pub mod closing;
mod notice;
pub mod routes;

use actix_web::web::Data;
use fleetward_common::{
    access::DataClass,
    credentials::{Proof, ProofKind},
    emergency::{
        EmergencyState, FoundPatient, LookUp, OpenEmergency as OpenNow, OpenInEmergency, is_a_sentence,
    },
    id::{AccessReviewId, EmergencyGrantId, PatientId},
    time::{Instant, Span},
};
use serde_json::{Value, json};

use super::store::{found, identity, told, words};
use crate::{
    access::{
        Actor, Listing, OpenEmergency, Patient, Permit, Read,
        break_glass::{Emergency, EndedBy, OPEN_FOR, extended},
        store::grants::{self, Grant, NewGrant},
    },
    app::App,
    platform::http::Failure,
    privacy::{
        audit::{AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome},
        review::{self, About, NewReview},
        trail,
    },
};

/// Finds one patient. A patient who does not exist and one of another hospital are the same 404, at the
/// same cost; both are on record, like the one who was found.
async fn look_up(app: &Data<App>, actor: &Actor, by: LookUp) -> Result<FoundPatient, Failure> {
    let listing: Listing<Patient, OpenEmergency> = app.access.listing(actor);
    listing.requires(DataClass::Identity)?;
    let now = listing.at();
    app.look_ups
        .take(actor.person, now)
        .map_err(Failure::SlowedDown)?;
    let by_word = match &by {
        LookUp::RecordNumber { .. } => "record_number",
        LookUp::Place { .. } => "place",
        LookUp::Bed { .. } => "bed",
    };
    let keys = app.keys.clone();
    let within = listing.clone();
    let patient = app
        .db
        .read(move |connection| Ok::<_, Failure>(found::patient(connection, &keys, &within, &by)?))
        .await?;
    let entry = AuditEntry {
        organisation: actor.organisation,
        at: now,
        action: AuditAction::Execute,
        event: "emergency_looked_up",
        outcome: match patient {
            Some(_) => AuditOutcome::Success,
            None => AuditOutcome::MinorFailure,
        },
        actor: actor.for_audit(),
        entity: None,
        patient,
        detail: trail::with_decisions(json!({ "by": by_word, "found": patient.is_some() })),
    };
    app.recorder.write_in_emergency(entry).await?;
    let patient = patient.ok_or(Failure::NotFound)?;
    describe(app, actor, listing, patient).await
}

async fn describe(
    app: &Data<App>,
    actor: &Actor,
    listing: Listing<Patient, OpenEmergency>,
    patient: PatientId,
) -> Result<FoundPatient, Failure> {
    let already_open = is_open_anyway(app, actor, patient).await?;
    let keys = app.keys.clone();
    let now = listing.at();
    app.db
        .read(move |connection| {
            let mut known = identity::of_patients(connection, &keys, &[patient], &listing)?;
            // Erased: the row is there, the person is not.
            let identity = known.remove(&patient).ok_or(Failure::NotFound)?;
            let organisation = listing.actor().organisation;
            Ok(FoundPatient {
                patient,
                identity,
                place: found::place(connection, patient, now)?,
                already_open,
                recorded_at: now,
                told: told::privacy_officers(connection, organisation, now)?
                    .into_iter()
                    .map(|officer| officer.told)
                    .collect(),
                review_hours: review::deadlines(connection, organisation)?.emergency_hours,
            })
        })
        .await
}

/// Whether this person sees the patient's values without any emergency.
async fn is_open_anyway(app: &App, actor: &Actor, patient: PatientId) -> Result<bool, Failure> {
    let usual = Actor {
        emergency: None,
        ..actor.clone()
    };
    match app.access.patient(patient).permit::<Read>(&usual).await {
        Ok(permit) => Ok(permit.has(DataClass::Clinical)),
        Err(Failure::NotFound | Failure::NotPermitted(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Opens the patient to this session. One at a time: what was open before is ended.
async fn open(
    app: &Data<App>,
    permit: Permit<Patient, OpenEmergency>,
    proof: Proof,
    asked: OpenInEmergency,
) -> Result<(), Failure> {
    check_sentence(&asked.sentence)?;
    let actor = permit.actor().clone();
    let (patient, now) = (permit.id(), app.clock.now());
    if is_open_anyway(app, &actor, patient).await? {
        return Err(Failure::BadRequest(
            "This patient is open to you already. There is nothing to open in an emergency.".to_owned(),
        ));
    }
    let id = EmergencyGrantId::new(now, app.clock.entropy());
    let review_id = AccessReviewId::new(now, app.clock.entropy());
    let message_entropy: Vec<_> = (0..notice::MOST).map(|_| app.clock.entropy()).collect();
    let closes_at = now + OPEN_FOR;
    let (keys, recorder, outbox) = (app.keys.clone(), app.recorder.clone(), app.secrets.outbox.clone());
    let organisation = permit.standing().organisation.ok_or(Failure::NotFound)?;
    app.db
        .write(move |connection| {
            if let Some(before) = grants::open_of_session(connection, actor.session, now)? {
                grants::end(connection, before.grant, EndedBy::Person, now)?;
                let entry = entry(&actor, organisation, now, "emergency_access_ended", &before)
                    .with(json!({ "by": EndedBy::Person.as_str() }));
                recorder.append_in_emergency(connection, &entry)?;
            }
            let sentence = asked.sentence.trim();
            let new = NewGrant {
                id,
                organisation,
                reason: asked.reason,
                sentence: words::seal_for_patient(&keys, patient, id.as_bytes(), sentence)?,
                weaker_proof: proof.kind != ProofKind::Passkey,
                opened_at: now,
                closes_at,
            };
            grants::open(connection, &permit, &new)?;
            review::raise(
                connection,
                &NewReview {
                    id: review_id,
                    organisation,
                    person: actor.person,
                    membership: actor.membership,
                    role: actor.role,
                    about: About::Emergency { grant: id, patient },
                    signals: Vec::new(),
                    rules_version: 0,
                    span: Span {
                        from: now,
                        until: closes_at,
                    },
                    raised_at: now,
                },
            )?;
            notice::opened(connection, &outbox, organisation, now, &message_entropy)?;
            let emergency = Emergency {
                grant: id,
                patient,
                purpose: asked.reason.purpose(),
                closes_at,
            };
            let entry = entry(&actor, organisation, now, "emergency_access_opened", &emergency).with(json!({
                "reason": asked.reason.as_str(),
                "proof": proof.kind.as_str(),
            }));
            recorder.append_in_emergency(connection, &entry)?;
            Ok::<_, Failure>(())
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(())
}

/// A quarter of an hour more, once.
async fn extend(app: &Data<App>, actor: &Actor, proof: Proof, asked: OpenInEmergency) -> Result<(), Failure> {
    check_sentence(&asked.sentence)?;
    let now = app.clock.now();
    let emergency = actor.emergency.ok_or(Failure::NotFound)?;
    let (keys, recorder, actor) = (app.keys.clone(), app.recorder.clone(), actor.clone());
    let organisation = app
        .db
        .write(move |connection| {
            let grant = grants::by_ids(connection, &[emergency.grant])?
                .pop()
                .ok_or(Failure::NotFound)?;
            let closes_at = extended(grant.closes_at, grant.extension.is_some(), now).ok_or_else(once)?;
            let sealed = [(grant.patient, grant.id.as_bytes().as_slice(), &grant.sentence)];
            let opened_for = words::open_for_patients(&keys, &sealed)?.pop().flatten();
            if opened_for.is_some_and(|sentence| sentence == asked.sentence.trim()) {
                return Err(Failure::BadRequest(
                    "Say what is new: why it takes longer than what it was opened for.".to_owned(),
                ));
            }
            let sentence =
                words::seal_for_patient(&keys, grant.patient, grant.id.as_bytes(), asked.sentence.trim())?;
            if !grants::extend(connection, &emergency, closes_at, asked.reason, &sentence, now)? {
                return Err(once());
            }
            let entry = entry(
                &actor,
                grant.organisation,
                now,
                "emergency_access_extended",
                &emergency,
            )
            .with(json!({ "reason": asked.reason.as_str(), "proof": proof.kind.as_str() }));
            recorder.append_in_emergency(connection, &entry)?;
            Ok(grant.organisation)
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(())
}

fn once() -> Failure {
    Failure::NotPermitted(
        "Emergency access is extended once. The ward’s charge nurse can add you to the care team, or you open it anew when it has closed."
            .to_owned(),
    )
}

/// Ends what this session has open. Nothing open is no error: it may have closed by itself just now.
async fn end(app: &Data<App>, actor: &Actor) -> Result<(), Failure> {
    let Some(emergency) = actor.emergency else {
        return Ok(());
    };
    let (now, recorder, actor) = (app.clock.now(), app.recorder.clone(), actor.clone());
    let organisation = app
        .db
        .write(move |connection| {
            let grant = grants::by_ids(connection, &[emergency.grant])?
                .pop()
                .ok_or(Failure::NotFound)?;
            if grants::end(connection, emergency.grant, EndedBy::Person, now)? {
                let entry = entry(
                    &actor,
                    grant.organisation,
                    now,
                    "emergency_access_ended",
                    &emergency,
                )
                .with(json!({ "by": EndedBy::Person.as_str() }));
                recorder.append_in_emergency(connection, &entry)?;
            }
            Ok::<_, Failure>(grant.organisation)
        })
        .await?;
    app.access.epochs.bump_scope(organisation);
    Ok(())
}

/// What the banner shows.
async fn state(app: &Data<App>, actor: &Actor) -> Result<EmergencyState, Failure> {
    let now = app.clock.now();
    let Some(emergency) = actor.emergency else {
        return Ok(EmergencyState {
            open: None,
            server_time: now,
        });
    };
    let permit = app
        .access
        .patient(emergency.patient)
        .permit::<Read>(actor)
        .await?;
    let keys = app.keys.clone();
    let open = app
        .db
        .read(move |connection| {
            let grant = grants::by_ids(connection, &[emergency.grant])?
                .pop()
                .ok_or(Failure::NotFound)?;
            let sentence = own_sentence(&keys, &grant)?;
            let officers = told::privacy_officers(connection, grant.organisation, now)?;
            Ok::<_, Failure>(OpenNow {
                patient: grant.patient,
                identity: identity::of_patient(connection, &keys, &permit)?,
                reason: grant.reason,
                sentence,
                opened_at: grant.opened_at,
                closes_at: grant.closes_at,
                can_extend: extended(grant.closes_at, grant.extension.is_some(), now).is_some(),
                told: officers.into_iter().map(|officer| officer.told).collect(),
                views: review::views_since(connection, grant.person, grant.patient, grant.opened_at)?,
            })
        })
        .await?;
    Ok(EmergencyState {
        open: Some(open),
        server_time: now,
    })
}

fn own_sentence(keys: &super::PatientKeys, grant: &Grant) -> Result<Option<String>, Failure> {
    let sealed = [(grant.patient, grant.id.as_bytes().as_slice(), &grant.sentence)];
    Ok(words::open_for_patients(keys, &sealed)?.pop().flatten())
}

fn check_sentence(sentence: &str) -> Result<(), Failure> {
    if is_a_sentence(sentence) {
        Ok(())
    } else {
        Err(Failure::BadRequest(
            "Say in one sentence why: ten characters are enough, 500 are the most.".to_owned(),
        ))
    }
}

/// An entry about one emergency access, under that access's own purpose.
fn entry(
    actor: &Actor,
    organisation: fleetward_common::id::OrganisationId,
    at: Instant,
    event: &'static str,
    emergency: &Emergency,
) -> AuditEntry {
    AuditEntry {
        organisation,
        at,
        action: AuditAction::Execute,
        event,
        outcome: AuditOutcome::Success,
        actor: AuditActor {
            purpose: Some(emergency.purpose),
            ..actor.for_audit()
        },
        entity: Some(AuditEntity {
            kind: "emergency_access",
            id: *emergency.grant.as_bytes(),
        }),
        patient: Some(emergency.patient),
        detail: Value::Null,
    }
}

trait WithDetail {
    fn with(self, detail: Value) -> Self;
}

impl WithDetail for AuditEntry {
    fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}
