//! A signed copy of a part of the record, to hand out of the house: JSON lines, the last of which
//! signs all before it. [`verify`] tells whether it is as it left.
//!
//! The signature is an HMAC under a key made from the audit key, so only the server that wrote the
//! record can sign a copy of it, and whoever holds its data folder can check one.

use fleetward_common::{id::OrganisationId, review::ChainView, time::Span};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use thiserror::Error;

use super::{sentences, store::record::ChainRow};
use crate::platform::{hex, secrets::Key};

/// More than this is several copies.
pub const MOST_ENTRIES: i64 = 50_000;
const FORMAT: &str = "fleetward audit export 1";
const ALGORITHM: &str = "HMAC-SHA256";

pub struct Copy<'a> {
    pub organisation: OrganisationId,
    pub organisation_name: &'a str,
    pub span: Span,
    pub made_at: i64,
    pub made_by: &'a str,
    pub chain: &'a ChainView,
    pub rows: &'a [ChainRow],
    pub names: &'a HashMap<fleetward_common::id::PersonId, String>,
}

/// The whole file.
pub fn write(copy: &Copy<'_>, key: &Key) -> String {
    let mut text = String::new();
    let first = copy.rows.first().map(|row| row.entry.number);
    let last = copy.rows.last();
    let chain = match copy.chain {
        ChainView::Verified { entries, checked_at } => {
            json!({ "verified": true, "entries": entries, "checked_at": checked_at })
        }
        ChainView::Broken {
            number, checked_at, ..
        } => json!({ "verified": false, "broken_at": number, "checked_at": checked_at }),
        ChainView::CheckpointForged { checked_at } => {
            json!({ "verified": false, "broken_at": null, "checked_at": checked_at })
        }
        ChainView::Checking => json!({ "verified": false, "broken_at": null, "checked_at": null }),
    };
    line(
        &mut text,
        &json!({
            "format": FORMAT,
            "organisation": copy.organisation,
            "organisation_name": copy.organisation_name,
            "from": copy.span.from,
            "until": copy.span.until,
            "made_at": copy.made_at,
            "made_by": copy.made_by,
            "entries": copy.rows.len(),
            "first": first,
            "last": last.map(|row| row.entry.number),
            "chain": chain,
            "chain_head": last.map(|row| hex::encode(&row.hmac)),
        }),
    );
    for row in copy.rows {
        line(&mut text, &entry(row, copy));
    }
    let signature = sign(key, text.as_bytes());
    line(
        &mut text,
        &json!({ "algorithm": ALGORITHM, "signature": hex::encode(&signature) }),
    );
    text
}

fn entry(row: &ChainRow, copy: &Copy<'_>) -> Value {
    let entry = &row.entry;
    json!({
        "number": entry.number,
        "at": entry.at,
        "action": entry.action,
        "event": entry.event,
        "outcome": entry.outcome,
        "person": entry.person,
        "person_name": entry.person.and_then(|person| copy.names.get(&person)),
        "membership": row.membership.as_deref().map(hex::encode),
        "role": entry.role,
        "purpose": entry.purpose,
        "entity_kind": entry.entity_kind,
        "entity": row.entity.as_deref().map(hex::encode),
        "patient": entry.patient,
        "detail": entry.detail,
        "in_words": sentences::sentence(entry),
        "previous_hmac": hex::encode(&row.previous_hmac),
        "hmac": hex::encode(&row.hmac),
    })
}

fn line(text: &mut String, value: &Value) {
    text.push_str(&value.to_string());
    text.push('\n');
}

fn sign(key: &Key, text: &[u8]) -> [u8; 32] {
    let signing = Key::from_bytes(key.mac(b"fleetward audit export signature"));
    signing.mac(&Sha256::digest(text))
}

/// What a checked copy says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub entries: usize,
    pub organisation_name: String,
    /// Whether the record itself fitted together when the copy was made.
    pub chain_verified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadExport {
    #[error("this is no signed copy of a record: {0}")]
    NotOne(&'static str),
    #[error("the signature does not fit: the file was changed after it left, or another server signed it")]
    Signature,
    #[error("entry {0} does not follow the one before it")]
    Order(i64),
}

/// Whether this file is as it left the server that holds this key.
pub fn verify(text: &str, key: &Key) -> Result<Checked, BadExport> {
    let body_end = text
        .trim_end_matches('\n')
        .rfind('\n')
        .ok_or(BadExport::NotOne("it has one line"))?
        + 1;
    let (body, last) = text.split_at(body_end);
    let last: Value = serde_json::from_str(last).or(Err(BadExport::NotOne("its last line is no JSON")))?;
    let said = last.get("signature").and_then(Value::as_str);
    let said = said.ok_or(BadExport::NotOne("its last line holds no signature"))?;
    if subtle::ConstantTimeEq::ct_eq(
        said.as_bytes(),
        hex::encode(&sign(key, body.as_bytes())).as_bytes(),
    )
    .unwrap_u8()
        != 1
    {
        return Err(BadExport::Signature);
    }
    let mut lines = body.lines();
    let head: Value = lines
        .next()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or(BadExport::NotOne("its first line is no JSON"))?;
    if head.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(BadExport::NotOne("its first line names another format"));
    }
    let (mut entries, mut before) = (0, None::<(i64, String)>);
    for line in lines {
        let entry: Value = serde_json::from_str(line).or(Err(BadExport::NotOne("a line is no JSON")))?;
        let text = |name: &str| {
            entry
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let number = entry.get("number").and_then(Value::as_i64).unwrap_or(0);
        // Entries are in order of number; where none is left out, each holds the link before it.
        let follows = before.as_ref().is_none_or(|(previous, hmac)| {
            number > *previous && (number != previous + 1 || text("previous_hmac") == *hmac)
        });
        if !follows {
            return Err(BadExport::Order(number));
        }
        before = Some((number, text("hmac")));
        entries += 1;
    }
    Ok(Checked {
        entries,
        organisation_name: head
            .get("organisation_name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        chain_verified: head
            .pointer("/chain/verified")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reviews::store::record::EntryRow;
    use fleetward_common::time::Instant;

    fn row(number: i64) -> ChainRow {
        ChainRow {
            entry: EntryRow {
                number,
                at: Instant::from_millis(number),
                action: "R".to_owned(),
                event: "patient_read".to_owned(),
                outcome: 0,
                person: None,
                role: None,
                purpose: None,
                entity_kind: None,
                patient: None,
                detail: json!({}),
            },
            membership: None,
            entity: None,
            previous_hmac: vec![u8::try_from(number - 1).unwrap(); 32],
            hmac: vec![u8::try_from(number).unwrap(); 32],
        }
    }

    fn copy_of(numbers: &[i64]) -> String {
        let rows: Vec<ChainRow> = numbers.iter().map(|number| row(*number)).collect();
        write(
            &Copy {
                organisation: OrganisationId::new(Instant::EPOCH, [1; 10]),
                organisation_name: "Northgate General",
                span: Span {
                    from: Instant::EPOCH,
                    until: Instant::from_millis(9),
                },
                made_at: 10,
                made_by: "Helen Frost",
                chain: &ChainView::Verified {
                    entries: 3,
                    checked_at: Instant::EPOCH,
                },
                rows: &rows,
                names: &HashMap::new(),
            },
            &Key::from_bytes([5; 32]),
        )
    }

    #[test]
    fn a_copy_is_checked_by_the_server_that_made_it_and_by_no_other() {
        let text = copy_of(&[1, 2, 3]);
        let checked = verify(&text, &Key::from_bytes([5; 32])).unwrap();
        assert_eq!((checked.entries, checked.chain_verified), (3, true));
        assert_eq!(
            verify(&text, &Key::from_bytes([6; 32])),
            Err(BadExport::Signature)
        );
    }

    #[test]
    fn a_changed_a_removed_and_an_added_line_are_found() {
        let key = Key::from_bytes([5; 32]);
        let text = copy_of(&[1, 2, 3]);
        let changed = text.replace("patient_read", "patient_seen");
        let lines: Vec<&str> = text.lines().collect();
        let removed = [lines[0], lines[1], lines[3], lines[4], ""].join("\n");
        let added = [lines[0], lines[1], lines[1], lines[2], lines[3], lines[4], ""].join("\n");
        for text in [changed, removed, added] {
            assert_eq!(verify(&text, &key), Err(BadExport::Signature));
        }
    }

    #[test]
    fn what_is_no_copy_says_so() {
        let key = Key::from_bytes([5; 32]);
        assert!(matches!(verify("hello", &key), Err(BadExport::NotOne(_))));
        assert!(matches!(verify("{}\n{}\n", &key), Err(BadExport::NotOne(_))));
    }
}
