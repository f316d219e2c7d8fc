//! `bench`: the figures of the promises, each with its ruler from the same run.

use crate::{failure::Failure, portal, steps::Steps, workspace::Workspace};
use lexopt::Parser;
use std::ffi::OsString;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    let forwarded: Vec<OsString> = arguments.raw_args()?.collect();
    let steps = Steps::start();
    let built = portal::build(workspace, &steps)?;
    steps.step("build for release", || {
        workspace
            .cargo([
                "build",
                "--release",
                "-p",
                "fleetward",
                "-p",
                "fleetward-device",
                "-p",
                "fleetward-e2e",
                "--bins",
            ])
            .shown()
    })?;
    let release = workspace.target.join("release");
    workspace
        .run(release.join("bench"), "the bench")
        .args(forwarded)
        .env("FLEETWARD_SERVER", release.join("fleetward"))
        .env("FLEETWARD_DEVICE", release.join("fleetward-device"))
        .env("FLEETWARD_PORTAL", built)
        .passed_through()
}
