//! Proving who one is, where something dangerous asks for it.

pub use crate::identity::parts::step_up_dialog::StepUpDialog as ProveDialog;
