//! Relations, read from the tables: one row's standing, and the condition of a list.

mod conditions;
pub mod scope;
mod standing;

pub use conditions::{Condition, Listed};
pub use standing::{Stands, device_standings};
