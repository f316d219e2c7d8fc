//! A ward's alarms, and what people do about them.

use fleetward_common::{
    alarms::{
        SwitchOff,
        lane::{PatientLimits, SetLimits, WardAlarms},
    },
    id::{AlarmId, BedId, PatientId, UnitId},
};

use super::{
    ApiError,
    client::{delete, get, post, tell},
};

pub async fn of_ward(ward: UnitId) -> Result<WardAlarms, ApiError> {
    get(&format!("wards/{ward}/alarms")).await
}

pub async fn acknowledge(patient: PatientId, alarm: AlarmId) -> Result<(), ApiError> {
    tell(&format!("patients/{patient}/alarms/{alarm}/acknowledgement"), &()).await
}

pub async fn pause_sound(bed: BedId) -> Result<(), ApiError> {
    tell(&format!("beds/{bed}/alarms/pause"), &()).await
}

pub async fn resume_sound(bed: BedId) -> Result<(), ApiError> {
    delete(&format!("beds/{bed}/alarms/pause")).await
}

pub async fn switch_off(bed: BedId, wanted: &SwitchOff) -> Result<(), ApiError> {
    tell(&format!("beds/{bed}/alarms/off"), wanted).await
}

pub async fn switch_on(bed: BedId) -> Result<(), ApiError> {
    delete(&format!("beds/{bed}/alarms/off")).await
}

pub async fn limits(patient: PatientId) -> Result<PatientLimits, ApiError> {
    get(&format!("patients/{patient}/alarm-limits")).await
}

pub async fn set_limits(patient: PatientId, wanted: &SetLimits) -> Result<PatientLimits, ApiError> {
    post(&format!("patients/{patient}/alarm-limits"), wanted).await
}
