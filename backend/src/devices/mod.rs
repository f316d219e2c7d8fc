//! Devices: their line in, their twins, what they measured.
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
