//! The server under measurement: the release binary with a fresh data folder.

use serde::Deserialize;
use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{
    child::Child,
    failure::{Failure, Step},
    metrics::Metrics,
    process::cpu_of_tree,
};

#[derive(Debug, Deserialize)]
pub struct Listening {
    pub portal: String,
    pub device: SocketAddr,
    ops: SocketAddr,
}

pub struct Server {
    child: Child,
    pub listening: Listening,
}

/// What the server has cost and done up to a moment.
pub struct Snapshot {
    pub cpu_seconds: f64,
    pub metrics: Metrics,
}

/// A binary of the same build, or the one that the environment names.
pub fn binary(variable: &str, name: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    let this = std::env::current_exe().step("find this program")?;
    Ok(this.with_file_name(name))
}

impl Server {
    pub async fn start(data: &Path, options: &[&str]) -> Result<Self, Failure> {
        let mut arguments: Vec<OsString> = ["serve", "--port", "0", "--device-port", "0", "--ops-port", "0"]
            .map(OsString::from)
            .into();
        arguments.extend(["--exit-with-parent".into(), "--data".into(), data.into()]);
        arguments.extend(options.iter().map(OsString::from));
        if let Some(portal) = std::env::var_os("FLEETWARD_PORTAL") {
            arguments.extend(["--portal".into(), portal]);
        }
        let log = data.with_extension("server.log");
        let mut child = Child::start(&binary("FLEETWARD_SERVER", "fleetward")?, &arguments, Some(&log))?;
        let line = child.next_line().await?;
        let listening = serde_json::from_str(&line).step("learn where the server listens")?;
        Ok(Self { child, listening })
    }

    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    pub async fn snapshot(&self) -> Result<Snapshot, Failure> {
        Ok(Snapshot {
            metrics: Metrics::read(self.listening.ops).await?,
            cpu_seconds: cpu_of_tree(self.child.pid()),
        })
    }

    pub async fn stop(self) -> Result<(), Failure> {
        self.child.stop().await
    }
}
