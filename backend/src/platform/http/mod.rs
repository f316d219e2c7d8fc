//! How the portal speaks HTTP, with no word about devices or patients.
//!
//! Every answer passes [`around`]: it gets a request id, the strict headers of [`headers`] and one
//! log line. Every route is declared with its [`Guard`] and its [`Cost`]; see [`routing`]. What a session
//! and an address may spend is in [`budget`]. Bodies are read by
//! [`body`], which gives up on slow and oversized ones. Whatever fails becomes a [`Failure`], and
//! that becomes the one JSON body of `fleetward_common::error`.

pub mod around;
pub mod asking;
pub mod assets;
pub mod body;
pub mod budget;
pub mod caller;
pub mod counters;
pub mod csrf;
pub mod failure;
pub mod headers;
pub mod limits;
pub mod origin;
pub mod routing;
pub mod shell;

pub use failure::Failure;
pub use routing::{Cost, Declared, Guard, Lane, Routes, Tariff};
