//! Relations, read from the tables: one row's standing, and the condition of a list.

mod conditions;
mod device_standing;
pub mod grants;
pub mod held;
pub mod hours;
pub mod scope;
mod standing;

pub use conditions::{Condition, Listed};
pub use device_standing::device_standings;
pub use standing::Stands;
