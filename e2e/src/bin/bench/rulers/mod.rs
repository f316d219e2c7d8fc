//! The rulers: the least that could do the same work, measured in the same run on the same machine.
//! A promise is a ratio to one of them, because absolute times say little on a shared machine.

pub mod bare_actor;
pub mod echo;
pub mod empty_page;
pub mod fdatasync;
pub mod sqlite;

/// How fast a ruler did its work and what each piece cost.
#[derive(Debug, Clone, Copy)]
pub struct Throughput {
    pub per_second: f64,
    pub cpu_seconds_each: f64,
}
