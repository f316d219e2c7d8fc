//! A child that runs until it is told to stop.

use super::{Signal, ended, go_on, not_started, run::forward, signal, started};
use crate::failure::{Failure, While};
use std::{
    collections::VecDeque,
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const TAIL: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Service {
    name: String,
    child: Child,
    /// Closing it tells the child to stop, also when it is the kernel that closes it for us.
    line: Option<ChildStdin>,
    said: Receiver<String>,
    log: PathBuf,
    tail: Arc<Mutex<VecDeque<String>>>,
    logging: Option<JoinHandle<()>>,
}

impl Service {
    /// Standard output is read as events, one JSON object a line; standard error goes to `log`.
    pub fn start<S: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
        log: PathBuf,
    ) -> Result<Self, Failure> {
        go_on()?;
        let file = File::create(&log).while_doing(format!("writing {}", log.display()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| not_started(name, &program.to_string_lossy(), &error))?;
        started(child.id());
        let (send, said) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            forward(output, send);
        }
        let tail = Arc::new(Mutex::new(VecDeque::with_capacity(TAIL)));
        let logging = child.stderr.take().map(|errors| {
            let tail = Arc::clone(&tail);
            thread::spawn(move || keep(errors, file, &tail))
        });
        Ok(Self {
            name: name.to_owned(),
            line: child.stdin.take(),
            child,
            said,
            log,
            tail,
            logging,
        })
    }

    /// Waits for an event of this name, as long as the child lives; other events go to `meanwhile`.
    pub fn wait_for(
        &mut self,
        event: &str,
        limit: Duration,
        mut meanwhile: impl FnMut(&serde_json::Value),
    ) -> Result<serde_json::Value, Failure> {
        let began = Instant::now();
        while began.elapsed() < limit {
            if let Some(said) = self.listen(Duration::from_millis(250))? {
                if said.get("event").and_then(serde_json::Value::as_str) == Some(event) {
                    return Ok(said);
                }
                meanwhile(&said);
            }
        }
        Err(Failure::new(format!(
            "{} did not report `{event}` within {} s",
            self.name,
            limit.as_secs()
        ))
        .remedy(format!("its log is {}", self.log.display()))
        .last_lines(self.last_lines()))
    }

    /// The next event, if one comes within `patience`. A child that has died is a failure.
    pub fn listen(&mut self, patience: Duration) -> Result<Option<serde_json::Value>, Failure> {
        go_on()?;
        match self.said.recv_timeout(patience) {
            Ok(line) => Ok(serde_json::from_str(&line).ok()),
            Err(RecvTimeoutError::Timeout) => {
                self.still_runs()?;
                Ok(None)
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.death()),
        }
    }

    pub fn still_runs(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(_)) | Err(_) => Err(self.death()),
        }
    }

    fn death(&mut self) -> Failure {
        if let Err(interrupted) = go_on() {
            return interrupted;
        }
        let status = self
            .child
            .wait()
            .map_or_else(|error| error.to_string(), |status| status.to_string());
        if let Some(logging) = self.logging.take() {
            // Its last words are often the reason; they may still be in the pipe.
            let _ = logging.join();
        }
        Failure::new(format!("{} ended by itself ({status})", self.name))
            .remedy(format!("its log is {}", self.log.display()))
            .last_lines(self.last_lines())
    }

    fn last_lines(&self) -> Vec<String> {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().cloned().collect()
    }

    /// Asks it to stop, waits, and kills what does not listen.
    pub fn stop(&mut self) {
        self.line = None;
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(Signal::Term, self.child.id());
        }
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                signal(Signal::Kill, self.child.id());
                break;
            }
            // Paced by its output; once that is closed the end is a moment away.
            if let Err(RecvTimeoutError::Disconnected) = self.said.recv_timeout(Duration::from_millis(50)) {
                thread::park_timeout(Duration::from_millis(20));
            }
        }
        let _ = self.child.wait();
        ended(self.child.id());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

fn keep(errors: impl Read, mut file: File, tail: &Mutex<VecDeque<String>>) {
    let mut reader = BufReader::new(errors);
    let mut bytes = Vec::new();
    while let Ok(1..) = reader.read_until(b'\n', &mut bytes) {
        // A full disk must not end the demo; the tail in memory goes on.
        let _ = file.write_all(&bytes);
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        bytes.clear();
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str, script: &str) -> Service {
        let log = std::env::temp_dir().join(format!("xtask-{name}-{}.log", std::process::id()));
        Service::start("the script", Path::new("sh"), ["-c", script], log).unwrap()
    }

    #[test]
    fn events_are_awaited_by_name() {
        let mut child = script(
            "events",
            r#"echo '{"event":"starting"}'; echo '{"event":"live","devices":3}'; read line"#,
        );
        let mut others = 0;
        let live = child
            .wait_for("live", Duration::from_secs(15), |_| others += 1)
            .unwrap();
        assert_eq!(live.get("devices").and_then(serde_json::Value::as_u64), Some(3));
        assert_eq!(others, 1);
    }

    #[test]
    fn a_child_that_dies_leaves_its_last_words() {
        let mut child = script("death", "echo 'no such table: beds' >&2; exit 4");
        let failure = child
            .wait_for("live", Duration::from_secs(15), |_| {})
            .unwrap_err()
            .to_string();
        assert!(failure.contains("no such table: beds"), "{failure}");
    }

    #[test]
    fn a_child_that_ignores_signals_still_stops_when_our_line_closes() {
        let mut child = script(
            "stop",
            "trap '' TERM; echo '{\"event\":\"up\"}'; read line; exit 0",
        );
        child.wait_for("up", Duration::from_secs(15), |_| {}).unwrap();
        child.stop();
        assert!(
            child
                .child
                .try_wait()
                .unwrap()
                .is_some_and(|status| status.success())
        );
    }
}
