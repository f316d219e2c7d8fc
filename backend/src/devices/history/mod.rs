//! What a device measured before.
//!
//! [`read`] answers with every reading as it was sent when they fit, and otherwise with the least and the
//! greatest of each bucket, so that a spike of one second stays visible in a day. Long spans come from the
//! roll-ups. Where nothing was measured, or nothing may be shown, is said in `gaps`, never bridged.
//!
//! Start with `decimate.rs`, `gaps.rs` and `walk.rs`: they are pure. `reader.rs` fetches what they need, a stretch
//! at a time, so that a month of a waveform costs no more memory than an hour of it.

mod blocks;
mod decimate;
mod gaps;
mod reader;
mod walk;

#[cfg(test)]
pub(in crate::devices) use reader::read_spans;
pub use reader::{Question, read};

/// The most that one answer holds, however many are asked for.
pub const MOST_POINTS: usize = 200_000;
pub const USUAL_POINTS: usize = 1_000;
