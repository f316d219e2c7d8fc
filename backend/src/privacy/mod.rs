//! The record of who did what, and what a person may ask of it.
//!
//! Owns `audit_entries`, `consents` and `support_grants`. Promises: an entry is written in the
//! transaction that makes the change, or the change does not happen; whoever reads or is refused leaves
//! an entry before the answer goes out ([`reads`]), and so does every live topic; entries of one
//! organisation form a chain whose key is not in the database, so an edited row, a removed row, a
//! rewritten chain and a cut tail are found ([`audit::verify`], [`checkpoint`]). Only emergencies are
//! answered while the record can't be written, and they wait in a reserved [`journal`].
//!
//! Start with `trail.rs`, which has no I/O.

pub mod access_log;
pub mod audit;
pub mod checkpoint;
pub mod consents;
pub mod fhir;
pub mod journal;
pub mod reads;
pub mod recorder;
pub mod review;
mod store;
pub mod trail;
pub mod verify;

pub use recorder::Recorder;
