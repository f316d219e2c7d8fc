//! What devices measured, as rows.
pub mod append;
pub mod frame_codec;
pub mod retention;
pub mod rollup;
