//! Every route is guarded, and the policy's three answers are one.

mod agreement;
mod capabilities;
mod every_route;
mod hidden_and_absent;
mod matrix;
mod one_answer;
mod plain_enforcer;
mod random_world;
mod within_a_second;

pub use within_a_second::free_bed_on_5a;
