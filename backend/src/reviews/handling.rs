//! What the desk's routes do: read, compose, write down that somebody looked.

use std::{collections::HashMap, time::Duration};

use actix_web::web::Data;
use fleetward_common::{
    id::{EmergencyGrantId, IntervalId, MessageId, PatientId},
    review::{
        Decide, Decision, Extension, MayDecide, OpenedItem, OwnView, ReviewEvent, ReviewQueue, ReviewStep,
        SimilarReview,
    },
    time::{Instant, Span},
};
use serde_json::{Value, json};

use super::{
    compose::{self, Known},
    decide::{self, Case, State},
    explain, lanes, sentences,
    store::{
        around, queue,
        queue::{After, Part, ReviewRow},
        record, steps,
    },
    watch,
};
use crate::{
    access::{
        AccessReview, Actor, DecideReview, Listing, Permit, Read,
        break_glass::EndedBy,
        store::grants::{self, Grant},
    },
    app::App,
    care::{
        PatientKeys,
        store::{identity, told, words},
    },
    platform::{
        db::DbConnection,
        http::Failure,
        outbox::{self, Message, Recipient},
    },
    privacy::{
        audit::{self, AuditAction, AuditEntity, AuditEntry, AuditOutcome},
        review, trail,
    },
};

const PAGE: i64 = 50;
const SIMILAR: Duration = Duration::from_secs(30 * 24 * 3_600);
pub const SHORTEST_NOTE: usize = 10;
pub const LONGEST_NOTE: usize = 2_000;

pub async fn queue(
    app: &Data<App>,
    actor: &Actor,
    part: Part,
    after: Option<After>,
) -> Result<ReviewQueue, Failure> {
    let listing: Listing<AccessReview, Read> = app.access.listing(actor);
    let now = listing.at();
    let keys = app.keys.clone();
    let within = listing.clone();
    let (rows, more, known, counts, deadlines, time_zone) = app
        .db
        .read(move |connection| {
            let organisation = within.actor().organisation;
            let mut rows = queue::page(connection, &within, part, after.as_ref(), PAGE + 1)?;
            let more = i64::try_from(rows.len()).is_ok_and(|found| found > PAGE);
            rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
            let known = know(connection, &keys, &rows, &within)?;
            Ok::<_, Failure>((
                rows,
                more,
                known,
                queue::counts(connection, &within, now)?,
                review::deadlines(connection, organisation)?,
                record::time_zone(connection, organisation)?,
            ))
        })
        .await?;
    let detail = json!({ "part": part.as_str(), "reviews": rows.len() });
    let own_view = looked(app, actor, "access_reviews_viewed", None, None, detail).await?;
    let next = rows.last().filter(|_| more).map(written);
    Ok(ReviewQueue {
        items: rows.iter().map(|row| compose::line(row, &known, now)).collect(),
        counts,
        next,
        deadlines,
        chain: app.desk.chain(actor.organisation),
        own_view,
        time_zone,
        server_time: now,
    })
}

/// The place after this row, for the next page.
fn written(row: &ReviewRow) -> String {
    format!(
        "{}.{}.{}",
        queue::kind_word(row.kind),
        row.due_at.micros(),
        row.id
    )
}

pub fn read_after(text: &str) -> Option<After> {
    let mut parts = text.splitn(3, '.');
    Some(After {
        kind: queue::kind_of(parts.next()?)?,
        due_at: Instant::from_micros(parts.next()?.parse().ok()?),
        id: parts.next()?.parse().ok()?,
    })
}

fn know(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    rows: &[ReviewRow],
    listing: &Listing<AccessReview, Read>,
) -> Result<Known, Failure> {
    let patients: Vec<PatientId> = rows.iter().filter_map(|row| row.patient).collect();
    let ids: Vec<EmergencyGrantId> = rows.iter().filter_map(|row| row.grant).collect();
    let grants: HashMap<EmergencyGrantId, Grant> = grants::by_ids(connection, &ids)?
        .into_iter()
        .map(|grant| (grant.id, grant))
        .collect();
    let mut known = Known {
        identities: identity::of_reviewed(connection, keys, &patients, listing)?,
        sentences: sentences_of(keys, grants.values())?,
        grants,
        around: around::of(connection, rows)?,
        newest: HashMap::new(),
    };
    for (review, step, late) in steps::newest(connection, rows)? {
        known.newest.insert(review, (step, late));
    }
    Ok(known)
}

fn sentences_of<'a>(
    keys: &PatientKeys,
    grants: impl Iterator<Item = &'a Grant>,
) -> Result<HashMap<EmergencyGrantId, String>, Failure> {
    let grants: Vec<&Grant> = grants.collect();
    let sealed: Vec<_> = grants
        .iter()
        .map(|grant| (grant.patient, grant.id.as_bytes().as_slice(), &grant.sentence))
        .collect();
    let opened = words::open_for_patients(keys, &sealed)?;
    Ok(grants
        .into_iter()
        .zip(opened)
        .filter_map(|(grant, words)| Some((grant.id, words?)))
        .collect())
}

pub async fn event(
    app: &Data<App>,
    actor: &Actor,
    permit: Permit<AccessReview, Read>,
) -> Result<ReviewEvent, Failure> {
    let listing: Listing<AccessReview, Read> = app.access.listing(actor);
    let now = permit.granted_at();
    let keys = app.keys.clone();
    let id = permit.id();
    let chain = app.desk.chain(actor.organisation);
    let broken = chain.is_broken();
    let officer = actor.person;
    let (mut event, patient) = app
        .db
        .read(move |connection| {
            let row = queue::one(connection, &permit)?.ok_or(Failure::NotFound)?;
            let known = know(connection, &keys, std::slice::from_ref(&row), &listing)?;
            let span = compose::span(&row, &known);
            let nothing = explain::Around::default();
            let about = known.around.get(&row.id).unwrap_or(&nothing);
            let grant = row.grant.and_then(|grant| known.grants.get(&grant));
            // The look-up came before, the entry about the end may come a moment after.
            let recorded = Span {
                from: span.from - Duration::from_secs(600),
                until: span.until + Duration::from_secs(60),
            };
            let entries = record::opened(connection, &permit, &row, recorded)?;
            let similar_span = Span {
                from: span.from - SIMILAR,
                until: span.from + SIMILAR,
            };
            let similar = queue::similar(connection, &permit, &row, similar_span)?;
            let steps = steps::of(connection, &permit)?;
            let case = Case {
                state: row.state,
                about: row.person,
                found_by: steps::finder(connection, row.id)?,
                still_open: compose::is_still_open(&row, &known, now),
                chain_broken: broken,
            };
            let ended = grant.map(|grant| how_it_ended(grant, now));
            let event = ReviewEvent {
                line: compose::line(&row, &known, now),
                proof: grant.map(|grant| {
                    if grant.weaker_proof {
                        "Password and one-time code (weaker than a passkey)".to_owned()
                    } else {
                        "Passkey".to_owned()
                    }
                }),
                extended: grant.map(|grant| extension(&keys, grant)).transpose()?.flatten(),
                findings: explain::findings(about, span),
                lanes: lanes::lanes(
                    about,
                    span,
                    compose::title(row.kind),
                    ended.as_deref().unwrap_or("first to last look"),
                ),
                ended,
                window: lanes::window(span),
                opened: entries
                    .iter()
                    .map(|entry| OpenedItem {
                        entry: u64::try_from(entry.number).unwrap_or(0),
                        at: entry.at,
                        what: sentences::sentence(entry),
                        classes: sentences::classes(entry),
                        refused: sentences::is_refused(entry),
                    })
                    .collect(),
                similar: similar
                    .iter()
                    .map(|other| SimilarReview {
                        id: other.id,
                        at: other.span.from,
                        kind: other.kind,
                        person_name: other.person_name.clone(),
                        same_person: other.person == row.person,
                        same_patient: other.patient.is_some() && other.patient == row.patient,
                        verdict: other.verdict,
                    })
                    .collect(),
                steps: steps
                    .into_iter()
                    .map(|step| {
                        Ok(ReviewStep {
                            note: words::open_for_organisation(
                                &keys,
                                row.organisation,
                                step.id.as_bytes(),
                                &step.note,
                            )?,
                            by: step.by_name,
                            step: step.step,
                            at: step.at,
                            late: step.late,
                        })
                    })
                    .collect::<Result<_, Failure>>()?,
                may_decide: match decide::obstacle(&case, officer) {
                    None => MayDecide::Yes,
                    Some(obstacle) => MayDecide::No {
                        why: obstacle.sentence().to_owned(),
                    },
                },
                chain,
                own_view: OwnView {
                    entry: 0,
                    at: now,
                    reviewed_by: Vec::new(),
                },
                time_zone: record::time_zone(connection, row.organisation)?,
                server_time: now,
            };
            Ok::<_, Failure>((event, row.patient))
        })
        .await?;
    let entity = Some(AuditEntity {
        kind: "access_review",
        id: *id.as_bytes(),
    });
    event.own_view = looked(app, actor, "access_review_viewed", entity, patient, json!({})).await?;
    Ok(event)
}

fn how_it_ended(grant: &Grant, now: Instant) -> String {
    match grant.ended {
        None if grant.closes_at > now => "still open".to_owned(),
        None | Some((_, EndedBy::Expiry)) => "closed by itself".to_owned(),
        Some((_, EndedBy::Person)) => "ended by themselves".to_owned(),
        Some((_, EndedBy::SignOut)) => "closed with the session".to_owned(),
        Some((_, EndedBy::Suspension)) => "closed by a suspension".to_owned(),
    }
}

fn extension(keys: &PatientKeys, grant: &Grant) -> Result<Option<Extension>, Failure> {
    let Some((at, reason, sealed)) = &grant.extension else {
        return Ok(None);
    };
    let sealed = [(grant.patient, grant.id.as_bytes().as_slice(), sealed)];
    Ok(Some(Extension {
        at: *at,
        reason: *reason,
        sentence: words::open_for_patients(keys, &sealed)?.pop().flatten(),
    }))
}

/// Writes down that the officer looked, and says as what.
pub(super) async fn looked(
    app: &Data<App>,
    actor: &Actor,
    event: &'static str,
    entity: Option<AuditEntity>,
    patient: Option<PatientId>,
    detail: Value,
) -> Result<OwnView, Failure> {
    let now = app.clock.now();
    let entry = AuditEntry {
        organisation: actor.organisation,
        at: now,
        action: AuditAction::Read,
        event,
        outcome: AuditOutcome::Success,
        actor: actor.for_audit(),
        entity,
        patient,
        detail: trail::with_decisions(detail),
    };
    let (key, organisation, me) = (app.secrets.audit.clone(), actor.organisation, actor.person);
    let (number, officers) = app
        .db
        .write(move |connection| {
            let number = audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>((number, told::privacy_officers(connection, organisation, now)?))
        })
        .await?;
    Ok(OwnView {
        entry: u64::try_from(number).unwrap_or(0),
        at: now,
        reviewed_by: officers
            .into_iter()
            .filter(|officer| officer.person != me)
            .map(|officer| officer.told.name)
            .collect(),
    })
}

pub(super) fn checked(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if (SHORTEST_NOTE..=LONGEST_NOTE).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Failure::BadRequest(
            "Say why in a note: ten characters are enough, 2,000 are the most.".to_owned(),
        ))
    }
}

pub async fn decide_one(
    app: &Data<App>,
    permit: Permit<AccessReview, DecideReview>,
    asked: Decide,
) -> Result<(), Failure> {
    let note = checked(&asked.note)?;
    let now = app.clock.now();
    let actor = permit.actor().clone();
    let chain = watch::chain_now(app, actor.organisation).await?;
    let step_id = IntervalId::new(now, app.clock.entropy());
    let message_id = MessageId::new(now, app.clock.entropy());
    let (keys, key, outbox_key) = (
        app.keys.clone(),
        app.secrets.audit.clone(),
        app.secrets.outbox.clone(),
    );
    app.db
        .write(move |connection| {
            let row = queue::one(connection, &permit)?.ok_or(Failure::NotFound)?;
            let grant = match row.grant {
                Some(grant) => grants::by_ids(connection, &[grant])?.pop(),
                None => None,
            };
            let case = Case {
                state: row.state,
                about: row.person,
                found_by: steps::finder(connection, row.id)?,
                still_open: grant.is_some_and(|grant| grant.until() > now),
                chain_broken: chain.is_broken(),
            };
            let outcome = decide::decide(&case, actor.person, asked.decision)
                .map_err(|why| Failure::NotPermitted(why.sentence().to_owned()))?;
            let deadlines = review::deadlines(connection, row.organisation)?;
            let answer_due = (outcome.state == State::AnswerAsked)
                .then(|| now + Duration::from_secs(u64::from(deadlines.answer_hours) * 3_600));
            let new = steps::NewStep {
                id: step_id,
                note: words::seal_for_organisation(&keys, row.organisation, step_id.as_bytes(), &note)?,
                at: now,
                late: now > row.due_at,
            };
            steps::decide(connection, &permit, outcome, &new, answer_due)?;
            if asked.decision == Decision::NeedsAnswer {
                let message = Message {
                    id: message_id,
                    kind: "access_question_notice",
                    recipient: Recipient::Person(row.person),
                    subject: "A privacy officer asks you something".to_owned(),
                    text: "A privacy officer of the hospital has a question about an access of yours. It \
                           stands in Fleetward under Questions, with the time by which an answer is \
                           expected. This message names nobody on purpose."
                        .to_owned(),
                    due_at: now,
                };
                outbox::put(connection, &outbox_key, &message, now)?;
            }
            let entry = AuditEntry {
                organisation: row.organisation,
                at: now,
                action: AuditAction::Update,
                event: "access_review_decided",
                outcome: AuditOutcome::Success,
                actor: actor.for_audit(),
                entity: Some(AuditEntity {
                    kind: "access_review",
                    id: *row.id.as_bytes(),
                }),
                patient: row.patient,
                detail: json!({ "step": outcome.step.as_str(), "late": new.late }),
            };
            audit::append(connection, &key, &entry)?;
            Ok::<_, Failure>(())
        })
        .await
}
