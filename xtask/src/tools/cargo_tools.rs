//! Tools that cargo builds, into the target folder, each in one exact version.

use super::{how_to_install, on_path};
use crate::{failure::Failure, process::Run, steps::Steps, workspace::Workspace};
use std::{
    fs,
    path::{Path, PathBuf},
};

const CARGO_DENY: &str = "0.20.2";

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`. Their version must equal the
/// library's to the last digit, so it is read from Cargo.lock.
pub fn wasm_bindgen(workspace: &Workspace, steps: &Steps) -> Result<PathBuf, Failure> {
    let version = workspace.locked_version("wasm-bindgen")?;
    installed(workspace, steps, "wasm-bindgen-cli", "wasm-bindgen", &version)
}

/// The folder with `cargo-deny`.
pub fn cargo_deny(workspace: &Workspace, steps: &Steps) -> Result<PathBuf, Failure> {
    installed(workspace, steps, "cargo-deny", "cargo-deny", CARGO_DENY)
}

fn installed(
    workspace: &Workspace,
    steps: &Steps,
    package: &str,
    program: &str,
    version: &str,
) -> Result<PathBuf, Failure> {
    let root = workspace.tools();
    let folder = root.join("bin");
    if has_version(&folder.join(program), version) {
        return Ok(folder);
    }
    steps.step(&format!("install {package} {version} (once)"), || {
        // The lock file of a release may name versions that a registry does not serve.
        if let Err(Failure::Interrupted) = install(workspace, &root, package, version, &["--locked"]) {
            return Err(Failure::Interrupted);
        }
        if has_version(&folder.join(program), version) {
            return Ok(());
        }
        steps.say(&format!(
            "{package} does not build with its own lock file here; trying without"
        ));
        install(workspace, &root, package, version, &[])
    })?;
    Ok(folder)
}

fn has_version(program: &Path, version: &str) -> bool {
    program.is_file()
        && Run::new(program, "asking for the version")
            .args(["--version"])
            .answer()
            .is_ok_and(|said| said.split_whitespace().nth(1) == Some(version))
}

fn install(
    workspace: &Workspace,
    root: &Path,
    package: &str,
    version: &str,
    more: &[&str],
) -> Result<(), Failure> {
    let build = root.join("build");
    let outcome = workspace
        .cargo(["install", package, "--version", version, "--force", "--root"])
        .args([root])
        .args(more)
        // A folder of its own: its build must not wait for, nor litter, the workspace's.
        .env("CARGO_TARGET_DIR", &build)
        .shown();
    // Half a gigabyte that nothing reads again; left behind it is no more than a nuisance.
    let _ = fs::remove_dir_all(&build);
    outcome.map_err(|failure| {
        failure.remedy(format!(
            "the build of `{package}` needs the crate registry; see the lines below"
        ))
    })
}

/// Makes sure that the compiler can build for wasm, also where rustup does not install by itself.
pub fn wasm_target(workspace: &Workspace, steps: &Steps) -> Result<(), Failure> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = workspace
        .run("rustc", "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .answer()?;
    if fs::read_dir(libraries.trim()).is_ok_and(|mut files| files.next().is_some()) {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        return Err(
            Failure::new(format!("the compiler lacks the target {TARGET}")).remedy(how_to_install("rustup"))
        );
    }
    steps.step(&format!("add the target {TARGET} (once)"), || {
        workspace
            .run("rustup", "rustup target add")
            .args(["target", "add", TARGET])
            .shown()
    })
}
