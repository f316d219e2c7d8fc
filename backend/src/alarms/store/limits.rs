//! Limits of a patient's own, as versions in the table `alarm_rules`.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, dsl::max,
};
use fleetward_common::{
    alarms::{
        Deed, LimitRule, RuleSet,
        lane::{ChangedLimit, PatientLimits},
    },
    id::{AlarmRulesId, BedId, PatientId, PersonId, UnitId},
    time::Instant,
};

use crate::{
    alarms::place::Place,
    platform::db::{CorruptRow, DbConnection, DbError, QueryResult, StoredId, instant, micros, open_at},
    schema::{alarm_rules as rules, bed_stays, beds, people},
};

const CORRUPT: CorruptRow = CorruptRow { what: "alarm rules" };

pub struct NewLimits {
    pub id: AlarmRulesId,
    pub own: Vec<LimitRule>,
    pub by: PersonId,
    /// The version that was read.
    pub version: u64,
}

/// What is in force for this patient, with the rules of the unit where they lie.
pub fn of_patient(
    connection: &mut DbConnection,
    patient: PatientId,
    now: Instant,
) -> Result<PatientLimits, DbError> {
    let unit: Option<Vec<u8>> = bed_stays::table
        .inner_join(beds::table)
        .filter(bed_stays::patient_id.eq(patient.stored()))
        .filter(open_at!(bed_stays, now))
        .select(beds::unit_id)
        .first(connection)
        .optional()?;
    let unit = unit.map(|unit| UnitId::restored(&unit)).transpose()?;
    let usual = match unit {
        Some(unit) => units_rules(connection, &[unit])?.remove(&unit),
        None => None,
    };
    let own = own_limits(connection, &[patient])?.remove(&patient);
    Ok(PatientLimits {
        unit: usual.unwrap_or_else(RuleSet::adult).limits,
        version: version(connection, patient)?,
        changed: own.as_ref().map(|own| own.changed.clone()),
        own: own.map(|own| own.limits).unwrap_or_default(),
    })
}

fn version(connection: &mut DbConnection, patient: PatientId) -> QueryResult<u64> {
    let last: Option<i64> = rules::table
        .filter(rules::patient_id.assume_not_null().eq(patient.stored()))
        .filter(rules::patient_id.is_not_null())
        .select(max(rules::version))
        .first(connection)?;
    Ok(last.unwrap_or(0).unsigned_abs())
}

/// Ends what was in force and begins this. Returns whether it was still as it had been read.
pub fn set(
    connection: &mut DbConnection,
    place: &Place,
    new: &NewLimits,
    now: Instant,
) -> Result<bool, DbError> {
    if version(connection, place.patient)? != new.version {
        return Ok(false);
    }
    let in_force = rules::table
        .filter(rules::patient_id.is_not_null())
        .filter(rules::patient_id.assume_not_null().eq(place.patient.stored()))
        .filter(rules::valid_until.is_null());
    diesel::update(in_force)
        .set(rules::valid_until.eq(Some(micros(now))))
        .execute(connection)?;
    diesel::insert_into(rules::table)
        .values((
            rules::id.eq(new.id.stored()),
            rules::organisation_id.eq(place.organisation.stored()),
            rules::patient_id.eq(Some(place.patient.stored())),
            rules::version.eq(i64::try_from(new.version + 1).unwrap_or(i64::MAX)),
            rules::rules.eq(serde_json::to_string(&new.own).or(Err(CORRUPT))?),
            rules::changed_by.eq(new.by.stored()),
            rules::valid_from.eq(micros(now)),
        ))
        .execute(connection)?;
    Ok(true)
}

struct Own {
    limits: Vec<LimitRule>,
    changed: Deed,
}

fn own_limits(
    connection: &mut DbConnection,
    patients: &[PatientId],
) -> Result<HashMap<PatientId, Own>, DbError> {
    type Row = (Option<Vec<u8>>, String, Vec<u8>, String, i64);
    let ids: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
    let rows: Vec<Row> = rules::table
        .inner_join(people::table)
        .filter(rules::patient_id.is_not_null())
        .filter(rules::patient_id.assume_not_null().eq_any(ids))
        .filter(rules::valid_until.is_null())
        .select((
            rules::patient_id,
            rules::rules,
            people::id,
            people::name,
            rules::valid_from,
        ))
        .load(connection)?;
    let mut found = HashMap::new();
    for (patient, text, by, name, at) in rows {
        let Some(patient) = patient else { continue };
        let own = Own {
            limits: serde_json::from_str(&text).or(Err(CORRUPT))?,
            changed: Deed {
                by: PersonId::restored(&by)?,
                name,
                at: instant(at),
            },
        };
        found.insert(PatientId::restored(&patient)?, own);
    }
    Ok(found)
}

fn units_rules(connection: &mut DbConnection, units: &[UnitId]) -> Result<HashMap<UnitId, RuleSet>, DbError> {
    let ids: Vec<Vec<u8>> = units.iter().map(StoredId::stored).collect();
    let rows: Vec<(Option<Vec<u8>>, String)> = rules::table
        .filter(rules::unit_id.is_not_null())
        .filter(rules::unit_id.assume_not_null().eq_any(ids))
        .filter(rules::valid_until.is_null())
        .select((rules::unit_id, rules::rules))
        .load(connection)?;
    let mut found = HashMap::new();
    for (unit, text) in rows {
        let Some(unit) = unit else { continue };
        found.insert(
            UnitId::restored(&unit)?,
            serde_json::from_str(&text).or(Err(CORRUPT))?,
        );
    }
    Ok(found)
}

/// What is set differently for whoever lies in these beds now.
pub fn changed_at(
    connection: &mut DbConnection,
    wanted: &[Vec<u8>],
    now: Instant,
) -> Result<HashMap<BedId, Vec<ChangedLimit>>, DbError> {
    let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = bed_stays::table
        .inner_join(beds::table)
        .filter(bed_stays::bed_id.eq_any(wanted))
        .filter(open_at!(bed_stays, now))
        .select((bed_stays::bed_id, beds::unit_id, bed_stays::patient_id))
        .load(connection)?;
    let mut lying = Vec::with_capacity(rows.len());
    for (bed, unit, patient) in rows {
        lying.push((
            BedId::restored(&bed)?,
            UnitId::restored(&unit)?,
            PatientId::restored(&patient)?,
        ));
    }
    let patients: Vec<PatientId> = lying.iter().map(|(_, _, patient)| *patient).collect();
    let own = own_limits(connection, &patients)?;
    if own.is_empty() {
        return Ok(HashMap::new());
    }
    let mut units: Vec<UnitId> = lying.iter().map(|(_, unit, _)| *unit).collect();
    units.sort_unstable();
    units.dedup();
    let usual = units_rules(connection, &units)?;
    let mut changed = HashMap::new();
    for (bed, unit, patient) in lying {
        let Some(own) = own.get(&patient) else { continue };
        let usual = usual.get(&unit).cloned().unwrap_or_else(RuleSet::adult);
        let limits: Vec<ChangedLimit> = usual
            .changed_by(&own.limits)
            .into_iter()
            .map(|(metric, side, usual, mine)| ChangedLimit {
                metric,
                side,
                usual,
                own: mine,
                by: own.changed.name.clone(),
                at: own.changed.at,
            })
            .collect();
        if !limits.is_empty() {
            changed.insert(bed, limits);
        }
    }
    Ok(changed)
}
