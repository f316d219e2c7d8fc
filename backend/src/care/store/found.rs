//! Finding one patient exactly, for an emergency: by record number, by place, by bed. A patient out of
//! reach and one who does not exist cost the same statements and are both nobody.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::DataClass,
    emergency::{EmergencyWard, LookUp, Place},
    id::{BedId, PatientId, UnitId},
    time::Instant,
};

use super::keys::PatientKeys;
use crate::{
    access::{Listing, OpenEmergency, Organisation, Patient, Permit, Read},
    platform::db::{DbConnection, DbError, StoredId, open_at},
    schema::{bed_stays, beds, patients, sites, units},
};

/// The one patient that is meant, if this person could open them in an emergency.
pub fn patient(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    listing: &Listing<Patient, OpenEmergency>,
    by: &LookUp,
) -> Result<Option<PatientId>, DbError> {
    let organisation = listing.actor().organisation;
    let within = patients::table.filter(listing.within(DataClass::Identity));
    let now = listing.at();
    let found: Option<Vec<u8>> = match by {
        LookUp::RecordNumber { record_number } => within
            .filter(patients::organisation_id.eq(organisation.stored()))
            .filter(patients::record_number_hmac.eq(keys.indexes.record_number(organisation, record_number)))
            .select(patients::id)
            .first(connection)
            .optional()?,
        LookUp::Place { ward, bed } => {
            let label = bed.trim().to_owned();
            let there = bed_stays::table
                .inner_join(beds::table)
                .filter(open_at!(bed_stays, now))
                .filter(beds::unit_id.eq(ward.stored()))
                .filter(beds::label.eq(label))
                .select(bed_stays::patient_id);
            within
                .filter(patients::id.eq_any(there))
                .select(patients::id)
                .first(connection)
                .optional()?
        }
        LookUp::Bed { bed } => {
            let there = bed_stays::table
                .filter(open_at!(bed_stays, now))
                .filter(bed_stays::bed_id.eq(bed.stored()))
                .select(bed_stays::patient_id);
            within
                .filter(patients::id.eq_any(there))
                .select(patients::id)
                .first(connection)
                .optional()?
        }
    };
    Ok(found.map(|id| PatientId::restored(&id)).transpose()?)
}

/// Ward, its name and zone, bed and its label.
type PlaceRow = (Vec<u8>, String, String, Vec<u8>, String);

/// Where this patient lies now.
pub fn place(
    connection: &mut DbConnection,
    patient: PatientId,
    now: Instant,
) -> Result<Option<Place>, DbError> {
    let row: Option<PlaceRow> = bed_stays::table
        .inner_join(beds::table.inner_join(units::table.inner_join(sites::table)))
        .filter(bed_stays::patient_id.eq(patient.stored()))
        .filter(open_at!(bed_stays, now))
        .select((units::id, units::name, sites::time_zone, beds::id, beds::label))
        .first(connection)
        .optional()?;
    row.map(|(ward, ward_name, time_zone, bed, bed_label)| {
        Ok(Place {
            ward: UnitId::restored(&ward)?,
            ward_name,
            time_zone,
            bed: BedId::restored(&bed)?,
            bed_label,
        })
    })
    .transpose()
}

/// The wards of the organisation: units with beds.
pub fn wards(
    connection: &mut DbConnection,
    permit: &Permit<Organisation, Read>,
) -> Result<Vec<EmergencyWard>, DbError> {
    let with_beds = beds::table.select(beds::unit_id);
    let rows: Vec<(Vec<u8>, String)> = units::table
        .filter(units::organisation_id.eq(permit.id().stored()))
        .filter(units::id.eq_any(with_beds))
        .order(units::name)
        .select((units::id, units::name))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, name)| {
            Ok(EmergencyWard {
                ward: UnitId::restored(&id)?,
                name,
            })
        })
        .collect()
}
