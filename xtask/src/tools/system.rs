//! Tools of the operating system.

use super::{how_to_install, on_path, schemathesis::has_venv};
use crate::{
    failure::{Failure, While},
    process::Run,
    steps::Steps,
};
use std::{env, fs, path::PathBuf};

/// Node with npm, or why not.
pub fn node() -> Result<(), Failure> {
    for program in ["node", "npm"] {
        if on_path(program).is_none() {
            return Err(Failure::new(format!("`{program}` is not installed")).remedy(how_to_install(program)));
        }
    }
    Ok(())
}

pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

pub fn browser() -> Option<Browser> {
    let chromium = env::var_os("CHROME").map(PathBuf::from).or_else(|| {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(on_path)
    })?;
    let driver = env::var_os("CHROMEDRIVER")
        .map(PathBuf::from)
        .or_else(|| on_path("chromedriver"))?;
    Some(Browser { chromium, driver })
}

/// The folder with `initdb` and `postgres`. Debian keeps it off the search path.
pub fn postgres_binaries() -> Option<PathBuf> {
    let whole = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_string_lossy().parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| whole(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder).or_else(|| {
        let said = Run::new("pg_config", "pg_config")
            .args(["--bindir"])
            .answer()
            .ok()?;
        Some(PathBuf::from(said.trim())).filter(whole)
    })
}

fn has_libpq() -> bool {
    let asked =
        |program: &str, arguments: &[&str]| Run::new(program, program).args(arguments).answer().is_ok();
    asked("pkg-config", &["--exists", "libpq"]) || asked("pg_config", &["--includedir"])
}

/// Installs what only tests need and what is missing, on Debian and its relatives; elsewhere says
/// what to install.
pub fn system_packages(steps: &Steps) -> Result<(), Failure> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if on_path("apt-get").is_none() {
        return Err(Failure::new("tests need a browser, a database server and Python")
            .remedy(format!("install what Debian calls {list}")));
    }
    let root = fs::metadata("/proc/self").is_ok_and(|of_us| {
        use std::os::unix::fs::MetadataExt;
        of_us.uid() == 0
    });
    let apt = |arguments: &[&str]| {
        let run = if root {
            Run::new("apt-get", "apt-get")
        } else {
            Run::new("sudo", "sudo apt-get").args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"])
        };
        run.env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .interactive()
    };
    steps.step(&format!("install {list} (once)"), || {
        apt(&["update", "-qq"])?;
        let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
        install.extend(&missing);
        apt(&install)
    })?;
    match missing_packages().as_slice() {
        [] => Ok(()),
        still => Err(Failure::new(format!(
            "apt-get installed, but {} is not found",
            still.join(", ")
        ))),
    }
    .while_doing("installing what tests need")
}

fn missing_packages() -> Vec<&'static str> {
    let mut missing = Vec::new();
    if browser().is_none() {
        missing.extend(["chromium", "chromium-driver"]);
    }
    if postgres_binaries().is_none() {
        missing.push("postgresql");
    }
    if !has_libpq() {
        missing.extend(["libpq-dev", "pkg-config"]);
    }
    if !has_venv() {
        missing.push("python3-venv");
    }
    missing
}
