//! Rows of alarms: who lies where with which device, the rules in force, alarms, their lane, what is silent.

pub mod lane;
pub mod limits;
pub mod occupants;
pub mod open;
pub mod rules;
