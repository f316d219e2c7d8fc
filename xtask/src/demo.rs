//! `demo`: the whole system on this machine, from a clean clone to a moving ward board.

mod board;
mod options;
mod people;
mod place;

pub use options::Options;

use crate::{
    failure::{Failure, While},
    portal,
    process::Service,
    steps::Steps,
    workspace::Workspace,
};
use lexopt::Parser;
use options::Devices;
pub use place::Place;
use std::{
    ffi::OsString,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Long enough for a slow disk; the history of every bed goes through the same door as live data.
const UNTIL_LISTENING: Duration = Duration::from_secs(5 * 60);
const UNTIL_LIVE: Duration = Duration::from_secs(30 * 60);

const SIGN_OF_PROGRESS: Duration = Duration::from_secs(5);

pub fn run(workspace: &Workspace, arguments: Parser) -> Result<(), Failure> {
    let Some(options) = Options::parse(arguments)? else {
        crate::help::print();
        return Ok(());
    };
    let steps = Steps::start();
    let place = Place::take(workspace, &options)?;
    let built = build(workspace, &steps)?;
    check_recordings(workspace, &options.replay)?;
    let mut running = start(workspace, &steps, &options, &place, built)?;
    if !matches!(options.devices, Devices::None) {
        board::wait_until_live(&steps, running.port, |patience| running.pause(patience))?;
    }
    println!("\nready: http://localhost:{}\n", running.port);
    people::print_table(running.port)?;
    println!("Logs are in {}. Ctrl-C stops everything.", place.logs().display());
    loop {
        running.pause(Duration::from_secs(1))?;
    }
}

/// Builds what the demo runs; answers the folder of the portal.
pub fn build(workspace: &Workspace, steps: &Steps) -> Result<PathBuf, Failure> {
    let portal = portal::build(workspace, steps)?;
    steps.step("build the server and the simulated devices", || {
        workspace
            .cargo(["build", "-p", "fleetward", "-p", "fleetward-device", "--bins"])
            .shown()
    })?;
    Ok(portal)
}

/// Before anything is seeded: a file that can't be replayed is named at once, with the reason.
fn check_recordings(workspace: &Workspace, files: &[PathBuf]) -> Result<(), Failure> {
    if files.is_empty() {
        return Ok(());
    }
    let arguments = ["replay", "--check"].map(OsString::from);
    let record = workspace
        .run(workspace.binary("fleetward-device"), "checking the recordings")
        .args(
            arguments
                .into_iter()
                .chain(files.iter().map(|file| file.clone().into_os_string())),
        )
        .recorded(&workspace.logs().join("replay-check.log"), |_| {})?;
    if record.succeeded {
        return Ok(());
    }
    let said = record.tail(1).pop().unwrap_or_default();
    let cause = said.strip_prefix("error: ").unwrap_or(&said).to_owned();
    Err(Failure::new(cause).remedy("docs/replay.md says which files can be replayed"))
}

/// What runs. Dropped in this order: devices first, so that the server sees them leave.
pub struct Running {
    replay: Option<Service>,
    fleet: Option<Service>,
    server: Service,
    pub port: u16,
}

impl Running {
    /// Waits a moment. Any child's death, or Ctrl-C, ends the wait with a failure.
    pub fn pause(&mut self, patience: Duration) -> Result<(), Failure> {
        if let Some(fleet) = &mut self.fleet {
            fleet.still_runs()?;
        }
        if let Some(replay) = &mut self.replay {
            replay.still_runs()?;
        }
        self.server.listen(patience).map(|_| ())
    }
}

pub fn start(
    workspace: &Workspace,
    steps: &Steps,
    options: &Options,
    place: &Place,
    portal: PathBuf,
) -> Result<Running, Failure> {
    fs::create_dir_all(place.logs()).while_doing("making the folder for logs")?;
    let (server, port, device_port) = steps.step("start the server", || {
        start_server(workspace, options, place, portal)
    })?;
    let mut running = Running {
        replay: None,
        fleet: None,
        server,
        port,
    };
    let only = match options.devices {
        Devices::None => return Ok(running),
        Devices::All => None,
        Devices::First(count) => Some(count),
    };
    let replayed = match options.replay.is_empty() {
        true => None,
        false => Some(place.serial_at(&options.bed)?),
    };
    let fleet = steps.step("start the devices and send their history", || {
        let arguments = fleet_arguments(place, &device_port, only, replayed.as_deref());
        let mut fleet = simulator(
            workspace,
            "the simulated devices",
            arguments,
            place,
            "devices.log",
        )?;
        let mut said = Instant::now();
        fleet.wait_for("live", UNTIL_LIVE, |event| {
            if said.elapsed() >= SIGN_OF_PROGRESS {
                said = Instant::now();
                say_progress(steps, event);
            }
        })?;
        Ok(fleet)
    })?;
    running.fleet = Some(fleet);
    if let Some(serial) = replayed {
        steps.say(&format!("replay on bed {}, device {serial}", options.bed));
        let arguments = replay_arguments(place, &device_port, &serial, &options.replay);
        running.replay = Some(simulator(
            workspace,
            "the replay",
            arguments,
            place,
            "replay.log",
        )?);
    }
    Ok(running)
}

fn start_server(
    workspace: &Workspace,
    options: &Options,
    place: &Place,
    portal: PathBuf,
) -> Result<(Service, u16, String), Failure> {
    let mut arguments: Vec<OsString> = ["serve", "--demo", "--exit-with-parent", "--data"]
        .map(OsString::from)
        .to_vec();
    arguments.push(place.data.clone().into());
    arguments.push("--port".into());
    arguments.push(options.port.to_string().into());
    // The other two ports are nobody's business but ours: any free ones.
    arguments.extend(["--device-port", "0", "--ops-port", "0", "--portal"].map(OsString::from));
    arguments.push(portal.into());
    let mut server = Service::start(
        "the server",
        &workspace.binary("fleetward"),
        arguments,
        place.logs().join("server.log"),
    )?;
    let listening = server.wait_for("listening", UNTIL_LISTENING, |_| {})?;
    let said = |key: &str| {
        listening
            .get(key)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| Failure::new(format!("the server did not say where its {key} port is")))
    };
    let port = said("portal")?
        .rsplit(':')
        .next()
        .and_then(|port| port.trim_end_matches('/').parse().ok())
        .ok_or_else(|| Failure::new("the server did not say which port it listens on"))?;
    let device_port = said("device")?.to_owned();
    Ok((server, port, device_port))
}

fn simulator(
    workspace: &Workspace,
    name: &str,
    arguments: Vec<OsString>,
    place: &Place,
    log: &str,
) -> Result<Service, Failure> {
    Service::start(
        name,
        &workspace.binary("fleetward-device"),
        arguments,
        place.logs().join(log),
    )
}

fn fleet_arguments(
    place: &Place,
    device_port: &str,
    only: Option<u32>,
    replayed: Option<&str>,
) -> Vec<OsString> {
    let mut arguments = common_arguments("fleet", place, device_port);
    arguments.push("--back-fill".into());
    if let Some(count) = only {
        arguments.extend(["--only".into(), count.to_string().into()]);
    }
    if let Some(serial) = replayed {
        arguments.extend(["--not-live".into(), serial.into()]);
    }
    arguments
}

fn replay_arguments(place: &Place, device_port: &str, serial: &str, files: &[PathBuf]) -> Vec<OsString> {
    let mut arguments = common_arguments("replay", place, device_port);
    // Again and again: a recording is short, and a demo goes on until someone ends it.
    arguments.extend(["--serial".into(), serial.into(), "--live".into(), "--loop".into()]);
    arguments.extend(files.iter().map(|file| file.clone().into_os_string()));
    arguments
}

fn common_arguments(command: &str, place: &Place, device_port: &str) -> Vec<OsString> {
    vec![
        command.into(),
        "--exit-with-parent".into(),
        "--data".into(),
        place.data.clone().into(),
        "--server".into(),
        device_port.into(),
    ]
}

/// `{"event":"back-filling","device":3,"of":38}`
fn say_progress(steps: &Steps, event: &serde_json::Value) {
    let number = |key: &str| event.get(key).and_then(serde_json::Value::as_u64);
    if let (Some(device), Some(of)) = (number("device"), number("of")) {
        steps.say(&format!("  history of device {device} of {of}"));
    }
}
