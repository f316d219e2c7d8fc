//! What the numbers in the segments mean: which of them is the first of this epoch, and which
//! channels the frames from a number on were made for. Written seldom, always as a whole.

use fleetward_common::devices::link::Channel;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

const FILE: &str = "numbering.json";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Numbering {
    pub epoch: u64,
    /// The number of the frame that is sequence 0 of this epoch.
    pub starts_at: u64,
    /// Frames with a lower number were written for an earlier epoch, and are renumbered when read.
    pub written_anew_from: u64,
    pub eras: Vec<Era>,
}

/// Frames from `since` on name these channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Era {
    pub since: u64,
    pub channels: Vec<Channel>,
}

impl Numbering {
    pub fn of_epoch(epoch: u64) -> Self {
        Self {
            epoch,
            starts_at: 0,
            written_anew_from: 0,
            eras: Vec::new(),
        }
    }

    pub fn load(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn store(&self, folder: &Path) -> io::Result<()> {
        let fresh = folder.join("numbering.json.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&fresh, folder.join(FILE))?;
        File::open(folder)?.sync_all()
    }

    /// `next` is the number of the next frame, `oldest` of the oldest one held.
    /// Says whether anything changed.
    pub fn declare(&mut self, channels: Vec<Channel>, next: u64, oldest: u64) -> bool {
        let before = self.clone();
        if self.eras.last().is_none_or(|era| era.channels != channels) {
            self.eras.retain(|era| era.since < next);
            self.eras.push(Era {
                since: next,
                channels,
            });
        }
        let current = self.eras.iter().rposition(|era| era.since <= oldest).unwrap_or(0);
        self.eras.drain(..current);
        *self != before
    }

    /// The channels of frame `number`, and the number from which others hold.
    pub fn era_of(&self, number: u64) -> (Vec<Channel>, Option<u64>) {
        let at = self.eras.iter().rposition(|era| era.since <= number).unwrap_or(0);
        let channels = self
            .eras
            .get(at)
            .map(|era| era.channels.clone())
            .unwrap_or_default();
        (channels, self.eras.get(at + 1).map(|era| era.since))
    }
}
