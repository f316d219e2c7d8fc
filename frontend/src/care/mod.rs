//! People and their beds: the ward board ([`ward`]), patients at home ([`home`]) and a patient's own
//! page ([`own`]).
//!
//! What a value looks like is decided in pure modules: `live` folds messages into the board,
//! `alarms` keeps the ward's alarms, `alarm_tone` says when they sound, `vitals` judges one value, `tile` a whole bed, `trace` holds a wave, `trend` turns history into
//! what a chart draws, `week` turns nights into bars.

pub mod alarm_tone;
pub mod alarms;
pub mod live;
pub mod tile;
pub mod trace;
pub mod trend;
pub mod vitals;
pub mod week;

pub mod emergency;
pub mod home;
pub mod own;
pub mod parts;
pub mod ward;
