//! Browsers' live sockets.
//!
//! Devices publish into the [`Hub`] without waiting; each tab has one [`session`] that takes out what
//! has changed, a few times a second. A tab that is slow, or gone, costs a bounded amount of memory: it
//! keeps the newest value of every channel and the youngest waves, and loses what lay in between.
//!
//! Start with `hub.rs`. What a tab may hear is decided in [`crate::access::stream`], not here.

pub mod alarm_sight;
pub mod hub;
pub mod routes;
mod session;

pub use hub::{Hub, Update, WaveBytes};
