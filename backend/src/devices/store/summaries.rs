//! Devices as people list them: rows, joined with where they are. What they say of themselves comes
//! from their twins.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl,
};
use fleetward_common::{
    access::DataClass,
    devices::{ChannelState, DeviceType, ModelSummary},
    id::{DeviceId, DeviceModelId, OrganisationId},
    text::{SerialNumber, SoftwareVersion},
    time::Instant,
};

use crate::{
    access::{Device, Listing, Permit, Read, held_since},
    devices::twin::TwinView,
    platform::db::{CorruptRow, DbConnection, DbError, StoredId, micros},
    schema::{beds, device_assignments, device_custody, device_models, devices, sites, units},
};

/// One device, without what its twin knows.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub serial: SerialNumber,
    pub software: Option<SoftwareVersion>,
    pub model: ModelSummary,
    pub maker: OrganisationId,
    /// Since when it has been on whom it is on now: what it measured before is not theirs. `None` where
    /// nobody asked; then no value is shown.
    held_since: Option<Instant>,
}

impl DeviceRow {
    /// What it measures on whom it is on now.
    pub fn channels(&self, twin: &TwinView) -> Vec<ChannelState> {
        twin.channels_since(self.held_since.unwrap_or(Instant::from_micros(i64::MAX)))
    }
}

/// Where a device is, in two tongues.
#[derive(Debug, Clone)]
pub struct Place {
    pub custodian: OrganisationId,
    /// The spoken code, for the maker.
    pub code: Option<String>,
    /// Ward and bed, or the site's name, for the custodian.
    pub name: Option<String>,
}

type Row = (
    Vec<u8>,
    String,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    i64,
);

macro_rules! rows {
    () => {
        devices::table.inner_join(device_models::table).select((
            devices::id,
            devices::serial,
            devices::software,
            devices::maker_id,
            device_models::id,
            device_models::name,
            device_models::device_type,
            device_models::expected_interval_s,
        ))
    };
}

/// Devices of which the actor may see `class`, by serial number.
pub fn within(
    connection: &mut DbConnection,
    listing: &Listing<Device, Read>,
    class: DataClass,
) -> Result<Vec<DeviceRow>, DbError> {
    let ids: Vec<Vec<u8>> = devices::table
        .filter(listing.within(class))
        .select(devices::id)
        .load(connection)?;
    by_ids(connection, ids)
}

/// The next `limit` devices, after this serial number and id, of which the actor may see `class`.
pub fn page_within(
    connection: &mut DbConnection,
    listing: &Listing<Device, Read>,
    class: DataClass,
    after: Option<(&str, DeviceId)>,
    limit: i64,
) -> Result<Vec<DeviceRow>, DbError> {
    let ids = ids_page_within(connection, listing, class, after, limit)?;
    by_ids(connection, ids)
}

pub fn ids_page_within(
    connection: &mut DbConnection,
    listing: &Listing<Device, Read>,
    class: DataClass,
    after: Option<(&str, DeviceId)>,
    limit: i64,
) -> Result<Vec<Vec<u8>>, DbError> {
    let mut page = devices::table
        .filter(listing.within(class))
        .order((devices::serial, devices::id))
        .limit(limit)
        .select(devices::id)
        .into_boxed();
    if let Some((serial, id)) = after {
        let of_another_maker = devices::serial.eq(serial).and(devices::id.gt(id.stored()));
        page = page.filter(devices::serial.gt(serial).or(of_another_maker));
    }
    Ok(page.load(connection)?)
}

/// How many there are in all.
pub fn count_within(
    connection: &mut DbConnection,
    listing: &Listing<Device, Read>,
    class: DataClass,
) -> Result<u64, DbError> {
    let count: i64 = devices::table
        .filter(listing.within(class))
        .count()
        .get_result(connection)?;
    Ok(count.unsigned_abs())
}

pub fn one(connection: &mut DbConnection, permit: &Permit<Device, Read>) -> Result<DeviceRow, DbError> {
    let row: Row = rows!()
        .filter(devices::id.eq(permit.id().stored()))
        .first(connection)?;
    let mut rows = [device(row)?];
    with_holds(connection, &mut rows, permit.granted_at())?;
    let [row] = rows;
    Ok(row)
}

/// Those of `wanted` of which the actor may see the technical class.
pub fn of_devices(
    connection: &mut DbConnection,
    wanted: &[DeviceId],
    listing: &Listing<Device, Read>,
) -> Result<Vec<DeviceRow>, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    let seen: Vec<Vec<u8>> = devices::table
        .filter(devices::id.eq_any(ids))
        .filter(listing.within(DataClass::Technical))
        .select(devices::id)
        .load(connection)?;
    let mut rows = by_ids(connection, seen)?;
    with_holds(connection, &mut rows, listing.at())?;
    Ok(rows)
}

fn with_holds(connection: &mut DbConnection, rows: &mut [DeviceRow], now: Instant) -> Result<(), DbError> {
    let ids: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    let since = held_since(connection, &ids, now)?;
    for row in rows {
        row.held_since = Some(since.get(&row.id).copied().unwrap_or(Instant::EPOCH));
    }
    Ok(())
}

fn by_ids(connection: &mut DbConnection, ids: Vec<Vec<u8>>) -> Result<Vec<DeviceRow>, DbError> {
    // SQLite binds at most 32,766 values a statement.
    const MOST: usize = 10_000;
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(MOST) {
        let rows: Vec<Row> = rows!()
            .filter(devices::id.eq_any(some.to_vec()))
            .load(connection)?;
        for row in rows {
            found.push(device(row)?);
        }
    }
    found.sort_by(|a, b| (&a.serial, a.id).cmp(&(&b.serial, b.id)));
    Ok(found)
}

fn device(row: Row) -> Result<DeviceRow, DbError> {
    let (id, serial, software, maker, model, name, device_type, expected_interval_s) = row;
    Ok(DeviceRow {
        id: DeviceId::restored(&id)?,
        serial: SerialNumber::parse(&serial).or(Err(CorruptRow {
            what: "serial number",
        }))?,
        software: software.and_then(|version| SoftwareVersion::parse(&version).ok()),
        maker: OrganisationId::restored(&maker)?,
        held_since: None,
        model: ModelSummary {
            id: DeviceModelId::restored(&model)?,
            name,
            device_type: DeviceType::parse(&device_type).ok_or(CorruptRow { what: "device type" })?,
            expected_interval_s: u32::try_from(expected_interval_s).unwrap_or(u32::MAX),
        },
    })
}

type CustodyRow = (Vec<u8>, Vec<u8>, Option<String>, Option<String>);
type BedRow = (Vec<u8>, String, String);

/// Where these devices are now.
pub fn places(
    connection: &mut DbConnection,
    listed: &[DeviceRow],
    now: Instant,
) -> Result<HashMap<DeviceId, Place>, DbError> {
    const MOST: usize = 10_000;
    let mut places = HashMap::new();
    for some in listed.chunks(MOST) {
        let ids: Vec<Vec<u8>> = some.iter().map(|row| row.id.stored()).collect();
        let custody: Vec<CustodyRow> = device_custody::table
            .left_join(sites::table.on(sites::id.nullable().eq(device_custody::site_id)))
            .filter(device_custody::device_id.eq_any(ids.clone()))
            .filter(device_custody::valid_from.le(micros(now)))
            .filter(
                device_custody::valid_until
                    .is_null()
                    .or(device_custody::valid_until.assume_not_null().gt(micros(now))),
            )
            .select((
                device_custody::device_id,
                device_custody::organisation_id,
                sites::spoken_code.nullable(),
                sites::name.nullable(),
            ))
            .load(connection)?;
        for (device, organisation, code, name) in custody {
            let place = Place {
                custodian: OrganisationId::restored(&organisation)?,
                code,
                name,
            };
            places.insert(DeviceId::restored(&device)?, place);
        }
        let in_beds: Vec<BedRow> = device_assignments::table
            .inner_join(beds::table.on(beds::id.nullable().eq(device_assignments::bed_id)))
            .inner_join(units::table.on(units::id.eq(beds::unit_id)))
            .filter(device_assignments::device_id.eq_any(ids))
            .filter(device_assignments::valid_from.le(micros(now)))
            .filter(
                device_assignments::valid_until
                    .is_null()
                    .or(device_assignments::valid_until.assume_not_null().gt(micros(now))),
            )
            .select((device_assignments::device_id, units::name, beds::label))
            .load(connection)?;
        for (device, unit, bed) in in_beds {
            if let Some(place) = places.get_mut(&DeviceId::restored(&device)?) {
                place.name = Some(format!("{unit}, bed {bed}"));
            }
        }
    }
    Ok(places)
}
