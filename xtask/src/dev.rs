//! `dev`: the demo while you change it. Enter builds again and starts the result; a build that fails
//! leaves the last good one running.

use crate::{
    demo::{self, Options, Place, Running},
    failure::Failure,
    steps::Steps,
    workspace::Workspace,
};
use lexopt::Parser;
use std::{
    io::BufRead,
    path::PathBuf,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

pub fn run(workspace: &Workspace, arguments: Parser) -> Result<(), Failure> {
    let Some(options) = Options::parse(arguments)? else {
        crate::help::print();
        return Ok(());
    };
    let steps = Steps::start();
    let place = Place::take(workspace, &options)?;
    let enter = enter_key();
    let mut portal = demo::build(workspace, &steps)?;
    loop {
        let running = demo::start(workspace, &steps, &options, &place, portal)?;
        portal = serve_until_rebuilt(workspace, &steps, running, &enter)?;
    }
}

/// Returns when a build asked for by Enter succeeded; the server that ran until then is stopped.
fn serve_until_rebuilt(
    workspace: &Workspace,
    steps: &Steps,
    mut running: Running,
    enter: &Receiver<()>,
) -> Result<PathBuf, Failure> {
    println!(
        "\nhttp://localhost:{} — Enter rebuilds, Ctrl-C stops\n",
        running.port
    );
    loop {
        running.pause(Duration::from_millis(250))?;
        if enter.try_recv().is_err() {
            continue;
        }
        match demo::build(workspace, steps) {
            Ok(portal) => return Ok(portal),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(failure) => println!("{failure}\nThe last good build still runs. Enter tries again."),
        }
    }
}

fn enter_key() -> Receiver<()> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || send.send(()).is_err() {
                return;
            }
        }
    });
    receive
}
