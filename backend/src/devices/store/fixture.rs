//! A maker, a model and devices, for tests of this domain.

use diesel::prelude::*;
use fleetward_common::{
    id::{DeviceId, DeviceModelId, OrganisationId},
    text::SerialNumber,
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, StoredId},
    schema::{device_models, devices, organisations},
};

pub fn register_device(
    connection: &mut DbConnection,
    serial: &SerialNumber,
    now: Instant,
    chance: u8,
) -> QueryResult<DeviceId> {
    let maker = OrganisationId::new(Instant::EPOCH, [1; 10]).stored();
    let model = DeviceModelId::new(Instant::EPOCH, [2; 10]).stored();
    let known: i64 = organisations::table.count().get_result(connection)?;
    if known == 0 {
        diesel::insert_into(organisations::table)
            .values((
                organisations::id.eq(&maker),
                organisations::name.eq("Northwind Medical"),
                organisations::kind.eq("manufacturer"),
                organisations::home_region.eq("eu"),
                organisations::created_at.eq(now.micros()),
            ))
            .execute(connection)?;
        diesel::insert_into(device_models::table)
            .values((
                device_models::id.eq(&model),
                device_models::organisation_id.eq(&maker),
                device_models::name.eq("Monitor M40"),
                device_models::device_type.eq("patient_monitor"),
                device_models::expected_interval_s.eq(15i64),
            ))
            .execute(connection)?;
    }
    let device = DeviceId::new(now, [chance; 10]);
    diesel::insert_into(devices::table)
        .values((
            devices::id.eq(device.stored()),
            devices::model_id.eq(model),
            devices::maker_id.eq(maker),
            devices::home_region.eq("eu"),
            devices::serial.eq(serial.as_str()),
            devices::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    Ok(device)
}
