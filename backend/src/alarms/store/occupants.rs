//! Which devices watch which patient in which bed.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    id::{BedId, DeviceId, OrganisationId, PatientId, UnitId},
    time::Instant,
};

use crate::{
    alarms::place::Place,
    platform::db::{DbConnection, DbError, StoredId, open_at},
    schema::device_assignments as assignments,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupant {
    pub device: DeviceId,
    pub place: Place,
}

/// Devices on a patient in a bed, now. A patient at home has no bed and no ward that hears alarms.
pub fn occupants(connection: &mut DbConnection, now: Instant) -> Result<Vec<Occupant>, DbError> {
    type Row = (
        Vec<u8>,
        Vec<u8>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
    );
    let rows: Vec<Row> = assignments::table
        .filter(open_at!(assignments, now))
        .filter(assignments::patient_id.is_not_null())
        .filter(assignments::bed_id.is_not_null())
        .filter(assignments::unit_id.is_not_null())
        .select((
            assignments::device_id,
            assignments::organisation_id,
            assignments::unit_id,
            assignments::bed_id,
            assignments::patient_id,
        ))
        .load(connection)?;
    let mut occupants = Vec::with_capacity(rows.len());
    for (device, organisation, unit, bed, patient) in rows {
        let (Some(unit), Some(bed), Some(patient)) = (unit, bed, patient) else {
            continue;
        };
        occupants.push(Occupant {
            device: DeviceId::restored(&device)?,
            place: Place {
                organisation: OrganisationId::restored(&organisation)?,
                unit: UnitId::restored(&unit)?,
                bed: BedId::restored(&bed)?,
                patient: PatientId::restored(&patient)?,
            },
        });
    }
    Ok(occupants)
}
