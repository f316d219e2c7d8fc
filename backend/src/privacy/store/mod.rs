pub mod access_log;
pub mod audit;
pub mod chains;
pub mod consents;
pub mod entries;
pub mod journal;
pub mod reviews;
