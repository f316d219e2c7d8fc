//! Whether all is well, and how much is going on.
//!
//! `/healthz` and `/readyz` stand on the portal's port for load balancers; metrics stand on a loopback
//! port of their own, because counts of devices and sessions are nobody else's business.

mod metrics;
pub mod openapi;
pub mod routes;
mod store;

pub use metrics::Metrics;
