//! What access decided while one request was answered, or one topic opened: the material of its audit
//! entry.
//!
//! [`crate::access`] notes every decision here; handlers need to do nothing. One call leaves one entry,
//! however many rows it asked about: what it was about is the first row, the classes and relations are
//! those of all of them together.

use std::sync::{Arc, Mutex, PoisonError};

use fleetward_common::{
    access::{Action, DataClass, Kind},
    id::{OrganisationId, PatientId},
    time::Instant,
};
use serde_json::{Map, Value, json};

use super::audit::{AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome};

tokio::task_local! {
    static TRAIL: Trail;
}

/// Cloneable; all clones are one trail.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    asker: Option<Asker>,
    looks: Vec<Look>,
    results: Option<u64>,
    question: Option<Value>,
    /// Where the request went and came from.
    about: Map<String, Value>,
}

impl Noted {
    /// What was decided, of all rows together.
    fn decided(&self, first: &Look) -> Map<String, Value> {
        let (classes, relations, patients) = together(&self.looks);
        let mut decided = Map::new();
        decided.insert("kind".to_owned(), json!(first.kind));
        decided.insert("action".to_owned(), json!(first.action));
        decided.insert("classes".to_owned(), json!(classes));
        decided.insert("relations".to_owned(), json!(relations));
        decided.insert("policy".to_owned(), json!(&*first.policy));
        decided.insert("policy_epoch".to_owned(), json!(first.policy_epoch));
        if patients.len() > 1 {
            decided.insert("patients".to_owned(), json!(patients));
        }
        decided
    }
}

/// Who asks, and in whose chain it is written down when it was about nobody else's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub actor: AuditActor,
    pub organisation: OrganisationId,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub asker: Asker,
    pub kind: Kind,
    pub action: Action,
    pub at: At,
    /// Empty when nothing was allowed.
    pub classes: Vec<DataClass>,
    /// The relations by which it was allowed.
    pub relations: Vec<&'static str>,
    /// Which policy decided: its text, and how often it was replaced since the start.
    pub policy: Arc<str>,
    pub policy_epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// One row, and whose it is. Nobody's when there is no such row.
    Row {
        id: [u8; 16],
        organisation: Option<OrganisationId>,
        patient: Option<PatientId>,
    },
    /// Every row in the asker's reach, by one condition.
    List,
}

/// How the call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Given,
    /// Seen, and not allowed.
    Refused,
    /// Absent, or hidden: the same answer.
    Hidden,
    /// Something else went wrong, e.g. the request could not be read.
    Failed,
}

impl Answer {
    pub const fn of_status(status: u16) -> Self {
        match status {
            403 => Answer::Refused,
            404 => Answer::Hidden,
            0..400 => Answer::Given,
            _ => Answer::Failed,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Answer::Given => "given",
            Answer::Refused => "refused",
            Answer::Hidden => "hidden",
            Answer::Failed => "failed",
        }
    }
}

/// Somebody is known to be asking.
pub fn note_asker(asker: Asker) {
    with(|noted| noted.asker = Some(asker));
}

/// Access decided.
pub fn note(look: Look) {
    with(|noted| noted.looks.push(look));
}

/// A list held so many rows. The rows themselves are not recorded.
pub fn note_results(rows: usize) {
    with(|noted| noted.results = Some(rows as u64));
}

/// What was searched for, without the words themselves.
pub fn note_question(question: Value) {
    with(|noted| noted.question = Some(question));
}

/// For an entry that a read writes itself: what it says, with what access decided until now and where the
/// request came from.
pub fn with_decisions(detail: Value) -> Value {
    let Value::Object(mut said) = detail else {
        return detail;
    };
    with(|noted| {
        let mut more = noted.about.clone();
        if let Some(first) = noted.looks.first() {
            more.append(&mut noted.decided(first));
        }
        more.append(&mut said);
        said = more;
    });
    Value::Object(said)
}

fn with(note: impl FnOnce(&mut Noted)) {
    // Nobody's request: a test or a background task that asks for itself.
    let _ = TRAIL.try_with(|trail| note(&mut trail.0.lock().unwrap_or_else(PoisonError::into_inner)));
}

impl Trail {
    pub async fn scope<F: Future>(&self, answer: F) -> F::Output {
        TRAIL.scope(self.clone(), answer).await
    }

    pub fn note_about(&self, about: Map<String, Value>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).about = about;
    }

    /// Whether any row was opened by way of an emergency.
    pub fn is_emergency(&self) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted
            .looks
            .iter()
            .any(|look| look.action == Action::OpenEmergency || look.relations.contains(&"break_glass"))
    }

    /// The one entry of this call; `None` when nothing of anybody was asked for.
    pub fn entry(&self, at: Instant, answer: Answer, about: Map<String, Value>) -> Option<AuditEntry> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = noted
            .looks
            .iter()
            .find(|look| matches!(look.at, At::Row { .. }))
            .or(noted.looks.first());
        let asker = match (first, noted.asker) {
            (Some(look), _) => look.asker,
            (None, Some(asker)) if matches!(answer, Answer::Refused | Answer::Hidden) => asker,
            (None, _) => return None,
        };
        let mut detail = about;
        detail.insert("answer".to_owned(), json!(answer.word()));
        if let Some(question) = &noted.question {
            detail.insert("query".to_owned(), question.clone());
        }
        let Some(first) = first else {
            return Some(AuditEntry {
                organisation: asker.organisation,
                at,
                action: AuditAction::Read,
                event: "access_refused",
                outcome: AuditOutcome::MinorFailure,
                actor: asker.actor,
                entity: None,
                patient: None,
                detail: Value::Object(detail),
            });
        };
        detail.append(&mut noted.decided(first));
        let (.., patients) = together(&noted.looks);
        if let Some(results) = noted.results {
            detail.insert("results".to_owned(), json!(results));
        }
        let (entity, organisation, patient) = match first.at {
            At::Row {
                id,
                organisation,
                patient,
            } => {
                let entity = AuditEntity {
                    kind: first.kind.as_str(),
                    id,
                };
                (Some(entity), organisation, patient)
            }
            At::List => (None, None, None),
        };
        Some(AuditEntry {
            organisation: organisation.unwrap_or(asker.organisation),
            at,
            action: AuditAction::Read,
            event: event(first, answer),
            outcome: match answer {
                Answer::Given => AuditOutcome::Success,
                Answer::Refused | Answer::Hidden | Answer::Failed => AuditOutcome::MinorFailure,
            },
            actor: asker.actor,
            entity,
            patient: patient.or(patients.first().copied()),
            detail: Value::Object(detail),
        })
    }
}

fn event(first: &Look, answer: Answer) -> &'static str {
    match (answer, first.at, first.action) {
        (Answer::Refused | Answer::Hidden, _, _) => "access_refused",
        (Answer::Failed, _, _) => "request_failed",
        (Answer::Given, At::List, _) => "list_read",
        (Answer::Given, _, Action::ReadHistory) => "history_read",
        (Answer::Given, _, _) => "data_read",
    }
}

/// What was allowed in all: classes, relations and patients, each once.
fn together(looks: &[Look]) -> (Vec<DataClass>, Vec<&'static str>, Vec<PatientId>) {
    let (mut classes, mut relations, mut patients) = (Vec::new(), Vec::new(), Vec::new());
    // A list's relations are those that could put a row on it; a row's are those that did.
    let any_row = looks.iter().any(|look| matches!(look.at, At::Row { .. }));
    for look in looks {
        classes.extend_from_slice(&look.classes);
        if !any_row || matches!(look.at, At::Row { .. }) {
            relations.extend_from_slice(&look.relations);
        }
        if let At::Row {
            patient: Some(patient),
            ..
        } = look.at
            && !patients.contains(&patient)
        {
            patients.push(patient);
        }
    }
    classes.sort_unstable();
    classes.dedup();
    relations.sort_unstable();
    relations.dedup();
    (classes, relations, patients)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::access::{Purpose, Role};

    fn organisation(n: u8) -> OrganisationId {
        OrganisationId::new(Instant::EPOCH, [n; 10])
    }

    fn rosa() -> Asker {
        Asker {
            actor: AuditActor {
                role: Some(Role::RespiratoryTechnician),
                purpose: Some(Purpose::Treatment),
                ..AuditActor::SYSTEM
            },
            organisation: organisation(1),
        }
    }

    fn look(at: At, classes: &[DataClass], relations: &[&'static str]) -> Look {
        Look {
            asker: rosa(),
            kind: Kind::Patient,
            action: Action::Read,
            at,
            classes: classes.to_vec(),
            relations: relations.to_vec(),
            policy: "0123456789ab".into(),
            policy_epoch: 3,
        }
    }

    fn alan() -> At {
        At::Row {
            id: [7; 16],
            organisation: Some(organisation(2)),
            patient: Some(PatientId::from_bytes([7; 16])),
        }
    }

    async fn entry(looks: Vec<Look>, answer: Answer) -> Option<AuditEntry> {
        let trail = Trail::default();
        trail
            .scope(async {
                note_asker(rosa());
                looks.into_iter().for_each(note);
            })
            .await;
        trail.entry(Instant::EPOCH, answer, Map::new())
    }

    #[tokio::test]
    async fn several_rows_of_one_call_are_one_entry_about_the_first() {
        let looks = vec![
            look(At::List, &[DataClass::Technical], &["my_unit"]),
            look(alan(), &[DataClass::Identity], &["care_team"]),
            look(alan(), &[DataClass::Clinical], &["care_team"]),
        ];
        let entry = entry(looks, Answer::Given).await.unwrap();
        assert_eq!(entry.event, "data_read");
        assert_eq!(
            entry.organisation,
            organisation(2),
            "in the chain of whoever holds the data"
        );
        assert_eq!(entry.entity.map(|entity| entity.id), Some([7; 16]));
        assert_eq!(entry.patient, Some(PatientId::from_bytes([7; 16])));
        assert_eq!(
            entry.detail["classes"],
            json!(["identity", "clinical", "technical"])
        );
        assert_eq!(entry.detail["relations"], json!(["care_team"]));
        assert_eq!(entry.detail["policy"], json!("0123456789ab"));
        assert_eq!(entry.detail["policy_epoch"], json!(3));
    }

    #[tokio::test]
    async fn a_list_is_one_entry_of_the_askers_own_organisation() {
        let entry = entry(
            vec![look(At::List, &[DataClass::Identity], &["care_team"])],
            Answer::Given,
        )
        .await
        .unwrap();
        assert_eq!((entry.event, entry.organisation), ("list_read", organisation(1)));
        assert_eq!((entry.entity, entry.patient), (None, None));
    }

    #[tokio::test]
    async fn a_refusal_before_anything_was_looked_up_is_recorded_and_a_door_is_not() {
        let refused = entry(Vec::new(), Answer::Hidden).await.unwrap();
        assert_eq!(refused.event, "access_refused");
        assert_eq!(
            entry(Vec::new(), Answer::Given).await.map(|entry| entry.event),
            None
        );
        let stranger = Trail::default();
        assert!(
            stranger
                .entry(Instant::EPOCH, Answer::Hidden, Map::new())
                .is_none()
        );
    }
}
