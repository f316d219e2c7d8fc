//! The policy in force, for those who answer for it.

mod cell;
mod policy_page;
mod told;

pub use policy_page::PolicyPage;
