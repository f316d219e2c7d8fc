//! What both sides of Fleetward and the device speak.
//!
//! Read in this order: [`id`], [`time`], [`unit`] and [`text`] are the words; [`metric`] is the
//! registry of everything a device can measure; [`devices::link`] is the device protocol, the only
//! definition of it; [`access`] is the vocabulary the server enforces and the portal greys out by;
//! [`live`] is what runs over a browser's socket; the other modules are the JSON of `/api/v1`.
//!
//! Deliberately not here: clocks, randomness, databases, actors, HTTP. This crate builds for wasm32.

#[macro_use]
mod words;

pub mod id;
pub mod support;
pub mod text;
pub mod time;
pub mod unit;

pub mod metric;

pub mod credentials;
pub mod devices;

pub mod access;
pub mod error;
pub mod live;
pub mod page;

pub mod alarms;
pub mod care;
pub mod emergency;
pub mod fleet;
pub mod identity;
pub mod ops;
pub mod people;
pub mod review;
pub mod sessions;
pub mod sharing;

#[cfg(feature = "openapi")]
mod openapi;
mod unprintable;
