//! Organisations, units, people and how they prove who they are.
//!
//! Owns `organisations`, `sites`, `units`, `people`, `memberships`, `membership_units`, `passwords`,
//! `sessions` and `stations`. Promises: a session's token is stored nowhere, only its SHA-256; a wrong name
//! and a wrong password cost the same time and get the same answer; failures slow down but lock nobody
//! out; a ward's screen shows its board and does nothing that a person has not proven to be there for.
//!
//! Start with `sign_in.rs`. A second way to prove oneself (passkeys) attaches beside `password.rs`:
//! both end in `sign_in::start_session`.

pub mod browser;
pub mod demo_people;
pub mod pages;
mod password;
pub mod routes;
pub mod rules;
mod session;
pub mod session_routes;
mod sign_in;
mod slowdown;
pub mod station_routes;
mod stations;
pub mod store;

pub use password::Hashing;
pub use session::{SignedIn, Token, Watching, session_again};
pub use sign_in::SignInDesk;
