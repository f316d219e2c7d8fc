//! What the server gets of a recording is what is in the file.

use fleetward_common::{
    devices::{
        DeviceType,
        link::{ChannelSignal, NoValue, RawValue},
    },
    time::{Instant, SampleRate},
};
use fleetward_device::{
    agent::Agent,
    clock::{Clock, SystemClock},
    replay::{Playing, ReadOptions, Replay, play_back_dated, play_live},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{Authority, Reaction, Ward, while_running};

/// An hour of heart rates with zeros and a hole, 20 s of ECG at 360 Hz and of pleth at 116.99 Hz.
fn write_recordings(folder: &Path) -> Vec<PathBuf> {
    let mut heart = "t_s,hr_bpm\n".to_owned();
    for minute in (0..60).filter(|minute| !(20..35).contains(minute)) {
        let value = match minute % 10 {
            9 => "0".to_owned(),
            _ => format!("{}.{}", 60 + minute % 7, minute % 10),
        };
        heart.push_str(&format!("{},{value}\n", minute * 60));
    }
    let wave = |header: &str, count: i32, value: &dyn Fn(i32) -> String| {
        (0..count).fold(format!("{header}\n"), |text, n| text + &value(n) + "\n")
    };
    let ecg = wave("ecg_mlii_mV", 7_200, &|n| {
        let micro = (n * 37) % 2_000 - 700;
        format!(
            "{}{}.{:03}",
            if micro < 0 { "-" } else { "" },
            micro.abs() / 1_000,
            micro.abs() % 1_000
        )
    });
    let pleth = wave("ppg_adc", 2_340, &|n| {
        if (900..1_000).contains(&n) {
            String::new()
        } else {
            (n % 800).to_string()
        }
    });
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    vec![
        write("monitor_hr.csv", heart),
        write("ecg_360hz.csv", ecg),
        write("ppg_116.99hz.csv", pleth),
    ]
}

fn load(folder: &Path) -> Replay {
    let options = ReadOptions {
        device_type: Some(DeviceType::PatientMonitor),
        ..ReadOptions::default()
    };
    Replay::load(&write_recordings(folder), &options).unwrap()
}

fn agent(replay: &Replay, authority: &Authority) -> Agent {
    let serial = "NW-M40-000317".to_owned().try_into().unwrap();
    Agent::builder(serial, "4.2.1".to_owned().try_into().unwrap())
        .channels(replay.channels())
        .open(authority.device(authority))
        .unwrap()
}

/// `(offset in µs, text)` of each reading of channel `id`, as the file's rows.
fn rows(ward: &Ward, id: u16, origin: Instant) -> Vec<(i64, String)> {
    let stored = ward.stored.lock().unwrap();
    let mut rows = Vec::new();
    for frame in stored.frames.values() {
        for block in frame.numerics.iter().filter(|block| block.channel == id) {
            for reading in &block.readings {
                let text = match reading.value {
                    RawValue::Known(value) => value.to_string(),
                    RawValue::Absent(NoValue::Disconnected) => "0".to_owned(),
                    RawValue::Absent(other) => panic!("{other:?}"),
                };
                rows.push((frame.base.shifted(reading.at).offset_from(origin), text));
            }
        }
    }
    rows
}

/// Sample by index in the file.
fn samples(ward: &Ward, id: u16, rate: SampleRate, origin: Instant) -> BTreeMap<i64, i32> {
    let stored = ward.stored.lock().unwrap();
    let mut samples = BTreeMap::new();
    for frame in stored.frames.values() {
        for block in frame.waves.iter().filter(|block| block.channel == id) {
            let start = frame.base.shifted(block.start).offset_from(origin) as f64 / 1e6;
            let first = (start * f64::from(rate.samples) / f64::from(rate.seconds)).round() as i64;
            assert_eq!(
                rate.instant_of(origin, first as u64),
                frame.base.shifted(block.start)
            );
            for (n, sample) in (first..).zip(block.samples.iter()) {
                assert!(samples.insert(n, sample).is_none(), "sample {n} came twice");
            }
        }
    }
    samples
}

fn assert_equals_the_files(folder: &Path, replay: &Replay, ward: &Ward, playing: Playing) {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let heart: Vec<(i64, String)> = text("monitor_hr.csv")
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(t, value)| (t.parse::<i64>().unwrap() * 1_000_000, value.to_owned()))
        .collect();
    assert_eq!(rows(ward, 1, playing.origin), heart);
    for (id, name) in [(2, "ecg_360hz.csv"), (3, "ppg_116.99hz.csv")] {
        let ChannelSignal::Wave { rate, exponent } = replay.channels()[usize::from(id) - 1].signal else {
            panic!("a wave")
        };
        let expected: BTreeMap<i64, i32> = (0..)
            .zip(text(name).lines().skip(1))
            .filter(|(_, line)| !line.is_empty())
            .map(|(n, line)| {
                let scale = 10f64.powi(i32::from(-exponent));
                (n, (line.parse::<f64>().unwrap() * scale).round() as i32)
            })
            .collect();
        assert_eq!(samples(ward, id, rate, playing.origin), expected, "{name}");
    }
}

#[tokio::test]
async fn a_back_dated_recording_ends_now_and_equals_its_files() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let replay = load(folder.path());
    let agent = agent(&replay, &authority);
    let before = SystemClock.now();
    let mut playing = None;
    while_running(&agent, &ward, async {
        playing = Some(play_back_dated(&agent, &replay, &SystemClock).await.unwrap());
        agent.settled().await;
    })
    .await;
    let playing = playing.unwrap();
    assert!(playing.span.until >= before && playing.span.until <= SystemClock.now());
    assert_equals_the_files(folder.path(), &replay, &ward, playing);
    assert!(
        ward.stored.lock().unwrap().frames.len() < 10,
        "few frames for an hour"
    );
}

#[tokio::test]
async fn a_live_recording_comes_in_frames_of_a_quarter_second_and_equals_its_files() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let replay = load(folder.path());
    let agent = agent(&replay, &authority);
    // An hour ago, so that it is all overdue and comes as fast as it can.
    let at = SystemClock.now() - replay.round();
    let playing = play_live(&agent, &replay, &SystemClock, at).await.unwrap();
    while_running(&agent, &ward, agent.settled()).await;
    assert_eq!(playing.span.from, at);
    assert_equals_the_files(folder.path(), &replay, &ward, playing);
}

#[tokio::test]
async fn a_recording_that_begins_now_is_there_a_moment_later() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("ecg_250hz.csv");
    let text: String = (0..250).fold("ecg_ii_mV\n".to_owned(), |text, n| text + &format!("0.{n:03}\n"));
    fs::write(&path, text).unwrap();
    let replay = Replay::load(&[path], &ReadOptions::default()).unwrap();
    let ward = Ward::open(&authority, |_| Reaction::StoreAndAck).await;
    let agent = agent(&replay, &authority);
    let mut origin = Instant::EPOCH;
    while_running(&agent, &ward, async {
        origin = play_live(&agent, &replay, &SystemClock, SystemClock.now())
            .await
            .unwrap()
            .origin;
        agent.settled().await;
    })
    .await;
    let samples = samples(&ward, 1, SampleRate::hertz(250), origin);
    assert_eq!(
        samples.into_values().collect::<Vec<_>>(),
        (0..250).collect::<Vec<_>>()
    );
    assert!(ward.stored.lock().unwrap().frames.len() <= 4);
}
