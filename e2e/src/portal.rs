//! The real server as a process: started, killed, started again. Nothing is left behind: it ends
//! with this value, and by `--exit-with-parent` even when the test itself is killed.

use crate::{
    built,
    trouble::{Outcome, Trouble, While},
    world::World,
};
use serde::Deserialize;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// A first start in a debug build on a busy machine.
const START: Duration = Duration::from_secs(60);

/// The line a server prints when its ports are open.
#[derive(Debug, Clone, Deserialize)]
pub struct Listening {
    /// `http://localhost:PORT`
    pub portal: String,
    pub device: SocketAddr,
    pub ops: SocketAddr,
}

#[derive(Debug)]
pub struct Portal {
    world: World,
    listening: Listening,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    process: Child,
    /// Open as long as the server shall run.
    stdin: Option<ChildStdin>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either may fail only because it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Portal {
    /// On a fresh copy of the demo world.
    pub async fn start() -> Outcome<Self> {
        let world = World::demo()?;
        let (server, listening) = serve(world.path(), None, None).await?;
        Ok(Self {
            world,
            listening,
            server: Some(server),
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.listening.portal)
    }

    /// Host and port of the portal, for whoever speaks HTTP by hand.
    pub fn authority(&self) -> &str {
        self.listening.portal.trim_start_matches("http://")
    }

    pub fn device_port(&self) -> SocketAddr {
        self.listening.device
    }

    pub fn ops_port(&self) -> SocketAddr {
        self.listening.ops
    }

    pub fn data(&self) -> &Path {
        self.world.path()
    }

    /// What a simulated device needs: key, certificate, the server's authority.
    pub fn device_folder(&self, serial: &str) -> PathBuf {
        self.data().join("devices").join(serial)
    }

    /// The power fails.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) -> Outcome {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        drop(server.stdin.take());
        let ended = tokio::task::spawn_blocking(move || server.process.wait().map(|status| (status, server)));
        let (status, _server) = tokio::time::timeout(Duration::from_secs(30), ended)
            .await
            .map_err(|_elapsed| Trouble::wrong("the server did not end within 30 s of being asked"))?
            .map_err(Trouble::wrong)?
            .while_doing("waiting for the server's end")?;
        if status.success() {
            return Ok(());
        }
        Err(Trouble::Wrong(format!("the server ended with {status}")))
    }

    /// The same data on the same ports.
    pub async fn start_again(&mut self) -> Outcome {
        self.kill();
        let (server, listening) = serve(self.world.path(), Some(&self.listening), None).await?;
        self.server = Some(server);
        self.listening = listening;
        Ok(())
    }

    /// Starts again on the same data, and logs whatever anything in it has to say.
    pub async fn log_everything(&mut self) -> Outcome {
        self.kill();
        let (server, listening) = serve(self.world.path(), None, Some("debug")).await?;
        self.server = Some(server);
        self.listening = listening;
        Ok(())
    }

    /// Its process, for whoever counts what it costs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.process.id())
    }

    /// Bytes of memory that the server holds now.
    pub fn memory(&self) -> Outcome<u64> {
        let status = self.proc("status")?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix(" kB"))
            .and_then(|kib| kib.parse::<u64>().ok())
            .map(|kib| kib * 1024)
            .ok_or_else(|| Trouble::wrong("/proc tells no VmRSS of the server"))
    }

    /// What the server wrote to its log, all runs on this data.
    pub fn log(&self) -> String {
        fs::read_to_string(log_file(self.data())).unwrap_or_default()
    }

    fn proc(&self, file: &str) -> Outcome<String> {
        let server = self
            .server
            .as_ref()
            .ok_or_else(|| Trouble::wrong("the server does not run"))?;
        let path = format!("/proc/{}/{file}", server.process.id());
        fs::read_to_string(&path).while_doing(path)
    }
}

fn log_file(data: &Path) -> PathBuf {
    data.join("server.log")
}

async fn serve(
    data: &Path,
    ports: Option<&Listening>,
    log_filter: Option<&str>,
) -> Outcome<(Server, Listening)> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_file(data))
        .while_doing("opening the server's log")?;
    let (portal_port, device_port, ops_port) = match ports {
        None => (0, 0, 0),
        Some(listening) => (
            port_of(&listening.portal)?,
            listening.device.port(),
            listening.ops.port(),
        ),
    };
    let mut server = Command::new(built::server()?);
    if let Some(filter) = log_filter {
        server.env("FLEETWARD_LOG", filter);
    }
    let mut process = server
        .arg("serve")
        .arg("--demo")
        .arg("--exit-with-parent")
        .arg("--data")
        .arg(data)
        .arg("--portal")
        .arg(built::portal()?)
        .args(["--port", &portal_port.to_string()])
        .args(["--device-port", &device_port.to_string()])
        .args(["--ops-port", &ops_port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .while_doing("starting the server")?;
    let stdout = process.stdout.take();
    let stdin = process.stdin.take();
    let server = Server { process, stdin };
    let (tell, told) = oneshot::channel();
    // A thread of its own: it also keeps the pipe empty for as long as the server runs.
    thread::spawn(move || {
        let mut tell = Some(tell);
        for line in stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            let listening = line
                .ok()
                .and_then(|line| serde_json::from_str::<Listening>(&line).ok());
            if let Some(listening) = listening
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(listening);
            }
        }
    });
    match tokio::time::timeout(START, told).await {
        Ok(Ok(listening)) => Ok((server, listening)),
        _ => {
            let log = fs::read_to_string(log_file(data)).unwrap_or_default();
            Err(Trouble::Wrong(format!(
                "the server did not open its ports; its log:\n{log}"
            )))
        }
    }
}

fn port_of(portal: &str) -> Outcome<u16> {
    portal
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| Trouble::Wrong(format!("{portal} names no port")))
}
