//! Keys that live outside the database, each in a file of its own that only the server's user can read.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
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

    /// A key of its own for one use.
    #[must_use]
    pub fn derived(&self, use_for: &[u8]) -> Self {
        let mut key = [0; 32];
        #[expect(clippy::expect_used, reason = "32 bytes are far below the limit of HKDF")]
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(use_for, &mut key)
            .expect("32 bytes fit");
        Self(key)
    }

    /// HMAC-SHA256 of `text`.
    pub fn mac(&self, text: &[u8]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a 256-bit key");
        mac.update(text);
        mac.finalize().into_bytes().into()
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

const AUDIT: &str = "audit-hmac.key";
const MASTER: &str = "master.key";
const OUTBOX: &str = "outbox.key";

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
            audit: key_file(&folder.join(AUDIT))?,
            master: key_file(&folder.join(MASTER))?,
            outbox: key_file(&folder.join(OUTBOX))?,
            folder: folder.to_owned(),
        })
    }

    /// A key of its own for one use, derived from the master key.
    pub fn derived(&self, use_for: &[u8]) -> Key {
        self.master.derived(use_for)
    }

    /// The folder as a running server has it; nothing is made.
    pub fn open_existing(folder: &Path) -> Result<Self, SecretsError> {
        for name in [AUDIT, MASTER, OUTBOX] {
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
    let bytes = match fs::read(path) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            make_private(path, &random::<32>()).and_then(|()| fs::read(path))
        }
        other => other,
    };
    let key: [u8; 32] = bytes
        .map_err(file_error)?
        .try_into()
        .or(Err(SecretsError::NotAKey {
            path: path.to_owned(),
        }))?;
    Ok(Key(key))
}

/// Writes a file that only its owner can read. It is complete or as it was, never half there.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    by_way_of_another(path, bytes, |written| fs::rename(written, path))
}

/// Like [`write_private`], but a file that is there already stays: of two that make it at once, both have
/// the first one's.
pub fn make_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    by_way_of_another(path, bytes, |written| {
        match fs::hard_link(written, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::remove_file(written)
    })
}

/// Through a file beside it of which nobody else knows the name: two that write at once do not meet.
fn by_way_of_another(
    path: &Path,
    bytes: &[u8],
    put_in_place: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let other = path.with_extension(format!("{:032x}.new", u128::from_be_bytes(random())));
    let written = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&other)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        put_in_place(&other)?;
        // The name is on the disk as well as the bytes.
        path.parent()
            .map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    written().inspect_err(|_| {
        // What failed is told; a rest that can't be taken away either is no news.
        let _ = fs::remove_file(&other);
    })
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
    fn opening_an_existing_folder_makes_no_key_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        Secrets::open(folder.path()).unwrap();
        assert!(Secrets::open_existing(folder.path()).is_ok());
        for name in [AUDIT, MASTER, OUTBOX] {
            let (there, aside) = (folder.path().join(name), folder.path().join("aside"));
            fs::rename(&there, &aside).unwrap();
            let refusal = Secrets::open_existing(folder.path()).unwrap_err().to_string();
            assert!(refusal.contains(name) && !there.exists(), "{refusal}");
            fs::rename(&aside, &there).unwrap();
        }
    }

    #[test]
    fn of_those_who_make_a_key_at_once_all_have_the_first_ones() {
        let folder = tempfile::tempdir().unwrap();
        let keys: Vec<Key> = std::thread::scope(|threads| {
            let makers: Vec<_> = (0..16)
                .map(|_| threads.spawn(|| key_file(&folder.path().join(MASTER)).unwrap()))
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let on_disk = fs::read(folder.path().join(MASTER)).unwrap();
        assert!(keys.iter().all(|key| key.as_bytes().as_slice() == on_disk));
        // Nothing half written is left beside it.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
