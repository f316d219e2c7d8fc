//! The Fleetward server.
//!
//! One binary, `fleetward`, serves three ports: the portal (pages, `/api/v1`, one live socket per tab),
//! the device port (mutual TLS) and, on the loopback address only, metrics. Read in this order:
//!
//! - [`app`] is everything a request can reach, built once for the program and for every test;
//!   [`serve`] opens the ports; [`routes`] is the only file that knows a URL prefix.
//! - [`access`] decides who may do what. A store function that touches someone's data takes a
//!   [`access::Permit`], so a handler that forgot to ask does not compile.
//! - [`identity`] knows organisations, units and people, and how they sign in. [`care`] knows patients,
//!   beds and who is cared for. [`devices`] takes in what devices send and stores it before it says so.
//!   [`people`] lets an organisation's administrator give, change and take back access.
//!   [`fleet`] lists devices for their makers and custodians.
//!   [`privacy`] keeps the record that nobody can quietly change. [`reviews`] is the privacy officers' desk:
//!   was each look at a patient one that care explains. [`ops`] says whether all is well.
//! - [`alarms`] decides what is wrong at a bed, how loudly it is said and who is asked next.
//! - [`live`] carries what moves to the browsers.
//! - [`demo`] makes a believable world.
//! - [`platform`] is what every domain stands on and no domain means.
//!
//! From a route to a row there are three functions: handler, permit, store. Only `store` modules talk to
//! the database; only [`platform::clock`] reads the clock; decisions are pure.

pub mod app;
pub mod routes;
pub mod serve;

pub mod access;
pub mod alarms;
pub mod care;
pub mod demo;
pub mod devices;
pub mod fleet;
pub mod identity;
pub mod live;
pub mod ops;
pub mod people;
pub mod privacy;
pub mod reviews;

pub mod platform;
mod schema;
