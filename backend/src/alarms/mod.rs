//! Alarms: what is wrong at a bed, how loudly it is said, who owns it, and who is asked when nobody comes.
//!
//! Default claim: the bedside device is the primary alarm, this board informs. Pausing, limits and "off"
//! change what this board does and never reach the device.
//!
//! Read in this order, all pure: [`limit_watch`] holds one value against one limit; [`device_watch`] finds
//! what begins and ends at one device; [`bedside`] makes alarms of it and knows what is paused, off and
//! owned; [`escalation`] says who is asked next.

mod beds;
pub mod bedside;
pub mod device_watch;
pub mod escalation;
pub mod limit_watch;
pub mod limits;
pub mod mutation;
pub mod news2;
pub mod place;
pub mod routes;
pub mod store;
pub mod vigil;

#[cfg(test)]
mod tests;
