//! `build-portal`: the pages as files, in the target folder's `portal`.

use crate::{failure::Failure, portal, steps::Steps, workspace::Workspace};
use lexopt::Parser;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    let built = portal::build(workspace, &steps)?;
    steps.say(&format!("the portal is in {}", built.display()));
    Ok(())
}
