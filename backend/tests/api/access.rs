//! Every route is guarded, and the policy's three answers are one.

mod agreement;
mod capabilities;
mod every_route;
mod hidden_and_absent;
mod matrix;
mod one_answer;
mod plain_enforcer;
mod random_world;
mod streams;
mod within_a_second;

pub use within_a_second::free_bed_on_5a;

/// An id that was never given out.
pub const NOBODY: &str = "01a210c5-5112-7104-b13e-c0bb40cd1635";
