//! The Fleetward server.
//!
//! [`platform`] is what every domain stands on. [`privacy`] keeps the record that nobody can quietly
//! change.

pub mod platform;
pub mod privacy;
mod schema;
