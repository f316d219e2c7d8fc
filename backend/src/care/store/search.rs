//! Patients by what somebody typed, among those they may know.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    access::DataClass,
    care::PatientSearch,
    id::{OrganisationId, PatientId},
};

use super::keys::PatientKeys;
use crate::{
    access::{Listing, Patient, Read},
    care::blind_index::Index,
    platform::db::{DbConnection, DbError, StoredId},
    schema::{patient_blind_indexes, patients},
};

/// More than a person reads; who gets so many types another letter.
const MOST: i64 = 50;

/// At most fifty, and only those whose identity is in reach. Digests differ by organisation, so each
/// organisation in reach is asked with its own.
pub fn found(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    listing: &Listing<Patient, Read>,
    wanted: &PatientSearch,
) -> Result<Vec<PatientId>, DbError> {
    let organisations: Vec<Vec<u8>> = patients::table
        .filter(listing.within(DataClass::Identity))
        .select(patients::organisation_id)
        .distinct()
        .load(connection)?;
    let mut found = Vec::new();
    for organisation in organisations {
        let of = OrganisationId::restored(&organisation)?;
        let in_reach = patients::table
            .filter(listing.within(DataClass::Identity))
            .filter(patients::organisation_id.eq(&organisation))
            .select(patients::id)
            .order(patients::id)
            .limit(MOST);
        let ids: Vec<Vec<u8>> = match wanted {
            PatientSearch::RecordNumber { record_number } => in_reach
                .filter(patients::record_number_hmac.eq(keys.indexes.record_number(of, record_number)))
                .load(connection)?,
            PatientSearch::SurnameAndBirth { family_name, born } => {
                let digest = keys.indexes.surname_and_birth(of, family_name, born);
                in_reach
                    .filter(patients::id.eq_any(indexed(&organisation, Index::SurnameAndBirth, digest)))
                    .load(connection)?
            }
            PatientSearch::SurnameStart { family_name } => {
                let Some(digest) = keys.indexes.surname_start(of, family_name) else {
                    continue;
                };
                in_reach
                    .filter(patients::id.eq_any(indexed(&organisation, Index::SurnameStart, digest)))
                    .load(connection)?
            }
        };
        for id in ids {
            found.push(PatientId::restored(&id)?);
        }
    }
    found.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(found)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn indexed(organisation: &[u8], kind: Index, digest: Vec<u8>) -> _ {
    let organisation: Vec<u8> = organisation.to_vec();
    let kind: &'static str = kind.as_str();
    patient_blind_indexes::table
        .filter(patient_blind_indexes::organisation_id.eq(organisation))
        .filter(patient_blind_indexes::kind.eq(kind))
        .filter(patient_blind_indexes::digest.eq(digest))
        .select(patient_blind_indexes::patient_id)
}
