//! Where people reach this portal: what links in messages begin with.

use std::sync::OnceLock;

/// Never taken from a request: whoever sends one could make our mail point to their own server.
#[derive(Debug, Default)]
pub struct Origin(OnceLock<String>);

impl Origin {
    /// The first one counts: the configured one, else the one of the port that was opened.
    pub fn settle(&self, origin: &str) {
        self.0.get_or_init(|| origin.trim_end_matches('/').to_owned());
    }

    pub fn as_str(&self) -> &str {
        self.0.get().map_or("http://localhost", String::as_str)
    }
}
