//! Rows of the desk. What shows tenant data takes a permit or a listing of reviews.

pub mod around;
pub mod looks;
pub mod queue;
pub mod record;
pub mod steps;
