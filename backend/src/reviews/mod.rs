//! The privacy officer's desk: was each look at a patient's data one that care explains?
//!
//! Helen Frost opens her queue. First stands what is due first: Tomas Reuter opened a patient in an
//! emergency two days ago, and nothing on record explains it. She reads what he opened, in order, how
//! he stood to the patient then, and what is similar; she asks him. He answers, late, and it says so.
//! She finds it a breach, with a note; it is one when Jonas Frey, her colleague, agrees. All of it is
//! on record too, her own looking included.
//!
//! Owns `access_reviews` (raised by `privacy::review`), `access_review_decisions`,
//! `access_review_deadlines` and `access_rule_cursors`. Promises: no clinical value is read here; the
//! rules are pure and versioned; nobody decides about themselves; a breach needs two; while the record
//! doesn't fit together nobody decides at all.
//!
//! Start with `decide.rs`, `rules.rs` and `explain.rs`, which have no I/O.

mod asked;
mod compose;
mod decide;
mod explain;
pub mod export;
mod handling;
mod lanes;
pub mod routes;
pub mod rules;
mod search;
mod sentences;
pub mod store;
pub mod watch;

pub use watch::Desk;
