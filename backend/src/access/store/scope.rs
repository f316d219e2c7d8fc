//! Which devices a live topic is made of, each class within the listener's reach.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    access::DataClass,
    id::{BedId, DeviceId, OrganisationId, PatientId, UnitId},
};

use crate::{
    access::permit::{Act, Bed, Device, Listing},
    platform::db::{DbConnection, DbError, StoredId, micros},
    schema::{beds, device_assignments, devices, patients},
};

macro_rules! assigned_now {
    ($now:expr) => {
        device_assignments::table
            .filter(device_assignments::valid_from.le(micros($now)))
            .filter(
                device_assignments::valid_until
                    .is_null()
                    .or(device_assignments::valid_until.assume_not_null().gt(micros($now))),
            )
    };
}

/// Whose patient this is.
pub fn organisation_of(
    connection: &mut DbConnection,
    patient: PatientId,
) -> Result<Option<OrganisationId>, DbError> {
    let id: Option<Vec<u8>> = patients::table
        .find(patient.stored())
        .select(patients::organisation_id)
        .first(connection)
        .optional()?;
    Ok(id.map(|id| OrganisationId::restored(&id)).transpose()?)
}

/// Devices that stand in this unit now.
pub fn devices_in_unit<A: Act>(
    connection: &mut DbConnection,
    unit: UnitId,
    listing: &Listing<Device, A>,
    class: DataClass,
) -> Result<Vec<DeviceId>, DbError> {
    let here = assigned_now!(listing.at())
        .filter(device_assignments::unit_id.is_not_null())
        .filter(device_assignments::unit_id.assume_not_null().eq(unit.stored()))
        .select(device_assignments::device_id);
    let ids: Vec<Vec<u8>> = devices::table
        .filter(devices::id.eq_any(here))
        .filter(listing.within(class))
        .select(devices::id)
        .load(connection)?;
    restored(ids)
}

/// Beds of this unit of which the actor may see `class`.
pub fn beds_in_unit<A: Act>(
    connection: &mut DbConnection,
    unit: UnitId,
    listing: &Listing<Bed, A>,
    class: DataClass,
) -> Result<Vec<BedId>, DbError> {
    let ids: Vec<Vec<u8>> = beds::table
        .filter(beds::unit_id.eq(unit.stored()))
        .filter(listing.within(class))
        .select(beds::id)
        .load(connection)?;
    ids.iter()
        .map(|id| BedId::restored(id).map_err(DbError::from))
        .collect()
}

/// Devices that are on this patient now.
pub fn devices_of_patient<A: Act>(
    connection: &mut DbConnection,
    patient: PatientId,
    listing: &Listing<Device, A>,
    class: DataClass,
) -> Result<Vec<DeviceId>, DbError> {
    let theirs = assigned_now!(listing.at())
        .filter(device_assignments::patient_id.is_not_null())
        .filter(
            device_assignments::patient_id
                .assume_not_null()
                .eq(patient.stored()),
        )
        .select(device_assignments::device_id);
    let ids: Vec<Vec<u8>> = devices::table
        .filter(devices::id.eq_any(theirs))
        .filter(listing.within(class))
        .select(devices::id)
        .load(connection)?;
    restored(ids)
}

fn restored(ids: Vec<Vec<u8>>) -> Result<Vec<DeviceId>, DbError> {
    ids.iter()
        .map(|id| DeviceId::restored(id).map_err(DbError::from))
        .collect()
}
