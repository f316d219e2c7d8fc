//! How many statements an answer costs, counted at the connections themselves.
//!
//! A page that asks once per row shows up here, and so would an answer that tells what is hidden from
//! what is absent by asking more often.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::connection::{Instrumentation, InstrumentationEvent};

pub(super) type Counter = Arc<AtomicU64>;

tokio::task_local! {
    /// Of the request that this task answers.
    static OF_REQUEST: Counter;
}

thread_local! {
    /// Of the request for which this thread runs statements now.
    static HERE: RefCell<Option<Counter>> = const { RefCell::new(None) };
}

/// Runs `work` and says how many statements it ran, whichever threads they ran on.
pub async fn counted<F: Future>(work: F) -> (F::Output, u64) {
    let counter = Counter::default();
    let output = OF_REQUEST.scope(Arc::clone(&counter), work).await;
    (output, counter.load(Ordering::Relaxed))
}

/// The counter to hand over to the thread that does the work.
pub(super) fn counter() -> Option<Counter> {
    OF_REQUEST.try_with(Arc::clone).ok()
}

pub(super) fn on_behalf_of<T>(counter: Option<Counter>, work: impl FnOnce() -> T) -> T {
    let before = HERE.replace(counter);
    let output = work();
    HERE.replace(before);
    output
}

/// Given to every connection when it is opened.
pub(super) struct Counting;

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            HERE.with_borrow(|counter| {
                if let Some(counter) = counter {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
}
