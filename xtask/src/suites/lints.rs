//! Checks that read the sources or the dependency tree and run nothing of ours.

use crate::{failure::Failure, process::Run, steps::Steps, workspace::Workspace};
use std::{path::Path, time::Duration};

/// How much of the server is looked at.
#[derive(Clone, Copy)]
pub enum Reach {
    /// Needs no system library.
    EmbeddedDatabase,
    /// With the `postgres` feature, which links libpq.
    BothDatabases,
}

pub fn formatting(workspace: &Workspace) -> Result<(), Failure> {
    workspace
        .cargo(["fmt", "--all", "--check"])
        .shown()
        .map_err(|failure| failure.remedy("`cargo fmt --all` puts it right"))
}

pub fn clippy_host(workspace: &Workspace, reach: Reach) -> Result<(), Failure> {
    let run = workspace.cargo([
        "clippy",
        "--workspace",
        "--exclude",
        "fleetward-frontend",
        "--all-targets",
    ]);
    let run = match reach {
        Reach::EmbeddedDatabase => run,
        Reach::BothDatabases => run.args(["--features", "fleetward/postgres"]),
    };
    deny_warnings(run)
}

/// Also the proof that `common` and the portal build for the browser.
pub fn clippy_wasm(workspace: &Workspace) -> Result<(), Failure> {
    deny_warnings(workspace.cargo([
        "clippy",
        "--target",
        "wasm32-unknown-unknown",
        "-p",
        "fleetward-common",
        "-p",
        "fleetward-frontend",
    ]))
}

/// Through clippy's own arguments: RUSTFLAGS would compile every dependency anew.
fn deny_warnings(run: Run) -> Result<(), Failure> {
    run.args(["--", "--deny", "warnings"]).shown()
}

/// Licences, bans and sources always; advisories where their database can be reached.
pub fn dependencies(workspace: &Workspace, steps: &Steps, tools: &Path) -> Result<(), Failure> {
    let deny = |arguments: &[&str]| {
        workspace
            .run(tools.join("cargo-deny"), "cargo deny")
            .args(["--workspace", "--all-features"])
            .args(arguments)
    };
    deny(&["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]).shown()?;
    let fetched = deny(&["fetch", "db"])
        .at_most(Duration::from_secs(90))
        .recorded(&workspace.logs().join("advisories.log"), |_| {})
        .is_ok_and(|record| record.succeeded);
    if !fetched {
        steps.say("advisories skipped: their database cannot be reached from here");
        return Ok(());
    }
    deny(&["check", "--disable-fetch", "advisories"]).shown()
}
