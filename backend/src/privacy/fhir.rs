//! An audit entry as a FHIR R4 AuditEvent. Names stay behind: everyone and everything is a reference.

use fleetward_common::{
    access::{Purpose, Role},
    time::Instant,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::audit::{Content, RecordedEntry};
use crate::platform::hex;

const EVENT_TYPES: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const RESTFUL: &str = "http://hl7.org/fhir/restful-interaction";
const REASONS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITY_TYPES: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLES: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const SOURCE_TYPES: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const ROLES: &str = "urn:fleetward:role";
const EVENTS: &str = "urn:fleetward:event";

/// The resource, complete but for its `id`, which the number within the organisation's chain is.
pub fn audit_event(entry: &RecordedEntry) -> Value {
    let content = &entry.content;
    let mut event = json!({
        "resourceType": "AuditEvent",
        "type": event_type(content),
        "subtype": subtypes(content),
        "action": content.action,
        "recorded": instant(content.at),
        "outcome": content.outcome.to_string(),
        "agent": [agent(content)],
        "source": {
            "site": format!("urn:uuid:{}", content.organisation),
            "observer": { "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", content.organisation) } },
            "type": [{ "system": SOURCE_TYPES, "code": "4", "display": "Application Server" }],
        },
    });
    if let Some(fields) = event.as_object_mut() {
        if let Some(purpose) = purpose(content) {
            fields.insert("purposeOfEvent".to_owned(), json!([purpose]));
        }
        if let Some(answer) = field(content, "answer").and_then(Value::as_str) {
            fields.insert("outcomeDesc".to_owned(), json!(answer));
        }
        let entities = entities(content);
        if !entities.is_empty() {
            fields.insert("entity".to_owned(), Value::Array(entities));
        }
    }
    event
}

fn event_type(content: &Content) -> Value {
    match content.event.as_str() {
        "session_started" | "session_ended" | "sign_in_failed" => {
            json!({ "system": DICOM, "code": "110114", "display": "User Authentication" })
        }
        "data_read" | "history_read" | "list_read" | "topic_opened" | "access_refused" | "request_failed" => {
            json!({ "system": EVENT_TYPES, "code": "rest", "display": "RESTful Operation" })
        }
        _ => json!({ "system": DICOM, "code": "110110", "display": "Patient Record" }),
    }
}

/// The standard's word where it has one, and always our own.
fn subtypes(content: &Content) -> Value {
    let own = json!({ "system": EVENTS, "code": content.event });
    let standard = match content.event.as_str() {
        "data_read" | "topic_opened" => Some(json!({ "system": RESTFUL, "code": "read" })),
        "history_read" | "list_read" => Some(json!({ "system": RESTFUL, "code": "search-type" })),
        "session_started" => Some(json!({ "system": DICOM, "code": "110122", "display": "Login" })),
        "session_ended" => Some(json!({ "system": DICOM, "code": "110123", "display": "Logout" })),
        _ => None,
    };
    Value::Array(standard.into_iter().chain([own]).collect())
}

fn purpose(content: &Content) -> Option<Value> {
    let word = content.purpose.as_deref().and_then(Purpose::parse)?;
    Some(json!({ "coding": [{ "system": REASONS, "code": word.as_str() }] }))
}

/// Who asked. The system itself asks as nobody.
fn agent(content: &Content) -> Value {
    let mut agent = json!({ "requestor": content.person.is_some() });
    let Some(fields) = agent.as_object_mut() else {
        return agent;
    };
    if let Some(role) = content.role.as_deref().and_then(Role::parse) {
        let coding = json!({ "system": ROLES, "code": role.as_str(), "display": role.title() });
        fields.insert("role".to_owned(), json!([{ "coding": [coding] }]));
    }
    if let Some(person) = content.person {
        fields.insert(
            "who".to_owned(),
            json!({ "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{person}") } }),
        );
    }
    if let Some(membership) = content.membership {
        fields.insert("altId".to_owned(), json!(membership.to_string()));
    }
    if let Some(address) = field(content, "address").and_then(Value::as_str) {
        fields.insert("network".to_owned(), json!({ "address": address, "type": "2" }));
    }
    if let Some(relations) = field(content, "relations").and_then(Value::as_array) {
        let policies: Vec<String> = relations
            .iter()
            .filter_map(Value::as_str)
            .map(|relation| format!("urn:fleetward:relation:{relation}"))
            .collect();
        if !policies.is_empty() {
            fields.insert("policy".to_owned(), json!(policies));
        }
    }
    if let Some(purpose) = purpose(content) {
        fields.insert("purposeOfUse".to_owned(), json!([purpose]));
    }
    agent
}

fn entities(content: &Content) -> Vec<Value> {
    let mut entities = Vec::new();
    if let Some(patient) = content.patient {
        entities.push(json!({
            "what": { "reference": format!("Patient/{patient}") },
            "type": { "system": ENTITY_TYPES, "code": "1", "display": "Person" },
            "role": { "system": OBJECT_ROLES, "code": "1", "display": "Patient" },
        }));
    }
    let kind = content.entity_kind.as_deref().unwrap_or_default();
    if let Some(id) = content
        .entity
        .filter(|_| kind != "patient" || content.patient.is_none())
    {
        let detail: Vec<Value> = field(content, "classes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|class| json!({ "type": "class", "valueString": class }))
            .collect();
        let mut entity = json!({
            "what": { "identifier": { "system": format!("urn:fleetward:{kind}"), "value": hex::encode(&id) } },
            "type": { "system": ENTITY_TYPES, "code": "2", "display": "System Object" },
            "role": { "system": OBJECT_ROLES, "code": "4", "display": "Domain Resource" },
        });
        if let Some(fields) = entity.as_object_mut().filter(|_| !detail.is_empty()) {
            fields.insert("detail".to_owned(), Value::Array(detail));
        }
        entities.push(entity);
    }
    if let Some(query) = field(content, "query") {
        entities.push(json!({
            "type": { "system": ENTITY_TYPES, "code": "2", "display": "System Object" },
            "role": { "system": OBJECT_ROLES, "code": "24", "display": "Query" },
            "query": base64(query.to_string().as_bytes()),
        }));
    }
    entities
}

fn field<'a>(content: &'a Content, name: &str) -> Option<&'a Value> {
    content.detail.get(name)
}

fn instant(at: Instant) -> String {
    Timestamp::from_microsecond(at.micros()).map_or_else(|_| String::new(), |at| at.to_string())
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .chain([0; 3].iter())
            .take(3)
            .fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for place in 0..4 {
            let index = word >> (18 - 6 * place) & 63;
            match ALPHABET.get(index).filter(|_| place <= chunk.len()) {
                Some(letter) => text.push(char::from(*letter)),
                None => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::audit::{AuditAction, AuditActor, AuditEntity, AuditEntry, AuditOutcome};
    use fleetward_common::id::{MembershipId, OrganisationId, PatientId, PersonId};
    use std::{env, fs, path::PathBuf};

    fn entry(event: &'static str, outcome: AuditOutcome, detail: Value) -> RecordedEntry {
        let patient = PatientId::new(Instant::from_millis(1), [4; 10]);
        let entry = AuditEntry {
            organisation: OrganisationId::new(Instant::from_millis(1), [1; 10]),
            at: Instant::from_micros(1_795_500_120_123_456),
            action: AuditAction::Read,
            event,
            outcome,
            actor: AuditActor {
                person: Some(PersonId::new(Instant::from_millis(1), [2; 10])),
                membership: Some(MembershipId::new(Instant::from_millis(1), [3; 10])),
                role: Some(Role::Nurse),
                purpose: Some(Purpose::BreakTheGlass),
            },
            entity: Some(AuditEntity {
                kind: "bed",
                id: [7; 16],
            }),
            patient: Some(patient),
            detail,
        };
        RecordedEntry {
            number: 17,
            content: Content::from(&entry),
        }
    }

    #[test]
    fn golden_audit_events() {
        let given = entry(
            "history_read",
            AuditOutcome::Success,
            json!({
                "answer": "given", "address": "127.0.0.1", "classes": ["clinical"],
                "relations": ["break_glass"], "query": { "metric": "heart-rate" },
            }),
        );
        let refused = entry(
            "access_refused",
            AuditOutcome::MinorFailure,
            json!({ "answer": "hidden" }),
        );
        let events = json!([audit_event(&given), audit_event(&refused)]);
        let text = format!("{}\n", serde_json::to_string_pretty(&events).unwrap());
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/audit_events.json");
        if env::var_os("BLESS").is_some() {
            fs::write(&path, text).unwrap();
            return;
        }
        // As values: the order of an object's members depends on what else is in the build.
        let reviewed: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(reviewed, events);
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
