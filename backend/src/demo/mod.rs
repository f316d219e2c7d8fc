//! A believable world to try Fleetward in: two hospitals, a home-care provider, two manufacturers, and
//! the people and devices in them.
//!
//! `world.rs` says who and what there is; `builder.rs` and `inhabitants.rs` put it in through the same
//! stores as everything else, each change with its audit entry. Nothing here is used outside `serve --demo` and `seed`.

mod builder;
mod fleet_file;
mod inhabitants;
mod seed;
mod world;

pub use seed::seed;
