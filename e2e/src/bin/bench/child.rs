//! Processes that the bench starts. None outlives it: each reads its standard input to the end and
//! then stops, and that end comes when the bench goes, however it goes.

use std::{ffi::OsString, fs::File, io::Read, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{self, ChildStdout, Command},
    time::timeout,
};

use crate::failure::{Failure, Step};

/// A cold start migrates and seeds; 150,000 twins take minutes to wake.
const PATIENCE: Duration = Duration::from_secs(600);
const STOPS_WITHIN: Duration = Duration::from_secs(20);

pub struct Child {
    process: process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    program: String,
}

impl Child {
    /// Its log goes into `log`, or beside the bench's own.
    pub fn start(program: &Path, arguments: &[OsString], log: Option<&Path>) -> Result<Self, Failure> {
        let log = match log {
            Some(path) => File::create(path).step("open a log file")?.into(),
            None => Stdio::inherit(),
        };
        let name = program.display().to_string();
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .step(&format!("start {name}"))?;
        let stdout = process.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::new("a child has no standard output"))?;
        Ok(Self {
            process,
            lines: BufReader::new(stdout).lines(),
            program: name,
        })
    }

    pub fn pid(&self) -> u32 {
        self.process.id().unwrap_or(0)
    }

    /// The next line it prints.
    pub async fn next_line(&mut self) -> Result<String, Failure> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        line.step(&format!("hear from {}", self.program))?
            .step(&format!("read from {}", self.program))?
            .ok_or_else(|| Failure::new(format!("{} ended before it said anything", self.program)))
    }

    /// Lets it end by itself, as on SIGTERM.
    pub async fn stop(mut self) -> Result<(), Failure> {
        drop(self.process.stdin.take());
        match timeout(STOPS_WITHIN, self.process.wait()).await {
            Ok(ended) => ended.map(drop).step("wait for a child"),
            Err(_) => self.process.kill().await.step("end a child that did not stop"),
        }
    }
}

/// For the child's side: calls `stop` when standard input ends.
pub fn exit_with_parent(stop: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        // Whatever ends it, an error too, means that nobody is there any more.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stop();
    });
}
