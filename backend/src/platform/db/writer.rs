//! The one thread that writes, and its group commit.
//!
//! Jobs that arrive within 5 ms of the first one, up to 256 KiB or 1,000 jobs, share one transaction
//! and so one fsync. Each change has a savepoint of its own: one that fails leaves the others alone.
//! Frames share a savepoint, because a savepoint each would cost more than the rows; when one of them
//! fails, the group's frames are run again one at a time. Nobody hears back before the commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, QueryResult,
    connection::{TransactionManager, TransactionManagerStatus},
};
use thiserror::Error;
use tokio::sync::oneshot;

use super::{DbConnection, DbError, engine::Location, statements};
use crate::platform::http::asking::{self, Asking};

const GROUP_WINDOW: Duration = Duration::from_millis(5);
const GROUP_BYTES: usize = 256 * 1024;
const GROUP_JOBS: usize = 1_000;

type Transactions = <DbConnection as Connection>::TransactionManager;

/// Nothing of the job was stored.
#[derive(Debug, Clone, Error)]
pub enum WriteFailed {
    #[error("the commit failed: {0}")]
    Commit(String),
    #[error("the rows were refused: {0}")]
    Rows(String),
    #[error("the writer has stopped")]
    Stopped,
}

/// Rows for the fast lane. `append` may run more than once, so it must do the same each time.
pub trait Append: Send {
    fn append(&self, connection: &mut DbConnection) -> QueryResult<()>;

    /// What the rows weigh, for the group's limit.
    fn bytes(&self) -> usize;

    /// Called once, after the commit or the failure, on the writer's thread: must not wait.
    fn finish(self: Box<Self>, outcome: Result<(), WriteFailed>);
}

/// A change that ran and waits for the commit.
type Reply = Box<dyn FnOnce(Result<(), WriteFailed>) + Send>;
type Change = Box<dyn FnOnce(&mut DbConnection) -> Reply + Send>;

enum Job {
    Change(Change),
    Append(Box<dyn Append>),
}

/// What waits for the writer, and what it has done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backlog {
    pub jobs: usize,
    pub bytes: usize,
    pub commits: u64,
}

#[derive(Default)]
struct Counters {
    jobs: AtomicUsize,
    bytes: AtomicUsize,
    commits: AtomicU64,
}

pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    counters: Arc<Counters>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Writer {
    pub fn start(location: Location, connection: DbConnection) -> Result<Self, DbError> {
        let (sender, receiver) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let group = GroupCommit {
            location,
            connection,
            jobs: receiver,
            counters: counters.clone(),
        };
        let thread = thread::Builder::new()
            .name("writer".into())
            .spawn(move || group.run())
            .map_err(|cause| DbError::Settings(format!("the writer thread can't start: {cause}")))?;
        Ok(Self {
            jobs: Mutex::new(Some(sender)),
            counters,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub async fn change<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + From<diesel::result::Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let counter = statements::counter();
        let asking = Asking::current();
        let change: Change = Box::new(move |connection| {
            let (result, entered) = asking::write_for(asking.as_ref(), || {
                connection.transaction(|connection| statements::on_behalf_of(counter, || work(connection)))
            });
            Box::new(move |outcome| {
                if let Some(asking) = asking.filter(|_| entered && outcome.is_ok() && result.is_ok()) {
                    asking.note_recorded();
                }
                let answer = outcome
                    .map_err(|failed| E::from(DbError::Write(failed)))
                    .and(result);
                // Whoever asked may have gone away; the change stands all the same.
                let _ = sender.send(answer);
            })
        });
        self.submit(Job::Change(change));
        receiver
            .await
            .unwrap_or_else(|_| Err(DbError::Write(WriteFailed::Stopped).into()))
    }

    pub fn append(&self, rows: Box<dyn Append>) {
        self.submit(Job::Append(rows));
    }

    fn submit(&self, job: Job) {
        let bytes = match &job {
            Job::Change(_) => 0,
            Job::Append(rows) => rows.bytes(),
        };
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        self.counters.jobs.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        let refused = match jobs.as_ref() {
            Some(sender) => sender.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        if let Some(Job::Append(rows)) = refused {
            rows.finish(Err(WriteFailed::Stopped));
        }
    }

    pub fn backlog(&self) -> Backlog {
        Backlog {
            jobs: self.counters.jobs.load(Ordering::Relaxed),
            bytes: self.counters.bytes.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A reply on the writer's own thread may hold the last handle; it can't wait for itself.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

struct GroupCommit {
    location: Location,
    connection: DbConnection,
    jobs: mpsc::Receiver<Job>,
    counters: Arc<Counters>,
}

/// One transaction's jobs that ran and wait for its end.
#[derive(Default)]
struct Group {
    replies: Vec<Reply>,
    rows: Vec<Box<dyn Append>>,
    jobs: usize,
    bytes: usize,
}

impl Group {
    fn is_full(&self) -> bool {
        self.jobs >= GROUP_JOBS || self.bytes >= GROUP_BYTES
    }
}

impl GroupCommit {
    fn run(mut self) {
        while let Ok(first) = self.jobs.recv() {
            if let Err(cause) = Transactions::begin_transaction(&mut self.connection) {
                self.reconnect(&cause.to_string());
                self.refuse(first, &cause.to_string());
                continue;
            }
            let mut group = Group::default();
            self.take(first, &mut group);
            self.gather(&mut group);
            let refused = self.append_rows(&mut group);
            let outcome = self.commit();
            self.counters.jobs.fetch_sub(group.jobs, Ordering::Relaxed);
            self.counters.bytes.fetch_sub(group.bytes, Ordering::Relaxed);
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
            for reply in group.replies {
                reply(outcome.clone());
            }
            for rows in group.rows {
                rows.finish(outcome.clone());
            }
            for (rows, cause) in refused {
                rows.finish(Err(WriteFailed::Rows(cause)));
            }
        }
    }

    fn gather(&mut self, group: &mut Group) {
        let closes = Instant::now() + GROUP_WINDOW;
        while !group.is_full() {
            match self
                .jobs
                .recv_timeout(closes.saturating_duration_since(Instant::now()))
            {
                Ok(job) => self.take(job, group),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    fn take(&mut self, job: Job, group: &mut Group) {
        group.jobs += 1;
        match job {
            Job::Change(change) => {
                // A panic in one change must not take every other writer down with it.
                match catch_unwind(AssertUnwindSafe(|| change(&mut self.connection))) {
                    Ok(reply) => group.replies.push(reply),
                    Err(_) => tracing::error!("a change panicked; nothing of it was stored"),
                }
            }
            Job::Append(rows) => {
                group.bytes += rows.bytes();
                group.rows.push(rows);
            }
        }
    }

    /// Takes out of the group what the database refused, with the cause.
    fn append_rows(&mut self, group: &mut Group) -> Vec<(Box<dyn Append>, String)> {
        let rows = &group.rows;
        let together = self
            .connection
            .transaction(|connection| rows.iter().try_for_each(|rows| rows.append(connection)));
        if together.is_ok() {
            return Vec::new();
        }
        let (mut stored, mut refused) = (Vec::new(), Vec::new());
        for rows in std::mem::take(&mut group.rows) {
            match self.connection.transaction(|connection| rows.append(connection)) {
                Ok(()) => stored.push(rows),
                Err(cause) => refused.push((rows, cause.to_string())),
            }
        }
        group.rows = stored;
        refused
    }

    fn commit(&mut self) -> Result<(), WriteFailed> {
        let committed = Transactions::commit_transaction(&mut self.connection);
        committed.map_err(|cause| {
            tracing::error!(error = %cause, "a group commit failed; nothing of it was acknowledged");
            let undone = Transactions::rollback_transaction(&mut self.connection);
            let status = Transactions::transaction_manager_status_mut(&mut self.connection);
            if undone.is_err() || matches!(status, TransactionManagerStatus::InError) {
                self.reconnect(&cause.to_string());
            }
            WriteFailed::Commit(cause.to_string())
        })
    }

    fn reconnect(&mut self, cause: &str) {
        match self.location.connect_writer() {
            Ok(connection) => self.connection = connection,
            Err(refused) => tracing::error!(error = %refused, cause, "the writer can't reach its database"),
        }
    }

    fn refuse(&self, job: Job, cause: &str) {
        self.counters.jobs.fetch_sub(1, Ordering::Relaxed);
        // A change that is dropped unrun answers its caller with "stopped".
        if let Job::Append(rows) = job {
            self.counters.bytes.fetch_sub(rows.bytes(), Ordering::Relaxed);
            rows.finish(Err(WriteFailed::Commit(cause.to_owned())));
        }
    }
}
