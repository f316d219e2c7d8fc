//! What is on record around an access: where the person worked, where the patient lay, who cared.

use std::collections::HashMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{AccessReviewId, MembershipId, PatientId, UnitId},
    time::Span,
};

use super::queue::ReviewRow;
use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    reviews::explain::{Around, LATER, Stayed, Worked},
    schema::{audit_entries, bed_stays, beds, care_teams, membership_units, units},
};

const fn between(from: i64, until: Option<i64>) -> Span {
    Span {
        from: instant(from),
        until: match until {
            Some(until) => instant(until),
            None => instant(i64::MAX),
        },
    }
}

/// For all rows of a page at once.
pub fn of(
    connection: &mut DbConnection,
    rows: &[ReviewRow],
) -> Result<HashMap<AccessReviewId, Around>, DbError> {
    let memberships: Vec<MembershipId> = rows.iter().map(|row| row.membership).collect();
    let patients: Vec<PatientId> = rows.iter().filter_map(|row| row.patient).collect();
    let (Some(from), Some(until)) = (
        rows.iter().map(|row| row.span.from).min(),
        rows.iter().map(|row| row.span.until).max(),
    ) else {
        return Ok(HashMap::new());
    };
    let window = Span {
        from: from - LATER,
        until: until + LATER,
    };
    let worked = worked(connection, &memberships)?;
    let stayed = stayed(connection, &patients, window)?;
    let cared = cared(connection, &patients, window)?;
    let mut around = HashMap::new();
    for row in rows {
        let units: Vec<Worked> = worked.get(&row.membership).cloned().unwrap_or_default();
        let mut one = Around {
            stays: row
                .patient
                .and_then(|patient| stayed.get(&patient).cloned())
                .unwrap_or_default(),
            care: row
                .patient
                .and_then(|patient| cared.get(&patient))
                .map(|care| care_of(care, row.membership, &units))
                .unwrap_or_default(),
            units,
            signals: row.signals.clone(),
            in_care: None,
        };
        if row.patient.is_none() {
            one.in_care = Some(in_care(connection, row)?);
        }
        around.insert(row.id, one);
    }
    Ok(around)
}

/// When the carers of one patient were this member, by name or by a unit that they worked on.
fn care_of(care: &[Carer], membership: MembershipId, units: &[Worked]) -> Vec<Span> {
    care.iter()
        .flat_map(|carer| match carer.who {
            Who::Member(member) if member == membership => vec![carer.span],
            Who::Member(_) => Vec::new(),
            Who::Unit(unit) => worked_on(unit, carer.span, units),
        })
        .collect()
}

/// When the member worked on this unit, within this time.
fn worked_on(unit: UnitId, within: Span, units: &[Worked]) -> Vec<Span> {
    units
        .iter()
        .filter(|worked| worked.unit == unit)
        .filter_map(|worked| worked.span.intersect(&within))
        .collect()
}

type WorkedRow = (Vec<u8>, Vec<u8>, String, i64, Option<i64>);
type StayedRow = (Vec<u8>, Vec<u8>, String, String, i64, Option<i64>);

/// Units of these memberships, with when.
pub fn worked(
    connection: &mut DbConnection,
    memberships: &[MembershipId],
) -> Result<HashMap<MembershipId, Vec<Worked>>, DbError> {
    let ids: Vec<Vec<u8>> = memberships.iter().map(StoredId::stored).collect();
    let rows: Vec<WorkedRow> = membership_units::table
        .inner_join(units::table)
        .filter(membership_units::membership_id.eq_any(ids))
        .select((
            membership_units::membership_id,
            units::id,
            units::name,
            membership_units::valid_from,
            membership_units::valid_until,
        ))
        .load(connection)?;
    let mut worked: HashMap<MembershipId, Vec<Worked>> = HashMap::new();
    for (membership, unit, name, from, until) in rows {
        worked
            .entry(MembershipId::restored(&membership)?)
            .or_default()
            .push(Worked {
                unit: UnitId::restored(&unit)?,
                name,
                span: between(from, until),
            });
    }
    Ok(worked)
}

/// Where these patients lay in this time.
pub fn stayed(
    connection: &mut DbConnection,
    patients: &[PatientId],
    window: Span,
) -> Result<HashMap<PatientId, Vec<Stayed>>, DbError> {
    let ids: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
    let rows: Vec<StayedRow> = bed_stays::table
        .inner_join(beds::table.inner_join(units::table))
        .filter(bed_stays::patient_id.eq_any(ids))
        .filter(bed_stays::valid_from.lt(micros(window.until)))
        .filter(
            bed_stays::valid_until
                .is_null()
                .or(bed_stays::valid_until.assume_not_null().gt(micros(window.from))),
        )
        .order(bed_stays::valid_from)
        .select((
            bed_stays::patient_id,
            units::id,
            units::name,
            beds::label,
            bed_stays::valid_from,
            bed_stays::valid_until,
        ))
        .load(connection)?;
    let mut stayed: HashMap<PatientId, Vec<Stayed>> = HashMap::new();
    for (patient, unit, ward, bed, from, until) in rows {
        stayed
            .entry(PatientId::restored(&patient)?)
            .or_default()
            .push(Stayed {
                unit: UnitId::restored(&unit)?,
                ward,
                bed,
                span: between(from, until),
            });
    }
    Ok(stayed)
}

#[derive(Debug, Clone, Copy)]
enum Who {
    Unit(UnitId),
    Member(MembershipId),
}

#[derive(Debug, Clone, Copy)]
struct Carer {
    who: Who,
    span: Span,
}

type CareRow = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, i64, Option<i64>);

fn cared(
    connection: &mut DbConnection,
    patients: &[PatientId],
    window: Span,
) -> Result<HashMap<PatientId, Vec<Carer>>, DbError> {
    let ids: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
    let rows: Vec<CareRow> = care_teams::table
        .filter(care_teams::patient_id.eq_any(ids))
        .filter(care_teams::valid_from.lt(micros(window.until)))
        .filter(
            care_teams::valid_until
                .is_null()
                .or(care_teams::valid_until.assume_not_null().gt(micros(window.from))),
        )
        .select((
            care_teams::patient_id,
            care_teams::unit_id,
            care_teams::membership_id,
            care_teams::valid_from,
            care_teams::valid_until,
        ))
        .load(connection)?;
    let mut cared: HashMap<PatientId, Vec<Carer>> = HashMap::new();
    for (patient, unit, member, from, until) in rows {
        let who = match (unit, member) {
            (Some(unit), _) => Who::Unit(UnitId::restored(&unit)?),
            (None, Some(member)) => Who::Member(MembershipId::restored(&member)?),
            (None, None) => continue,
        };
        cared
            .entry(PatientId::restored(&patient)?)
            .or_default()
            .push(Carer {
                who,
                span: between(from, until),
            });
    }
    Ok(cared)
}

/// When, in this window, the member stood in a care relation to each of these patients.
pub fn care_relations(
    connection: &mut DbConnection,
    membership: MembershipId,
    patients: &[PatientId],
    window: Span,
) -> Result<HashMap<PatientId, Vec<Span>>, DbError> {
    let units = worked(connection, &[membership])?
        .remove(&membership)
        .unwrap_or_default();
    let mut relations: HashMap<PatientId, Vec<Span>> = HashMap::new();
    for (patient, stays) in stayed(connection, patients, window)? {
        let spans = stays
            .iter()
            .flat_map(|stay| worked_on(stay.unit, stay.span, &units));
        relations.entry(patient).or_default().extend(spans);
    }
    for (patient, care) in cared(connection, patients, window)? {
        let spans = care_of(&care, membership, &units);
        relations.entry(patient).or_default().extend(spans);
    }
    Ok(relations)
}

/// How many of the patients looked at in this time were in the person's care, and how many there were.
fn in_care(connection: &mut DbConnection, row: &ReviewRow) -> Result<(u32, u32), DbError> {
    let ids: Vec<Option<Vec<u8>>> = audit_entries::table
        .filter(audit_entries::person_id.eq(row.person.stored()))
        .filter(audit_entries::recorded_at.ge(micros(row.span.from)))
        .filter(audit_entries::recorded_at.le(micros(row.span.until)))
        .filter(audit_entries::organisation_id.eq(row.organisation.stored()))
        .filter(audit_entries::patient_id.is_not_null())
        .select(audit_entries::patient_id)
        .distinct()
        .load(connection)?;
    let patients: Vec<PatientId> = ids
        .iter()
        .flatten()
        .map(|id| PatientId::restored(id))
        .collect::<Result<_, _>>()?;
    let at = row.span.from;
    let moment = Span {
        from: at,
        until: at.shifted(1),
    };
    let relations = care_relations(connection, row.membership, &patients, moment)?;
    let cared = relations
        .values()
        .filter(|spans| spans.iter().any(|span| span.contains(at)));
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok((count(cared.count()), count(patients.len())))
}
