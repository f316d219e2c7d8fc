//! The portal: three small wasm entry points (`bin/`) over this one library.
//!
//! Read in this order. [`api`] is the only part that talks to the server: requests, the live socket,
//! and the clock, which runs on the server's time. [`hooks`] bring answers into components. [`ui`]
//! holds widgets that know no domain, [`shell`] the frame around every page. Then one folder per
//! domain: [`access`] (the policy), [`care`] (ward board, home patients, the patient's own page), [`fleet`]
//! (devices) and [`identity`] (what one signs in with, and who is there).
//!
//! What is judged about a value (fresh, stale, void, absent) is decided in pure modules that take
//! the time as an argument and have their tests beside them: `care/live.rs`, `care/vitals.rs`,
//! `care/board.rs`, `care/trace.rs`, `care/trend.rs`, `care/week.rs`, `api/clock.rs`.
//!
//! Deliberately not here: decisions about access. The server sends only what its reader may see, and
//! says what they may do (`hooks/use_permitted.rs`); the portal draws what came and shows no control
//! that would be refused. And no `style` attribute: the content security policy forbids it,
//! so geometry is SVG attributes and everything else is classes.

pub mod api;
pub mod hooks;
pub mod shell;
pub mod ui;

pub mod access;
pub mod care;
pub mod fleet;
pub mod identity;
pub mod people;
pub mod reviews;
