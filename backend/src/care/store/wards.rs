//! Wards, their beds, and what is in and at each bed now.

use std::collections::{HashMap, HashSet};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl,
};
use fleetward_common::{
    access::DataClass,
    care::WardSummary,
    id::{BedId, DeviceId, PatientId, UnitId},
    identity::UnitSummary,
    time::{Instant, Span},
};

use crate::{
    access::{Bed, Device, Listing, Patient, Permit, Read, Unit},
    platform::db::{DbConnection, DbError, StoredId, instant, micros, open_at},
    schema::{bed_stays, beds, device_assignments, devices, organisations, patients, sites, units},
};

/// Wards in reach, with how many beds they have and how many are taken. Clinics have no beds and are
/// no wards.
pub fn list(
    connection: &mut DbConnection,
    listing: &Listing<Unit, Read>,
) -> Result<Vec<WardSummary>, DbError> {
    let ids: Vec<Vec<u8>> = units::table
        .filter(listing.within(DataClass::Technical))
        .select(units::id)
        .load(connection)?;
    let rows: Vec<(Vec<u8>, String, String)> = units::table
        .inner_join(sites::table)
        .filter(units::id.eq_any(&ids))
        .filter(units::closed_at.is_null())
        .order(units::name)
        .select((units::id, units::name, sites::time_zone))
        .load(connection)?;
    let in_units: Vec<(Vec<u8>, Vec<u8>)> = beds::table
        .filter(beds::unit_id.eq_any(&ids))
        .select((beds::id, beds::unit_id))
        .load(connection)?;
    let taken: Vec<Vec<u8>> = bed_stays::table
        .inner_join(beds::table)
        .filter(beds::unit_id.eq_any(&ids))
        .filter(open_at!(bed_stays, listing.at()))
        .select(bed_stays::bed_id)
        .load(connection)?;
    let taken: HashSet<Vec<u8>> = taken.into_iter().collect();
    let mut wards = Vec::new();
    for (id, name, time_zone) in rows {
        let of_ward = || {
            in_units
                .iter()
                .filter(|(_, unit)| *unit == id)
                .map(|(bed, _)| bed)
        };
        let count = |beds: usize| u32::try_from(beds).unwrap_or(u32::MAX);
        let summary = WardSummary {
            ward: UnitSummary {
                id: UnitId::restored(&id)?,
                name,
                time_zone,
            },
            beds: count(of_ward().count()),
            occupied: count(of_ward().filter(|bed| taken.contains(*bed)).count()),
        };
        if summary.beds > 0 {
            wards.push(summary);
        }
    }
    Ok(wards)
}

/// The ward itself, with its organisation's name.
pub fn ward(
    connection: &mut DbConnection,
    permit: &Permit<Unit, Read>,
) -> Result<(UnitSummary, String), DbError> {
    let (name, time_zone, organisation): (String, String, String) = units::table
        .inner_join(sites::table)
        .inner_join(organisations::table)
        .filter(units::id.eq(permit.id().stored()))
        .select((units::name, sites::time_zone, organisations::name))
        .first(connection)?;
    let ward = UnitSummary {
        id: permit.id(),
        name,
        time_zone,
    };
    Ok((ward, organisation))
}

/// One bed of a board.
#[derive(Debug, Clone)]
pub struct BedRow {
    pub id: BedId,
    pub unit: UnitId,
    pub label: String,
    /// Who lies in it, since when.
    pub stay: Option<(PatientId, Instant)>,
    /// Since when no device has been at it; only meaningful without devices.
    pub last_device_left: Option<Instant>,
    pub devices: Vec<DeviceId>,
}

/// The beds of a ward that the actor may see, in the order of the board. Devices are those of which the
/// actor may see the technical class.
pub fn beds_of(
    connection: &mut DbConnection,
    unit: UnitId,
    listing: &Listing<Bed, Read>,
    of_devices: &Listing<Device, Read>,
) -> Result<Vec<BedRow>, DbError> {
    let ids: Vec<Vec<u8>> = beds::table
        .filter(beds::unit_id.eq(unit.stored()))
        .filter(listing.visible())
        .order(beds::position)
        .select(beds::id)
        .load(connection)?;
    rows(connection, ids, of_devices)
}

pub fn one_bed(
    connection: &mut DbConnection,
    permit: &Permit<Bed, Read>,
    of_devices: &Listing<Device, Read>,
) -> Result<Option<BedRow>, DbError> {
    Ok(rows(connection, vec![permit.id().stored()], of_devices)?.pop())
}

/// The bed this patient lies in, with its ward.
pub fn bed_of_patient(
    connection: &mut DbConnection,
    permit: &Permit<Patient, Read>,
    of_devices: &Listing<Device, Read>,
) -> Result<Option<(UnitSummary, BedRow)>, DbError> {
    let row: Option<(Vec<u8>, Vec<u8>, String, String)> = bed_stays::table
        .inner_join(beds::table.inner_join(units::table.inner_join(sites::table)))
        .filter(bed_stays::patient_id.eq(permit.id().stored()))
        .filter(open_at!(bed_stays, permit.granted_at()))
        .select((beds::id, units::id, units::name, sites::time_zone))
        .first(connection)
        .optional()?;
    let Some((bed, ward, name, time_zone)) = row else {
        return Ok(None);
    };
    let ward = UnitSummary {
        id: UnitId::restored(&ward)?,
        name,
        time_zone,
    };
    Ok(rows(connection, vec![bed], of_devices)?
        .pop()
        .map(|row| (ward, row)))
}

/// The name of the organisation that the patient is a patient of.
pub fn organisation_of(
    connection: &mut DbConnection,
    permit: &Permit<Patient, Read>,
) -> Result<String, DbError> {
    Ok(patients::table
        .inner_join(organisations::table)
        .filter(patients::id.eq(permit.id().stored()))
        .select(organisations::name)
        .first(connection)?)
}

fn rows(
    connection: &mut DbConnection,
    ids: Vec<Vec<u8>>,
    of_devices: &Listing<Device, Read>,
) -> Result<Vec<BedRow>, DbError> {
    let now = of_devices.at();
    let labels: Vec<(Vec<u8>, Vec<u8>, String)> = beds::table
        .filter(beds::id.eq_any(&ids))
        .order(beds::position)
        .select((beds::id, beds::unit_id, beds::label))
        .load(connection)?;
    let stays: Vec<(Vec<u8>, Vec<u8>, i64)> = bed_stays::table
        .filter(bed_stays::bed_id.eq_any(&ids))
        .filter(open_at!(bed_stays, now))
        .select((bed_stays::bed_id, bed_stays::patient_id, bed_stays::valid_from))
        .load(connection)?;
    let mut devices = devices_at(connection, &ids, of_devices)?;
    let left: Vec<(Option<Vec<u8>>, Option<i64>)> = device_assignments::table
        .filter(device_assignments::bed_id.is_not_null())
        .filter(device_assignments::bed_id.assume_not_null().eq_any(&ids))
        .filter(device_assignments::valid_until.is_not_null())
        .filter(device_assignments::valid_until.assume_not_null().le(micros(now)))
        .group_by(device_assignments::bed_id)
        .select((
            device_assignments::bed_id,
            diesel::dsl::max(device_assignments::valid_until),
        ))
        .load(connection)?;
    labels
        .into_iter()
        .map(|(id, unit, label)| {
            let stay = stays
                .iter()
                .find(|(bed, ..)| *bed == id)
                .map(|(_, patient, from)| Ok::<_, DbError>((PatientId::restored(patient)?, instant(*from))))
                .transpose()?;
            let last_device_left = left
                .iter()
                .find(|(bed, _)| bed.as_ref() == Some(&id))
                .and_then(|(_, until)| until.map(instant));
            Ok(BedRow {
                id: BedId::restored(&id)?,
                unit: UnitId::restored(&unit)?,
                label,
                stay,
                last_device_left,
                devices: devices.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Devices at these beds now, as far as the actor may see that they are there.
fn devices_at(
    connection: &mut DbConnection,
    bed_ids: &[Vec<u8>],
    listing: &Listing<Device, Read>,
) -> Result<HashMap<Vec<u8>, Vec<DeviceId>>, DbError> {
    let here: Vec<(Option<Vec<u8>>, Vec<u8>)> = device_assignments::table
        .filter(device_assignments::bed_id.is_not_null())
        .filter(device_assignments::bed_id.assume_not_null().eq_any(bed_ids))
        .filter(open_at!(device_assignments, listing.at()))
        .select((device_assignments::bed_id, device_assignments::device_id))
        .load(connection)?;
    let ids: Vec<Vec<u8>> = here.iter().map(|(_, device)| device.clone()).collect();
    let seen = seen_among(connection, ids, listing, DataClass::Technical)?;
    let mut devices: HashMap<Vec<u8>, Vec<DeviceId>> = HashMap::new();
    for (bed, device) in here {
        let device = DeviceId::restored(&device)?;
        if let (Some(bed), true) = (bed, seen.contains(&device)) {
            devices.entry(bed).or_default().push(device);
        }
    }
    Ok(devices)
}

/// Those of these devices of which the actor may see `class`.
pub fn seen_among(
    connection: &mut DbConnection,
    ids: Vec<Vec<u8>>,
    listing: &Listing<Device, Read>,
    class: DataClass,
) -> Result<HashSet<DeviceId>, DbError> {
    let seen: Vec<Vec<u8>> = devices::table
        .filter(devices::id.eq_any(ids))
        .filter(listing.within(class))
        .select(devices::id)
        .load(connection)?;
    seen.iter()
        .map(|id| DeviceId::restored(id).map_err(DbError::from))
        .collect()
}

/// The stay of the patient who lies in this bed now.
pub fn current_stay(
    connection: &mut DbConnection,
    bed: BedId,
    now: Instant,
) -> Result<Option<Span>, DbError> {
    let from: Option<i64> = bed_stays::table
        .filter(bed_stays::bed_id.eq(bed.stored()))
        .filter(open_at!(bed_stays, now))
        .select(bed_stays::valid_from)
        .first(connection)
        .optional()?;
    Ok(from.map(|from| Span {
        from: instant(from),
        until: instant(i64::MAX),
    }))
}

/// Devices that stood at this bed in any part of `span`, with when.
pub fn devices_at_bed_in(
    connection: &mut DbConnection,
    bed: BedId,
    span: Span,
) -> Result<Vec<(DeviceId, Span)>, DbError> {
    let rows: Vec<(Vec<u8>, i64, Option<i64>)> = device_assignments::table
        .inner_join(beds::table.on(beds::id.nullable().eq(device_assignments::bed_id)))
        .filter(beds::id.eq(bed.stored()))
        .filter(device_assignments::valid_from.lt(micros(span.until)))
        .filter(
            device_assignments::valid_until
                .is_null()
                .or(device_assignments::valid_until
                    .assume_not_null()
                    .gt(micros(span.from))),
        )
        .order(device_assignments::valid_from)
        .select((
            device_assignments::device_id,
            device_assignments::valid_from,
            device_assignments::valid_until,
        ))
        .load(connection)?;
    let mut parts = Vec::new();
    for (device, from, until) in rows {
        let held = Span {
            from: instant(from),
            until: until.map_or(instant(i64::MAX), instant),
        };
        if let Some(part) = held.intersect(&span) {
            parts.push((DeviceId::restored(&device)?, part));
        }
    }
    Ok(parts)
}
