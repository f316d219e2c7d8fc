//! The other end of the wire: the reference device agent, and the simulated devices and the replayer
//! built on it.
//!
//! Read in this order: [`agent`] keeps what a device measured until the server has it; [`models`] are
//! simulated devices without a clock; [`replay`] turns recorded CSV files into frames; [`fleet`] runs
//! many simulated devices in one process. [`clock`] is the only file that reads the clock.

pub mod clock;

pub mod agent;

pub mod models;
pub mod replay;

pub mod fleet;
