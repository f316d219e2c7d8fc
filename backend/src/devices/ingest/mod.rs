//! The device port: mutual TLS, one WebSocket a device, frames to twins, acknowledgements back.
//!
//! Who a device is comes from its certificate and from nowhere else. Read `port.rs` for who may open a
//! line, `line.rs` for what is said on it, `decode.rs` for how a broken message is told what is broken.

mod decode;
mod line;
mod port;
mod tls;

pub use port::{DevicePort, PortError};
