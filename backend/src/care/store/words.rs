//! What people write about a patient in their own words. It may name anybody, so it is sealed: a
//! sentence about one patient with that patient's key, a reviewer's note with the organisation's.

use std::collections::HashMap;

use fleetward_common::id::{OrganisationId, PatientId};

use super::keys::{PatientKeys, open, seal};
use crate::{
    access::store::grants::SealedWords,
    platform::{
        db::{CorruptRow, DbError},
        sealing::Sealed,
    },
};

/// `about` is the id of the row that the words stand in.
pub fn seal_for_patient(
    keys: &PatientKeys,
    patient: PatientId,
    about: &[u8],
    words: &str,
) -> Result<SealedWords, DbError> {
    let keys = keys.of(&[patient])?;
    let key = keys.get(&patient).ok_or(CorruptRow { what: "patient key" })?;
    Ok(stored(seal(key, about, words.as_bytes())?))
}

/// Opens words about these patients; those of an erased patient are gone.
pub fn open_for_patients(
    keys: &PatientKeys,
    sealed: &[(PatientId, &[u8], &SealedWords)],
) -> Result<Vec<Option<String>>, DbError> {
    let patients: Vec<PatientId> = sealed.iter().map(|(patient, ..)| *patient).collect();
    let known: HashMap<_, _> = keys.of(&patients)?;
    sealed
        .iter()
        .map(|(patient, about, words)| {
            let Some(key) = known.get(patient) else {
                return Ok(None);
            };
            readable(open(key, about, &restored(words))?).map(Some)
        })
        .collect()
}

pub fn seal_for_organisation(
    keys: &PatientKeys,
    organisation: OrganisationId,
    about: &[u8],
    words: &str,
) -> Result<SealedWords, DbError> {
    let key = keys.note_key(organisation);
    Ok(stored(seal(&key, about, words.as_bytes())?))
}

pub fn open_for_organisation(
    keys: &PatientKeys,
    organisation: OrganisationId,
    about: &[u8],
    words: &SealedWords,
) -> Result<String, DbError> {
    let key = keys.note_key(organisation);
    readable(open(&key, about, &restored(words))?)
}

fn stored(sealed: Sealed) -> SealedWords {
    SealedWords {
        nonce: sealed.nonce,
        bytes: sealed.bytes,
    }
}

fn restored(words: &SealedWords) -> Sealed {
    Sealed {
        nonce: words.nonce.clone(),
        bytes: words.bytes.clone(),
    }
}

fn readable(bytes: Vec<u8>) -> Result<String, DbError> {
    Ok(String::from_utf8(bytes).or(Err(CorruptRow { what: "sealed words" }))?)
}
