//! `fleetward-device`: simulated devices and replayed recordings, as the other end of the device port.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "events go to standard output, one JSON object a line; the last error goes to standard error"
)]

mod command_line;

use command_line::{Command, FleetCommand, Pace, Recorded, ReplayCommand};
use fleetward_common::devices::DeviceType;
use fleetward_device::{
    agent::{Agent, AgentError, Credentials},
    clock::{Clock, SystemClock},
    fleet::{self, FleetEvent, register::Register},
    replay::{Playing, ReadError, ReadOptions, Replay, play_back_dated, play_live},
};
use std::{error::Error, io::IsTerminal, process::ExitCode, time::Duration};
use tokio::sync::watch;

fn main() -> ExitCode {
    let command = match command_line::parse() {
        Ok(command) => command,
        Err(error) => {
            eprintln!("{error}\n\n{}", command_line::HELP);
            return ExitCode::from(2);
        }
    };
    if matches!(command, Command::Help) {
        println!("{}", command_line::HELP);
        return ExitCode::SUCCESS;
    }
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Help => Ok(()),
        Command::Fleet(command) => run_fleet(command).await,
        Command::Replay(command) => run_replay(command).await,
        Command::Check(recorded) => {
            load(recorded, None)?;
            Ok(())
        }
    }
}

async fn run_fleet(command: FleetCommand) -> Result<(), Box<dyn Error>> {
    let stop = stop_signal(command.exit_with_parent)?;
    let register = Register::load(&command.options.data)?;
    let mut devices = match &command.serial {
        Some(serial) => vec![register.device(&command.options.data, serial)?],
        None => register.devices,
    };
    devices.truncate(command.only.unwrap_or(usize::MAX));
    if let Some(scenario) = command.scenario {
        devices.iter_mut().for_each(|device| device.scenario = scenario);
    }
    fleet::run(devices, command.options, stop, |event| {
        println!(
            "{}",
            match event {
                FleetEvent::BackFilling { device, of } => {
                    serde_json::json!({ "event": "back-filling", "device": device, "of": of })
                }
                FleetEvent::BackFilled => serde_json::json!({ "event": "backfilled" }),
                FleetEvent::Live { devices } => serde_json::json!({ "event": "live", "devices": devices }),
            }
        );
    })
    .await?;
    Ok(())
}

async fn run_replay(command: ReplayCommand) -> Result<(), Box<dyn Error>> {
    let mut stop = stop_signal(command.exit_with_parent)?;
    let entry = Register::load(&command.data)?.device(&command.data, &command.serial)?;
    let replay = load(command.recorded, Some(entry.device_type))?;
    for recording in replay.recordings() {
        tracing::info!(signal = %recording.name, metric = recording.metric.key, "to be replayed");
    }
    let folder = command.data.join("devices").join(entry.serial.as_str());
    let mut builder = Agent::builder(entry.serial, entry.software)
        .channels(replay.channels())
        .folder(&folder);
    if command.ack_log {
        builder = builder.with_ack_log();
    }
    let agent = builder.open(Credentials::from_folder(&folder)?)?;
    let line = tokio::spawn({
        let agent = agent.clone();
        async move { agent.run(&command.server).await }
    });
    let done = tokio::select! {
        done = play(&agent, &replay, command.pace) => done,
        _ = stop.wait_for(|stop| *stop) => Ok(()),
    };
    agent.stop();
    line.await?;
    Ok(done?)
}

fn load(recorded: Recorded, device_type: Option<DeviceType>) -> Result<Replay, ReadError> {
    let options = ReadOptions {
        device_type,
        rates: recorded.rates,
        metrics: recorded.metrics,
    };
    Replay::load(&recorded.files, &options)
}

/// Returns when the server has stored everything; never, when it goes round.
async fn play(agent: &Agent, replay: &Replay, pace: Pace) -> Result<(), AgentError> {
    let mut begin = SystemClock.now();
    let playing = loop {
        match pace {
            Pace::BackDated => break play_back_dated(agent, replay, &SystemClock).await?,
            Pace::Live | Pace::Round => say("replaying", Playing::starting(replay, begin)),
        }
        let playing = play_live(agent, replay, &SystemClock, begin).await?;
        if pace == Pace::Live {
            break playing;
        }
        begin = (begin + replay.round()).max(SystemClock.now() - Duration::from_secs(1));
    };
    agent.settled().await;
    say("replayed", playing);
    Ok(())
}

fn say(event: &str, playing: Playing) {
    let (from, until) = (playing.span.from.micros(), playing.span.until.micros());
    let origin = playing.origin.micros();
    println!(
        "{}",
        serde_json::json!({ "event": event, "from": from, "until": until, "origin": origin })
    );
}

/// Becomes true on SIGINT, SIGTERM and, if so asked, when standard input ends, as it does when the
/// parent dies.
fn stop_signal(exit_with_parent: bool) -> std::io::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let parent = watch::Sender::new(false);
    let mut parent_gone = parent.subscribe();
    if exit_with_parent {
        // A thread of its own: a blocking read of standard input can't be cancelled.
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            let _ = std::io::copy(&mut input, &mut std::io::sink());
            parent.send_replace(true);
        });
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = parent_gone.wait_for(|gone| *gone) => {}
            }
            sender.send_replace(true);
        });
    } else {
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            sender.send_replace(true);
        });
    }
    Ok(receiver)
}
