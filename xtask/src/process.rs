//! What is started, and that all of it ends.
//!
//! Every child gets a process group of its own, so that Ctrl-C reaches us alone and we end the
//! children in order. A child that must not outlive us by any road has our pipe as its standard
//! input and stops when that closes.

mod run;
mod service;

pub use run::{Record, Run};
pub use service::Service;

use crate::failure::{Failure, While};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Process groups that run now.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static STOPPING: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy)]
enum Signal {
    /// Please stop.
    Term,
    Kill,
}

/// The first signal asks every child to stop and lets the command end by itself; the second one kills.
pub fn end_everything_on_a_signal() -> Result<(), Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).while_doing("watching for Ctrl-C")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if STOPPING.swap(true, Ordering::SeqCst) {
                signal_all(Signal::Kill);
                std::process::exit(130);
            }
            signal_all(Signal::Term);
        }
    });
    Ok(())
}

/// `Err(Interrupted)` once Ctrl-C was pressed: asked between two steps.
pub fn go_on() -> Result<(), Failure> {
    if STOPPING.load(Ordering::SeqCst) {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}

fn running() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn started(group: u32) {
    running().push(group);
    // The signal may have come between the start and the line above.
    if go_on().is_err() {
        signal(Signal::Term, group);
    }
}

fn ended(group: u32) {
    running().retain(|other| *other != group);
}

fn signal_all(what: Signal) {
    for group in running().iter() {
        signal(what, *group);
    }
}

/// Through the shell: a group cannot be signalled from safe Rust.
fn signal(what: Signal, group: u32) {
    let name = match what {
        Signal::Term => "TERM",
        Signal::Kill => "KILL",
    };
    // A group that has just ended is no error.
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- -{group}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn not_started(what: &str, program: &str, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        Failure::new(format!("{what} needs `{program}`, which is not installed"))
            .remedy(crate::tools::how_to_install(program))
    } else {
        Failure::new(format!("{what}: {error}"))
    }
}
