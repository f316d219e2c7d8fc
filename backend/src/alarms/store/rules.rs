//! The table `alarm_rules`: what a unit's rules are, and a patient's own limits.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    alarms::{LimitRule, RuleSet},
    id::{PatientId, UnitId},
};

use crate::{
    platform::db::{CorruptRow, DbConnection, DbError, StoredId},
    schema::alarm_rules,
};

/// Everything that is in force.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    units: HashMap<UnitId, RuleSet>,
    patients: HashMap<PatientId, Vec<LimitRule>>,
}

impl InForce {
    /// A unit that never changed anything has the adult rules.
    pub fn of(&self, unit: UnitId, patient: PatientId) -> RuleSet {
        let rules = self.units.get(&unit).cloned().unwrap_or_else(RuleSet::adult);
        match self.patients.get(&patient) {
            Some(own) => rules.with(own),
            None => rules,
        }
    }
}

pub fn in_force(connection: &mut DbConnection) -> Result<InForce, DbError> {
    type Row = (Option<Vec<u8>>, Option<Vec<u8>>, String);
    let rows: Vec<Row> = alarm_rules::table
        .filter(alarm_rules::valid_until.is_null())
        .select((alarm_rules::unit_id, alarm_rules::patient_id, alarm_rules::rules))
        .load(connection)?;
    let corrupt = |_| CorruptRow { what: "alarm rules" };
    let mut found = InForce::default();
    for (unit, patient, text) in rows {
        if let Some(unit) = unit {
            let rules = serde_json::from_str(&text).map_err(corrupt)?;
            found.units.insert(UnitId::restored(&unit)?, rules);
        } else if let Some(patient) = patient {
            let own = serde_json::from_str(&text).map_err(corrupt)?;
            found.patients.insert(PatientId::restored(&patient)?, own);
        }
    }
    Ok(found)
}
