//! The rules of alarms, without a runtime, a database or a clock.

mod bedside;
mod device_watch;
mod simulation;
