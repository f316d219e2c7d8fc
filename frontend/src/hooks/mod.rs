//! How answers, time and keys come into components.

mod use_keys;
mod use_media;
mod use_permitted;
mod use_pulse;
mod use_query;
mod use_refresh;
mod use_session;
mod use_text;
mod use_theme;

pub use use_keys::use_keys;
pub use use_media::use_media;
pub use use_permitted::{use_capabilities, use_permitted, use_permitted_on};
pub use use_pulse::use_pulse;
pub use use_query::{Answer, Query, use_query};
pub use use_refresh::use_refresh;
pub use use_session::{SessionDesk, use_session, use_session_desk};
pub use use_text::{text_of, use_first_text, use_text};
pub use use_theme::{Theme, use_theme};
