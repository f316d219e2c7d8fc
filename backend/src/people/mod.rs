//! People and their access, as an organisation's own administrator keeps them.
//!
//! Owns `invitations`, `invitation_units` and `recoveries`, and changes what `identity` reads:
//! memberships, their units, the units themselves. Promises: who had which role in which unit is an
//! interval and is never rewritten, a change begins now or later; an administrator changes nobody in
//! another organisation, not themselves, and gives only roles that exist in their organisation; the
//! last administrator stays; what is taken away is gone from every open session and screen within a
//! second; a link opens its door once, for a while, and is stored nowhere.
//!
//! Start with `change.rs` (the decision, without I/O) and `preview.rs` (a role in words, computed from
//! the policy). `join/` is server HTML that someone opens before they can sign in.

pub mod change;
mod desk;
pub mod founding;
pub mod invitations;
pub mod join;
mod links;
pub mod list;
pub mod member;
mod naming;
mod notices;
pub mod outbox;
pub mod own_memberships;
pub mod places;
pub mod preview;
pub mod recovery;
pub mod review_deadlines;
pub mod routes;
pub mod sites;
mod store;

pub use routes::{page_routes, routes};
