//! Models and devices, as their maker registers them.

use diesel::{ExpressionMethods, QueryResult, RunQueryDsl};
use fleetward_common::{
    devices::DeviceType,
    id::{DeviceId, DeviceModelId, OrganisationId},
    text::SerialNumber,
    time::Instant,
};

use crate::{
    platform::db::{DbConnection, StoredId, micros},
    schema::{device_models, devices},
};

pub struct NewModel<'a> {
    pub id: DeviceModelId,
    pub maker: OrganisationId,
    pub name: &'a str,
    pub device_type: DeviceType,
    pub expected_interval_s: i64,
}

pub fn add_model(connection: &mut DbConnection, new: &NewModel<'_>) -> QueryResult<()> {
    diesel::insert_into(device_models::table)
        .values((
            device_models::id.eq(new.id.stored()),
            device_models::organisation_id.eq(new.maker.stored()),
            device_models::name.eq(new.name),
            device_models::device_type.eq(new.device_type.as_str()),
            device_models::expected_interval_s.eq(new.expected_interval_s),
        ))
        .execute(connection)
        .map(drop)
}

pub struct NewDevice<'a> {
    pub id: DeviceId,
    pub model: DeviceModelId,
    pub maker: OrganisationId,
    pub home_region: &'a str,
    pub serial: &'a SerialNumber,
    pub software: &'a str,
    pub created_at: Instant,
}

pub fn add_device(connection: &mut DbConnection, new: &NewDevice<'_>) -> QueryResult<()> {
    diesel::insert_into(devices::table)
        .values((
            devices::id.eq(new.id.stored()),
            devices::model_id.eq(new.model.stored()),
            devices::maker_id.eq(new.maker.stored()),
            devices::home_region.eq(new.home_region),
            devices::serial.eq(new.serial.as_str()),
            devices::software.eq(new.software),
            devices::created_at.eq(micros(new.created_at)),
        ))
        .execute(connection)
        .map(drop)
}
