//! An alarm that was, written as the server writes it.

use diesel::{ExpressionMethods, RunQueryDsl};
use fleetward::platform::db::{DbConnection, DbError, StoredId, micros};
use fleetward_common::{
    id::{AlarmId, BedId, DeviceId, OrganisationId, PatientId, UnitId},
    time::Instant,
};

// Only what is written here: the schema itself is nobody's outside the server.
diesel::table! {
    alarms (id) {
        id -> Binary,
        organisation_id -> Binary,
        unit_id -> Binary,
        bed_id -> Binary,
        patient_id -> Binary,
        device_id -> Binary,
        condition -> Text,
        priority -> Text,
        since -> BigInt,
        raised_at -> BigInt,
        over_at -> Nullable<BigInt>,
        asked_level -> Text,
        asked_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        ended_because -> Nullable<Text>,
    }
}

/// Over, and nobody's any more.
pub struct OverAlarm {
    pub id: AlarmId,
    pub organisation: OrganisationId,
    pub unit: UnitId,
    pub bed: BedId,
    pub patient: PatientId,
    pub device: DeviceId,
    pub at: Instant,
}

pub fn note_over(connection: &mut DbConnection, over: &OverAlarm) -> Result<(), DbError> {
    let at = micros(over.at);
    diesel::insert_into(alarms::table)
        .values((
            alarms::id.eq(over.id.stored()),
            alarms::organisation_id.eq(over.organisation.stored()),
            alarms::unit_id.eq(over.unit.stored()),
            alarms::bed_id.eq(over.bed.stored()),
            alarms::patient_id.eq(over.patient.stored()),
            alarms::device_id.eq(over.device.stored()),
            alarms::condition.eq("below:spo2"),
            alarms::priority.eq("high"),
            alarms::since.eq(at),
            alarms::raised_at.eq(at),
            alarms::over_at.eq(at),
            alarms::asked_level.eq("nurse"),
            alarms::asked_at.eq(at),
            alarms::ended_at.eq(at),
            alarms::ended_because.eq("cause_over"),
        ))
        .execute(connection)?;
    Ok(())
}
