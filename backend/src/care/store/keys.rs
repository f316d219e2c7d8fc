//! The patients' keys, in a file of their own: destroying one erases the person from every backup.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use diesel::{
    Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
};
use fleetward_common::id::{OrganisationId, PatientId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::platform::{
    clock::random,
    db::{DbError, StoredId},
    secrets::Key,
};

diesel::table! {
    patient_keys (patient_id) {
        patient_id -> Binary,
        organisation_id -> Binary,
        nonce -> Binary,
        wrapped -> Binary,
    }
}

/// `keys.sqlite`. Each patient's key is wrapped by the organisation's, and that is derived from the
/// master key, which is in no database at all.
#[derive(Clone)]
pub struct PatientKeys {
    file: Arc<Mutex<SqliteConnection>>,
    master: Key,
}

/// Patient, organisation, nonce, wrapped key.
type Row = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

/// A sealed value, and what it was sealed with beside the key.
pub struct Sealed {
    pub nonce: Vec<u8>,
    pub bytes: Vec<u8>,
}

impl PatientKeys {
    pub fn open(path: &Path, master: Key) -> Result<Self, DbError> {
        let path = path
            .to_str()
            .ok_or_else(|| DbError::Settings("the data folder's name is not UTF-8".into()))?;
        let mut file = SqliteConnection::establish(path)?;
        // A destroyed key must not linger in a free page or a log: no WAL, deleted content overwritten.
        file.batch_execute(
            "PRAGMA busy_timeout = 5000;
             PRAGMA journal_mode = DELETE;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS patient_keys (
               patient_id BLOB PRIMARY KEY NOT NULL,
               organisation_id BLOB NOT NULL,
               nonce BLOB NOT NULL,
               wrapped BLOB NOT NULL
             ) WITHOUT ROWID;",
        )?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            master,
        })
    }

    /// Makes a key for each patient, in one transaction, and hands them out.
    pub(super) fn make(
        &self,
        organisation: OrganisationId,
        patients: &[PatientId],
    ) -> Result<HashMap<PatientId, Key>, DbError> {
        let wrapping = self.organisation_key(organisation, b"patient keys");
        let mut keys = HashMap::new();
        let mut rows = Vec::new();
        for patient in patients {
            let key = Key::from_bytes(random());
            let wrapped = seal(&wrapping, patient.as_bytes(), key.as_bytes())?;
            rows.push((
                patient_keys::patient_id.eq(patient.stored()),
                patient_keys::organisation_id.eq(organisation.stored()),
                patient_keys::nonce.eq(wrapped.nonce),
                patient_keys::wrapped.eq(wrapped.bytes),
            ));
            keys.insert(*patient, key);
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.transaction(|file| {
            for row in rows {
                diesel::insert_into(patient_keys::table)
                    .values(row)
                    .execute(file)?;
            }
            Ok::<_, diesel::result::Error>(())
        })?;
        Ok(keys)
    }

    /// Keys that still exist. A patient without one was erased.
    pub(super) fn of(&self, patients: &[PatientId]) -> Result<HashMap<PatientId, Key>, DbError> {
        let ids: Vec<Vec<u8>> = patients.iter().map(StoredId::stored).collect();
        let rows: Vec<Row> = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            patient_keys::table
                .filter(patient_keys::patient_id.eq_any(ids))
                .load(&mut *file)?
        };
        let mut keys = HashMap::new();
        for (patient, organisation, nonce, wrapped) in rows {
            let patient = PatientId::restored(&patient)?;
            let wrapping = self.organisation_key(OrganisationId::restored(&organisation)?, b"patient keys");
            let sealed = Sealed {
                nonce,
                bytes: wrapped,
            };
            let bytes: [u8; 32] =
                open(&wrapping, patient.as_bytes(), &sealed)?
                    .try_into()
                    .or(Err(DbError::Settings(
                        "a patient key has the wrong length".into(),
                    )))?;
            keys.insert(patient, Key::from_bytes(bytes));
        }
        Ok(keys)
    }

    /// Erases the person: what was sealed with this key can't be opened any more, here or in a backup.
    pub fn destroy(&self, patient: PatientId) -> Result<bool, DbError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = diesel::delete(patient_keys::table.find(patient.stored())).execute(&mut *file)?;
        Ok(gone > 0)
    }

    /// Finds a record number exactly without opening anybody's identity.
    pub fn record_number_hmac(&self, organisation: OrganisationId, number: &str) -> Vec<u8> {
        let key = self.organisation_key(organisation, b"record numbers");
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_bytes()).expect("a 256-bit key");
        mac.update(number.trim().to_uppercase().as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    pub(super) fn organisation_key(&self, organisation: OrganisationId, use_for: &[u8]) -> Key {
        let mut key = [0; 32];
        let info = [b"fleetward v1 ", use_for, b" ", organisation.as_bytes()].concat();
        #[expect(clippy::expect_used, reason = "32 bytes are far below the limit of HKDF")]
        Hkdf::<Sha256>::new(None, self.master.as_bytes())
            .expand(&info, &mut key)
            .expect("32 bytes fit");
        Key::from_bytes(key)
    }
}

/// XChaCha20-Poly1305 under a random nonce; `about` is authenticated with it, so that a sealed value
/// can't be moved to another row.
pub(super) fn seal(key: &Key, about: &[u8], secret: &[u8]) -> Result<Sealed, DbError> {
    let nonce: [u8; 24] = random();
    let cipher = XChaCha20Poly1305::new(&(*key.as_bytes()).into());
    let payload = Payload {
        msg: secret,
        aad: about,
    };
    let bytes = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .or(Err(DbError::Settings("a value can't be sealed".into())))?;
    Ok(Sealed {
        nonce: nonce.to_vec(),
        bytes,
    })
}

pub(super) fn open(key: &Key, about: &[u8], sealed: &Sealed) -> Result<Vec<u8>, DbError> {
    let broken = || DbError::Settings("a sealed value does not open with its key".into());
    let nonce: [u8; 24] = sealed.nonce.as_slice().try_into().or(Err(broken()))?;
    let cipher = XChaCha20Poly1305::new(&(*key.as_bytes()).into());
    let payload = Payload {
        msg: &sealed.bytes,
        aad: about,
    };
    cipher.decrypt(&XNonce::from(nonce), payload).or(Err(broken()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    fn keys(folder: &Path) -> PatientKeys {
        PatientKeys::open(&folder.join("keys.sqlite"), Key::from_bytes([7; 32])).unwrap()
    }

    fn ids() -> (OrganisationId, PatientId) {
        (
            OrganisationId::new(Instant::EPOCH, [1; 10]),
            PatientId::new(Instant::EPOCH, [2; 10]),
        )
    }

    #[test]
    fn a_patient_key_is_found_again_and_only_opens_its_own_patient() {
        let folder = tempfile::tempdir().unwrap();
        let (organisation, patient) = ids();
        let made = keys(folder.path()).make(organisation, &[patient]).unwrap();
        let found = keys(folder.path()).of(&[patient]).unwrap();
        assert_eq!(made[&patient].as_bytes(), found[&patient].as_bytes());

        let sealed = seal(&found[&patient], patient.as_bytes(), b"ABARA").unwrap();
        assert_eq!(
            open(&found[&patient], patient.as_bytes(), &sealed).unwrap(),
            b"ABARA"
        );
        assert!(open(&found[&patient], b"someone else", &sealed).is_err());
    }

    #[test]
    fn a_destroyed_key_is_gone_from_the_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let (organisation, patient) = ids();
        let keys = keys(folder.path());
        keys.make(organisation, &[patient]).unwrap();
        let before = std::fs::read(folder.path().join("keys.sqlite")).unwrap();
        let holds = |file: &[u8]| file.windows(16).any(|bytes| bytes == patient.as_bytes());
        assert!(holds(&before));
        assert!(keys.destroy(patient).unwrap());
        assert!(keys.of(&[patient]).unwrap().is_empty());
        assert!(!holds(&std::fs::read(folder.path().join("keys.sqlite")).unwrap()));
    }

    #[test]
    fn the_same_record_number_at_two_hospitals_looks_different() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(folder.path());
        let [a, b] = [1, 2].map(|n| OrganisationId::new(Instant::EPOCH, [n; 10]));
        assert_eq!(
            keys.record_number_hmac(a, " n-1042 "),
            keys.record_number_hmac(a, "N-1042")
        );
        assert_ne!(
            keys.record_number_hmac(a, "N-1042"),
            keys.record_number_hmac(b, "N-1042")
        );
    }
}
