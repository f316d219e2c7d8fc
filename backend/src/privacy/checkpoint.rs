//! How far each chain had come, noted outside the database.
//!
//! A chain whose tail was cut off looks whole. The checkpoint says how long it was: it is written every
//! minute and at the end, carries a MAC of the audit key, and never goes back, so cutting a tail and
//! starting the server again does not wash the cut away.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use fleetward_common::{id::OrganisationId, time::Instant};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{
    audit::mac_of,
    store::{audit, chains},
};
use crate::platform::{
    db::{DbConnection, DbError},
    hex,
    secrets::{Key, write_private},
};

/// The newest entry of one chain at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub organisation: OrganisationId,
    pub number: i64,
    pub hmac: [u8; 32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub at: Instant,
    heads: Vec<Head>,
}

#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error("the audit checkpoint can't be read or written")]
    File(#[from] io::Error),
    #[error("the audit checkpoint was not written by this server: its MAC does not fit")]
    Forged,
    #[error("the heads of the chains can't be read")]
    Database(#[from] DbError),
}

/// As it is in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    at: Instant,
    heads: Vec<WrittenHead>,
    mac: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenHead {
    organisation: OrganisationId,
    number: i64,
    hmac: String,
}

impl Checkpoint {
    /// `None` when none was ever written.
    pub fn read(path: &Path, key: &Key) -> Result<Option<Self>, CheckpointError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let written: Written = serde_json::from_slice(&text).or(Err(CheckpointError::Forged))?;
        let heads: Option<Vec<Head>> = written
            .heads
            .iter()
            .map(|head| {
                Some(Head {
                    organisation: head.organisation,
                    number: head.number,
                    hmac: hex::decode(&head.hmac)?,
                })
            })
            .collect();
        let checkpoint = Self {
            at: written.at,
            heads: heads.ok_or(CheckpointError::Forged)?,
        };
        let mac: [u8; 32] = hex::decode(&written.mac).ok_or(CheckpointError::Forged)?;
        if bool::from(mac.ct_eq(&checkpoint.mac(key))) {
            Ok(Some(checkpoint))
        } else {
            Err(CheckpointError::Forged)
        }
    }

    pub fn write(&self, path: &Path, key: &Key) -> Result<(), CheckpointError> {
        let written = Written {
            at: self.at,
            heads: self
                .heads
                .iter()
                .map(|head| WrittenHead {
                    organisation: head.organisation,
                    number: head.number,
                    hmac: hex::encode(&head.hmac),
                })
                .collect(),
            mac: hex::encode(&self.mac(key)),
        };
        let text = serde_json::to_vec(&written).map_err(io::Error::from)?;
        Ok(write_private(path, &text)?)
    }

    /// Whose chains were noted.
    pub fn organisations(&self) -> impl Iterator<Item = OrganisationId> {
        self.heads.iter().map(|head| head.organisation)
    }

    pub fn of(&self, organisation: OrganisationId) -> Option<&Head> {
        self.heads.iter().find(|head| head.organisation == organisation)
    }

    /// Where the chains stand now. A chain that no longer holds what was noted keeps its old note, so
    /// that the loss stays visible.
    pub fn next(
        connection: &mut DbConnection,
        previous: Option<&Self>,
        now: Instant,
    ) -> Result<Self, DbError> {
        let mut heads = Vec::new();
        let mut lost: Vec<Head> = Vec::new();
        for noted in previous
            .map(|previous| previous.heads.as_slice())
            .unwrap_or_default()
        {
            if !audit::still_holds(connection, noted)? {
                lost.push(noted.clone());
            }
        }
        for (organisation, _) in chains::every_organisation(connection)? {
            if !lost.iter().any(|head| head.organisation == organisation) {
                heads.extend(audit::head(connection, organisation)?);
            }
        }
        for head in &lost {
            tracing::error!(
                organisation.id = %head.organisation,
                entry = head.number,
                "an audit entry that was there at the last checkpoint is gone or changed: run `fleetward audit verify`"
            );
        }
        heads.extend(lost);
        Ok(Self { at: now, heads })
    }

    fn mac(&self, key: &Key) -> [u8; 32] {
        let at = self.at.micros().to_be_bytes();
        let numbers: Vec<[u8; 8]> = self.heads.iter().map(|head| head.number.to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = vec![b"fleetward audit checkpoint", &at];
        for (head, number) in self.heads.iter().zip(&numbers) {
            parts.extend([head.organisation.as_bytes().as_slice(), number, &head.hmac]);
        }
        mac_of(key, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(number: i64) -> Head {
        Head {
            organisation: OrganisationId::new(Instant::from_millis(1), [1; 10]),
            number,
            hmac: [9; 32],
        }
    }

    #[test]
    fn a_checkpoint_is_read_back_and_a_changed_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("checkpoint.json"), Key::from_bytes([5; 32]));
        assert!(Checkpoint::read(&path, &key).unwrap().is_none());
        let checkpoint = Checkpoint {
            at: Instant::from_millis(7),
            heads: vec![head(41)],
        };
        checkpoint.write(&path, &key).unwrap();
        assert_eq!(Checkpoint::read(&path, &key).unwrap(), Some(checkpoint));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"number\":41", "\"number\":40")).unwrap();
        assert!(matches!(
            Checkpoint::read(&path, &key),
            Err(CheckpointError::Forged)
        ));
    }
}
