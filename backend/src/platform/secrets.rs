//! Keys that live outside the database, each in a file of its own that only the server's user can read.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;

use super::clock::random;

/// A 256-bit key. Never printed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[derive(Debug, Error)]
pub enum SecretsError {
    #[error("can't use the secrets file {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the secrets file {} does not hold a 256-bit key", path.display())]
    NotAKey { path: PathBuf },
}

/// The folder `secrets/` of the data folder.
#[derive(Debug, Clone)]
pub struct Secrets {
    folder: PathBuf,
    /// Signs the audit chain.
    pub audit: Key,
    /// Organisation keys are derived from it, and wrap the patients' keys.
    pub master: Key,
    /// Seals the texts of messages that have not left yet.
    pub outbox: Key,
}

impl Secrets {
    /// Opens the folder; what is missing is made, readable by its owner only.
    pub fn open(folder: &Path) -> Result<Self, SecretsError> {
        private_folder(folder).map_err(|source| SecretsError::File {
            path: folder.to_owned(),
            source,
        })?;
        Ok(Self {
            audit: key_file(&folder.join("audit-hmac.key"))?,
            master: key_file(&folder.join("master.key"))?,
            outbox: key_file(&folder.join("outbox.key"))?,
            folder: folder.to_owned(),
        })
    }

    /// A key of its own for one use, derived from the master key.
    pub fn derived(&self, use_for: &[u8]) -> Key {
        let mut key = [0; 32];
        #[expect(clippy::expect_used, reason = "32 bytes are far below the limit of HKDF")]
        Hkdf::<Sha256>::new(None, self.master.as_bytes())
            .expand(use_for, &mut key)
            .expect("32 bytes fit");
        Key::from_bytes(key)
    }

    /// The folder as a running server has it; nothing is made.
    pub fn open_existing(folder: &Path) -> Result<Self, SecretsError> {
        for name in ["audit-hmac.key", "master.key"] {
            let path = folder.join(name);
            if let Err(source) = fs::metadata(&path) {
                return Err(SecretsError::File { path, source });
            }
        }
        Self::open(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn key_file(path: &Path) -> Result<Key, SecretsError> {
    let file_error = |source| SecretsError::File {
        path: path.to_owned(),
        source,
    };
    match fs::read(path) {
        Ok(bytes) => {
            let key: [u8; 32] = bytes.try_into().or(Err(SecretsError::NotAKey {
                path: path.to_owned(),
            }))?;
            Ok(Key(key))
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            let key = random();
            write_private(path, &key).map_err(file_error)?;
            Ok(Key(key))
        }
        Err(source) => Err(file_error(source)),
    }
}

/// Writes a file that only its owner can read. It is complete or absent, never half there.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half_written = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&half_written)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&half_written, path)
}

/// A folder that only its owner can enter. One that is there already is left as it is: somebody may
/// have shared it on purpose.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes sure, before anything else opens it, that only its owner can read the file.
pub fn private_file(path: &Path) -> io::Result<()> {
    let file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secrets::open(&folder.path().join("secrets")).unwrap();
        let again = Secrets::open(&folder.path().join("secrets")).unwrap();
        assert_eq!(first.audit.as_bytes(), again.audit.as_bytes());
        assert_ne!(first.audit.as_bytes(), first.master.as_bytes());
        let mode = fs::metadata(first.path("master.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_cut_key_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("master.key"), b"short").unwrap();
        let refusal = Secrets::open(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("master.key"), "{refusal}");
    }

    #[test]
    fn a_key_never_shows_in_a_log() {
        assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key(..)");
    }
}
