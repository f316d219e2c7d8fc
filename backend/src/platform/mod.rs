//! What every domain stands on and no domain means: clock, database, secrets.

pub mod clock;
pub mod db;
pub mod secrets;
