//! An actix actor without any state: started, kept, never spoken to. What an actor costs before it
//! knows anything.

use actix::{Actor, Context};

use crate::{failure::Failure, process::resident_bytes};

pub const COMMAND: &str = "ruler-bare-actors";

struct Bare;

impl Actor for Bare {
    type Context = Context<Self>;
}

/// Bytes of memory each, in a process that holds nothing else.
pub fn measure(count: usize) -> Result<f64, Failure> {
    actix::System::new().block_on(async move {
        // The list itself is not the actors' cost.
        let mut addresses = Vec::with_capacity(count);
        addresses.resize_with(1, || Bare.start());
        let before = resident_bytes();
        addresses.resize_with(count, || Bare.start());
        // Lets each actor start.
        tokio::task::yield_now().await;
        let after = resident_bytes();
        let alive = addresses.iter().filter(|address| address.connected()).count();
        if alive < count {
            return Err(Failure::new(format!("only {alive} of {count} actors live")));
        }
        Ok(after.saturating_sub(before) as f64 / count as f64)
    })
}
