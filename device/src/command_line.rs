//! What can be asked of `fleetward-device`.

use fleetward_common::{
    text::{BadText, SerialNumber},
    time::SampleRate,
};
use fleetward_device::{
    fleet::FleetOptions,
    models::{BadScenario, Scenario},
    replay::rate::{self, BadRate},
};
use lexopt::{Arg, Parser, ValueExt};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};
use thiserror::Error;

pub const HELP: &str = "\
fleetward-device: simulated medical devices and replayed recordings

  fleetward-device fleet --data DIR --server HOST:PORT [options]
      every device in DIR/devices/fleet.json
      --only N            the first N of them
      --back-fill         first send what they measured before, once
      --not-live SERIAL   send this one's history only
      --ack-log           note in each device's ack.log what the server has stored

  fleetward-device run --data DIR --server HOST:PORT --serial SERIAL [options]
      one of them
      --scenario NAME     stable, desaturation, tachycardia, lead_off, battery_low, network_loss
      --back-fill, --ack-log

  fleetward-device replay --data DIR --server HOST:PORT --serial SERIAL (--live | --back-dated) FILE...
      recorded CSV files as channels of one of the devices; docs/replay.md says which files
      --live              from now on, in real time; ends with the files
      --loop              with --live: again and again
      --back-dated        so that they end now, as fast as the server takes them
      --rate FILE=RATE    samples per second where the file's name has none or a rounded one: 11699/100
      --metric FILE=KEY   what a file of one signal measures, where its header is not known
      --ack-log

  fleetward-device replay --check [--rate FILE=RATE] [--metric FILE=KEY] FILE...
      says whether the files can be replayed; sends nothing

All: --exit-with-parent    stop when standard input ends
RUST_LOG sets what is logged to standard error.";

pub enum Command {
    Help,
    Fleet(FleetCommand),
    Replay(ReplayCommand),
    Check(Recorded),
}

/// Recordings, and what they don't say themselves.
pub struct Recorded {
    pub files: Vec<PathBuf>,
    pub rates: BTreeMap<String, SampleRate>,
    pub metrics: BTreeMap<String, String>,
}

pub struct FleetCommand {
    pub options: FleetOptions,
    pub only: Option<usize>,
    /// `run`: this one instead of all.
    pub serial: Option<SerialNumber>,
    pub scenario: Option<Scenario>,
    pub exit_with_parent: bool,
}

pub struct ReplayCommand {
    pub data: PathBuf,
    pub server: String,
    pub serial: SerialNumber,
    pub pace: Pace,
    pub recorded: Recorded,
    pub ack_log: bool,
    pub exit_with_parent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Live,
    /// Live, and again from the beginning after the end.
    Round,
    BackDated,
}

#[derive(Debug, Error)]
pub enum UsageError {
    #[error(transparent)]
    Argument(#[from] lexopt::Error),
    #[error(transparent)]
    Serial(#[from] BadText),
    #[error(transparent)]
    Scenario(#[from] BadScenario),
    #[error(transparent)]
    Rate(#[from] BadRate),
    #[error("{0:?} should be FILE=VALUE")]
    NoValueForFile(String),
    #[error("--loop goes with --live")]
    LoopWithoutLive,
    #[error("say what to do: fleet, run or replay")]
    NoCommand,
    #[error("there is no command {0:?}")]
    UnknownCommand(String),
    #[error("{command} needs {option}")]
    Missing {
        command: &'static str,
        option: &'static str,
    },
}

pub fn parse() -> Result<Command, UsageError> {
    parse_from(Parser::from_env())
}

fn parse_from(mut arguments: Parser) -> Result<Command, UsageError> {
    match arguments.next()? {
        None => Err(UsageError::NoCommand),
        Some(Arg::Long("help") | Arg::Short('h')) => Ok(Command::Help),
        Some(Arg::Value(word)) => match word.string()?.as_str() {
            "help" => Ok(Command::Help),
            "fleet" => fleet("fleet", arguments),
            "run" => fleet("run", arguments),
            "replay" => replay(arguments),
            other => Err(UsageError::UnknownCommand(other.to_owned())),
        },
        Some(other) => Err(other.unexpected().into()),
    }
}

fn fleet(command: &'static str, mut arguments: Parser) -> Result<Command, UsageError> {
    let (mut data, mut server, mut serial, mut scenario, mut only) = (None, None, None, None, None);
    let (mut back_fill, mut ack_log, mut exit_with_parent) = (false, false, false);
    let mut not_live = BTreeSet::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("data") => data = Some(PathBuf::from(arguments.value()?)),
            Arg::Long("server") => server = Some(arguments.value()?.string()?),
            Arg::Long("back-fill") => back_fill = true,
            Arg::Long("ack-log") => ack_log = true,
            Arg::Long("exit-with-parent") => exit_with_parent = true,
            Arg::Long("only") if command == "fleet" => only = Some(arguments.value()?.parse()?),
            Arg::Long("not-live") if command == "fleet" => {
                not_live.insert(SerialNumber::parse(&arguments.value()?.string()?)?);
            }
            Arg::Long("serial") if command == "run" => {
                serial = Some(SerialNumber::parse(&arguments.value()?.string()?)?);
            }
            Arg::Long("scenario") if command == "run" => {
                scenario = Some(arguments.value()?.string()?.parse()?);
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let missing = |option| UsageError::Missing { command, option };
    if command == "run" && serial.is_none() {
        return Err(missing("--serial"));
    }
    Ok(Command::Fleet(FleetCommand {
        options: FleetOptions {
            data: data.ok_or_else(|| missing("--data"))?,
            server: server.ok_or_else(|| missing("--server"))?,
            back_fill,
            not_live,
            ack_log,
        },
        only,
        serial,
        scenario,
        exit_with_parent,
    }))
}

fn replay(mut arguments: Parser) -> Result<Command, UsageError> {
    let (mut data, mut server, mut serial, mut pace) = (None, None, None, None);
    let (mut goes_round, mut ack_log, mut exit_with_parent, mut check) = (false, false, false, false);
    let (mut files, mut rates, mut metrics) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("data") => data = Some(PathBuf::from(arguments.value()?)),
            Arg::Long("server") => server = Some(arguments.value()?.string()?),
            Arg::Long("serial") => serial = Some(SerialNumber::parse(&arguments.value()?.string()?)?),
            Arg::Long("live") if pace.is_none() => pace = Some(Pace::Live),
            Arg::Long("back-dated") if pace.is_none() => pace = Some(Pace::BackDated),
            Arg::Long("check") => check = true,
            Arg::Long("loop") => goes_round = true,
            Arg::Long("ack-log") => ack_log = true,
            Arg::Long("exit-with-parent") => exit_with_parent = true,
            Arg::Long("rate") => {
                let (file, rate) = for_file(arguments.value()?.string()?)?;
                rates.insert(file, rate::parse(&rate)?);
            }
            Arg::Long("metric") => metrics.extend([for_file(arguments.value()?.string()?)?]),
            Arg::Value(file) => files.push(PathBuf::from(file)),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    let missing = |option| UsageError::Missing {
        command: "replay",
        option,
    };
    if files.is_empty() {
        return Err(missing("a FILE"));
    }
    let recorded = Recorded {
        files,
        rates,
        metrics,
    };
    if check {
        return Ok(Command::Check(recorded));
    }
    let pace = match (pace, goes_round) {
        (None, _) => return Err(missing("--live or --back-dated")),
        (Some(Pace::Live), true) => Pace::Round,
        (Some(_), true) => return Err(UsageError::LoopWithoutLive),
        (Some(pace), false) => pace,
    };
    Ok(Command::Replay(ReplayCommand {
        data: data.ok_or_else(|| missing("--data"))?,
        server: server.ok_or_else(|| missing("--server"))?,
        serial: serial.ok_or_else(|| missing("--serial"))?,
        pace,
        recorded,
        ack_log,
        exit_with_parent,
    }))
}

/// `FILE=VALUE`; the file's name may hold a `=` too.
fn for_file(text: String) -> Result<(String, String), UsageError> {
    match text.rsplit_once('=') {
        Some((file, value)) if !file.is_empty() => Ok((file.to_owned(), value.to_owned())),
        _ => Err(UsageError::NoValueForFile(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, UsageError> {
        parse_from(Parser::from_args(words))
    }

    #[test]
    fn the_demos_call_is_understood() {
        let words = [
            "fleet",
            "--exit-with-parent",
            "--data",
            "d",
            "--server",
            "127.0.0.1:1",
            "--back-fill",
            "--only",
            "3",
            "--not-live",
            "NW-M40-000317",
        ];
        let Ok(Command::Fleet(command)) = parsed(&words) else {
            panic!("not understood")
        };
        assert!(command.exit_with_parent && command.options.back_fill);
        assert_eq!((command.only, command.options.not_live.len()), (Some(3), 1));
    }

    #[test]
    fn a_replay_of_two_files_with_an_exact_rate_is_understood() {
        let words = [
            "replay",
            "--data",
            "d",
            "--server",
            "s:1",
            "--serial",
            "NW-M40-000317",
            "--live",
            "--loop",
            "--rate",
            "ppg_117hz.csv=11699/100",
            "ecg_250hz.csv",
            "ppg_117hz.csv",
        ];
        let Ok(Command::Replay(command)) = parsed(&words) else {
            panic!("not understood")
        };
        assert_eq!((command.pace, command.recorded.files.len()), (Pace::Round, 2));
        assert_eq!(command.recorded.rates["ppg_117hz.csv"].seconds, 100);
    }

    #[test]
    fn files_can_be_checked_without_a_server() {
        let Ok(Command::Check(recorded)) = parsed(&["replay", "--check", "a_250hz.csv", "b.csv"]) else {
            panic!("not understood")
        };
        assert_eq!(recorded.files.len(), 2);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |words: &[&str]| match parsed(words) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{words:?} was understood"),
        };
        assert_eq!(error(&["fleet", "--data", "d"]), "fleet needs --server");
        assert_eq!(
            error(&["run", "--data", "d", "--server", "s:1"]),
            "run needs --serial"
        );
        assert_eq!(error(&["dance"]), "there is no command \"dance\"");
        assert!(error(&["run", "--scenario", "asleep"]).contains("lead_off"));
        assert!(error(&["run", "--only", "3"]).contains("--only"));
        assert_eq!(error(&["replay", "--live"]), "replay needs a FILE");
        assert_eq!(error(&["replay", "a.csv"]), "replay needs --live or --back-dated");
        assert_eq!(
            error(&["replay", "--back-dated", "--loop", "a.csv"]),
            "--loop goes with --live"
        );
        assert_eq!(
            error(&["replay", "--rate", "a.csv"]),
            "\"a.csv\" should be FILE=VALUE"
        );
    }
}
