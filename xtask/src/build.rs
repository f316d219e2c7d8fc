//! `build`: one release binary with the portal inside; with a configuration beside it, it deploys.

use crate::{failure::Failure, portal, steps::Steps, workspace::Workspace};
use lexopt::Parser;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    let built = portal::build(workspace, &steps)?;
    steps.step("build the server for release, the portal inside", || {
        workspace
            .cargo([
                "build",
                "--release",
                "-p",
                "fleetward",
                "--features",
                "fleetward/embedded-portal",
            ])
            .env("FLEETWARD_PORTAL", &built)
            .shown()
    })?;
    println!("{}", workspace.target.join("release/fleetward").display());
    Ok(())
}
