//! Proving who one is before a copy of the record leaves.

pub use crate::identity::parts::step_up_dialog::StepUpDialog as ProveDialog;
