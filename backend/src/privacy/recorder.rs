//! Writes what the server itself has to record: reads, checkpoints, what waited in the journal.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_web::web::Data;
use fleetward_common::time::Instant;
use serde_json::json;
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    audit::{AuditAction, AuditActor, AuditEntry, AuditOutcome, Content},
    checkpoint::{Checkpoint, CheckpointError},
    journal::{Journal, JournalError},
    store,
};
use crate::{
    app::App,
    platform::{
        db::{Db, DbConnection, DbError, QueryError},
        http::{Failure, asking::Asking},
        secrets::{Key, private_folder},
    },
};

/// Cloneable; all clones write one record.
#[derive(Clone)]
pub struct Recorder {
    db: Db,
    key: Key,
    journal: Journal,
    checkpoint: PathBuf,
    /// One checkpoint at a time: each builds on the one before, also when its file was taken away.
    noted: Arc<tokio::sync::Mutex<Option<Checkpoint>>>,
}

#[derive(Debug, Error)]
pub enum RecordError {
    #[error("can't make the folder of the audit journal")]
    Folder(#[from] std::io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("what waited in the emergency journal can't be merged")]
    Database(#[from] DbError),
}

impl Recorder {
    /// `folder` is outside the database: the emergency journal and the checkpoint are in it.
    pub fn open(db: Db, key: Key, folder: &Path) -> Result<Self, RecordError> {
        private_folder(folder)?;
        Ok(Self {
            db,
            journal: Journal::in_folder(folder, &key)?,
            checkpoint: checkpoint_file(folder),
            noted: Arc::default(),
            key,
        })
    }

    /// Returns after the commit. When this fails, nothing may leave.
    pub async fn write(&self, entry: AuditEntry) -> Result<(), Failure> {
        let content = Content::from(&entry);
        self.write_content(content).await
    }

    async fn write_content(&self, content: Content) -> Result<(), Failure> {
        let key = self.key.clone();
        let written: Result<_, DbError> = self
            .db
            .write(move |connection| Ok(store::audit::append_content(connection, &key, &content)?))
            .await;
        written.map(drop).map_err(|error| Failure::Unavailable {
            step: "record who looks",
            source: error.into(),
        })
    }

    /// The same for someone who opens a patient in an emergency: what the database can't take goes into
    /// the reserved journal, and the answer leaves.
    pub async fn write_in_emergency(&self, entry: AuditEntry) -> Result<(), Failure> {
        let content = Content::from(&entry);
        let Err(failure) = self.write_content(content.clone()).await else {
            return Ok(());
        };
        let journal = self.journal.clone();
        let kept = tokio::task::spawn_blocking(move || journal.append(&content)).await;
        match kept {
            Ok(Ok(())) => {
                tracing::error!("the audit record can't be written; an emergency went into the journal");
                if let Some(asking) = Asking::current() {
                    asking.note_recorded();
                }
                Ok(())
            }
            Ok(Err(error)) => {
                tracing::error!(cause = %error, "an emergency could not be recorded anywhere");
                Err(failure)
            }
            Err(_) => Err(failure),
        }
    }

    /// Inside the change that opens a patient in an emergency: an entry that the record can't take does
    /// not undo the change, it goes into the reserved journal.
    pub fn append_in_emergency(
        &self,
        connection: &mut DbConnection,
        entry: &AuditEntry,
    ) -> Result<(), QueryError> {
        store::journal::append_or_keep(connection, &self.key, &self.journal, &Content::from(entry))
    }

    /// Moves what waited in the journal into the chains. Returns how many entries that were.
    pub async fn merge_journal(&self) -> Result<usize, RecordError> {
        if self.journal.is_empty() {
            return Ok(0);
        }
        let waiting = self.journal.waiting()?;
        let (merged, key) = (waiting.len(), self.key.clone());
        let written: Result<(), DbError> = self
            .db
            .write(move |connection| {
                for entry in &waiting {
                    store::journal::merge(connection, &key, entry)?;
                }
                Ok(())
            })
            .await;
        written?;
        self.journal.forget(merged)?;
        tracing::warn!(
            entries = merged,
            "entries of the emergency journal were merged into the audit record"
        );
        Ok(merged)
    }

    /// Notes outside the database how far every chain has come.
    pub async fn note_checkpoint(&self, now: Instant) -> Result<Checkpoint, RecordError> {
        let mut noted = self.noted.lock().await;
        let previous = Checkpoint::read(&self.checkpoint, &self.key)?.or_else(|| {
            let taken_away = noted.clone();
            if taken_away.is_some() {
                tracing::error!("the audit checkpoint was taken away; it is written anew from memory");
            }
            taken_away
        });
        let checkpoint = self
            .db
            .read(move |connection| Checkpoint::next(connection, previous.as_ref(), now))
            .await?;
        checkpoint.write(&self.checkpoint, &self.key)?;
        *noted = Some(checkpoint.clone());
        Ok(checkpoint)
    }

    /// At the start, before anything is noted. A record without its checkpoint may have been cut while the
    /// server was down, and the next checkpoint would cover that up: so the record says for good that it
    /// was missing.
    pub async fn note_start(&self, now: Instant) -> Result<(), RecordError> {
        if !matches!(self.checkpoint(), Ok(None)) {
            return Ok(());
        }
        let key = self.key.clone();
        let said: Result<usize, DbError> = self
            .db
            .write(move |connection| {
                let chains = store::chains::chains(connection)?;
                for organisation in &chains {
                    let entry = AuditEntry {
                        organisation: *organisation,
                        at: now,
                        action: AuditAction::Execute,
                        event: CHECKPOINT_MISSING,
                        outcome: AuditOutcome::SeriousFailure,
                        actor: AuditActor::SYSTEM,
                        entity: None,
                        patient: None,
                        detail: json!({}),
                    };
                    super::audit::append(connection, &key, &entry)?;
                }
                Ok(chains.len())
            })
            .await;
        if said? > 0 {
            tracing::error!("the audit checkpoint was missing at the start; the record says so");
        }
        Ok(())
    }

    /// The last one that was noted.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        Checkpoint::read(&self.checkpoint, &self.key)
    }
}

pub fn checkpoint_file(folder: &Path) -> PathBuf {
    folder.join("audit-checkpoint.json")
}

/// Said in every chain, and told by `audit verify`.
pub const CHECKPOINT_MISSING: &str = "audit_checkpoint_missing";

/// A tail that is cut off sooner after it was written than this leaves no trace.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
const LOOK_AT_JOURNAL_EVERY: Duration = Duration::from_secs(5);

/// Keeps the record whole for as long as the server runs.
pub async fn keep(app: Data<App>) {
    let (mut checkpoint, mut journal) = (interval(CHECKPOINT_EVERY), interval(LOOK_AT_JOURNAL_EVERY));
    checkpoint.set_missed_tick_behavior(MissedTickBehavior::Delay);
    journal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outcome = tokio::select! {
            _ = checkpoint.tick() => app.recorder.note_checkpoint(app.clock.now()).await.map(drop),
            _ = journal.tick() => app.recorder.merge_journal().await.map(drop),
        };
        if let Err(error) = outcome {
            tracing::error!(cause = %crate::platform::http::failure::chain(&error), "the audit record could not be kept");
        }
    }
}
