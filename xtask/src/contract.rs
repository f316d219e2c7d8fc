//! `contract`: the part of `test` that one wants after a change of the API, alone.

use crate::{
    failure::Failure,
    steps::Steps,
    suites::{self, Suites},
    tools,
    workspace::Workspace,
};
use lexopt::Parser;

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    let schemathesis = tools::schemathesis(workspace, &steps)?;
    steps.step("build the server and the simulated devices", || {
        workspace
            .cargo(["build", "-p", "fleetward", "-p", "fleetward-device", "--bins"])
            .shown()
    })?;
    let mut suites = Suites::new(&steps);
    suites::api_contract(workspace, &mut suites, &schemathesis)?;
    println!("{}", suites.table());
    match suites.total().failed {
        0 => Ok(()),
        failed => Err(Failure::new(format!(
            "{failed} operations break the API's contract"
        ))),
    }
}
