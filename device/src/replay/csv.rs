//! One CSV file: one column of samples, or a column of times and columns of values.

use fleetward_common::{
    devices::link::RawValue,
    metric::{Metric, Shape},
    time::{Instant, SampleRate},
    unit::Decimal,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

use super::{
    Content, ReadOptions, Recording, Row, Run, rate,
    signal::{self, Signal, Zero},
};

#[derive(Debug, Error)]
pub enum ReadError {
    #[error("could not read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: FileProblem },
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        path: PathBuf,
        line: usize,
        problem: LineProblem,
    },
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum FileProblem {
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    #[error("there is a header and nothing below it")]
    NoData,
    #[error(
        "event lists and nightly summaries (columns {columns}) can't be replayed; waveforms of one column and series with a first column t_s can"
    )]
    NotASignal { columns: String },
    #[error("nobody has said what the header {header:?} means; --metric FILE=KEY says it for this file, known headers are {known}", known = signal::known_headers())]
    UnknownHeader { header: String },
    #[error("there is no metric {key:?}; there are {known}", known = signal::known_metrics())]
    UnknownMetric { key: String },
    #[error("--metric names one column, but this file has {columns}")]
    SeveralColumns { columns: usize },
    #[error("a single column needs a rate: end the file's name in _250hz.csv, or say --rate FILE=250")]
    NoRate,
    #[error(
        "{header:?} is a waveform: it needs a file of one column at a fixed rate, not times beside values"
    )]
    WaveWithTimes { header: String },
    #[error("the samples have more decimals than a waveform can carry")]
    TooFine,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum LineProblem {
    #[error("{0:?} is no number (digits with a point for decimals)")]
    NotANumber(String),
    #[error("{0:?} is a time finer than a microsecond, or far too long")]
    Time(String),
    #[error("the time goes back")]
    TimeGoesBack,
    #[error("there are {found} columns here and {expected} in the header")]
    Columns { expected: usize, found: usize },
    #[error("{0:?} does not fit the samples of this waveform")]
    Sample(String),
}

/// All signals of one file. A cell that is empty, `nan` or `-` is no sample and no reading.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Vec<Recording>, ReadError> {
    match fs::read_to_string(path) {
        Ok(text) => File {
            path,
            name: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            options,
        }
        .read(&text),
        Err(source) => Err(ReadError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

struct File<'a> {
    path: &'a Path,
    name: String,
    options: &'a ReadOptions,
}

impl File<'_> {
    fn problem(&self, problem: FileProblem) -> ReadError {
        ReadError::File {
            path: self.path.to_owned(),
            problem,
        }
    }

    fn at(&self, line: usize, problem: LineProblem) -> ReadError {
        ReadError::Line {
            path: self.path.to_owned(),
            line,
            problem,
        }
    }

    /// Options name a file as it was given or by its last part.
    fn option<'o, T>(&self, options: &'o std::collections::BTreeMap<String, T>) -> Option<&'o T> {
        options
            .get(&self.name)
            .or_else(|| options.get(&*self.path.to_string_lossy()))
    }

    fn read(&self, text: &str) -> Result<Vec<Recording>, ReadError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
        let header = lines
            .next()
            .map(|(_, header)| header)
            .filter(|header| !header.is_empty());
        let header = header.ok_or_else(|| self.problem(FileProblem::Empty))?;
        let columns: Vec<&str> = header.split(',').map(str::trim).collect();
        let lines: Vec<(usize, &str)> = lines.collect();
        let recordings = match columns.as_slice() {
            [only] => vec![self.read_column(only, &lines)?],
            [time, values @ ..] => match seconds_of(time) {
                Some(scale) if !values.contains(&"event") => self.read_series(scale, values, &lines)?,
                _ => {
                    return Err(self.problem(FileProblem::NotASignal {
                        columns: header.to_owned(),
                    }));
                }
            },
            [] => return Err(self.problem(FileProblem::Empty)),
        };
        let is_empty = |recording: &Recording| match &recording.content {
            Content::Wave { runs, .. } => runs.is_empty(),
            Content::Series(rows) => rows.is_empty(),
        };
        if recordings.iter().all(is_empty) {
            return Err(self.problem(FileProblem::NoData));
        }
        Ok(recordings)
    }

    fn signal(&self, header: &str, columns: usize) -> Result<Signal, ReadError> {
        match self.option(&self.options.metrics) {
            Some(_) if columns > 1 => Err(self.problem(FileProblem::SeveralColumns { columns })),
            Some(key) => Metric::by_key(key)
                .map(|metric| Signal {
                    metric,
                    zero: Zero::Zero,
                })
                .ok_or_else(|| self.problem(FileProblem::UnknownMetric { key: key.clone() })),
            None => signal::of_header(header, self.options.device_type).ok_or_else(|| {
                self.problem(FileProblem::UnknownHeader {
                    header: header.to_owned(),
                })
            }),
        }
    }

    fn recording(&self, header: &str, metric: &'static Metric, content: Content) -> Recording {
        Recording {
            name: format!("{} ({header})", self.name),
            metric,
            content,
        }
    }

    fn read_column(&self, header: &str, lines: &[(usize, &str)]) -> Result<Recording, ReadError> {
        let signal = self.signal(header, 1)?;
        let rate = self
            .option(&self.options.rates)
            .copied()
            .or_else(|| rate::of_file_name(self.path))
            .ok_or_else(|| self.problem(FileProblem::NoRate))?;
        let end = lines
            .iter()
            .rposition(|(_, line)| !line.is_empty())
            .map_or(0, |last| last + 1);
        let mut cells = Vec::with_capacity(end);
        for (line, text) in lines.iter().take(end) {
            if text.contains(',') {
                let found = text.split(',').count();
                return Err(self.at(*line, LineProblem::Columns { expected: 1, found }));
            }
            cells.push((*line, self.number(*line, text)?));
        }
        let content = match signal.metric.shape {
            Shape::Wave => self.wave(rate, &cells)?,
            Shape::Numeric => Content::Series(readings_at(rate, signal, &cells)),
        };
        Ok(self.recording(header, signal.metric, content))
    }

    fn wave(&self, rate: SampleRate, cells: &[(usize, Option<Decimal>)]) -> Result<Content, ReadError> {
        let exponent = cells
            .iter()
            .filter_map(|(_, cell)| cell.map(|cell| cell.exponent))
            .min()
            .unwrap_or(0);
        if !Decimal::EXPONENTS.contains(&exponent) {
            return Err(self.problem(FileProblem::TooFine));
        }
        let mut runs: Vec<Run> = Vec::new();
        let mut goes_on = false;
        for (index, (line, cell)) in (0u64..).zip(cells) {
            let Some(value) = cell else {
                goes_on = false;
                continue;
            };
            let sample = value
                .mantissa_at(exponent)
                .and_then(|mantissa| i32::try_from(mantissa).ok())
                .ok_or_else(|| self.at(*line, LineProblem::Sample(value.to_string())))?;
            match runs.last_mut() {
                Some(run) if goes_on => run.samples.push(sample),
                _ => runs.push(Run {
                    first: index,
                    samples: vec![sample],
                }),
            }
            goes_on = true;
        }
        Ok(Content::Wave { rate, exponent, runs })
    }

    fn read_series(
        &self,
        scale: i64,
        headers: &[&str],
        lines: &[(usize, &str)],
    ) -> Result<Vec<Recording>, ReadError> {
        let mut signals = Vec::new();
        for header in headers {
            let signal = self.signal(header, headers.len())?;
            if signal.metric.shape == Shape::Wave {
                return Err(self.problem(FileProblem::WaveWithTimes {
                    header: (*header).to_owned(),
                }));
            }
            signals.push((*header, signal, Vec::new()));
        }
        let mut before = i64::MIN;
        for (line, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            let mut cells = text.split(',').map(str::trim);
            let found = text.split(',').count();
            if found != headers.len() + 1 {
                return Err(self.at(
                    *line,
                    LineProblem::Columns {
                        expected: headers.len() + 1,
                        found,
                    },
                ));
            }
            let at = self.time(*line, cells.next().unwrap_or_default(), scale)?;
            if at < before {
                return Err(self.at(*line, LineProblem::TimeGoesBack));
            }
            before = at;
            for ((_, signal, rows), cell) in signals.iter_mut().zip(cells) {
                if let Some(value) = self.number(*line, cell)? {
                    rows.push(Row {
                        at,
                        value: meaning(value, signal.zero),
                    });
                }
            }
        }
        Ok(signals
            .into_iter()
            .map(|(header, signal, rows)| self.recording(header, signal.metric, Content::Series(rows)))
            .collect())
    }

    fn number(&self, line: usize, text: &str) -> Result<Option<Decimal>, ReadError> {
        if text.is_empty() || text == "-" || text.eq_ignore_ascii_case("nan") {
            return Ok(None);
        }
        match text.strip_prefix('+').unwrap_or(text).parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(self.at(line, LineProblem::NotANumber(text.to_owned()))),
        }
    }

    fn time(&self, line: usize, text: &str, scale: i64) -> Result<i64, ReadError> {
        let time = self
            .number(line, text)?
            .ok_or_else(|| self.at(line, LineProblem::NotANumber(text.to_owned())))?;
        time.mantissa_at(-6)
            .and_then(|micros| micros.checked_mul(scale))
            // A century: longer is a mistake, and sums of it must not overflow.
            .filter(|micros| micros.abs() < 3_200_000_000_000_000)
            .ok_or_else(|| self.at(line, LineProblem::Time(text.to_owned())))
    }
}

/// How many seconds one step of a time column is; `None` when it is no time column.
fn seconds_of(header: &str) -> Option<i64> {
    match header {
        "t_s" => Some(1),
        "day" => Some(86_400),
        _ => None,
    }
}

fn meaning(value: Decimal, zero: Zero) -> RawValue {
    match zero {
        Zero::Means(reason) if value.mantissa == 0 => RawValue::Absent(reason),
        _ => RawValue::Known(value),
    }
}

/// A numeric metric in a file of one column: its readings come at the rate of the file.
fn readings_at(rate: SampleRate, signal: Signal, cells: &[(usize, Option<Decimal>)]) -> Vec<Row> {
    let at = |index| rate.instant_of(Instant::EPOCH, index).micros();
    (0u64..)
        .zip(cells)
        .filter_map(|(index, (_, cell))| {
            cell.map(|value| Row {
                at: at(index),
                value: meaning(value, signal.zero),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
