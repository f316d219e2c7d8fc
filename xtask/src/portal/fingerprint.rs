//! Whether the portal in the target folder is the one that today's sources would give.

use super::emit::hex;
use crate::failure::{Failure, While};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

const FILE: &str = "inputs.sha256";
const INPUTS: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "common",
    "frontend",
    "static",
    "xtask/src/portal",
    "xtask/src/portal.rs",
];

/// One hash over names and contents of everything that the portal is made of.
pub fn of_inputs(root: &Path) -> Result<String, Failure> {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        let bytes = fs::read(&path).while_doing(format!("reading {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(Sha256::digest(&bytes));
    }
    Ok(hex(&hash.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    if !path.is_dir() || path.ends_with("node_modules") {
        return Ok(());
    }
    let entries = fs::read_dir(path).while_doing(format!("reading {}", path.display()))?;
    for entry in entries {
        collect(&entry.while_doing("reading a folder")?.path(), files)?;
    }
    Ok(())
}

pub fn is_of(portal: &Path, inputs: &str) -> bool {
    portal.join("manifest.json").is_file()
        && fs::read_to_string(portal.join(FILE)).is_ok_and(|built_from| built_from.trim() == inputs)
}

pub fn write(portal: &Path, inputs: &str) -> Result<(), Failure> {
    fs::write(portal.join(FILE), format!("{inputs}\n")).while_doing("writing the portal's fingerprint")
}
