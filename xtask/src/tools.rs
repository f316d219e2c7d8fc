//! Programs that are not part of this repository: found, or installed where we may.

mod cargo_tools;
mod schemathesis;
mod system;

pub use cargo_tools::{cargo_deny, wasm_bindgen, wasm_target};
pub use schemathesis::schemathesis;
pub use system::{browser, node, postgres_binaries, system_packages};

use std::{env, path::PathBuf};

/// A program on the search path.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

pub fn how_to_install(program: &str) -> String {
    let advice = match program {
        "cc" => "install a C compiler (Debian: apt-get install build-essential)",
        "node" | "npm" => {
            "install Node.js 20 or later with npm (Debian: apt-get install nodejs npm); fonts and charts come through it"
        }
        "rustup" => {
            "install rustup (https://rustup.rs); it brings the compiler that rust-toolchain.toml names"
        }
        "python3" => {
            "install Python 3.10 or later with its module venv (Debian: apt-get install python3-venv); it runs the test of the API's contract"
        }
        "git" => "install git",
        other => return format!("install `{other}` and try again"),
    };
    advice.to_owned()
}
