//! `check`: what one runs before a commit.

use crate::{
    failure::Failure,
    steps::Steps,
    suites::{self, Reach},
    tidy, tools,
    workspace::Workspace,
};
use lexopt::Parser;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    steps.step("formatting", || suites::formatting(workspace))?;
    steps.step("tidy", || tidy::check(workspace))?;
    steps.step("clippy of server, devices and tools", || {
        suites::clippy_host(workspace, Reach::EmbeddedDatabase)
    })?;
    tools::wasm_target(workspace, &steps)?;
    steps.step("clippy of the portal, for wasm", || {
        suites::clippy_wasm(workspace)
    })
}
