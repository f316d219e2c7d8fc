//! A command that does its work and ends.

use super::{ended, go_on, not_started, started};
use crate::{
    failure::{Failure, While},
    steps::in_words,
};
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, IsTerminal, Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// Without a terminal a sign of life is printed this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
/// How much of a failed command's output is shown.
const TAIL: usize = 60;

pub struct Run {
    command: Command,
    what: String,
    limit: Duration,
}

/// What a recorded command said and whether it succeeded.
pub struct Record {
    pub succeeded: bool,
    pub lines: Vec<String>,
}

impl Record {
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let from = self.lines.len().saturating_sub(lines);
        self.lines.get(from..).unwrap_or_default().to_vec()
    }
}

impl Run {
    pub fn new(program: impl AsRef<Path>, what: &str) -> Self {
        let mut command = Command::new(program.as_ref());
        command.stdin(Stdio::null());
        // What cargo told us about xtask is no news for a child. Build scripts (ring's is one) look at
        // these names and would compile anew on every change between `cargo` and `cargo xtask`.
        for (name, _) in std::env::vars_os() {
            if about_this_package(&name.to_string_lossy()) {
                command.env_remove(&name);
            }
        }
        Self {
            command,
            what: what.to_owned(),
            limit: Duration::from_secs(2 * 60 * 60),
        }
    }

    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// After this time the command is killed and counts as failed.
    pub fn at_most(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What a short command answers on its standard output.
    pub fn answer(mut self) -> Result<String, Failure> {
        let program = self.program();
        let output = self
            .command
            .output()
            .map_err(|error| not_started(&self.what, &program, &error))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let lines = String::from_utf8_lossy(&output.stderr)
            .lines()
            .map(str::to_owned)
            .collect();
        Err(self.failed(output.status).last_lines(lines))
    }

    /// On a terminal the command draws its own progress; elsewhere a line now and then says that it
    /// still works, and its last lines are shown only if it fails.
    pub fn shown(self) -> Result<(), Failure> {
        if std::io::stderr().is_terminal() {
            self.passed_through()
        } else {
            self.shown_by_signs_of_life()
        }
    }

    fn shown_by_signs_of_life(self) -> Result<(), Failure> {
        let what = self.what.clone();
        let mut last_sign = Instant::now();
        let began = last_sign;
        let (status, record) = self.stream(|line| {
            if last_sign.elapsed() >= SIGN_OF_LIFE {
                last_sign = Instant::now();
                let detail = line.map_or(String::new(), |line| format!(": {}", line.trim()));
                println!("       {what}, {} so far{detail}", in_words(began.elapsed()));
            }
        })?;
        if record.succeeded {
            return Ok(());
        }
        Err(Failure::new(format!("{what} failed ({status})")).last_lines(record.tail(TAIL)))
    }

    /// Writes everything into `log` while it comes, hands each line to `each`, and reports success or not.
    pub fn recorded(self, log: &Path, mut each: impl FnMut(&str)) -> Result<Record, Failure> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder).while_doing("making the folder for logs")?;
        }
        let mut file = fs::File::create(log).while_doing(format!("writing {}", log.display()))?;
        let what = self.what.clone();
        let began = Instant::now();
        let mut last_sign = began;
        let (_, record) = self.stream(|line| match line {
            Some(line) => {
                // The log is for people after the fact; a full disk must not hide the result.
                let _ = writeln!(file, "{line}");
                each(line);
            }
            None if last_sign.elapsed() >= SIGN_OF_LIFE => {
                last_sign = Instant::now();
                println!("       {what}, {} so far", in_words(began.elapsed()));
            }
            None => {}
        })?;
        Ok(record)
    }

    /// For a command whose output is what was asked for: it goes straight to ours.
    pub fn passed_through(mut self) -> Result<(), Failure> {
        go_on()?;
        let program = self.program();
        let mut child = self
            .command
            .process_group(0)
            .spawn()
            .map_err(|error| not_started(&self.what, &program, &error))?;
        started(child.id());
        let status = child.wait();
        ended(child.id());
        go_on()?;
        let status = status.while_doing(&self.what)?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(status))
        }
    }

    /// For a command that may ask the person something (sudo): it shares our terminal and our group.
    pub fn interactive(mut self) -> Result<(), Failure> {
        let program = self.program();
        let status = self
            .command
            .stdin(Stdio::inherit())
            .status()
            .map_err(|error| not_started(&self.what, &program, &error))?;
        go_on()?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(status))
        }
    }

    /// Calls `each` with every line of both outputs, and with `None` while nothing is said.
    fn stream(mut self, mut each: impl FnMut(Option<&str>)) -> Result<(ExitStatus, Record), Failure> {
        go_on()?;
        let program = self.program();
        let mut child = self
            .command
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(&self.what, &program, &error))?;
        started(child.id());
        let status = self.read_to_the_end(&mut child, &mut each);
        ended(child.id());
        go_on()?;
        status
    }

    fn read_to_the_end(
        &self,
        child: &mut Child,
        each: &mut impl FnMut(Option<&str>),
    ) -> Result<(ExitStatus, Record), Failure> {
        let (send, receive) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            forward(output, send.clone());
        }
        if let Some(errors) = child.stderr.take() {
            forward(errors, send.clone());
        }
        drop(send);
        let began = Instant::now();
        let mut lines = Vec::new();
        loop {
            match receive.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => {
                    each(Some(&line));
                    lines.push(line);
                }
                Err(RecvTimeoutError::Timeout) => each(None),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if began.elapsed() > self.limit {
                super::signal(super::Signal::Kill, child.id());
                let _ = child.wait();
                return Err(Failure::new(format!(
                    "{} did not end within {}",
                    self.what,
                    in_words(self.limit)
                ))
                .last_lines(
                    Record {
                        succeeded: false,
                        lines,
                    }
                    .tail(TAIL),
                ));
            }
        }
        let status = child.wait().while_doing(&self.what)?;
        let succeeded = status.success();
        Ok((status, Record { succeeded, lines }))
    }

    fn program(&self) -> String {
        self.command.get_program().to_string_lossy().into_owned()
    }

    fn failed(&self, status: ExitStatus) -> Failure {
        Failure::new(format!("{} failed ({status})", self.what))
    }
}

fn about_this_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name)
}

/// Lines may hold bytes that are no UTF-8 (a panic inside a C library): they are shown, not refused.
pub(super) fn forward(output: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut bytes) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Run {
        Run::new("sh", "the script").args(["-c", script])
    }

    #[test]
    fn both_outputs_are_recorded_with_the_verdict() {
        let log = std::env::temp_dir().join(format!("xtask-{}.log", std::process::id()));
        let record = shell("echo one; echo two >&2; exit 3")
            .recorded(&log, |_| {})
            .unwrap();
        assert!(!record.succeeded);
        assert_eq!(record.lines.len(), 2);
        assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 2);
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_missing_program_is_named() {
        let failure = Run::new("no-such-program", "counting sheep")
            .answer()
            .unwrap_err();
        assert!(failure.to_string().contains("`no-such-program`"), "{failure}");
    }

    #[test]
    fn a_child_does_not_hear_of_our_own_package() {
        let answer = shell("echo \"<$CARGO_PKG_NAME$CARGO_MANIFEST_DIR>\"")
            .answer()
            .unwrap();
        assert_eq!(answer.trim(), "<>");
    }

    #[test]
    fn what_hangs_is_killed_at_its_limit() {
        let failure = shell("sleep 60")
            .at_most(Duration::from_millis(10))
            .stream(|_| {})
            .map(|_| ())
            .unwrap_err();
        assert!(failure.to_string().contains("did not end"), "{failure}");
    }
}
