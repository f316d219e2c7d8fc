//! Where the organisations' keys are: what wraps the patients' keys, and is in no database.
//!
//! The shape is a key service's: wrap, unwrap, versions, and answers that may take a while. [`FileKeys`]
//! keeps the keys in files of the secrets folder; another provider would ask a KMS, and keep what it
//! unwrapped for a while as the KMS's own library does.

use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use fleetward_common::id::OrganisationId;
use thiserror::Error;

use crate::platform::{
    clock::random,
    sealing::{Sealed, open, seal},
    secrets::{Key, make_private},
};

#[derive(Debug, Error)]
pub enum KeyError {
    #[error("can't use the key file {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("there is no version {version} of the organisation’s key")]
    NoSuchVersion { version: u32 },
    #[error("a value can't be sealed or does not open with its key")]
    Sealing,
}

/// A secret under an organisation's key, and which of its keys that was.
#[derive(Clone)]
pub struct Wrapped {
    pub version: u32,
    pub sealed: Sealed,
}

/// A provider may have to ask somebody over a network.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyError>> + Send + 'a>>;

pub trait KeyProvider: Send + Sync {
    /// Seals `secret` under the organisation's newest key; makes the first one if it has none. `about`
    /// must be the same at unwrapping.
    fn wrap<'a>(
        &'a self,
        organisation: OrganisationId,
        about: &'a [u8],
        secret: &'a [u8],
    ) -> Answer<'a, Wrapped>;

    fn unwrap<'a>(
        &'a self,
        organisation: OrganisationId,
        about: &'a [u8],
        wrapped: &'a Wrapped,
    ) -> Answer<'a, Vec<u8>>;

    /// `None` before anything was wrapped.
    fn newest(&self, organisation: OrganisationId) -> Answer<'_, Option<u32>>;

    /// Makes a new key for everything that is wrapped from now on, and says its version. Older ones go
    /// on unwrapping.
    fn rotate(&self, organisation: OrganisationId) -> Answer<'_, u32>;
}

/// A file for each key: `organisation-keys/<organisation>.<version>.key`, readable by the server's user
/// only. Version 0 is derived from the master key: what was wrapped before keys had versions.
pub struct FileKeys {
    folder: PathBuf,
    master: Key,
    known: Mutex<HashMap<(OrganisationId, u32), Key>>,
}

impl FileKeys {
    pub fn open(secrets: &Path, master: Key) -> Result<Self, KeyError> {
        let folder = secrets.join("organisation-keys");
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| KeyError::File {
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            folder,
            master,
            known: Mutex::default(),
        })
    }

    fn path(&self, organisation: OrganisationId, version: u32) -> PathBuf {
        self.folder.join(format!("{organisation}.{version}.key"))
    }

    /// Looked up anew each time: another process may just have rotated.
    fn newest_version(&self, organisation: OrganisationId) -> Result<Option<u32>, KeyError> {
        let unreadable = |source| KeyError::File {
            path: self.folder.clone(),
            source,
        };
        let mut newest = None;
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            let version = name
                .to_str()
                .and_then(|name| name.strip_prefix(&format!("{organisation}.")))
                .and_then(|rest| rest.strip_suffix(".key"))
                .and_then(|version| version.parse().ok());
            newest = newest.max(version);
        }
        Ok(newest)
    }

    fn key(&self, organisation: OrganisationId, version: u32) -> Result<Key, KeyError> {
        if version == 0 {
            return Ok(derived(&self.master, organisation, b"patient keys"));
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&(organisation, version)) {
            return Ok(key.clone());
        }
        let path = self.path(organisation, version);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                return Err(KeyError::NoSuchVersion { version });
            }
            Err(source) => return Err(KeyError::File { path, source }),
        };
        let key: [u8; 32] = bytes.try_into().or(Err(KeyError::NoSuchVersion { version }))?;
        let key = Key::from_bytes(key);
        known.insert((organisation, version), key.clone());
        Ok(key)
    }

    /// The key is on the disk, whole, before anything is wrapped by it. If two processes make the same
    /// version, both use the one that was there first.
    fn make(&self, organisation: OrganisationId, version: u32) -> Result<(), KeyError> {
        let path = self.path(organisation, version);
        make_private(&path, &random::<32>()).map_err(|source| KeyError::File { path, source })
    }

    fn newest_or_first(&self, organisation: OrganisationId) -> Result<u32, KeyError> {
        if let Some(version) = self.newest_version(organisation)? {
            return Ok(version);
        }
        self.make(organisation, 1)?;
        Ok(1)
    }
}

impl KeyProvider for FileKeys {
    fn wrap<'a>(
        &'a self,
        organisation: OrganisationId,
        about: &'a [u8],
        secret: &'a [u8],
    ) -> Answer<'a, Wrapped> {
        Box::pin(async move {
            let version = self.newest_or_first(organisation)?;
            let sealed = seal(&self.key(organisation, version)?, about, secret).ok_or(KeyError::Sealing)?;
            Ok(Wrapped { version, sealed })
        })
    }

    fn unwrap<'a>(
        &'a self,
        organisation: OrganisationId,
        about: &'a [u8],
        wrapped: &'a Wrapped,
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let key = self.key(organisation, wrapped.version)?;
            open(&key, about, &wrapped.sealed).ok_or(KeyError::Sealing)
        })
    }

    fn newest(&self, organisation: OrganisationId) -> Answer<'_, Option<u32>> {
        Box::pin(async move { self.newest_version(organisation) })
    }

    fn rotate(&self, organisation: OrganisationId) -> Answer<'_, u32> {
        Box::pin(async move {
            let next = self.newest_version(organisation)?.unwrap_or(0) + 1;
            self.make(organisation, next)?;
            Ok(next)
        })
    }
}

/// A key of the organisation for one use, from the master key.
pub fn derived(master: &Key, organisation: OrganisationId, use_for: &[u8]) -> Key {
    master.derived(&[b"fleetward v1 ", use_for, b" ", organisation.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::time::Instant;

    #[test]
    fn of_two_who_make_the_same_version_at_once_both_wrap_by_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let northgate = OrganisationId::new(Instant::EPOCH, [1; 10]);
        let keys: Vec<Key> = std::thread::scope(|threads| {
            let makers: Vec<_> = (0..16)
                .map(|_| {
                    threads.spawn(|| {
                        let provider = FileKeys::open(folder.path(), Key::from_bytes([7; 32])).unwrap();
                        provider.make(northgate, 1).unwrap();
                        provider.key(northgate, 1).unwrap()
                    })
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let first = keys.first().unwrap().as_bytes();
        assert!(keys.iter().all(|key| key.as_bytes() == first));
        let files = fs::read_dir(folder.path().join("organisation-keys")).unwrap();
        assert_eq!(files.count(), 1);
    }

    #[tokio::test]
    async fn what_was_wrapped_before_a_rotation_is_unwrapped_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let northgate = OrganisationId::new(Instant::EPOCH, [1; 10]);
        let open = || FileKeys::open(folder.path(), Key::from_bytes([7; 32])).unwrap();
        let (server, operator) = (open(), open());
        let before = server.wrap(northgate, b"patient", b"secret").await.unwrap();
        assert_eq!(before.version, 1);
        assert_eq!(operator.rotate(northgate).await.unwrap(), 2);
        let after = server.wrap(northgate, b"patient", b"secret").await.unwrap();
        assert_eq!(after.version, 2);
        for wrapped in [before, after] {
            assert_eq!(
                server.unwrap(northgate, b"patient", &wrapped).await.unwrap(),
                b"secret"
            );
            assert!(server.unwrap(northgate, b"another", &wrapped).await.is_err());
        }
        let st_annes = OrganisationId::new(Instant::EPOCH, [2; 10]);
        let foreign = server.wrap(st_annes, b"patient", b"secret").await.unwrap();
        assert!(server.unwrap(northgate, b"patient", &foreign).await.is_err());
    }
}
