//! A device's technical state in words, the same on every page.

use fleetward_common::{
    devices::{Connection, DeviceSummary},
    time::Instant,
};

use crate::ui::{age::age_text, zone::Zone};

pub fn connection_words(connection: Connection, zone: &Zone, now: Instant) -> String {
    match connection {
        Connection::NeverSeen => "Never seen".to_owned(),
        Connection::Connected { since } => format!("Connected since {}", zone.moment(since, now)),
        Connection::Gone { since } => format!(
            "Gone since {} ({})",
            zone.moment(since, now),
            age_text(now.since(since))
        ),
    }
}

/// A second here or there is how clocks are; more is worth saying.
pub fn clock_words(device: &DeviceSummary) -> String {
    if !device.clock_trusted {
        return "Not trusted: times are the server's best guess".to_owned();
    }
    match device.clock_offset_ms {
        None => "Not measured yet".to_owned(),
        Some(offset) if offset.abs() < 100 => "Agrees with the server".to_owned(),
        Some(offset) => {
            let seconds = offset.unsigned_abs() as f64 / 1_000.0;
            let side = if offset > 0 { "ahead" } else { "behind" };
            format!("{seconds:.1} s {side}")
        }
    }
}

pub fn faults_words(device: &DeviceSummary) -> String {
    if device.faults.is_empty() {
        return "None".to_owned();
    }
    device
        .faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

pub fn line_word(connection: Connection) -> &'static str {
    match connection {
        Connection::NeverSeen => "Never",
        Connection::Connected { .. } => "Connected",
        Connection::Gone { .. } => "Gone",
    }
}
