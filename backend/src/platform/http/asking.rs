//! Which request is being answered: known to the task that answers it, and carried along to the writer
//! while it makes that request's change.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use fleetward_common::id::RequestId;

tokio::task_local! {
    static ASKING: Asking;
}

thread_local! {
    static WRITING_FOR: Cell<Option<RequestId>> = const { Cell::new(None) };
    static ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asking {
    id: RequestId,
    recorded: Arc<AtomicBool>,
}

impl Asking {
    pub fn new(id: RequestId) -> Self {
        Self {
            id,
            recorded: Arc::default(),
        }
    }

    /// The request that this task answers, if it answers one.
    pub fn current() -> Option<Self> {
        ASKING.try_with(Self::clone).ok()
    }

    pub async fn scope<F: Future>(self, answer: F) -> F::Output {
        ASKING.scope(self, answer).await
    }

    /// Whether a change that was committed for this request left an entry in the audit record.
    pub fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::SeqCst)
    }

    pub fn note_recorded(&self) {
        self.recorded.store(true, Ordering::SeqCst);
    }
}

/// The request that this task answers, or that this thread writes for.
pub fn current_request() -> Option<RequestId> {
    Asking::current()
        .map(|asking| asking.id)
        .or_else(|| WRITING_FOR.get())
}

/// Runs a change that `asking` asked for, and says whether it put an entry into the audit record.
pub fn write_for<T>(asking: Option<&Asking>, change: impl FnOnce() -> T) -> (T, bool) {
    WRITING_FOR.set(asking.map(|asking| asking.id));
    ENTERED.set(false);
    let outcome = change();
    WRITING_FOR.set(None);
    (outcome, ENTERED.replace(false))
}

/// The change that runs now put an entry into the audit record.
pub fn note_entry() {
    ENTERED.set(true);
}
