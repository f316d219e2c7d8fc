//! Where things are.

use crate::{
    failure::{Failure, While},
    process::Run,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

pub struct Workspace {
    pub root: PathBuf,
    /// Absolute; honours `CARGO_TARGET_DIR` and cargo's own configuration.
    pub target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that every way of moving the target folder works.
    pub fn find() -> Result<Self, Failure> {
        let mut run =
            Run::new(cargo(), "cargo metadata").args(["metadata", "--no-deps", "--format-version", "1"]);
        if let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") {
            run = run.directory(Path::new(&manifest));
        }
        let metadata: serde_json::Value =
            serde_json::from_str(&run.answer()?).while_doing("reading cargo's metadata")?;
        let path = |key: &str| {
            metadata
                .get(key)
                .and_then(serde_json::Value::as_str)
                .map(PathBuf::from)
                .ok_or_else(|| Failure::new(format!("cargo's metadata has no `{key}`")))
        };
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
        })
    }

    /// Cargo, run at the root of the workspace, with the target folder said once and for all.
    pub fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        let arguments: Vec<&str> = arguments.into_iter().collect();
        let what = format!("cargo {}", arguments.first().copied().unwrap_or_default());
        self.run(cargo(), &what)
            .env("CARGO_TARGET_DIR", &self.target)
            .args(arguments)
    }

    pub fn run(&self, program: impl AsRef<Path>, what: &str) -> Run {
        Run::new(program, what).directory(&self.root)
    }

    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    pub fn portal(&self) -> PathBuf {
        self.target.join("portal")
    }

    /// A binary of the dev profile.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    pub fn logs(&self) -> PathBuf {
        self.target.join("logs")
    }

    /// The version that Cargo.lock holds of a package, so that a tool can be its twin.
    pub fn locked_version(&self, package: &str) -> Result<String, Failure> {
        let path = self.root.join("Cargo.lock");
        let lock = fs::read_to_string(&path).while_doing("reading Cargo.lock")?;
        version_in_lock(&lock, package)
            .ok_or_else(|| Failure::new(format!("Cargo.lock names no package `{package}`")))
    }
}

/// The cargo that started us; it is the pinned one.
fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next()?.strip_prefix("version = \"")?;
    Some(version.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_gets_the_version_that_the_lock_file_holds() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n\n[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"9.9.9\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "trunk"), None);
    }
}
