//! `fleetward audit verify`: walks every chain, also while the server runs.

use std::path::Path;

use fleetward_common::{id::OrganisationId, time::Instant};

use super::{
    audit::{Breach, Verdict},
    checkpoint::{Checkpoint, CheckpointError},
    journal,
    recorder::{CHECKPOINT_MISSING, RecordError, checkpoint_file},
    store,
};
use crate::platform::{
    db::{DbConnection, DbError},
    secrets::Key,
};

/// What was found, chain by chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub chains: Vec<Chain>,
    pub checkpoint: Noted,
    /// Names of the emergency journals that somebody else wrote into.
    pub forged_journals: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub organisation: OrganisationId,
    pub name: String,
    pub verdict: Verdict,
    /// Starts of the server at which its checkpoint was gone: what came before may have been cut off.
    pub checkpoint_missing: Vec<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    At(Instant),
    /// There is none, though there are entries: a cut tail would not be found.
    Missing,
    Forged,
}

/// `journal` is the folder in which the checkpoint and the emergency journal are kept.
pub fn every_chain(connection: &mut DbConnection, key: &Key, journal: &Path) -> Result<Report, RecordError> {
    // Read before the rows: what is added meanwhile lies behind it.
    let (checkpoint, noted) = match Checkpoint::read(&checkpoint_file(journal), key) {
        Ok(Some(checkpoint)) => {
            let at = checkpoint.at;
            (Some(checkpoint), Noted::At(at))
        }
        Ok(None) => (None, Noted::Missing),
        Err(CheckpointError::Forged) => (None, Noted::Forged),
        Err(error) => return Err(error.into()),
    };
    let mut every = store::chains::every_organisation(connection)?;
    // A chain whose organisation was removed with it is missed all the same.
    let noted_or_there = checkpoint.iter().flat_map(Checkpoint::organisations);
    for organisation in noted_or_there.chain(store::chains::chains(connection)?) {
        if every.iter().all(|(known, _)| *known != organisation) {
            every.push((
                organisation,
                format!("{organisation}, an organisation that is not there any more"),
            ));
        }
    }
    let mut chains = Vec::new();
    for (organisation, name) in every {
        let known = checkpoint
            .as_ref()
            .and_then(|checkpoint| checkpoint.of(organisation));
        let verdict = store::audit::verify(connection, key, organisation, known).map_err(DbError::from)?;
        chains.push(Chain {
            organisation,
            name,
            verdict,
            checkpoint_missing: store::chains::times_of(connection, organisation, CHECKPOINT_MISSING)?,
        });
    }
    Ok(Report {
        chains,
        checkpoint: noted,
        forged_journals: journal::forged_in(journal, key)?,
    })
}

impl Report {
    pub fn is_whole(&self) -> bool {
        matches!(self.checkpoint, Noted::At(_))
            && self.forged_journals.is_empty()
            && self
                .chains
                .iter()
                .all(|chain| matches!(chain.verdict, Verdict::Verified { .. }))
    }

    /// One line per chain, for whoever ran the command.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.chains.iter().map(Chain::line).collect();
        lines.extend(self.chains.iter().flat_map(Chain::warnings));
        lines.push(match self.checkpoint {
            Noted::At(at) => format!(
                "Checkpoint of {}. Entries after it are not protected against being cut off.",
                written(at)
            ),
            Noted::Missing => {
                "BROKEN: the checkpoint is missing, so a cut tail would not be found.".to_owned()
            }
            Noted::Forged => "BROKEN: the checkpoint was changed by someone without the key.".to_owned(),
        });
        lines.extend(self.forged_journals.iter().map(|name| {
            format!("BROKEN: {name} holds an emergency that this server did not write, or lost one.")
        }));
        lines
    }
}

/// `2026-11-25T14:02:11Z`
fn written(at: Instant) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(|_| String::new(), |at| format!("{at:.0}"))
}

impl Chain {
    fn warnings(&self) -> impl Iterator<Item = String> {
        self.checkpoint_missing.iter().map(|at| {
            format!(
                "WARNING {}: the checkpoint was missing when the server started at {}. What was written before \
                 may have been cut off; compare with a backup of the folder journal/.",
                self.name,
                written(*at)
            )
        })
    }

    fn line(&self) -> String {
        match &self.verdict {
            Verdict::Verified {
                entries,
                checkpointed,
                ..
            } => {
                let noted = checkpointed.unwrap_or(0);
                let open = match entries - noted {
                    0 => String::new(),
                    1 => format!(" Entry {entries} came after the checkpoint."),
                    _ => format!(" Entries {} to {entries} came after the checkpoint.", noted + 1),
                };
                format!(
                    "{}: {entries} entries, every one as it was written.{open}",
                    self.name
                )
            }
            Verdict::Broken { number, how } => {
                let what = match how {
                    Breach::Changed => "It was changed, or written by someone without the key.",
                    Breach::Missing => "Later entries are there.",
                    Breach::Cut => "They were there at the last checkpoint.",
                };
                format!("BROKEN {}: entry {number} {}. {what}", self.name, how.in_words())
            }
        }
    }
}
