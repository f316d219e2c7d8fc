//! Drawn parts that only pages of this domain use.

pub mod alarm_block;
pub mod bed_alarms;
pub mod bed_drawer;
pub mod bed_tile;
pub mod device_notes;
pub mod limit_editor;
pub mod night_bars;
pub mod patient_banner;
pub mod sweep;
pub mod trends;
pub mod vital;
