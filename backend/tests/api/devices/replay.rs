//! A recording that is replayed comes back as the file has it: same rows, same digits, same gaps.

use std::{fmt::Write as _, fs};

use fleetward_common::{
    devices::{
        Value,
        history::{GapReason, Series},
    },
    time::Instant,
};
use fleetward_device::{
    clock::SystemClock,
    replay::{ReadOptions, Replay, play_back_dated},
};

use super::Monitor;
use crate::{on_both_engines, support::Portal};

/// Heart rates of 20 minutes, one every 10 s, with other digits from row to row and 5 minutes missing.
fn series() -> Vec<(i64, String)> {
    (0..120)
        .filter(|row| !(60..90).contains(row))
        .map(|row| {
            let digits = match row % 3 {
                0 => format!("{}", 60 + row % 17),
                1 => format!("{}.{}", 61 + row % 13, row % 10),
                _ => format!("{}.{}0", 59 + row % 11, row % 10),
            };
            (row * 10, digits)
        })
        .collect()
}

/// 20 s at 116.99 Hz with a hole of two seconds.
fn wave() -> Vec<Option<i32>> {
    (0..2_340)
        .map(|index| (!(1_000..1_234).contains(&index)).then_some((index * 37) % 1_024 - 200))
        .collect()
}

on_both_engines! {
    async fn a_replayed_recording_comes_back_row_by_row(portal: Portal) {
        let folder = tempfile::tempdir().unwrap();
        let (series_file, wave_file) = (folder.path().join("numerics_hr.csv"), folder.path().join("ecg_ii_116.99hz.csv"));
        let mut text = String::from("t_s,hr_bpm\n");
        for (second, digits) in series() {
            writeln!(text, "{second},{digits}").unwrap();
        }
        fs::write(&series_file, text).unwrap();
        let mut text = String::from("ecg_ii_mV\n");
        for sample in wave() {
            match sample {
                Some(sample) => writeln!(text, "{:.3}", f64::from(sample) / 1_000.0).unwrap(),
                None => writeln!(text, "nan").unwrap(),
            }
        }
        fs::write(&wave_file, text).unwrap();

        let replay = Replay::load(&[series_file, wave_file], &ReadOptions::default()).unwrap();
        let monitor = Monitor::with_channels(&portal, replay.channels()).await;
        let playing = play_back_dated(&monitor.agent, &replay, &SystemClock).await.unwrap();
        monitor.agent.settled().await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let span = (playing.span.from, playing.span.until);

        let history = monitor.history(&rashida, "heart-rate", span, 10_000).await;
        let Series::Readings(points) = history.series else { panic!("{:?}", history.series) };
        let got: Vec<(Instant, String)> = points
            .iter()
            .map(|point| match point.value {
                Value::Known(number) => (point.at, number.to_string()),
                other => panic!("{other:?}"),
            })
            .collect();
        let at = |second: i64| playing.origin.shifted(second * 1_000_000);
        let sent: Vec<(Instant, String)> = series().into_iter().map(|(second, digits)| (at(second), digits)).collect();
        assert_eq!(got, sent);
        let gaps: Vec<_> = history.gaps.iter().map(|gap| (gap.span.from, gap.span.until, gap.reason)).collect();
        assert_eq!(gaps, [(at(590), at(900), GapReason::NoData)]);

        let history = monitor.history(&rashida, "ecg-ii", span, 10_000).await;
        let Series::Samples(blocks) = history.series else { panic!("{:?}", history.series) };
        let sent = wave();
        let runs = [0..1_000usize, 1_234..2_340];
        assert_eq!(blocks.len(), runs.len());
        for (block, run) in blocks.iter().zip(runs) {
            assert_eq!(block.start, block.rate.instant_of(playing.origin, run.start as u64));
            assert_eq!((block.rate.samples, block.rate.seconds, block.exponent), (11_699, 100, -3));
            let expected: Vec<i32> = sent[run].iter().map(|sample| sample.unwrap()).collect();
            assert_eq!(block.samples, expected);
        }
    }
}
