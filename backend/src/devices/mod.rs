//! Devices: their line in, their twins, what they measured.
//!
//! A reading's way: [`ingest`] opens a line for a device that proves who it is ([`authority`] signed its
//! certificate) and hands each frame to its twin. The [`twin`] checks it, marks what is odd, keeps what
//! people see, and gives its rows to the one writer ([`telemetry`]). The commit comes back to the twin;
//! only then the device hears `Ack` and the hub hears the value. [`history`] reads the rows again.
//!
//! Promises: an acknowledged frame is stored; a repeat is stored once; numbers that never came are a gap
//! that everyone can see; what is implausible, unknown or of a wrong clock is kept, marked, and never
//! shown as valid; a corrupt row is reported and never served.
//!
//! Start with `twin/state.rs`, which has no I/O. Deliberately not here: who may look (`access`), what
//! people listen to (`live`), lists of devices (`fleet`), alarms.

pub mod authority;
pub mod history;
pub mod ingest;
pub mod metrics;
pub mod routes;
pub mod store;
pub mod summary;
pub mod telemetry;
pub mod twin;

#[cfg(test)]
mod tests;
