//! People and their access, for the administrator of an organisation: who has which role, what that
//! opens, and every change of it.

mod invitation_page;
mod invite_page;
mod outbox_page;
mod people_page;
mod person_page;
mod units_page;

pub mod parts;
pub mod words;

pub use invitation_page::InvitationPage;
pub use invite_page::InvitePage;
pub use outbox_page::OutboxPage;
pub use people_page::PeoplePage;
pub use person_page::PersonPage;
pub use units_page::UnitsPage;
