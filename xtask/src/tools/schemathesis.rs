//! Schemathesis, from the Python package index, in an environment of its own in the target folder.

use super::how_to_install;
use crate::{
    failure::{Failure, While},
    process::Run,
    steps::Steps,
    workspace::Workspace,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const SCHEMATHESIS: &str = "4.32.5";

/// The program `schemathesis`.
pub fn schemathesis(workspace: &Workspace, steps: &Steps) -> Result<PathBuf, Failure> {
    let environment = workspace.tools().join("schemathesis");
    let program = environment.join("bin").join("schemathesis");
    if has_our_version(&program) {
        return Ok(program);
    }
    steps.step(&format!("install schemathesis {SCHEMATHESIS} (once)"), || {
        install(&environment)
    })?;
    if has_our_version(&program) {
        Ok(program)
    } else {
        Err(Failure::new(format!(
            "schemathesis {SCHEMATHESIS} was installed, but does not run"
        )))
    }
}

/// Whether Python can make environments. Debian keeps that part in a package of its own.
pub fn has_venv() -> bool {
    Run::new("python3", "python3")
        .args(["-c", "import ensurepip, venv"])
        .answer()
        .is_ok()
}

fn install(environment: &Path) -> Result<(), Failure> {
    if environment.exists() {
        // Of another version, or half made: a new one is the matter of a minute.
        fs::remove_dir_all(environment).while_doing(format!("removing {}", environment.display()))?;
    }
    Run::new("python3", "making a Python environment")
        .args(["-m", "venv"])
        .args([environment])
        .shown()
        .map_err(|failure| failure.remedy(how_to_install("python3")))?;
    Run::new(environment.join("bin").join("python"), "pip install")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args([format!("schemathesis=={SCHEMATHESIS}")])
        .shown()
        .map_err(|failure| failure.remedy("pip needs the Python package index; see the lines below"))
}

/// It says `schemathesis, version 4.32.5`.
fn has_our_version(program: &Path) -> bool {
    program.is_file()
        && Run::new(program, "asking for the version")
            .args(["--version"])
            .answer()
            .is_ok_and(|said| said.split_whitespace().last() == Some(SCHEMATHESIS))
}
