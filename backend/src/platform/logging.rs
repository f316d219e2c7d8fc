//! Logs go to standard error: one line an event, with the same values as fields. No names, no values
//! that a device measured, no tokens.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// `FLEETWARD_LOG` chooses what is logged, e.g. `fleetward=debug`; JSON unless a person is watching.
pub fn start() {
    let filter = EnvFilter::try_from_env("FLEETWARD_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,fleetward=info,fleetward::platform::http=warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A second start in one process (tests) keeps the first one's settings.
    let _ = if io::stderr().is_terminal() {
        lines.try_init()
    } else {
        lines.json().try_init()
    };
}
