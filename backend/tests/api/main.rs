//! The portal from outside: a real server on free ports, each test on SQLite and, with the feature
//! `postgres`, on PostgreSQL too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test tells the delay it saw and how much it asked"
)]

mod access;
mod alarms;
mod care;
mod devices;
mod emergency;
mod fleet;
mod golden;
mod identity;
mod limits;
mod live;
mod migrations;
mod ops;
mod passkeys;
mod people;
mod platform;
mod privacy;
mod reviews;
mod step_up;
mod support;
mod tls;
