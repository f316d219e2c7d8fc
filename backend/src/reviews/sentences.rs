//! Entries of the record in plain words. Pure: an entry says what happened in codes, a person reads
//! sentences.

use fleetward_common::access::DataClass;

use super::store::record::EntryRow;

const SUCCESS: i64 = 0;

pub fn is_refused(entry: &EntryRow) -> bool {
    entry.outcome != SUCCESS
}

/// `Opened in an emergency: life in danger now, passkey confirmed`
pub fn sentence(entry: &EntryRow) -> String {
    let word = |name: &str| {
        entry
            .detail
            .get(name)
            .and_then(|value| value.as_str())
            .unwrap_or("")
    };
    let said = match entry.event.as_str() {
        "emergency_looked_up" => {
            let by = match word("by") {
                "record_number" => "by record number",
                "place" => "by ward and bed",
                _ => "by the bed’s address",
            };
            format!("Looked up for an emergency, {by}")
        }
        "emergency_access_opened" => format!("Opened in an emergency, {}", proof(word("proof"))),
        "emergency_access_extended" => format!("Extended by 15 minutes, {}", proof(word("proof"))),
        "emergency_access_ended" => match word("by") {
            "person" => "Ended by the person".to_owned(),
            "expiry" => "Closed by itself, its time was over".to_owned(),
            "sign_out" => "Closed with the session".to_owned(),
            _ => "Closed when the person was suspended".to_owned(),
        },
        "access_reviews_viewed" => "Looked at the queue of reviews".to_owned(),
        "access_review_viewed" => "Looked at a review".to_owned(),
        "access_review_decided" => "Decided a review".to_owned(),
        "access_review_answered" => "Answered a reviewer’s question".to_owned(),
        "record_searched" => "Searched the record".to_owned(),
        "record_exported" => "Took a signed copy of the record".to_owned(),
        "session_started" => "Signed in".to_owned(),
        "session_ended" => "Signed out".to_owned(),
        "sign_in_failed" => "Failed to sign in".to_owned(),
        _ => view(entry),
    };
    if is_refused(entry) && entry.event != "emergency_looked_up" {
        format!("{said}: refused")
    } else {
        said
    }
}

fn proof(kind: &str) -> &'static str {
    match kind {
        "passkey" => "passkey confirmed",
        _ => "password and code confirmed (weaker)",
    }
}

/// A view, by where it was asked; anything else by its own word.
fn view(entry: &EntryRow) -> String {
    let route = entry
        .detail
        .get("route")
        .or_else(|| entry.detail.get("topic"))
        .and_then(|value| value.as_str())
        .unwrap_or("");
    let told = if route.contains("history") {
        Some("Trends")
    } else if route.contains("/live") || route.starts_with("patient/") || route.starts_with("ward/") {
        Some("Live values and waves")
    } else if route.contains("/wards/") {
        Some("The ward’s board")
    } else if route.contains("/beds/") {
        Some("The bed: name, values, devices")
    } else if route.contains("/patients/") {
        Some("The record: name, bed, values")
    } else if route.contains("/patients") {
        Some("The list of patients")
    } else if route.contains("/devices/") {
        Some("A device")
    } else if route.ends_with("/emergency") {
        Some("The banner of the emergency access")
    } else {
        None
    };
    told.map_or_else(|| spoken(&entry.event), str::to_owned)
}

/// `patient_admitted` → `Patient admitted`
fn spoken(event: &str) -> String {
    let mut letters = event.chars();
    letters.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(letters.map(|letter| if letter == '_' { ' ' } else { letter }))
            .collect()
    })
}

/// Kinds of data that the entry says were given.
pub fn classes(entry: &EntryRow) -> Vec<DataClass> {
    entry
        .detail
        .get("classes")
        .and_then(|classes| classes.as_array())
        .into_iter()
        .flatten()
        .filter_map(|class| DataClass::parse(class.as_str()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;
    use serde_json::json;

    fn entry(event: &str, outcome: i64, detail: serde_json::Value) -> EntryRow {
        EntryRow {
            number: 1,
            at: Instant::EPOCH,
            action: "R".to_owned(),
            event: event.to_owned(),
            outcome,
            person: None,
            role: None,
            purpose: None,
            entity_kind: None,
            patient: None,
            detail,
        }
    }

    #[test]
    fn an_opening_says_how_the_person_proved_themselves() {
        let weaker = entry(
            "emergency_access_opened",
            0,
            json!({ "proof": "password_and_code" }),
        );
        assert_eq!(
            sentence(&weaker),
            "Opened in an emergency, password and code confirmed (weaker)"
        );
    }

    #[test]
    fn a_refused_view_says_so_and_an_unknown_event_is_at_least_readable() {
        let history = json!({ "route": "/api/v1/beds/{id}/history" });
        assert_eq!(sentence(&entry("data_read", 4, history)), "Trends: refused");
        assert_eq!(
            sentence(&entry("patient_admitted", 0, json!({}))),
            "Patient admitted"
        );
    }
}
