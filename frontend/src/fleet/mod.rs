//! Devices as their maker and the hospital's engineers see them: technical facts, no patient.

mod device_page;
mod fleet_page;
mod state;
mod support_panel;

pub mod words;

pub use device_page::DevicePage;
pub use fleet_page::FleetPage;
