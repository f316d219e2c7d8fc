//! Where a demo lives: its data folder and its port, both checked before anything is built.

use super::Options;
use crate::{
    failure::{Failure, While},
    workspace::Workspace,
};
use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, TcpListener},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

pub struct Place {
    pub data: PathBuf,
    /// Held while we live: two demos on one folder would fight over its database.
    _lock: File,
}

impl Place {
    pub fn take(workspace: &Workspace, options: &Options) -> Result<Self, Failure> {
        port_is_free(options.port)?;
        let data = options.data.clone();
        if data == workspace.root || workspace.root.starts_with(&data) {
            return Err(Failure::new(format!("{} holds the sources", data.display()))
                .remedy("choose another folder with --data"));
        }
        writable(&data)?;
        let lock = lock(&data)?;
        if options.reset {
            empty(&data)?;
        }
        Ok(Self { data, _lock: lock })
    }

    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    /// The serial number of the monitor at a bed, from the list that the seed wrote.
    pub fn serial_at(&self, bed: &str) -> Result<String, Failure> {
        let path = self.data.join("devices").join("fleet.json");
        let text = fs::read_to_string(&path).while_doing(format!("reading {}", path.display()))?;
        monitor_at(&text, bed)
    }
}

fn port_is_free(port: u16) -> Result<(), Failure> {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
    let refusal = [v4.err(), v6.err()]
        .into_iter()
        .flatten()
        .map(|error| error.kind())
        .find(|kind| matches!(kind, ErrorKind::AddrInUse | ErrorKind::PermissionDenied));
    match refusal {
        None => Ok(()),
        Some(ErrorKind::AddrInUse) => Err(Failure::new(format!("port {port} is taken"))
            .remedy("end what listens there, or choose another with --port N")),
        Some(_) => Err(
            Failure::new(format!("port {port} may not be opened by this user"))
                .remedy("choose one above 1023 with --port N"),
        ),
    }
}

fn writable(data: &Path) -> Result<(), Failure> {
    let probe = data.join(".writable");
    // As the server makes its own: for this user only.
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe))
        .while_doing(format!("the data folder {} cannot be written", data.display()))
        .map_err(|failure| failure.remedy("choose another with --data DIR"))
}

fn lock(data: &Path) -> Result<File, Failure> {
    let path = data.join("demo.lock");
    let file = File::create(&path).while_doing(format!("writing {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(format!("another demo runs on {}", data.display()))
                .remedy("stop it, or choose another folder with --data DIR"))
        }
        Err(TryLockError::Error(error)) => Err(Failure::new(format!("locking {}: {error}", path.display()))),
    }
}

/// Removes what a demo made and nothing else, so that a mistyped `--data` costs nothing.
fn empty(data: &Path) -> Result<(), Failure> {
    let ours = |name: &str| {
        ["fleetward.", "keys.sqlite"]
            .iter()
            .any(|beginning| name.starts_with(beginning))
            || ["secrets", "devices", "logs", "demo.lock"].contains(&name)
    };
    let entries = fs::read_dir(data).while_doing(format!("reading {}", data.display()))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let name_of = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    if let Some(foreign) = paths.iter().find(|path| !ours(&name_of(path))) {
        return Err(Failure::new(format!("{} is not of a demo", foreign.display()))
            .remedy("--reset empties only a folder that holds nothing else"));
    }
    for path in paths.iter().filter(|path| name_of(path) != "demo.lock") {
        if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
        .while_doing(format!("removing {}", path.display()))?;
    }
    Ok(())
}

fn monitor_at(fleet: &str, bed: &str) -> Result<String, Failure> {
    let fleet: serde_json::Value = serde_json::from_str(fleet).while_doing("reading fleet.json")?;
    let text = |device: &serde_json::Value, key: &str| {
        device
            .get(key)
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
    };
    let monitors: Vec<(String, String)> = fleet
        .get("devices")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
        .filter(|device| text(device, "device_type").as_deref() == Some("patient_monitor"))
        .filter_map(|device| Some((text(device, "bed")?, text(device, "serial")?)))
        .collect();
    match monitors.iter().find(|(place, _)| place == bed) {
        Some((_, serial)) => Ok(serial.clone()),
        None => {
            let beds: Vec<&str> = monitors.iter().map(|(place, _)| place.as_str()).collect();
            Err(Failure::new(format!("no monitor stands at bed {bed}"))
                .remedy(format!("choose one of {}", beds.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_taken_port_is_named_with_the_way_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let failure = port_is_free(port).unwrap_err().to_string();
        assert!(
            failure.contains(&format!("port {port} is taken")) && failure.contains("--port"),
            "{failure}"
        );
    }

    #[test]
    fn a_second_demo_on_the_same_folder_is_refused() {
        let data = folder("lock");
        let first = lock(&data).unwrap();
        assert!(lock(&data).unwrap_err().to_string().contains("another demo"));
        drop(first);
        lock(&data).unwrap();
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn a_reset_removes_what_a_demo_made() {
        let data = folder("reset");
        fs::write(data.join("fleetward.sqlite-wal"), b"x").unwrap();
        fs::create_dir(data.join("secrets")).unwrap();
        empty(&data).unwrap();
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn a_reset_of_somebody_elses_folder_removes_nothing() {
        let data = folder("foreign");
        fs::write(data.join("fleetward.sqlite"), b"x").unwrap();
        fs::write(data.join("thesis.odt"), b"x").unwrap();
        assert!(empty(&data).unwrap_err().to_string().contains("thesis.odt"));
        assert_eq!(fs::read_dir(&data).unwrap().count(), 2);
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn the_monitor_of_a_bed_is_found_and_an_unknown_bed_lists_the_others() {
        let fleet = r#"{"devices":[
            {"serial":"NW-P12-000042","device_type":"infusion_pump","bed":"4B/7"},
            {"serial":"NW-M40-000317","device_type":"patient_monitor","bed":"4B/7"},
            {"serial":"NW-C3-000009","device_type":"cpap","home":true}]}"#;
        assert_eq!(monitor_at(fleet, "4B/7").unwrap(), "NW-M40-000317");
        let failure = monitor_at(fleet, "4B/99").unwrap_err().to_string();
        assert!(failure.contains("choose one of 4B/7"), "{failure}");
    }
}
