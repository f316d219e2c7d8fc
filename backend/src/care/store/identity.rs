//! Who a patient is. The only module that seals and opens it.
//!
//! Every function that opens takes proof of the class `identity`: a permit that carries it, or a listing
//! whose condition is part of the query.

use std::collections::HashMap;

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};
use fleetward_common::{
    access::DataClass,
    care::{PatientIdentity, Sex},
    id::{OrganisationId, PatientId, UnitId},
    time::Instant,
};
use serde::{Deserialize, Serialize};

use super::keys::{PatientKeys, open, seal};
use crate::{
    access::{AccessReview, Act, Bed, Listing, Patient, Permit, Read},
    platform::{
        db::{CorruptRow, DbConnection, DbError, StoredId, micros, open_at},
        sealing::Sealed,
    },
    schema::{access_reviews, bed_stays, beds, patient_blind_indexes, patient_identities, patients},
};

/// What is sealed. A form of its own: a change of the wire type must not make old rows unreadable.
#[derive(Serialize, Deserialize)]
struct Stored {
    family_name: String,
    given_name: String,
    born: String,
    sex: Sex,
    record_number: String,
}

pub struct NewPatient<'a> {
    pub id: PatientId,
    pub organisation: OrganisationId,
    pub home_region: &'a str,
    pub time_zone: &'a str,
    pub identity: PatientIdentity,
    pub created_at: Instant,
}

/// Adds patients of one organisation, each with a key of their own.
pub fn admit(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    organisation: OrganisationId,
    new: &[NewPatient<'_>],
) -> Result<(), DbError> {
    let ids: Vec<PatientId> = new.iter().map(|patient| patient.id).collect();
    let made = keys.make(organisation, &ids)?;
    for patient in new {
        let key = made.get(&patient.id).ok_or(CorruptRow { what: "patient key" })?;
        let record_number = &patient.identity.record_number;
        diesel::insert_into(patients::table)
            .values((
                patients::id.eq(patient.id.stored()),
                patients::organisation_id.eq(organisation.stored()),
                patients::home_region.eq(patient.home_region),
                patients::time_zone.eq(patient.time_zone),
                patients::record_number_hmac.eq(keys.indexes.record_number(organisation, record_number)),
                patients::created_at.eq(micros(patient.created_at)),
            ))
            .execute(connection)?;
        let stored = Stored {
            family_name: patient.identity.family_name.clone(),
            given_name: patient.identity.given_name.clone(),
            born: patient.identity.born.clone(),
            sex: patient.identity.sex,
            record_number: record_number.clone(),
        };
        let text = serde_json::to_vec(&stored).or(Err(CorruptRow { what: "identity" }))?;
        let sealed = seal(key, patient.id.as_bytes(), &text)?;
        diesel::insert_into(patient_identities::table)
            .values((
                patient_identities::patient_id.eq(patient.id.stored()),
                patient_identities::nonce.eq(sealed.nonce),
                patient_identities::sealed.eq(sealed.bytes),
                patient_identities::changed_at.eq(micros(patient.created_at)),
            ))
            .execute(connection)?;
        index(connection, keys, organisation, patient.id, &patient.identity)?;
    }
    Ok(())
}

/// By what this patient is found.
fn index(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    organisation: OrganisationId,
    patient: PatientId,
    identity: &PatientIdentity,
) -> QueryResult<()> {
    for (kind, digest) in keys.indexes.of(organisation, identity) {
        diesel::insert_into(patient_blind_indexes::table)
            .values((
                patient_blind_indexes::patient_id.eq(patient.stored()),
                patient_blind_indexes::organisation_id.eq(organisation.stored()),
                patient_blind_indexes::kind.eq(kind.as_str()),
                patient_blind_indexes::digest.eq(digest),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Patient, nonce, sealed identity, organisation.
type UnindexedRow = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

/// Indexes some of the patients who came before there were indexes. Returns how many; 0 when none is
/// left. Without a key there is nothing to index: an erased person is not found.
pub fn index_missing(connection: &mut DbConnection, keys: &PatientKeys, most: i64) -> Result<usize, DbError> {
    let indexed = patient_blind_indexes::table.select(patient_blind_indexes::patient_id);
    let rows: Vec<UnindexedRow> = patient_identities::table
        .inner_join(patients::table)
        .filter(patients::erased_at.is_null())
        .filter(patients::id.ne_all(indexed))
        .limit(most)
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
            patients::organisation_id,
        ))
        .load(connection)?;
    let mut organisations = HashMap::new();
    let mut sealed = Vec::new();
    for (patient, nonce, bytes, organisation) in rows {
        organisations.insert(
            PatientId::restored(&patient)?,
            OrganisationId::restored(&organisation)?,
        );
        sealed.push((patient, nonce, bytes));
    }
    let mut done = 0;
    for (patient, identity) in opened(keys, sealed)? {
        if let Some(organisation) = organisations.get(&patient) {
            index(connection, keys, *organisation, patient, &identity)?;
            done += 1;
        }
    }
    Ok(done)
}

type Row = (Vec<u8>, Vec<u8>, Vec<u8>);

/// Who lies in the beds of this unit, as far as the actor may know.
pub fn in_beds_of(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    unit: UnitId,
    listing: &Listing<Bed, Read>,
) -> Result<HashMap<PatientId, PatientIdentity>, DbError> {
    let known: Vec<Vec<u8>> = beds::table
        .filter(beds::unit_id.eq(unit.stored()))
        .filter(listing.within(DataClass::Identity))
        .select(beds::id)
        .load(connection)?;
    let lying = bed_stays::table
        .filter(bed_stays::bed_id.eq_any(known))
        .filter(open_at!(bed_stays, listing.at()))
        .select(bed_stays::patient_id);
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq_any(lying))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    opened(keys, rows)
}

/// Who these patients are, as far as the actor may know.
pub fn of_patients<A: Act>(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    wanted: &[PatientId],
    listing: &Listing<Patient, A>,
) -> Result<HashMap<PatientId, PatientIdentity>, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    let known: Vec<Vec<u8>> = patients::table
        .filter(patients::id.eq_any(ids))
        .filter(listing.within(DataClass::Identity))
        .select(patients::id)
        .load(connection)?;
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq_any(known))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    opened(keys, rows)
}

/// Who this patient is; `None` without the class, and after erasure.
pub fn of_patient(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    permit: &Permit<Patient, Read>,
) -> Result<Option<PatientIdentity>, DbError> {
    if !permit.has(DataClass::Identity) {
        return Ok(None);
    }
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq(permit.id().stored()))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    Ok(opened(keys, rows)?.remove(&permit.id()))
}

/// Who lies in this bed; `None` without the class, in an empty bed, and after erasure.
pub fn in_bed(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    permit: &Permit<Bed, Read>,
) -> Result<Option<PatientIdentity>, DbError> {
    let Some(patient) = permit
        .standing()
        .patient
        .filter(|_| permit.has(DataClass::Identity))
    else {
        return Ok(None);
    };
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq(patient.stored()))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    Ok(opened(keys, rows)?.remove(&patient))
}

/// Who the patients of these reviews are, for the officer who reads them.
pub fn of_reviewed(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    wanted: &[PatientId],
    listing: &Listing<AccessReview, Read>,
) -> Result<HashMap<PatientId, PatientIdentity>, DbError> {
    let ids: Vec<Vec<u8>> = wanted.iter().map(StoredId::stored).collect();
    let known: Vec<Option<Vec<u8>>> = access_reviews::table
        .filter(access_reviews::patient_id.is_not_null())
        .filter(access_reviews::patient_id.assume_not_null().eq_any(ids))
        .filter(listing.within(DataClass::Identity))
        .select(access_reviews::patient_id)
        .distinct()
        .load(connection)?;
    let known: Vec<Vec<u8>> = known.into_iter().flatten().collect();
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq_any(known))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    opened(keys, rows)
}

/// Whether the patient's family name is one that `is_it` knows. The name itself goes nowhere, so a rule
/// may ask without anybody's permit. No for an erased patient.
pub fn has_family_name(
    connection: &mut DbConnection,
    keys: &PatientKeys,
    patient: PatientId,
    is_it: impl Fn(&str) -> bool,
) -> Result<bool, DbError> {
    let rows: Vec<Row> = patient_identities::table
        .filter(patient_identities::patient_id.eq(patient.stored()))
        .select((
            patient_identities::patient_id,
            patient_identities::nonce,
            patient_identities::sealed,
        ))
        .load(connection)?;
    let known = opened(keys, rows)?;
    Ok(known.values().any(|identity| is_it(&identity.family_name)))
}

fn opened(keys: &PatientKeys, rows: Vec<Row>) -> Result<HashMap<PatientId, PatientIdentity>, DbError> {
    let rows: Vec<(PatientId, Sealed)> = rows
        .into_iter()
        .map(|(patient, nonce, bytes)| Ok((PatientId::restored(&patient)?, Sealed { nonce, bytes })))
        .collect::<Result<_, DbError>>()?;
    let ids: Vec<PatientId> = rows.iter().map(|(patient, _)| *patient).collect();
    let keys = keys.of(&ids)?;
    let mut identities = HashMap::new();
    for (patient, sealed) in rows {
        // Without a key the person was erased: the row stays, and says nothing.
        let Some(key) = keys.get(&patient) else {
            continue;
        };
        let text = open(key, patient.as_bytes(), &sealed)?;
        let stored: Stored = serde_json::from_slice(&text).or(Err(CorruptRow { what: "identity" }))?;
        identities.insert(
            patient,
            PatientIdentity {
                family_name: stored.family_name,
                given_name: stored.given_name,
                born: stored.born,
                sex: stored.sex,
                record_number: stored.record_number,
            },
        );
    }
    Ok(identities)
}
