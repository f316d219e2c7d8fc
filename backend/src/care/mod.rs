//! Patients, beds, and who is cared for where.
//!
//! Owns `patients`, `patient_identities`, `patient_blind_indexes`, `patient_people`, `beds`, `bed_stays`, `care_teams`,
//! `device_custody` and `device_assignments`. Promises: a patient's row says nothing about who they are;
//! who and what is where is an interval that is closed, never overwritten; a page shows a person only
//! the classes their permit carries; what people write about a patient is sealed like the patient's name.
//!
//! Start with `night.rs`, which decides what "last night" was and has no I/O.

mod bed_history;
pub mod blind_index;
mod board;
pub mod emergency;
mod home;
pub mod key_provider;
pub mod key_rotation;
mod night;
mod own_page;
pub mod own_privacy;
pub mod routes;
mod search;
pub mod store;
mod transfer;

pub use store::keys::PatientKeys;
