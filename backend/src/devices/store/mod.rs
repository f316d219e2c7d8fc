//! Rows of this domain. The only place here that imports diesel.

#[cfg(test)]
pub mod fixture;
pub mod frames;
pub mod gaps;
pub mod measured;
pub mod minutes;
pub mod quarantine;
pub mod register;
pub mod registration;
pub mod snapshots;
pub mod summaries;
pub mod waves;
