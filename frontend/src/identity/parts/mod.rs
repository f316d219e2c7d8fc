//! Used by the pages of this area; the step-up dialog by every page that does something dangerous, the
//! window that asks who is acting and the warning before a session ends by the frame of every portal.

pub mod enrol_dialog;
pub mod passkeys_panel;
pub mod password_panel;
pub mod recovery_sheet;
pub mod second_factor_panel;
pub mod session_warning;
pub mod sessions_panel;
pub mod station_badge;
pub mod step_up_dialog;
pub mod who_is_acting;

mod countdown;
mod presence;
