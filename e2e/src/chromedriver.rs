//! One chromedriver for as long as this value lives, and no Chromium after it.

use crate::{
    built,
    trouble::{Outcome, Trouble, While},
};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Neither chromedriver nor Chromium ends with its parent. Both stay in this shell's process group,
/// so the shell ends the group as soon as our end of its standard input is gone, however that came.
const GUARD: &str = r#""$@" </dev/null & cat >/dev/null; kill -KILL 0"#;

#[derive(Debug)]
pub struct Chromedriver {
    guard: Child,
    stdin: Option<ChildStdin>,
    port: u16,
}

impl Chromedriver {
    pub async fn start() -> Outcome<Self> {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(built::chromedriver()?)
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .while_doing("starting chromedriver")?;
        let stdin = guard.stdin.take();
        let stdout = guard.stdout.take();
        let mut driver = Self {
            guard,
            stdin,
            port: 0,
        };
        let (tell, told) = oneshot::channel();
        thread::spawn(move || {
            let mut tell = Some(tell);
            let lines = stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines);
            for line in lines.map_while(Result::ok) {
                if let Some(port) = port_in(&line)
                    && let Some(tell) = tell.take()
                {
                    let _ = tell.send(port);
                }
            }
        });
        driver.port = tokio::time::timeout(Duration::from_secs(30), told)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| Trouble::wrong("chromedriver named no port within 30 s"))?;
        Ok(driver)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.guard.wait();
    }
}

/// `ChromeDriver was started successfully on port 45609.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn chromedriver_says_its_port_in_a_sentence() {
        let line = "ChromeDriver was started successfully on port 45609.";
        assert_eq!(port_in(line), Some(45_609));
        assert_eq!(port_in("Only local connections are allowed."), None);
    }
}
