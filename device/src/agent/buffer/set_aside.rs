//! Frames the server will never store, kept for a person to look at: `<epoch>-<seq>.frame` is the
//! message as it was sent, `<epoch>-<seq>.json` says why it was refused.

use fleetward_common::devices::link::Refusal;
use std::{fs, io, path::Path};

/// A device that only makes rubbish must not fill its disk with it.
const MOST_FRAMES: usize = 200;

pub(super) fn set_aside(
    folder: &Path,
    epoch: u64,
    seq: u64,
    message: &[u8],
    refusal: &Refusal,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let why = serde_json::json!({ "code": refusal.code, "field": refusal.field });
    // Zero-padded, so that names sort by age.
    let name = format!("{epoch:020}-{seq:020}");
    fs::write(folder.join(format!("{name}.frame")), message)?;
    fs::write(folder.join(format!("{name}.json")), why.to_string())?;
    forget_oldest(folder)
}

fn forget_oldest(folder: &Path) -> io::Result<()> {
    let mut frames = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "frame") {
            frames.push(path);
        }
    }
    frames.sort();
    let surplus = frames.len().saturating_sub(MOST_FRAMES);
    for path in frames.iter().take(surplus) {
        fs::remove_file(path.with_extension("json"))?;
        fs::remove_file(path)?;
    }
    Ok(())
}
