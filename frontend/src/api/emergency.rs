//! Opening a patient in an emergency.

use fleetward_common::{
    emergency::{EmergencyState, EmergencyWard, FoundPatient, LookUp, OpenInEmergency, PatientRecord},
    id::PatientId,
};

use super::{
    ApiError,
    client::{delete, get, post},
};

pub async fn state() -> Result<EmergencyState, ApiError> {
    get("emergency").await
}

pub async fn wards() -> Result<Vec<EmergencyWard>, ApiError> {
    get("emergency/wards").await
}

pub async fn look_up(by: &LookUp) -> Result<FoundPatient, ApiError> {
    post("emergency/look-up", by).await
}

pub async fn open(patient: PatientId, why: &OpenInEmergency) -> Result<EmergencyState, ApiError> {
    post(&format!("patients/{patient}/emergency"), why).await
}

pub async fn extend(why: &OpenInEmergency) -> Result<EmergencyState, ApiError> {
    post("emergency/extension", why).await
}

pub async fn end() -> Result<(), ApiError> {
    delete("emergency").await
}

pub async fn record(patient: PatientId) -> Result<PatientRecord, ApiError> {
    get(&format!("patients/{patient}")).await
}
