//! What every domain stands on and no domain means: clock, configuration, database, secrets, HTTP.

pub mod clock;
pub mod config;
pub mod db;
pub mod hex;
pub mod http;
pub mod logging;
pub mod outbox;
pub mod sealing;
pub mod secrets;
pub mod tls;
