//! The record of who did what, and what a person may ask of it.
//!
//! Owns `audit_entries`. Promises: an entry is written in the transaction that makes the change, or
//! the change does not happen; entries of one organisation form a chain whose key is not in the
//! database, so an edited row, a removed row and a rewritten chain are found by [`audit::verify`].

pub mod audit;
pub mod review;
mod store;
