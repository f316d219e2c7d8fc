//! Everything that leaves or enters the browser: requests, the live socket, the clock.
//!
//! Nothing else in the portal uses `gloo-net`, opens a socket or asks what time it is.

pub mod access;
pub mod alarms;
pub mod clock;
pub mod error;
pub mod live;

mod client;
mod passkeys;

pub mod credentials;
pub mod devices;
pub mod emergency;
pub mod patients;
pub mod people;
pub mod reviews;
pub mod session;
pub mod sharing;
pub mod stations;
pub mod wards;

pub use error::ApiError;
pub use passkeys::PasskeyError;
