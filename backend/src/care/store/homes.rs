//! Patients within reach, and the devices that are on them.

use std::collections::HashMap;

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::DataClass,
    id::{DeviceId, PatientId},
    time::Span,
};

use super::wards::seen_among;
use crate::{
    access::{Device, Listing, Patient, Permit, Read},
    platform::db::{DbConnection, DbError, StoredId, instant, open_at},
    schema::{device_assignments, patients},
};

/// Patients of which the actor may see anything.
pub fn list(
    connection: &mut DbConnection,
    listing: &Listing<Patient, Read>,
) -> Result<Vec<PatientId>, DbError> {
    let ids: Vec<Vec<u8>> = patients::table
        .filter(listing.visible())
        .select(patients::id)
        .load(connection)?;
    ids.iter()
        .map(|id| PatientId::restored(id).map_err(DbError::from))
        .collect()
}

/// Devices on these patients now, and of which of them the actor may see the values.
pub struct OnPatients {
    pub devices: HashMap<PatientId, Vec<DeviceId>>,
    pub clinical: std::collections::HashSet<DeviceId>,
}

pub fn devices_on(
    connection: &mut DbConnection,
    wanted: &[PatientId],
    listing: &Listing<Device, Read>,
) -> Result<OnPatients, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    let rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = device_assignments::table
        .filter(device_assignments::patient_id.is_not_null())
        .filter(device_assignments::patient_id.assume_not_null().eq_any(ids))
        .filter(open_at!(device_assignments, listing.at()))
        .select((device_assignments::patient_id, device_assignments::device_id))
        .load(connection)?;
    let ids: Vec<Vec<u8>> = rows.iter().map(|(_, device)| device.clone()).collect();
    let technical = seen_among(connection, ids.clone(), listing, DataClass::Technical)?;
    let clinical = seen_among(connection, ids, listing, DataClass::Clinical)?;
    let mut devices: HashMap<PatientId, Vec<DeviceId>> = HashMap::new();
    for (patient, device) in rows {
        let device = DeviceId::restored(&device)?;
        if let (Some(patient), true) = (patient, technical.contains(&device)) {
            devices
                .entry(PatientId::restored(&patient)?)
                .or_default()
                .push(device);
        }
    }
    Ok(OnPatients { devices, clinical })
}

/// When each of these devices was on the patient. One that went through other hands in between was theirs
/// more than once.
pub fn held_by(
    connection: &mut DbConnection,
    permit: &Permit<Patient, Read>,
    devices: &[DeviceId],
) -> Result<HashMap<DeviceId, Vec<Span>>, DbError> {
    let ids: Vec<Vec<u8>> = devices.iter().map(StoredId::stored).collect();
    let rows: Vec<(Vec<u8>, i64, Option<i64>)> = device_assignments::table
        .filter(device_assignments::patient_id.eq(permit.id().stored()))
        .filter(device_assignments::device_id.eq_any(ids))
        .order(device_assignments::valid_from)
        .select((
            device_assignments::device_id,
            device_assignments::valid_from,
            device_assignments::valid_until,
        ))
        .load(connection)?;
    let mut held: HashMap<DeviceId, Vec<Span>> = HashMap::new();
    for (device, from, until) in rows {
        held.entry(DeviceId::restored(&device)?).or_default().push(Span {
            from: instant(from),
            until: until.map_or(instant(i64::MAX), instant),
        });
    }
    Ok(held)
}

/// The IANA zone of the patient's home.
pub fn time_zone(connection: &mut DbConnection, permit: &Permit<Patient, Read>) -> Result<String, DbError> {
    Ok(patients::table
        .find(permit.id().stored())
        .select(patients::time_zone)
        .first(connection)?)
}
