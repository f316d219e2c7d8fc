use crate::failure::{Failure, While};
use lexopt::{Arg, Parser, ValueExt};
use std::path::{self, Path, PathBuf};

pub struct Options {
    pub port: u16,
    pub data: PathBuf,
    pub reset: bool,
    pub devices: Devices,
    /// CSV files, absolute; empty for none.
    pub replay: Vec<PathBuf>,
    /// `ward/bed`, as in the fleet's list.
    pub bed: String,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Devices {
    All,
    First(u32),
    None,
}

const PORT: u16 = 8080;
const BED: &str = "4B/7";

impl Options {
    /// `None` when help was asked for.
    pub fn parse(mut arguments: Parser) -> Result<Option<Self>, Failure> {
        let mut options = Self {
            port: PORT,
            data: PathBuf::from("data"),
            reset: false,
            devices: Devices::All,
            replay: Vec::new(),
            bed: BED.to_owned(),
        };
        let mut bed_named = false;
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("port") => options.port = arguments.value()?.parse()?,
                Arg::Long("data") => options.data = arguments.value()?.into(),
                Arg::Long("reset") => options.reset = true,
                Arg::Long("no-devices") => options.devices = Devices::None,
                Arg::Long("devices") => {
                    options.devices = match arguments.value()?.parse()? {
                        0 => Devices::None,
                        count => Devices::First(count),
                    }
                }
                Arg::Long("replay") => {
                    for file in arguments.values()? {
                        options.replay.push(existing(Path::new(&file))?);
                    }
                }
                Arg::Long("bed") => {
                    bed_named = true;
                    options.bed = whole_bed(&arguments.value()?.string()?);
                }
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        if options.devices == Devices::None && !options.replay.is_empty() {
            return Err(Failure::new("--replay needs a device").remedy("leave out --no-devices"));
        }
        if bed_named && options.replay.is_empty() {
            return Err(Failure::new("--bed says where --replay goes").remedy("name a file with --replay"));
        }
        options.data = path::absolute(&options.data).while_doing("finding the data folder")?;
        Ok(Some(options))
    }
}

/// `7` is the seventh bed of ward 4B.
fn whole_bed(bed: &str) -> String {
    if bed.contains('/') {
        bed.to_owned()
    } else {
        format!("4B/{bed}")
    }
}

fn existing(file: &Path) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(file)
        .while_doing(format!("the recording {}", file.display()))
        .map_err(|failure| failure.remedy("name a CSV file that can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Options>, Failure> {
        Options::parse(Parser::from_args(arguments))
    }

    #[test]
    fn without_options_the_whole_fleet_runs_on_port_8080() {
        let options = parse(&[]).unwrap().unwrap();
        assert_eq!((options.port, options.devices), (8080, Devices::All));
        assert!(options.data.is_absolute() && options.data.ends_with("data"));
    }

    #[test]
    fn several_recordings_follow_one_option_and_a_bed_may_be_short() {
        let options = parse(&["--replay", "Cargo.toml", "src/main.rs", "--bed", "9"])
            .unwrap()
            .unwrap();
        assert_eq!(options.replay.len(), 2);
        assert_eq!(options.bed, "4B/9");
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for wrong in [
            &["--no-devices", "--replay", "Cargo.toml"][..],
            &["--bed", "9"],
            &["--replay", "no-such-file.csv"],
            &["--port", "eighty"],
            &["--fast"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_devices_can_be_said_in_two_ways() {
        for none in [&["--no-devices"][..], &["--devices", "0"]] {
            assert_eq!(parse(none).unwrap().unwrap().devices, Devices::None);
        }
    }
}
