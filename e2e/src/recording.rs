//! A recording that was never recorded: made here, so that each number on a screen tells the second
//! of the file it comes from.

use crate::trouble::{Outcome, Trouble, While};
use fleetward_common::devices::DeviceType;
use fleetward_device::replay::{ReadOptions, Replay};
use std::{
    f64::consts::TAU,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// At second `t` the heart rate is `FIRST_RATE + t`.
pub const FIRST_RATE: u32 = 60;
const RATE_HERTZ: u32 = 250;

/// A heart that beats faster each second, with an ECG beside it, read back by the replayer.
pub fn of_a_quickening_heart(folder: &Path, seconds: u32) -> Outcome<Replay> {
    let files = [
        written(folder, "quickening_hr.csv", rates(seconds))?,
        written(folder, "quickening_ecg_ii_250hz.csv", ecg(seconds))?,
    ];
    let options = ReadOptions {
        device_type: Some(DeviceType::PatientMonitor),
        ..ReadOptions::default()
    };
    Replay::load(&files, &options).map_err(Trouble::wrong)
}

fn written(folder: &Path, name: &str, text: String) -> Outcome<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).while_doing(format!("writing {name}"))?;
    Ok(path)
}

fn rates(seconds: u32) -> String {
    (0..seconds).fold("t_s,hr_bpm\n".to_owned(), |mut text, second| {
        // Writing to memory can't fail.
        let _ = writeln!(text, "{second},{}", FIRST_RATE + second);
        text
    })
}

fn ecg(seconds: u32) -> String {
    (0..seconds * RATE_HERTZ).fold("ecg_ii_mV\n".to_owned(), |mut text, sample| {
        let phase = (f64::from(sample) / f64::from(RATE_HERTZ) * 1.2).fract();
        // A spike on a slow wave: enough of a heart for a pen.
        let spike = if phase < 0.04 { 1.0 } else { 0.0 };
        let _ = writeln!(text, "{:.3}", spike + 0.1 * (phase * TAU).sin());
        text
    })
}
