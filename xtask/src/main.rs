//! `cargo xtask demo | test | check | contract | dev | build | build-portal | bench | tidy | bless | help`
//!
//! One file per command. The nouns they share: [`workspace`] (where things are), [`process`] (what is
//! started and ended), [`steps`] (what is said meanwhile), [`tools`] (what must be there), [`portal`]
//! (how the pages become files), [`suites`] (what tests said).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks on its terminal"
)]

mod bench;
mod bless;
mod build;
mod build_portal;
mod check;
mod contract;
mod demo;
mod dev;
mod failure;
mod help;
mod http;
mod portal;
mod process;
mod steps;
mod suites;
mod test;
mod tidy;
mod tools;
mod workspace;

use failure::Failure;
use lexopt::Parser;
use std::process::ExitCode;
use workspace::Workspace;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            eprintln!("stopped");
            ExitCode::from(130)
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    process::end_everything_on_a_signal()?;
    let mut arguments = Parser::from_env();
    let Some(command) = arguments.next()? else {
        help::print();
        return Ok(());
    };
    let name = match command {
        lexopt::Arg::Value(name) => name.to_string_lossy().into_owned(),
        lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => "help".to_owned(),
        other => return Err(other.unexpected().into()),
    };
    if name == "help" {
        help::print();
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match name.as_str() {
        "demo" => demo::run(&workspace, arguments),
        "test" => test::run(&workspace, arguments),
        "check" => check::run(&workspace, arguments),
        "contract" => contract::run(&workspace, arguments),
        "dev" => dev::run(&workspace, arguments),
        "build" => build::run(&workspace, arguments),
        "build-portal" => build_portal::run(&workspace, arguments),
        "bench" => bench::run(&workspace, arguments),
        "tidy" => tidy::run(&workspace, arguments),
        "bless" => bless::run(&workspace, arguments),
        _ => Err(Failure::new(format!("there is no command `{name}`"))
            .remedy("`cargo xtask help` lists the commands")),
    }
}
