//! What one signs in with: the security page of every portal, and the dialog that asks who is there before
//! something dangerous is done.

pub mod parts;
mod security_page;
mod use_deed;

pub use security_page::SecurityPage;
pub use use_deed::{Deed, use_deed};
