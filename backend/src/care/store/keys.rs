//! The patients' keys, in a file of their own: destroying one erases the person from every backup.

use std::{
    collections::HashMap,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{
    Connection, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query,
};
use fleetward_common::id::{OrganisationId, PatientId};
use futures_util::FutureExt;
use tokio::runtime::Handle;

use crate::{
    care::{
        blind_index::BlindIndexes,
        key_provider::{Answer, KeyError, KeyProvider, Wrapped},
    },
    platform::{
        clock::random,
        db::{DbError, StoredId},
        sealing::{self, Sealed},
        secrets::{Key, private_file},
    },
};

diesel::table! {
    patient_keys (patient_id) {
        patient_id -> Binary,
        organisation_id -> Binary,
        nonce -> Binary,
        wrapped -> Binary,
        key_version -> BigInt,
    }
}

/// `keys.sqlite`. Each patient's key is wrapped by the organisation's, and that is with the key provider,
/// in no database at all.
#[derive(Clone)]
pub struct PatientKeys {
    file: Arc<Mutex<SqliteConnection>>,
    provider: Arc<dyn KeyProvider>,
    /// Where a provider's slower answers are waited for: stores run on threads of their own.
    runtime: Option<Handle>,
    pub indexes: BlindIndexes,
}

/// Patient, organisation, nonce, wrapped key, version of the organisation's key.
type Row = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64);

impl From<KeyError> for DbError {
    fn from(error: KeyError) -> Self {
        DbError::Settings(crate::platform::http::failure::chain(&error))
    }
}

impl PatientKeys {
    pub fn open(path: &Path, provider: Arc<dyn KeyProvider>, indexes: BlindIndexes) -> Result<Self, DbError> {
        private_file(path)
            .map_err(|cause| DbError::Settings(format!("{} can't be made: {cause}", path.display())))?;
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
               wrapped BLOB NOT NULL,
               key_version INTEGER NOT NULL DEFAULT 0
             ) WITHOUT ROWID;",
        )?;
        // Files from before keys had versions. One that knows them refuses the column.
        let _ = sql_query("ALTER TABLE patient_keys ADD COLUMN key_version INTEGER NOT NULL DEFAULT 0")
            .execute(&mut file);
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            provider,
            runtime: Handle::try_current().ok(),
            indexes,
        })
    }

    /// A provider that has the key at hand answers at once; another one is waited for.
    fn wait<T>(&self, answer: Answer<'_, T>) -> Result<T, DbError> {
        let mut answer = pin!(answer);
        let answered = match (answer.as_mut().now_or_never(), &self.runtime) {
            (Some(answered), _) => answered,
            (None, Some(runtime)) => runtime.block_on(answer),
            (None, None) => return Err(DbError::Stopped),
        };
        Ok(answered?)
    }

    /// Makes a key for each patient, in one transaction, and hands them out.
    pub(super) fn make(
        &self,
        organisation: OrganisationId,
        patients: &[PatientId],
    ) -> Result<HashMap<PatientId, Key>, DbError> {
        let mut keys = HashMap::new();
        let mut rows = Vec::new();
        for patient in patients {
            let key = Key::from_bytes(random());
            let wrapped = self.wait(
                self.provider
                    .wrap(organisation, patient.as_bytes(), key.as_bytes()),
            )?;
            rows.push((
                patient_keys::patient_id.eq(patient.stored()),
                patient_keys::organisation_id.eq(organisation.stored()),
                patient_keys::nonce.eq(wrapped.sealed.nonce),
                patient_keys::wrapped.eq(wrapped.sealed.bytes),
                patient_keys::key_version.eq(i64::from(wrapped.version)),
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
        for row in rows {
            let patient = PatientId::restored(&row.0)?;
            keys.insert(patient, self.unwrapped(row)?);
        }
        Ok(keys)
    }

    fn unwrapped(&self, (patient, organisation, nonce, bytes, version): Row) -> Result<Key, DbError> {
        let wrapped = Wrapped {
            version: u32::try_from(version).unwrap_or(0),
            sealed: Sealed { nonce, bytes },
        };
        let organisation = OrganisationId::restored(&organisation)?;
        let bytes: [u8; 32] = self
            .wait(self.provider.unwrap(organisation, &patient, &wrapped))?
            .try_into()
            .or(Err(DbError::Settings(
                "a patient key has the wrong length".into(),
            )))?;
        Ok(Key::from_bytes(bytes))
    }

    /// Erases the person: what was sealed with this key can't be opened any more, here or in a backup.
    pub fn destroy(&self, patient: PatientId) -> Result<bool, DbError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = diesel::delete(patient_keys::table.find(patient.stored())).execute(&mut *file)?;
        Ok(gone > 0)
    }

    /// Seals what reviewers write.
    pub(super) fn note_key(&self, organisation: OrganisationId) -> Key {
        self.indexes.key(organisation, b"review notes")
    }

    /// A new key for what this organisation wraps from now on.
    pub fn rotate(&self, organisation: OrganisationId) -> Result<u32, DbError> {
        self.wait(self.provider.rotate(organisation))
    }

    /// The version of the organisation's newest key; `None` before it had one.
    pub fn newest(&self, organisation: OrganisationId) -> Result<Option<u32>, DbError> {
        self.wait(self.provider.newest(organisation))
    }

    /// How many patients' keys are still wrapped by an older key than the newest.
    pub fn outdated(&self, organisation: OrganisationId) -> Result<i64, DbError> {
        // An organisation that never wrapped one gets its first version by wrapping.
        let newest = i64::from(self.newest(organisation)?.unwrap_or(1));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(patient_keys::table
            .filter(patient_keys::organisation_id.eq(organisation.stored()))
            .filter(patient_keys::key_version.lt(newest))
            .count()
            .get_result(&mut *file)?)
    }

    /// Wraps a few keys anew, by the newest key. Returns how many; 0 when none is left. Readers go on:
    /// each row says which key opens it.
    pub fn wrap_anew(&self, organisation: OrganisationId, most: i64) -> Result<usize, DbError> {
        // An organisation that never wrapped one gets its first version by wrapping.
        let newest = i64::from(self.newest(organisation)?.unwrap_or(1));
        let rows: Vec<Row> = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            patient_keys::table
                .filter(patient_keys::organisation_id.eq(organisation.stored()))
                .filter(patient_keys::key_version.lt(newest))
                .limit(most)
                .load(&mut *file)?
        };
        let mut wrapped_anew = 0;
        for row in rows {
            let (patient, version) = (row.0.clone(), row.4);
            let key = self.unwrapped(row)?;
            let wrapped = self.wait(self.provider.wrap(organisation, &patient, key.as_bytes()))?;
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            // Only the row that was read: a key that was destroyed meanwhile stays destroyed.
            let row = patient_keys::table
                .filter(patient_keys::patient_id.eq(&patient))
                .filter(patient_keys::key_version.eq(version));
            wrapped_anew += diesel::update(row)
                .set((
                    patient_keys::nonce.eq(wrapped.sealed.nonce),
                    patient_keys::wrapped.eq(wrapped.sealed.bytes),
                    patient_keys::key_version.eq(i64::from(wrapped.version)),
                ))
                .execute(&mut *file)?;
        }
        Ok(wrapped_anew)
    }

    /// Which key a patient's own key is wrapped by.
    pub fn version_of(&self, patient: PatientId) -> Result<Option<u32>, DbError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let version: Option<i64> = patient_keys::table
            .find(patient.stored())
            .select(patient_keys::key_version)
            .first(&mut *file)
            .optional()?;
        Ok(version.and_then(|version| u32::try_from(version).ok()))
    }
}

pub(super) fn seal(key: &Key, about: &[u8], secret: &[u8]) -> Result<Sealed, DbError> {
    sealing::seal(key, about, secret).ok_or(DbError::Settings("a value can’t be sealed".into()))
}

pub(super) fn open(key: &Key, about: &[u8], sealed: &Sealed) -> Result<Vec<u8>, DbError> {
    sealing::open(key, about, sealed).ok_or(DbError::Settings(
        "a sealed value does not open with its key".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::key_provider::{FileKeys, derived};
    use fleetward_common::time::Instant;

    fn keys(folder: &Path) -> PatientKeys {
        let master = Key::from_bytes([7; 32]);
        let provider = Arc::new(FileKeys::open(folder, master.clone()).unwrap());
        PatientKeys::open(&folder.join("keys.sqlite"), provider, BlindIndexes::new(master)).unwrap()
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
    fn wrapped_anew_by_a_new_key_it_is_the_same_key_and_a_destroyed_one_stays_destroyed() {
        let folder = tempfile::tempdir().unwrap();
        let (organisation, patient) = ids();
        let erased = PatientId::new(Instant::EPOCH, [3; 10]);
        let keys = keys(folder.path());
        let made = keys.make(organisation, &[patient, erased]).unwrap();
        assert_eq!(keys.version_of(patient).unwrap(), Some(1));
        assert_eq!(keys.rotate(organisation).unwrap(), 2);
        assert_eq!(keys.outdated(organisation).unwrap(), 2);
        assert!(keys.destroy(erased).unwrap());
        assert_eq!(keys.wrap_anew(organisation, 100).unwrap(), 1);
        assert_eq!(keys.outdated(organisation).unwrap(), 0);
        assert_eq!(keys.version_of(patient).unwrap(), Some(2));
        let found = keys.of(&[patient, erased]).unwrap();
        assert_eq!(found[&patient].as_bytes(), made[&patient].as_bytes());
        assert!(!found.contains_key(&erased));
    }

    #[test]
    fn keys_from_before_versions_are_opened_and_move_to_the_first_one() {
        let folder = tempfile::tempdir().unwrap();
        let (organisation, patient) = ids();
        let old = derived(&Key::from_bytes([7; 32]), organisation, b"patient keys");
        let sealed = seal(&old, patient.as_bytes(), &[9; 32]).unwrap();
        let mut file =
            SqliteConnection::establish(folder.path().join("keys.sqlite").to_str().unwrap()).unwrap();
        file.batch_execute(
            "CREATE TABLE patient_keys (patient_id BLOB PRIMARY KEY NOT NULL, organisation_id BLOB NOT NULL,
             nonce BLOB NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID",
        )
        .unwrap();
        sql_query("INSERT INTO patient_keys VALUES (?, ?, ?, ?)")
            .bind::<diesel::sql_types::Binary, _>(patient.stored())
            .bind::<diesel::sql_types::Binary, _>(organisation.stored())
            .bind::<diesel::sql_types::Binary, _>(sealed.nonce)
            .bind::<diesel::sql_types::Binary, _>(sealed.bytes)
            .execute(&mut file)
            .unwrap();
        drop(file);
        let keys = keys(folder.path());
        assert_eq!(keys.of(&[patient]).unwrap()[&patient].as_bytes(), &[9; 32]);
        assert_eq!(keys.wrap_anew(organisation, 10).unwrap(), 1);
        assert_eq!(keys.version_of(patient).unwrap(), Some(1));
        assert_eq!(keys.of(&[patient]).unwrap()[&patient].as_bytes(), &[9; 32]);
    }
}
