//! `test`: everything, and a last line that says how many passed and failed.
//!
//! A failing suite does not stop the next one. What cannot run because its build failed counts once,
//! as the build.

use crate::{
    failure::Failure,
    portal,
    steps::{Steps, in_words},
    suites::{self, Reach, Suites, TestBinary},
    tidy, tools,
    workspace::Workspace,
};
use lexopt::Parser;
use std::path::PathBuf;

const BROWSER_TESTS: &str = "fleetward-e2e";

pub fn run(workspace: &Workspace, mut arguments: Parser) -> Result<(), Failure> {
    if let Some(unexpected) = arguments.next()? {
        return Err(unexpected.unexpected().into());
    }
    let steps = Steps::start();
    let mut suites = Suites::new(&steps);
    all(workspace, &steps, &mut suites)?;
    let total = suites.total();
    println!("{}", suites.table());
    println!("in {}", in_words(steps.elapsed()));
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 {
        Ok(())
    } else {
        // The table above has said which.
        std::process::exit(1);
    }
}

fn all(workspace: &Workspace, steps: &Steps, suites: &mut Suites<'_>) -> Result<(), Failure> {
    suites.check("formatting", || suites::formatting(workspace))?;
    suites.check("tidy", || tidy::check(workspace))?;
    suites.check("packages that tests need", || tools::system_packages(steps))?;
    suites.check("wasm target", || tools::wasm_target(workspace, steps))?;
    let bindgen = suites.prerequisite("wasm-bindgen", || tools::wasm_bindgen(workspace, steps))?;
    let schemathesis = suites.prerequisite("schemathesis", || tools::schemathesis(workspace, steps))?;
    let deny = suites.prerequisite("cargo-deny", || tools::cargo_deny(workspace, steps))?;
    if let Some(tools) = &deny {
        suites.check("dependencies", || suites::dependencies(workspace, steps, tools))?;
    }
    suites.check("clippy of server, devices and tools", || {
        suites::clippy_host(workspace, Reach::BothDatabases)
    })?;
    suites.check("clippy of the portal, for wasm", || {
        suites::clippy_wasm(workspace)
    })?;

    let portal = suites.prerequisite("portal, with its size budgets", || {
        portal::build(workspace, steps)
    })?;
    let environment = environment(workspace, portal);
    if let Some(tools) = &bindgen {
        suites.suite("portal's tests, as wasm", || {
            suites::wasm_tests(workspace, tools, &environment)
        })?;
    }
    let Some(binaries) = suites.prerequisite("build of servers, devices and tests", || {
        suites::build_host(workspace)
    })?
    else {
        return Ok(());
    };
    let (browser, host): (Vec<_>, Vec<_>) = binaries
        .into_iter()
        .partition(|binary| binary.package == BROWSER_TESTS);
    run_each(workspace, suites, &host, &environment, &[])?;
    suites.suite("examples in documentation", || suites::doc_tests(workspace))?;
    if let Some(schemathesis) = &schemathesis {
        suites::api_contract(workspace, suites, schemathesis)?;
    }
    // Each of these starts a server, a fleet and a browser: together they would only slow each other.
    run_each(
        workspace,
        suites,
        &browser,
        &environment,
        &["--test-threads=1", "--show-output"],
    )
}

fn run_each(
    workspace: &Workspace,
    suites: &mut Suites<'_>,
    binaries: &[TestBinary],
    environment: &[(&str, PathBuf)],
    arguments: &[&str],
) -> Result<(), Failure> {
    for binary in binaries {
        suites.suite(&binary.name(), || {
            suites::run_binary(workspace, binary, environment, arguments)
        })?;
    }
    Ok(())
}

/// Where tests find what they start.
fn environment(workspace: &Workspace, portal: Option<PathBuf>) -> Vec<(&'static str, PathBuf)> {
    let mut environment = vec![
        ("FLEETWARD_SERVER", workspace.binary("fleetward")),
        ("FLEETWARD_DEVICE", workspace.binary("fleetward-device")),
        // Here nothing may be skipped for want of a tool.
        ("FLEETWARD_REQUIRE_ALL", PathBuf::from("1")),
    ];
    if let Some(portal) = portal {
        environment.push(("FLEETWARD_PORTAL", portal));
    }
    if let Some(folder) = tools::postgres_binaries() {
        environment.push(("FLEETWARD_POSTGRES_BIN", folder));
    }
    if let Some(browser) = tools::browser() {
        environment.push(("CHROME", browser.chromium));
        environment.push(("CHROMEDRIVER", browser.driver));
    }
    environment
}
