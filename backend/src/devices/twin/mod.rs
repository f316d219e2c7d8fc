//! The live twin of a device: what it measures now, what it says of itself, how its line stands.
//!
//! Start with `state.rs`: [`TwinState::apply`] is pure and holds every rule. `actor.rs` delivers to it,
//! `registry.rs` finds, starts and puts twins to sleep, `watchdog.rs` notices silence from outside the
//! data path. A twin lives on the worker that owns its connection; a device that is away costs no memory.

pub mod actor;
mod audience;
mod clock;
mod declared;
pub mod event;
mod frame;
pub mod ledger;
mod metric;
pub mod outbox;
pub mod registry;
pub mod slot;
mod snapshot;
pub mod state;
mod view;
pub mod watchdog;

pub use frame::ALARMS_LATE;
pub use registry::{Audience, Everyone, Twins};
pub use state::TwinState;
pub use view::{Snapshot, Technical, TwinView};

/// Minutes that ended, with their metric.
pub type Minutes = Vec<(
    fleetward_common::metric::MetricCode,
    super::telemetry::rollup::Closed,
)>;

#[cfg(test)]
mod tests;
