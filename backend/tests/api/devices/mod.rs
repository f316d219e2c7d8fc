//! From the reference agent, through the device port, to what people read.

mod monitor;
mod passed_on;
mod replay;
mod road_in;

pub use monitor::{HEART_RATE, Monitor, SPO2, until};
