//! Logs go to standard error: one line an event, with the same values as fields. No names, no values
//! that a device measured, no tokens.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Whatever a stranger sends that is no HTTP, actix-http calls an error. It is none of ours: our own errors
/// are logged where a request is answered.
const USUAL: &str = "warn,fleetward=info,fleetward::platform::http=warn,actix_http::h1=off";

/// `FLEETWARD_LOG` chooses what is logged, e.g. `fleetward=debug`; JSON unless a person is watching.
pub fn start() {
    let filter = EnvFilter::try_from_env("FLEETWARD_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_who_sends_no_http_raises_no_error_and_our_own_errors_are_logged() {
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(USUAL))
            .with_writer(io::sink)
            .finish();
        tracing::subscriber::with_default(lines, || {
            assert!(!tracing::enabled!(target: "actix_http::h1::dispatcher", tracing::Level::ERROR));
            assert!(tracing::enabled!(target: "actix_http::service", tracing::Level::ERROR));
            assert!(tracing::enabled!(target: "fleetward::platform::http::failure", tracing::Level::ERROR));
        });
    }
}
