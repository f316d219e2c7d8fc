//! Where an emergency is recorded while the database can't take it.
//!
//! Nobody is kept from a patient in danger because a disk is full. The journal's room is taken from the
//! disk when the server first starts; each entry is written in place and flushed before the answer
//! leaves, and carries an HMAC over the one before it. When the database is back the entries are merged
//! into the chain and the room is free again. A full journal fails like a full database.
//! One that somebody else wrote into is laid aside as evidence: the beds are watched all the same.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::audit::{CHAIN_START, Content, mac_of};
use crate::platform::{hex, secrets::Key};

const NAME: &str = "emergencies.journal";
const FORGED: &str = "emergencies-forged-";
/// About two thousand entries.
const ROOM: u64 = 1024 * 1024;
/// Length of the JSON that follows, big endian; zero where nothing was written yet.
const LENGTH: u64 = 4;

#[derive(Debug, Error)]
pub enum JournalError {
    #[error("the emergency journal can't be read or written")]
    File(#[from] io::Error),
    #[error("the emergency journal is full")]
    Full,
    #[error("the emergency journal holds something that this server did not write")]
    Forged,
}

/// One entry and its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    content: Content,
    hmac: String,
}

/// What waits to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub content: Content,
    /// Names the entry for good: merging it twice must not record it twice.
    pub hmac: [u8; 32],
}

/// Cloneable; all clones are one file.
#[derive(Clone)]
pub struct Journal {
    open: Arc<Mutex<Open>>,
    key: Key,
}

struct Open {
    file: File,
    /// Where the next entry goes.
    end: u64,
    last: [u8; 32],
}

impl Journal {
    /// The one of a server whose journals and checkpoint are in `folder`.
    pub fn in_folder(folder: &Path, key: &Key) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        match Self::open(&path, key.clone()) {
            Err(JournalError::Forged) => {
                let aside = lay_aside(folder, &path)?;
                tracing::error!(
                    journal = %aside.display(),
                    "the emergency journal holds something that this server did not write: it was laid aside"
                );
                Self::open(&path, key.clone())
            }
            opened => opened,
        }
    }

    /// Takes the room if it was not taken yet, and finds what waits in it.
    pub fn open(path: &Path, key: Key) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        if file.metadata()?.len() < ROOM {
            // Written, not only promised: a sparse file would find the disk full after all.
            file.write_all_at(&vec![0; usize::try_from(ROOM).unwrap_or(0)], 0)?;
            file.sync_all()?;
        }
        let (_, end, last) = read(&file, &key)?;
        Ok(Self {
            open: Arc::new(Mutex::new(Open { file, end, last })),
            key,
        })
    }

    /// Returns when the entry is on the disk. Blocks for a flush.
    pub fn append(&self, content: &Content) -> Result<(), JournalError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let hmac = link(&self.key, &open.last, content)?;
        let line = Line {
            content: content.clone(),
            hmac: hex::encode(&hmac),
        };
        let text = serde_json::to_vec(&line).map_err(io::Error::from)?;
        let length = u32::try_from(text.len()).or(Err(JournalError::Full))?;
        let end = open.end + LENGTH + u64::from(length);
        if end + LENGTH > ROOM {
            return Err(JournalError::Full);
        }
        // The zero behind it ends the journal, whatever a write that was cut short left there.
        let bytes = [&length.to_be_bytes()[..], &text, &[0; LENGTH as usize]].concat();
        open.file.write_all_at(&bytes, open.end)?;
        open.file.sync_data()?;
        (open.end, open.last) = (end, hmac);
        Ok(())
    }

    /// What waits, oldest first.
    pub fn waiting(&self) -> Result<Vec<Waiting>, JournalError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(read(&open.file, &self.key)?.0)
    }

    pub fn is_empty(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).end == 0
    }

    /// Frees the room of the first `merged` entries. What came after them stays, chained anew.
    pub fn forget(&self, merged: usize) -> Result<(), JournalError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (waiting, end, _) = read(&open.file, &self.key)?;
        let (mut bytes, mut last) = (Vec::new(), CHAIN_START);
        for left in waiting.into_iter().skip(merged) {
            last = link(&self.key, &last, &left.content)?;
            let line = Line {
                content: left.content,
                hmac: hex::encode(&last),
            };
            let text = serde_json::to_vec(&line).map_err(io::Error::from)?;
            let length = u32::try_from(text.len()).or(Err(JournalError::Full))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&text);
        }
        let kept = bytes.len() as u64;
        bytes.resize(usize::try_from(end.max(kept)).unwrap_or(bytes.len()), 0);
        open.file.write_all_at(&bytes, 0)?;
        open.file.sync_data()?;
        (open.end, open.last) = (kept, last);
        Ok(())
    }
}

fn lay_aside(folder: &Path, path: &Path) -> Result<PathBuf, JournalError> {
    let mut number = 1;
    let mut aside = folder.join(format!("{FORGED}{number}.journal"));
    while aside.exists() {
        number += 1;
        aside = folder.join(format!("{FORGED}{number}.journal"));
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Names of the journals in `folder` that somebody else wrote into, whether or not they were laid aside.
pub fn forged_in(folder: &Path, key: &Key) -> Result<Vec<String>, JournalError> {
    let mut forged = Vec::new();
    let files = match fs::read_dir(folder) {
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(forged),
        files => files?,
    };
    for file in files {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.starts_with(FORGED) {
            forged.push(name);
        }
    }
    match File::open(folder.join(NAME)) {
        Ok(file) => match read(&file, key) {
            Err(JournalError::Forged) => forged.push(NAME.to_owned()),
            // The room is being taken just now.
            Err(JournalError::File(short)) if short.kind() == ErrorKind::UnexpectedEof => {}
            read => drop(read?),
        },
        Err(missing) if missing.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    forged.sort();
    Ok(forged)
}

fn link(key: &Key, previous: &[u8; 32], content: &Content) -> Result<[u8; 32], JournalError> {
    let text = serde_json::to_vec(content).map_err(io::Error::from)?;
    Ok(mac_of(key, &[b"fleetward emergency journal", previous, &text]))
}

/// The entries, where the next one goes, and the last link.
fn read(file: &File, key: &Key) -> Result<(Vec<Waiting>, u64, [u8; 32]), JournalError> {
    let (mut waiting, mut end, mut last) = (Vec::new(), 0, CHAIN_START);
    while end + LENGTH < ROOM {
        let mut length = [0; 4];
        file.read_exact_at(&mut length, end)?;
        let length = u64::from(u32::from_be_bytes(length));
        if length == 0 {
            break;
        }
        if end + LENGTH + length > ROOM {
            return Err(JournalError::Forged);
        }
        let mut text = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(&mut text, end + LENGTH)?;
        let Ok(line) = serde_json::from_slice::<Line>(&text) else {
            let mut next = [0; 4];
            file.read_exact_at(&mut next, end + LENGTH + length)?;
            if next != [0; 4] {
                return Err(JournalError::Forged);
            }
            // The power failed while it was written: nobody was told that it was recorded.
            tracing::error!(
                at = end,
                "the last entry of the emergency journal is not whole and is left out"
            );
            break;
        };
        let hmac = link(key, &last, &line.content)?;
        if hex::decode(&line.hmac) != Some(hmac) {
            return Err(JournalError::Forged);
        }
        end += LENGTH + length;
        last = hmac;
        waiting.push(Waiting {
            content: line.content,
            hmac,
        });
    }
    Ok((waiting, end, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::audit::{AuditAction, AuditActor, AuditEntry, AuditOutcome};
    use fleetward_common::{id::OrganisationId, time::Instant};

    fn opening(minute: i64) -> Content {
        Content::from(&AuditEntry {
            organisation: OrganisationId::new(Instant::EPOCH, [1; 10]),
            at: Instant::from_millis(minute * 60_000),
            action: AuditAction::Read,
            event: "data_read",
            outcome: AuditOutcome::Success,
            actor: AuditActor::SYSTEM,
            entity: None,
            patient: None,
            detail: serde_json::json!({ "relations": ["break_glass"] }),
        })
    }

    fn contents(journal: &Journal) -> Vec<Content> {
        let waiting = journal.waiting().unwrap();
        waiting.into_iter().map(|entry| entry.content).collect()
    }

    #[test]
    fn what_was_written_waits_over_a_restart_and_is_gone_once_merged() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("journal"), Key::from_bytes([5; 32]));
        let journal = Journal::open(&path, key.clone()).unwrap();
        assert!(journal.is_empty());
        journal.append(&opening(1)).unwrap();
        journal.append(&opening(2)).unwrap();
        drop(journal);
        let journal = Journal::open(&path, key.clone()).unwrap();
        assert_eq!(contents(&journal), [opening(1), opening(2)]);
        journal.append(&opening(3)).unwrap();
        journal.forget(2).unwrap();
        assert_eq!(contents(&journal), [opening(3)]);
        assert_eq!(contents(&Journal::open(&path, key).unwrap()), [opening(3)]);
        journal.forget(1).unwrap();
        assert!(journal.is_empty() && journal.waiting().unwrap().is_empty());
    }

    #[test]
    fn a_changed_journal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("journal"), Key::from_bytes([5; 32]));
        Journal::open(&path, key.clone())
            .unwrap()
            .append(&opening(1))
            .unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(9).position(|part| part == b"data_read").unwrap();
        bytes[at] = b'D';
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Journal::open(&path, key), Err(JournalError::Forged)));
    }

    #[test]
    fn a_server_starts_beside_a_changed_journal_which_is_kept_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, key) = (folder.path(), Key::from_bytes([5; 32]));
        assert!(forged_in(&folder.join("nowhere"), &key).unwrap().is_empty());
        for laid_aside in ["emergencies-forged-1.journal", "emergencies-forged-2.journal"] {
            let journal = Journal::in_folder(folder, &key).unwrap();
            journal.append(&opening(1)).unwrap();
            drop(journal);
            assert!(!forged_in(folder, &key).unwrap().contains(&NAME.to_owned()));
            let written = std::fs::read_to_string(folder.join(NAME)).unwrap();
            std::fs::write(folder.join(NAME), written.replace("data_read", "data_lost")).unwrap();
            assert!(forged_in(folder, &key).unwrap().contains(&NAME.to_owned()));

            assert!(Journal::in_folder(folder, &key).unwrap().is_empty());
            assert!(forged_in(folder, &key).unwrap().contains(&laid_aside.to_owned()));
            let kept = std::fs::read_to_string(folder.join(laid_aside)).unwrap();
            assert!(kept.contains("data_lost"));
        }
    }

    #[test]
    fn an_entry_that_was_cut_short_is_left_out_and_one_that_was_blotted_out_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("journal"), Key::from_bytes([5; 32]));
        let journal = Journal::open(&path, key.clone()).unwrap();
        journal.append(&opening(1)).unwrap();
        let second = usize::try_from(journal.open.lock().unwrap().end).unwrap();
        journal.append(&opening(2)).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let blot = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at + 4..at + 24].fill(0);
            std::fs::write(&path, bytes).unwrap();
            Journal::open(&path, key.clone())
        };
        assert_eq!(contents(&blot(second).unwrap()), [opening(1)]);
        assert!(matches!(blot(0), Err(JournalError::Forged)));
    }

    #[test]
    fn its_room_is_taken_at_the_start_and_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path, Key::from_bytes([5; 32])).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ROOM);
        let mut long = opening(1);
        long.detail = serde_json::json!({ "padding": "x".repeat(200_000) });
        let written = (0..10).take_while(|_| journal.append(&long).is_ok()).count();
        assert_eq!(written, 5);
        assert!(matches!(journal.append(&long), Err(JournalError::Full)));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ROOM);
        assert_eq!(contents(&journal).len(), 5);
    }
}
