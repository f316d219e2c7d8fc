//! Used by the pages of this area only.

mod access_form;
mod ask_first;
mod deadlines_form;
mod preview;
mod proof_first;
mod site_fields;
mod when;

pub use crate::ui::deed::{Deed, use_deed};
pub use access_form::{AccessForm, Wanted};
pub use ask_first::AskFirst;
pub use deadlines_form::DeadlinesForm;
pub use preview::Preview;
pub use proof_first::ProofFirst;
pub use site_fields::SiteFields;
pub use when::{as_date, end_of_day, moment};
