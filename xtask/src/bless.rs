//! `bless`: writes the golden files anew. Read the difference before you commit it.

use crate::{failure::Failure, steps::Steps, suites, workspace::Workspace};
use lexopt::Parser;
use std::path::PathBuf;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    let binaries = steps.step("build the tests", || suites::build_host(workspace))?;
    let blessing = [("BLESS", PathBuf::from("1"))];
    for binary in binaries.iter().filter(|binary| binary.package != "fleetward-e2e") {
        // Only tests named for it write golden files.
        steps.step(&binary.name(), || {
            suites::run_binary(workspace, binary, &blessing, &["golden"]).map(|_| ())
        })?;
    }
    workspace
        .run("git", "git diff")
        .args(["diff", "--stat", "--", "*golden*"])
        .passed_through()
}
