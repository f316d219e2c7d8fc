//! Where this build's binaries, portal and tools lie.
//!
//! `cargo xtask test` says so in the environment; without it everything is beside the test binary:
//! `target/debug/deps/journeys-…` belongs to `target/debug/fleetward`.

use crate::trouble::{Outcome, Trouble, While};
use std::{
    env,
    path::{Path, PathBuf},
};

/// `cargo build --workspace --exclude fleetward-frontend` makes it.
pub fn server() -> Outcome<PathBuf> {
    binary("FLEETWARD_SERVER", "fleetward")
}

/// `cargo xtask build-portal` makes it.
pub fn portal() -> Outcome<PathBuf> {
    let folder = match env::var_os("FLEETWARD_PORTAL") {
        Some(folder) => PathBuf::from(folder),
        None => target()?.join("portal"),
    };
    present(
        folder.join("manifest.json"),
        "the portal",
        "run `cargo xtask build-portal`",
    )?;
    Ok(folder)
}

pub fn chromium() -> Outcome<PathBuf> {
    tool("CHROME", &["chromium", "chromium-browser", "google-chrome"])
}

pub fn chromedriver() -> Outcome<PathBuf> {
    tool("CHROMEDRIVER", &["chromedriver"])
}

/// For worlds, screenshots and logs of failed journeys.
pub fn evidence() -> Outcome<PathBuf> {
    Ok(target()?.join("e2e"))
}

/// The folder of this crate, for what npm installs into it.
pub fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn binary(variable: &str, name: &str) -> Outcome<PathBuf> {
    let path = match env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => target()?.join("debug").join(name),
    };
    present(
        path,
        name,
        "run `cargo build --workspace --exclude fleetward-frontend`",
    )
}

fn present(path: PathBuf, what: &str, remedy: &str) -> Outcome<PathBuf> {
    if path.exists() {
        return Ok(path);
    }
    Err(Trouble::Missing(format!(
        "{what} is not at {}: {remedy}",
        path.display()
    )))
}

fn target() -> Outcome<PathBuf> {
    let test = env::current_exe().while_doing("asking where this test binary is")?;
    // target/debug/deps/journeys-0123456789abcdef, or target/debug/bench
    let profile = test
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name != "deps"));
    profile
        .and_then(Path::parent)
        .map(Path::to_owned)
        .ok_or_else(|| Trouble::Missing(format!("{} is in no target folder", test.display())))
}

fn tool(variable: &str, names: &[&str]) -> Outcome<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(PathBuf::from(path));
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Trouble::Missing(format!(
                "none of {} is installed: `cargo xtask test` installs it",
                names.join(", ")
            ))
        })
}
