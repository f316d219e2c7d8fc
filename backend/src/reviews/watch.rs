//! What the desk does by itself: looks whether the record fits together, and lets the rules look at
//! what was recorded since.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::web::Data;
use fleetward_common::{
    access::Purpose,
    id::{AccessReviewId, MembershipId, OrganisationId, PatientId, PersonId},
    review::{ChainLink, ChainView, Signal},
    time::{Instant, Span},
};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    rules::{self, Look, MEDIAN_DAYS, VERSION},
    store::{
        around,
        looks::{self, View},
        record,
    },
};
use crate::{
    app::App,
    care::store::identity,
    platform::{
        db::DbConnection,
        http::{Failure, failure::chain},
    },
    privacy::{
        audit::{self, AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome, Verdict},
        checkpoint::CheckpointError,
        review::{self, About, NewReview},
    },
};

const ROUND: Duration = Duration::from_secs(15);
/// How often every entry is read again. In between, deciding rests on the last answer.
const CHAIN_EVERY: Duration = Duration::from_secs(60);
/// A record so long that reading it takes this share of the time is read less often.
const CHAIN_SHARE: u32 = 20;
const DAY: i64 = 86_400_000_000;
const ENTRIES_A_ROUND: i64 = 2_000;

/// What the desk knows between two requests.
#[derive(Debug, Default)]
pub struct Desk {
    chains: Mutex<HashMap<OrganisationId, ChainView>>,
}

impl Desk {
    pub fn chain(&self, organisation: OrganisationId) -> ChainView {
        let chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        chains.get(&organisation).cloned().unwrap_or(ChainView::Checking)
    }

    fn note(&self, organisation: OrganisationId, view: ChainView) {
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        chains.insert(organisation, view);
    }
}

pub async fn keep_watching(app: Data<App>) {
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_chain = tokio::time::Instant::now();
    loop {
        rounds.tick().await;
        if next_chain <= tokio::time::Instant::now() {
            let began = tokio::time::Instant::now();
            if let Err(failure) = check_chains(&app).await {
                tracing::error!(cause = %chain(&failure), "the record could not be checked");
            }
            next_chain = tokio::time::Instant::now() + CHAIN_EVERY.max(began.elapsed() * CHAIN_SHARE);
        }
        if let Err(failure) = look(&app).await {
            tracing::error!(cause = %chain(&failure), "the rules could not look at what was recorded");
        }
    }
}

/// Reads every organisation's record once.
pub async fn check_chains(app: &App) -> Result<(), Failure> {
    let organisations = app
        .db
        .read(|connection| Ok::<_, Failure>(looks::organisations_with_patients(connection)?))
        .await?;
    for organisation in organisations {
        let view = check_chain(app, organisation).await?;
        match &view {
            ChainView::Broken { number, .. } => {
                tracing::error!(organisation.id = %organisation, number, "the record does not fit together");
            }
            ChainView::CheckpointForged { .. } => {
                tracing::error!("the audit checkpoint was changed by someone without the key");
            }
            ChainView::Verified { .. } | ChainView::Checking => {}
        }
        app.desk.note(organisation, view);
    }
    Ok(())
}

/// What the desk knows of the record, or what a look at it says when it knows nothing yet.
pub async fn chain_now(app: &App, organisation: OrganisationId) -> Result<ChainView, Failure> {
    match app.desk.chain(organisation) {
        ChainView::Checking => {
            let view = check_chain(app, organisation).await?;
            app.desk.note(organisation, view.clone());
            Ok(view)
        }
        known => Ok(known),
    }
}

async fn check_chain(app: &App, organisation: OrganisationId) -> Result<ChainView, Failure> {
    let now = app.clock.now();
    let key = app.secrets.audit.clone();
    // Read before the rows: what is added meanwhile lies behind it.
    let noted = match app.recorder.checkpoint() {
        Ok(noted) => noted,
        Err(CheckpointError::Forged) => return Ok(ChainView::CheckpointForged { checked_at: now }),
        Err(source) => {
            return Err(Failure::Internal {
                step: "read the audit checkpoint",
                source: source.into(),
            });
        }
    };
    let verdict = app
        .db
        .read(move |connection| {
            let noted = noted.as_ref().and_then(|noted| noted.of(organisation));
            Ok::<_, Failure>(audit::verify(connection, &key, organisation, noted)?)
        })
        .await?;
    match verdict {
        Verdict::Verified { entries, .. } => Ok(ChainView::Verified {
            entries: u64::try_from(entries).unwrap_or(0),
            checked_at: now,
        }),
        Verdict::Broken { number, .. } => {
            let neighbours = app
                .db
                .read(move |connection| {
                    Ok::<_, Failure>(record::neighbours(connection, organisation, number)?)
                })
                .await?;
            Ok(ChainView::Broken {
                number: u64::try_from(number).unwrap_or(0),
                fits_until: neighbours
                    .iter()
                    .rfind(|(other, _)| *other < number)
                    .map(|(_, at)| *at),
                around: neighbours
                    .into_iter()
                    .map(|(other, at)| ChainLink {
                        number: u64::try_from(other).unwrap_or(0),
                        at,
                        fits: other != number,
                    })
                    .collect(),
                checked_at: now,
            })
        }
    }
}

/// One round of the rules. Returns how many reviews were raised.
pub async fn look(app: &App) -> Result<usize, Failure> {
    let organisations = app
        .db
        .read(|connection| Ok::<_, Failure>(looks::organisations_with_patients(connection)?))
        .await?;
    let mut raised = 0;
    for organisation in organisations {
        raised += look_at(app, organisation).await?;
    }
    Ok(raised)
}

/// One person's views of one patient on one day (UTC: a rule counts days, nobody reads them here).
type Visit = (PersonId, MembershipId, PatientId, i64);

async fn look_at(app: &App, organisation: OrganisationId) -> Result<usize, Failure> {
    let keys = app.keys.clone();
    let found = app
        .db
        .read(move |connection| {
            let from = looks::cursor(connection, organisation)?;
            let (views, last) = looks::views_after(connection, organisation, from, ENTRIES_A_ROUND)?;
            let Some(last) = last else {
                return Ok::<_, Failure>(None);
            };
            let mut visits: BTreeMap<Visit, Vec<View>> = BTreeMap::new();
            for view in views.into_iter().filter(is_care_or_work) {
                let day = view.at.micros().div_euclid(DAY);
                visits
                    .entry((view.person, view.membership, view.patient, day))
                    .or_default()
                    .push(view);
            }
            let people: Vec<PersonId> = visits.keys().map(|(person, ..)| *person).collect();
            let names = record::names(connection, &people)?;
            let mut stand_out = Vec::new();
            for ((person, membership, patient, _), views) in &visits {
                let (Some(first), Some(last)) = (views.first(), views.last()) else {
                    continue;
                };
                let name = names.get(person).map_or("", String::as_str);
                let day = Span {
                    from: first.at,
                    until: last.at.shifted(1),
                };
                let cared = around::care_relations(connection, *membership, &[*patient], day)?
                    .remove(patient)
                    .unwrap_or_default();
                // Each view by itself: a patient who left at noon is not looked after in the afternoon.
                let explained =
                    |view: &View| view.agreed_to || cared.iter().any(|span| span.contains(view.at));
                let look = Look {
                    care_relation: is_emergency(first.purpose) || views.iter().all(explained),
                    own_record: looks::is_own_record(connection, *person, *patient, first.at)?,
                    same_surname: identity::has_family_name(connection, &keys, *patient, |family| {
                        rules::same_surname(name, family)
                    })?,
                    span: Some(Span {
                        from: first.at,
                        until: last.at,
                    }),
                    working: working(connection, *membership)?,
                };
                let signals = rules::of_one_patient(&look);
                if !signals.is_empty() {
                    stand_out.push((*first, *last, Some(*patient), 1, signals));
                }
            }
            stand_out.extend(many(connection, organisation, &visits)?);
            Ok(Some((last, stand_out)))
        })
        .await?;
    let Some((last, stand_out)) = found else {
        return Ok(0);
    };
    let (now, key) = (app.clock.now(), app.secrets.audit.clone());
    let ids: Vec<AccessReviewId> = stand_out
        .iter()
        .map(|_| AccessReviewId::new(now, app.clock.entropy()))
        .collect();
    app.db
        .write(move |connection| {
            let mut raised = 0;
            for (id, (first, last, patient, patients, signals)) in ids.into_iter().zip(stand_out) {
                let record = |connection: &mut DbConnection, event, review| {
                    let entry = by_rule(organisation, now, event, review, patient, &signals);
                    audit::append(connection, &key, &entry).map(drop)
                };
                if let Some(patient) = patient.filter(|_| is_emergency(first.purpose)) {
                    for review in
                        looks::mark_emergency(connection, first.person, patient, first.at, &signals)?
                    {
                        record(connection, "access_review_widened", review)?;
                    }
                    continue;
                }
                let day = first.at.micros().div_euclid(DAY);
                let known =
                    looks::review_of_day(connection, organisation, first.person, patient, day_span(day))?;
                if let Some((review, mut before)) = known {
                    before.extend(&signals);
                    before.sort_unstable();
                    before.dedup();
                    looks::widen(connection, review, &before, last.at, patients)?;
                    record(connection, "access_review_widened", review)?;
                    continue;
                }
                let new = NewReview {
                    id,
                    organisation,
                    person: first.person,
                    membership: first.membership,
                    role: first.role,
                    about: patient.map_or(About::Patients(patients), About::Patient),
                    signals: signals.clone(),
                    rules_version: VERSION,
                    span: Span {
                        from: first.at,
                        until: last.at,
                    },
                    raised_at: now,
                };
                review::raise(connection, &new)?;
                record(connection, "access_review_raised", id)?;
                raised += 1;
            }
            looks::move_cursor(connection, organisation, last, now)?;
            Ok::<_, Failure>(raised)
        })
        .await
}

/// What the rules did to a review, by themselves.
fn by_rule(
    organisation: OrganisationId,
    at: Instant,
    event: &'static str,
    review: AccessReviewId,
    patient: Option<PatientId>,
    signals: &[Signal],
) -> AuditEntry {
    AuditEntry {
        organisation,
        at,
        action: if event == "access_review_raised" {
            AuditAction::Create
        } else {
            AuditAction::Update
        },
        event,
        outcome: AuditOutcome::Success,
        actor: AuditActor::SYSTEM,
        entity: Some(AuditEntity {
            kind: "access_review",
            id: *review.as_bytes(),
        }),
        patient,
        detail: json!({ "signals": signals, "rules_version": VERSION }),
    }
}

/// No rota is kept yet. Someone whose work on every unit ends at a known time works in those intervals;
/// of everyone else it is not known when they do.
fn working(connection: &mut DbConnection, membership: MembershipId) -> Result<Option<Vec<Span>>, Failure> {
    let spans: Vec<Span> = around::worked(connection, &[membership])?
        .remove(&membership)
        .unwrap_or_default()
        .into_iter()
        .map(|worked| worked.span)
        .collect();
    let bounded = spans.iter().all(|span| span.until.micros() != i64::MAX);
    Ok((bounded && !spans.is_empty()).then_some(spans))
}

type StandsOut = (View, View, Option<PatientId>, u32, Vec<Signal>);

/// Who opened far more patients on a day than they usually do.
fn many(
    connection: &mut DbConnection,
    organisation: OrganisationId,
    visits: &BTreeMap<Visit, Vec<View>>,
) -> Result<Vec<StandsOut>, Failure> {
    let mut days: BTreeMap<(PersonId, i64), (View, View)> = BTreeMap::new();
    for ((person, .., day), views) in visits {
        let (Some(first), Some(last)) = (views.first(), views.last()) else {
            continue;
        };
        days.entry((*person, *day))
            .and_modify(|(earliest, latest)| {
                if first.at < earliest.at {
                    *earliest = *first;
                }
                if last.at > latest.at {
                    *latest = *last;
                }
            })
            .or_insert((*first, *last));
    }
    let mut stand_out = Vec::new();
    for ((person, day), (first, last)) in days {
        let today = looks::patients_seen(connection, organisation, person, day_span(day))?;
        if today <= rules::USUAL_PATIENTS {
            continue;
        }
        let before: Vec<u32> = (1..=MEDIAN_DAYS)
            .map(|back| looks::patients_seen(connection, organisation, person, day_span(day - back)))
            .collect::<Result<_, _>>()?;
        if rules::are_many(today, &before) {
            stand_out.push((first, last, None, today, vec![Signal::ManyPatients]));
        }
    }
    Ok(stand_out)
}

/// Patients look at themselves, families as the patient agreed, and officers review: their views are on
/// record, but no care has to explain them. Nor has it to explain a look at a device that showed nothing of
/// whom it is on.
fn is_care_or_work(view: &View) -> bool {
    view.of_the_patient
        && !view
            .purpose
            .with_ancestors()
            .any(|purpose| matches!(purpose, Purpose::PatientRequest | Purpose::Compliance))
}

fn is_emergency(purpose: Purpose) -> bool {
    purpose
        .with_ancestors()
        .any(|purpose| purpose == Purpose::EmergencyTreatment)
}

const fn day_span(day: i64) -> Span {
    Span {
        from: Instant::from_micros(day * DAY),
        until: Instant::from_micros((day + 1) * DAY),
    }
}
