//! What the record says about one patient: who read, in rows that a pure function puts into words.

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::{DataClass, Purpose, Role},
    id::{MembershipId, PatientId},
    time::{Instant, Span},
};
use serde_json::Value;

use crate::{
    access::{Patient, Permit, ReadAccessLog},
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, instant, micros},
    privacy::access_log::{Looked, Names, Way},
    schema::{
        audit_entries, bed_stays, beds, care_teams, membership_units, memberships, organisations,
        patient_people, patients, people,
    },
};

/// A month of a busy ward. What lies beyond is on the next page.
const MOST: i64 = 20_000;

/// When, which membership, role, purpose, event, kind, what it was about, detail.
type Row = (
    i64,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
    Option<Vec<u8>>,
    String,
);

macro_rules! rows {
    ($filtered:expr) => {
        $filtered
            .filter(audit_entries::outcome.eq(0))
            // A look-up tells who the patient is, whatever comes of it.
            .filter(
                audit_entries::action
                    .eq("R")
                    .or(audit_entries::event.eq("emergency_looked_up")),
            )
            .filter(audit_entries::membership_id.is_not_null())
            .order(audit_entries::recorded_at.desc())
            .limit(MOST)
            .select((
                audit_entries::recorded_at,
                audit_entries::membership_id,
                audit_entries::role,
                audit_entries::purpose,
                audit_entries::event,
                audit_entries::entity_kind,
                audit_entries::entity_id,
                audit_entries::detail,
            ))
    };
}

macro_rules! within {
    ($span:expr) => {
        audit_entries::table
            .filter(audit_entries::recorded_at.ge(micros($span.from)))
            .filter(audit_entries::recorded_at.lt(micros($span.until)))
    };
}

/// Everyone's looks at this patient in `span`, in no order: at rows of theirs, at the board of the ward
/// they lay on, at the lists they were on.
pub fn looks(
    connection: &mut DbConnection,
    permit: &Permit<Patient, ReadAccessLog>,
    span: Span,
) -> Result<Vec<Looked>, DbError> {
    let patient = permit.id().stored();
    let own = own_memberships(connection, permit.id())?;
    let mut looks = Vec::new();

    let direct: Vec<Row> =
        rows!(within!(span).filter(audit_entries::patient_id.eq(&patient))).load(connection)?;
    for row in direct {
        looks.extend(looked(row, Way::Row, &own)?);
    }

    // A list is recorded without its rows, so whose lists the patient was on is worked out from who
    // cared for them at that moment.
    let carers = carers(connection, &patient, span)?;
    let members: Vec<Vec<u8>> = carers.iter().map(|(member, _)| member.clone()).collect();
    let lists: Vec<Row> = rows!(
        within!(span)
            .filter(audit_entries::event.eq("list_read"))
            .filter(audit_entries::membership_id.assume_not_null().eq_any(members))
            .filter(audit_entries::membership_id.is_not_null())
    )
    .load(connection)?;
    for row in lists {
        let at = instant(row.0);
        let was_on_it = carers
            .iter()
            .any(|(member, care)| row.1.as_ref() == Some(member) && care.contains(at));
        let of_patients = kind_of(&row.7)? == "patient";
        if was_on_it && of_patients {
            looks.extend(looked(row, Way::List, &own)?);
        }
    }

    let stays = stays(connection, &patient, span)?;
    let units: Vec<Vec<u8>> = stays.iter().map(|(unit, _)| unit.clone()).collect();
    let boards: Vec<Row> = rows!(
        within!(span)
            .filter(audit_entries::entity_kind.assume_not_null().eq("unit"))
            .filter(audit_entries::entity_kind.is_not_null())
            .filter(audit_entries::entity_id.assume_not_null().eq_any(units))
            .filter(audit_entries::entity_id.is_not_null())
    )
    .load(connection)?;
    for row in boards {
        let at = instant(row.0);
        let lay_there = stays
            .iter()
            .any(|(unit, stay)| row.6.as_ref() == Some(unit) && stay.contains(at));
        if lay_there {
            looks.extend(looked(row, Way::Board, &own)?);
        }
    }
    Ok(looks)
}

fn kind_of(detail: &str) -> Result<String, DbError> {
    let detail: Value = serde_json::from_str(detail).or(Err(CorruptRow { what: "detail" }))?;
    let kind = detail.get("kind").and_then(Value::as_str);
    Ok(kind.unwrap_or_default().to_owned())
}

/// `None` for the patient's own looks, and for who saw nothing of it.
fn looked(row: Row, way: Way, own: &[Vec<u8>]) -> Result<Option<Looked>, DbError> {
    let (at, membership, role, purpose, event, _, _, detail) = row;
    let Some(membership) = membership.filter(|membership| !own.contains(membership)) else {
        return Ok(None);
    };
    let detail: Value = serde_json::from_str(&detail).or(Err(CorruptRow { what: "detail" }))?;
    let words = |field: &str| -> Vec<String> {
        let words = detail.get(field).and_then(Value::as_array);
        words
            .into_iter()
            .flatten()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    };
    let classes: Vec<DataClass> = words("classes")
        .iter()
        .filter_map(|word| DataClass::parse(word))
        .collect();
    if classes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Looked {
        at: instant(at),
        membership: MembershipId::restored(&membership)?,
        role: role.as_deref().and_then(Role::parse),
        purpose: purpose.as_deref().and_then(Purpose::parse),
        way: if event == "emergency_looked_up" {
            Way::LookUp
        } else {
            way
        },
        earlier: event == "history_read",
        classes,
        relations: words("relations"),
    }))
}

/// Under which memberships the patient themselves signs in.
fn own_memberships(connection: &mut DbConnection, patient: PatientId) -> Result<Vec<Vec<u8>>, DbError> {
    let persons = patient_people::table
        .filter(patient_people::patient_id.eq(patient.stored()))
        .filter(patient_people::relation.eq("self"))
        .select(patient_people::person_id);
    Ok(memberships::table
        .filter(memberships::person_id.eq_any(persons))
        .select(memberships::id)
        .load(connection)?)
}

fn part(from: i64, until: Option<i64>, span: Span) -> Option<Span> {
    let part = Span {
        from: instant(from),
        until: until.map_or(Instant::from_micros(i64::MAX), instant),
    };
    part.intersect(&span)
}

/// Who cared for the patient, when: single members, and members of units while they worked there.
fn carers(
    connection: &mut DbConnection,
    patient: &[u8],
    span: Span,
) -> Result<Vec<(Vec<u8>, Span)>, DbError> {
    type Care = (Option<Vec<u8>>, Option<Vec<u8>>, i64, Option<i64>);
    let care: Vec<Care> = care_teams::table
        .filter(care_teams::patient_id.eq(patient))
        .select((
            care_teams::unit_id,
            care_teams::membership_id,
            care_teams::valid_from,
            care_teams::valid_until,
        ))
        .load(connection)?;
    let mut carers = Vec::new();
    for (unit, member, from, until) in care {
        let Some(care) = part(from, until, span) else {
            continue;
        };
        if let Some(member) = member {
            carers.push((member, care));
        }
        if let Some(unit) = unit {
            let worked: Vec<(Vec<u8>, i64, Option<i64>)> = membership_units::table
                .filter(membership_units::unit_id.eq(unit))
                .select((
                    membership_units::membership_id,
                    membership_units::valid_from,
                    membership_units::valid_until,
                ))
                .load(connection)?;
            for (member, from, until) in worked {
                carers.extend(part(from, until, care).map(|both| (member, both)));
            }
        }
    }
    Ok(carers)
}

/// On which wards the patient lay, when.
fn stays(connection: &mut DbConnection, patient: &[u8], span: Span) -> Result<Vec<(Vec<u8>, Span)>, DbError> {
    let rows: Vec<(Vec<u8>, i64, Option<i64>)> = bed_stays::table
        .inner_join(beds::table)
        .filter(bed_stays::patient_id.eq(patient))
        .select((beds::unit_id, bed_stays::valid_from, bed_stays::valid_until))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .filter_map(|(unit, from, until)| Some((unit, part(from, until, span)?)))
        .collect())
}

/// Whether anything at all was recorded about the patient before this moment.
pub fn anything_before(
    connection: &mut DbConnection,
    permit: &Permit<Patient, ReadAccessLog>,
    before: Instant,
) -> Result<bool, DbError> {
    let created: i64 = patients::table
        .find(permit.id().stored())
        .select(patients::created_at)
        .first(connection)?;
    if created >= micros(before) {
        return Ok(false);
    }
    let earlier: i64 = audit_entries::table
        .filter(audit_entries::patient_id.eq(permit.id().stored()))
        .filter(audit_entries::recorded_at.lt(micros(before)))
        .count()
        .get_result(connection)?;
    Ok(earlier > 0)
}

pub fn time_zone(
    connection: &mut DbConnection,
    permit: &Permit<Patient, ReadAccessLog>,
) -> Result<String, DbError> {
    Ok(patients::table
        .find(permit.id().stored())
        .select(patients::time_zone)
        .first(connection)?)
}

/// Whose memberships these are, as the patient may be told.
pub fn names(connection: &mut DbConnection, looks: &[Looked]) -> Result<Names, DbError> {
    let mut ids: Vec<MembershipId> = looks.iter().map(|look| look.membership).collect();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<Vec<u8>> = ids.iter().map(StoredId::stored).collect();
    let rows: Vec<(Vec<u8>, String, String, String)> = memberships::table
        .inner_join(people::table)
        .inner_join(organisations::table)
        .filter(memberships::id.eq_any(ids))
        .select((
            memberships::id,
            people::name,
            organisations::name,
            organisations::kind,
        ))
        .load(connection)?;
    let mut names = Names::default();
    for (membership, name, organisation, kind) in rows {
        names.insert(MembershipId::restored(&membership)?, name, organisation, &kind);
    }
    Ok(names)
}
