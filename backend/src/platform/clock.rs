//! The only place that reads the clock and draws chance. Everything that decides takes both as arguments.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fleetward_common::{id::Entropy, time::Instant};

#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// Stands still until it is advanced: for tests.
    pub fn manual(at: Instant) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.micros()))))
    }

    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(micros) => Instant::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on; the system's clock moves by itself.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let step = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }

    /// Random bits for a new id.
    pub fn entropy(&self) -> Entropy {
        random()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
fn system_now() -> Instant {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::EPOCH + since_epoch
}

/// Bytes from the operating system's generator.
#[expect(
    clippy::expect_used,
    reason = "without random bytes nothing that follows would be safe"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
