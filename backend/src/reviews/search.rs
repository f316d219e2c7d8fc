//! Searching the record by person, patient, device and time. The search is on record; what it found
//! is not.

use actix_web::web::Data;
use fleetward_common::{
    id::PersonId,
    review::{RecordEntry, RecordPage, RecordSearch},
    time::{Instant, Span},
};
use serde_json::json;

use super::{
    handling::looked,
    sentences,
    store::record::{self, EntryRow, Wanted},
};
use crate::{
    access::{Actor, Organisation, Permit, ReadAudit},
    app::App,
    platform::http::Failure,
};

const PAGE: i64 = 50;

/// Asked before the search is read: whoever may not search learns nothing from how it is refused.
pub async fn permit(app: &Data<App>, actor: &Actor) -> Result<Permit<Organisation, ReadAudit>, Failure> {
    app.access.organisation(actor.organisation).permit(actor).await
}

pub async fn search(
    app: &Data<App>,
    permit: Permit<Organisation, ReadAudit>,
    asked: RecordSearch,
) -> Result<RecordPage, Failure> {
    let actor = permit.actor().clone();
    let before = match asked.after.as_deref() {
        Some(text) => Some(read_before(text).ok_or_else(|| {
            Failure::BadRequest("Start the search anew: this page can’t be followed.".to_owned())
        })?),
        None => None,
    };
    let by_patient = asked.record_number.is_some() || asked.patient.is_some();
    let (from, until) = (asked.from, asked.until);
    let keys = app.keys.clone();
    let now = permit.granted_at();
    let (rows, names, wanted) = app
        .db
        .read(move |connection| {
            let mut wanted = Wanted {
                patient: asked.patient,
                before,
                span: (asked.from.is_some() || asked.until.is_some()).then(|| Span {
                    from: asked.from.unwrap_or(Instant::EPOCH),
                    until: asked.until.unwrap_or(now),
                }),
                ..Wanted::default()
            };
            let mut nobody = false;
            if let Some(part) = filled(asked.person.as_deref()) {
                let people = record::people_named(connection, &permit, part)?;
                nobody |= people.is_empty();
                wanted.people = Some(people);
            }
            if let Some(number) = filled(asked.record_number.as_deref()) {
                wanted.patient = record::patient_numbered(connection, &keys, &permit, number)?;
                nobody |= wanted.patient.is_none();
            }
            if let Some(serial) = filled(asked.serial.as_deref()) {
                let devices = record::devices_numbered(connection, &permit, serial)?;
                nobody |= devices.is_empty();
                wanted.devices = Some(devices);
            }
            if nobody {
                return Ok::<_, Failure>((Vec::new(), Default::default(), wanted));
            }
            let rows = record::search(connection, &permit, &wanted, PAGE + 1)?;
            let people: Vec<PersonId> = rows.iter().filter_map(|row| row.person).collect();
            let names = record::names(connection, &people)?;
            Ok((rows, names, wanted))
        })
        .await?;
    // Whom it was about, for the officer who reviews this one: by ids, which say nothing by themselves.
    let by = json!({
        "patient": by_patient,
        "people": wanted.people.map(ids),
        "devices": wanted.devices.map(ids),
        "from": from.map(Instant::micros),
        "until": until.map(Instant::micros),
    });
    let own_view = looked(app, &actor, "record_searched", None, wanted.patient, by).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = (rows.len() > page)
        .then(|| rows.get(page.saturating_sub(1)).map(written))
        .flatten();
    Ok(RecordPage {
        items: rows
            .iter()
            .take(page)
            .map(|row| RecordEntry {
                entry: u64::try_from(row.number).unwrap_or(0),
                at: row.at,
                person_name: row.person.and_then(|person| names.get(&person)).cloned(),
                role: row.role,
                purpose: row.purpose.clone(),
                what: sentences::sentence(row),
                patient: row.patient,
                refused: sentences::is_refused(row),
            })
            .collect(),
        next,
        own_view,
        server_time: now,
    })
}

fn ids<I: ToString>(found: Vec<I>) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn written(row: &EntryRow) -> String {
    format!("{}.{}", row.at.micros(), row.number)
}

fn read_before(text: &str) -> Option<(Instant, i64)> {
    let (at, number) = text.split_once('.')?;
    Some((Instant::from_micros(at.parse().ok()?), number.parse().ok()?))
}
