//! Widgets that know no domain, one file each. `styles/ui/<file>.css` draws the same name.

pub mod age;
pub mod async_view;
pub mod choice;
pub mod connection_badge;
pub mod deed;
pub mod empty_state;
pub mod error_panel;
pub mod help_dialog;
pub mod icon;
pub mod metric_label;
pub mod name_form;
pub mod panel;
pub mod theme_switch;
pub mod trend_chart;
pub mod zone;
