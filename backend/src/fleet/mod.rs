//! Devices in the field, as their makers and their custodians list them. No patient, by construction:
//! everything here is made of the technical class.

mod query;
pub mod routes;
mod store;
pub mod support;
