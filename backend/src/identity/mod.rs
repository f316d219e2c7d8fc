//! Organisations, units, people and how they prove who they are.
//!
//! Owns `organisations`, `sites`, `units`, `people`, `memberships`, `membership_units`, `passwords`,
//! `passkeys`, `second_factors`, `recovery_codes`, `sessions` and `stations`. Promises: a session's token is
//! stored nowhere, only its SHA-256; a wrong name and a wrong password cost the same time and get the same
//! answer; failures slow down but lock nobody out; no credential changes without an audit entry and a notice
//! to its person; a ward's screen shows its board and does nothing that a person has not proven to be there
//! for.
//!
//! Start with `sign_in.rs`: password, code and passkey all end in `start_session`. `step_up.rs` is the proof
//! that dangerous actions ask for, `credentials.rs` how people change what they sign in with.

pub mod browser;
mod ceremonies;
pub mod credential_routes;
mod credentials;
pub mod demo_people;
pub mod member_session;
mod notices;
pub mod pages;
mod passkey_sign_in;
mod passkeys;
mod password;
mod password_rules;
mod recovery_codes;
pub mod routes;
pub mod rules;
mod second_factor;
mod session;
pub mod session_routes;
mod sign_in;
mod slowdown;
pub mod station_routes;
mod stations;
pub mod step_up;
pub mod store;
pub mod totp;
mod tries;
pub mod way_back;

pub use password::Hashing;
pub use password_rules::{Chooser, SHORTEST_ALONE, Weakness, check as check_password};
pub use session::{SignedIn, Watching, Whoever, session_again};
pub use sign_in::SignInDesk;
