//! Every rule of the twin, without a runtime, a database or a clock.

mod bedside;
mod clocks;
mod freshness;
mod late;
mod link;
mod refusals;
mod restart;
mod writer;
