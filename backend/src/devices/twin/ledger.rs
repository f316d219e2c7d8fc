//! How a twin hears of its commits: a count and a bell, so that a thousand commits cost one wake-up and
//! an idle twin a few words of memory.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{Stream, task::AtomicWaker};

#[derive(Default)]
pub struct CommitLedger {
    stored: AtomicUsize,
    failed: AtomicBool,
    bell: AtomicWaker,
}

impl CommitLedger {
    /// One more frame is committed. Called in the order the frames were handed over.
    pub fn frame_stored(&self) {
        self.stored.fetch_add(1, Ordering::Release);
        self.bell.wake();
    }

    /// A frame was not stored. Every later one of this twin fails too: storing it would make the lost one
    /// look as if it had never been owed.
    pub fn frame_failed(&self) {
        self.failed.store(true, Ordering::Release);
        self.bell.wake();
    }

    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commits {
    pub frames: usize,
    pub failed: bool,
}

/// What was committed since the last look.
pub struct CommitNotices(pub Arc<CommitLedger>);

impl Stream for CommitNotices {
    type Item = Commits;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Commits>> {
        self.0.bell.register(context.waker());
        let frames = self.0.stored.swap(0, Ordering::AcqRel);
        let failed = self.0.has_failed();
        if frames > 0 || failed {
            Poll::Ready(Some(Commits { frames, failed }))
        } else {
            Poll::Pending
        }
    }
}
