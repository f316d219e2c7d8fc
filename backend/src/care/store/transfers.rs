//! Moving a patient from bed to bed, as intervals that close and open at the same instant.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    id::{BedId, DeviceId, IntervalId, OrganisationId, PatientId, UnitId},
    time::Instant,
};

use super::places::{self, Carer, NewAssignment, NewCare, NewStay};
use crate::{
    access::{Bed, Patient, Permit, Transfer},
    platform::db::{DbConnection, DbError, StoredId, micros, open_at},
    schema::{bed_stays, beds, care_teams, device_assignments},
};

/// Where the patient came from.
pub struct Moved {
    pub organisation: OrganisationId,
    pub from: BedId,
}

pub enum Outcome {
    Moved(Moved),
    /// The patient lies in no bed of the ward that the permit was given for.
    LeftMeanwhile,
    AlreadyThere,
    Taken,
}

/// The patient lies in the other bed from `at` on. Monitors stay where they stand: those at the old bed
/// are on nobody, those at the new bed are on the patient. The old ward's care ends with the stay, the
/// new ward's begins. `id` makes the ids of the new intervals.
pub fn transfer(
    connection: &mut DbConnection,
    patient: &Permit<Patient, Transfer>,
    bed: &Permit<Bed, Transfer>,
    at: Instant,
    mut id: impl FnMut() -> IntervalId,
) -> Result<Outcome, DbError> {
    // Asked again in the transaction: someone else may have moved the patient since the permit.
    let Some((from, from_unit)) = lies_in(connection, patient.id(), at)? else {
        return Ok(Outcome::LeftMeanwhile);
    };
    if patient.standing().unit != Some(from_unit) {
        return Ok(Outcome::LeftMeanwhile);
    }
    if from == bed.id() {
        return Ok(Outcome::AlreadyThere);
    }
    if is_taken(connection, bed.id(), at)? {
        return Ok(Outcome::Taken);
    }
    let (organisation, to_unit): (Vec<u8>, Vec<u8>) = beds::table
        .find(bed.id().stored())
        .select((beds::organisation_id, beds::unit_id))
        .first(connection)?;
    let (organisation, to_unit) = (
        OrganisationId::restored(&organisation)?,
        UnitId::restored(&to_unit)?,
    );
    end_stay(connection, patient.id(), at)?;
    let stay = NewStay {
        id: id(),
        organisation,
        patient: patient.id(),
        bed: bed.id(),
        from: at,
    };
    places::begin_stay(connection, &stay)?;
    for (standing_at, unit, on) in [(from, from_unit, None), (bed.id(), to_unit, Some(patient.id()))] {
        for device in devices_at(connection, standing_at, at)? {
            places::end_assignment(connection, device, at)?;
            let assignment = NewAssignment {
                id: id(),
                device,
                organisation,
                patient: on,
                bed: Some((standing_at, unit)),
                from: at,
            };
            places::begin_assignment(connection, &assignment)?;
        }
    }
    if from_unit != to_unit && end_care_of(connection, patient.id(), from_unit, at)? {
        let care = NewCare {
            id: id(),
            organisation,
            patient: patient.id(),
            carer: Carer::Unit(to_unit),
            from: at,
        };
        places::begin_care(connection, &care)?;
    }
    Ok(Outcome::Moved(Moved { organisation, from }))
}

fn lies_in(
    connection: &mut DbConnection,
    patient: PatientId,
    now: Instant,
) -> Result<Option<(BedId, UnitId)>, DbError> {
    let row: Option<(Vec<u8>, Vec<u8>)> = bed_stays::table
        .inner_join(beds::table)
        .filter(bed_stays::patient_id.eq(patient.stored()))
        .filter(open_at!(bed_stays, now))
        .select((beds::id, beds::unit_id))
        .first(connection)
        .optional()?;
    row.map(|(bed, unit)| Ok((BedId::restored(&bed)?, UnitId::restored(&unit)?)))
        .transpose()
}

fn is_taken(connection: &mut DbConnection, bed: BedId, now: Instant) -> Result<bool, DbError> {
    let stay: Option<Vec<u8>> = bed_stays::table
        .filter(bed_stays::bed_id.eq(bed.stored()))
        .filter(
            bed_stays::valid_until
                .is_null()
                .or(bed_stays::valid_until.assume_not_null().gt(micros(now))),
        )
        .select(bed_stays::id)
        .first(connection)
        .optional()?;
    Ok(stay.is_some())
}

fn end_stay(connection: &mut DbConnection, patient: PatientId, until: Instant) -> Result<(), DbError> {
    let open = bed_stays::table
        .filter(bed_stays::patient_id.eq(patient.stored()))
        .filter(bed_stays::valid_until.is_null());
    diesel::update(open)
        .set(bed_stays::valid_until.eq(micros(until)))
        .execute(connection)?;
    Ok(())
}

fn devices_at(connection: &mut DbConnection, bed: BedId, now: Instant) -> Result<Vec<DeviceId>, DbError> {
    let rows: Vec<Vec<u8>> = device_assignments::table
        .filter(device_assignments::bed_id.eq(bed.stored()))
        .filter(open_at!(device_assignments, now))
        .select(device_assignments::device_id)
        .load(connection)?;
    rows.iter()
        .map(|id| DeviceId::restored(id).map_err(DbError::from))
        .collect()
}

/// Whether this unit cared for the patient until now.
fn end_care_of(
    connection: &mut DbConnection,
    patient: PatientId,
    unit: UnitId,
    until: Instant,
) -> Result<bool, DbError> {
    let open = care_teams::table
        .filter(care_teams::patient_id.eq(patient.stored()))
        .filter(care_teams::unit_id.eq(unit.stored()))
        .filter(care_teams::valid_until.is_null());
    let ended = diesel::update(open)
        .set(care_teams::valid_until.eq(micros(until)))
        .execute(connection)?;
    Ok(ended > 0)
}
