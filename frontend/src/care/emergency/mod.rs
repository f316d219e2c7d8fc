//! Emergency access in the ward portal: the form on a refusal ([`EmergencyForm`]), the page for it, the
//! record that it opens, and the frame that stands around everything while it is open
//! ([`EmergencyShell`]).

mod around;
mod asking;
mod banner;
mod countdown;
mod effect;
mod extend_dialog;
mod form;
mod page;
mod patient_line;
mod prove;
mod questions;
mod reason;
mod record_page;
mod refusal;

pub use around::{EmergencyShell, use_emergency};
pub use form::{EmergencyForm, Start};
pub use page::EmergencyPage;
pub use prove::ProveDialog;
pub use questions::Questions;
pub use record_page::RecordPage;
pub use refusal::EmergencyOnRefusal;
