//! Used by the pages of this area; the step-up dialog by every page that does something dangerous.

pub mod passkeys_panel;
pub mod password_panel;
pub mod recovery_sheet;
pub mod second_factor_panel;
pub mod step_up_dialog;
