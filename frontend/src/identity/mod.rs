//! What one signs in with: the security page of every portal, and the dialog that asks who is there before
//! something dangerous is done; who acts on a ward's screen, and where one is signed in.

pub mod parts;
mod security_page;
mod use_deed;

pub use security_page::SecurityPage;
pub use use_deed::{Deed, use_deed};
