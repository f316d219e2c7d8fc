//! Acknowledged means stored: the power fails again and again, and nothing that a device was told is
//! stored is missing, and nothing is there twice.

use fleetward_common::{
    care::WardBoard,
    care::WardSummary,
    devices::{
        Value,
        history::{History, Series},
    },
    time::Instant,
    unit::Decimal,
};
use fleetward_device::clock::{Clock, SystemClock};
use fleetward_e2e::{
    api::Session,
    bedside::{self, Bedside},
    journey::server_journey,
    people::RASHIDA,
    portal::Portal,
    stored,
    trouble::{Outcome, While},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const AGENTS: usize = 50;
const CYCLES: u32 = 20;
const SEED: u64 = 20;
const BETWEEN_READINGS: Duration = Duration::from_millis(200);
const HAND_OVER: Duration = Duration::from_secs(60);

/// What a device measured, by the moment it did.
type Measured = BTreeMap<Instant, Decimal>;

/// SplitMix64: the same moments in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 50 ms, when agents have just come back, to 2 s, when they are busy.
    fn moment(&mut self) -> Duration {
        Duration::from_millis(50 + self.next() % 1_950)
    }
}

struct Witness {
    device: Arc<Bedside>,
    measured: Arc<Mutex<Measured>>,
    measuring: tokio::task::JoinHandle<Outcome>,
}

fn measure(device: Bedside, until: Arc<AtomicBool>) -> Witness {
    let device = Arc::new(device);
    let measured = Arc::new(Mutex::new(Measured::new()));
    let measuring = tokio::spawn({
        let (device, measured) = (Arc::clone(&device), Arc::clone(&measured));
        async move {
            let mut count: i32 = 0;
            while !until.load(Ordering::Relaxed) {
                let at = SystemClock.now();
                // No two readings of a device are alike.
                let beats = Decimal::new(60_000 + i64::from(count), -3);
                measured.lock().unwrap().insert(at, beats);
                device.heart_rate(at, beats)?;
                device.ecg(at, &[count; 50])?;
                count += 1;
                tokio::time::sleep(BETWEEN_READINGS).await;
            }
            Ok(())
        }
    });
    Witness {
        device,
        measured,
        measuring,
    }
}

/// `epoch seq` of each frame that a device was told is stored.
fn acknowledged(portal: &Portal, serial: &str) -> Outcome<Vec<(i64, i64)>> {
    let log = portal.device_folder(serial).join("ack.log");
    let text = fs::read_to_string(&log).while_doing(format!("reading {serial}'s own log"))?;
    let line = |line: &str| {
        let (epoch, seq) = line.split_once(' ').unwrap();
        (epoch.parse().unwrap(), seq.parse().unwrap())
    };
    Ok(text.lines().map(line).collect())
}

#[test]
fn what_fifty_devices_were_told_is_stored_outlives_twenty_power_failures() -> Outcome {
    server_journey(async |portal: &mut Portal| {
        let entries: Vec<_> = bedside::fleet(portal)?.into_iter().take(AGENTS).collect();
        assert_eq!(entries.len(), AGENTS, "the demo world has fewer devices");
        let enough = Arc::new(AtomicBool::new(false));
        let began = SystemClock.now();
        let mut witnesses = Vec::new();
        for entry in &entries {
            witnesses.push(measure(Bedside::connect(portal, entry)?, Arc::clone(&enough)));
        }

        let mut chance = Chance(SEED);
        for _ in 0..CYCLES {
            tokio::time::sleep(chance.moment()).await;
            portal.kill();
            portal.start_again().await?;
        }
        tokio::time::sleep(chance.moment()).await;
        enough.store(true, Ordering::Relaxed);
        let mut told = Vec::new();
        let mut recorded: u64 = 0;
        for witness in &mut witnesses {
            (&mut witness.measuring).await.unwrap()?;
            witness.device.settled(HAND_OVER).await?;
            let serial = witness.device.agent().serial().as_str();
            told.push((serial.to_owned(), acknowledged(portal, serial)?));
            recorded += witness.device.agent().status().borrow().next_seq;
        }
        // The last failure comes when all is quiet: the reader meets a database that was recovered.
        portal.kill();
        portal.start_again().await?;
        let compared = compare_with_history(portal, &witnesses, began).await?;
        portal.stop().await?;

        let mut rows: BTreeMap<(String, i64, i64), u32> = BTreeMap::new();
        for frame in stored::frames(portal)? {
            *rows.entry((frame.serial, frame.epoch, frame.seq)).or_default() += 1;
        }
        let serials: BTreeSet<&str> = told.iter().map(|(serial, _)| serial.as_str()).collect();
        let acknowledgements: Vec<(String, i64, i64)> = told
            .iter()
            .flat_map(|(serial, seqs)| seqs.iter().map(|(epoch, seq)| (serial.clone(), *epoch, *seq)))
            .collect();
        let lost = acknowledgements
            .iter()
            .filter(|frame| !rows.contains_key(*frame))
            .count();
        let double = rows.values().filter(|count| **count > 1).count();
        let stored = rows
            .keys()
            .filter(|(serial, ..)| serials.contains(serial.as_str()))
            .count();
        println!(
            "{CYCLES} power failures, {AGENTS} devices, {recorded} frames, {} acknowledged, {stored} stored, \
             {lost} lost, {double} double; {compared} readings read back",
            acknowledgements.len(),
        );
        assert!(recorded > 10_000 / 2, "too little happened to prove anything");
        assert_eq!((lost, double), (0, 0));
        assert_eq!(
            acknowledgements.len() as u64,
            recorded,
            "a frame was acknowledged twice or never"
        );
        assert_eq!(
            stored as u64, recorded,
            "a frame is stored that nobody made, or one that was made is not"
        );
        Ok(())
    })
}

/// Reads the heart rates of every bed of the ward back as Rashida would: same moments, same digits, each once.
async fn compare_with_history(portal: &Portal, witnesses: &[Witness], began: Instant) -> Outcome<usize> {
    let rashida = Session::sign_in(portal, RASHIDA).await?;
    let wards: Vec<WardSummary> = rashida.get("/api/v1/wards").await?;
    let ward = &wards.first().expect("Rashida has a ward").ward;
    let board: WardBoard = rashida.get(&format!("/api/v1/wards/{}", ward.id)).await?;
    let mut compared = 0;
    let mut beds = 0;
    for device in board.beds.iter().flat_map(|bed| &bed.devices) {
        let Some(witness) = witnesses
            .iter()
            .find(|witness| *witness.device.agent().serial() == device.serial)
        else {
            continue;
        };
        let path = format!(
            "/api/v1/devices/{}/history?metric=heart-rate&from={}&until={}&max_points=2000",
            device.device,
            began.micros(),
            SystemClock.now().micros(),
        );
        let history: History = rashida.get(&path).await?;
        let Series::Readings(points) = history.series else {
            panic!("{}: {:?}", device.serial, history.series);
        };
        let found: Vec<(Instant, Value)> = points.iter().map(|point| (point.at, point.value)).collect();
        let wanted: Vec<(Instant, Value)> = witness
            .measured
            .lock()
            .unwrap()
            .iter()
            .map(|(at, beats)| (*at, Value::Known(*beats)))
            .collect();
        assert_eq!(found, wanted, "{}", device.serial);
        compared += found.len();
        beds += 1;
    }
    assert!(beds >= 20, "only {beds} beds of the ward were compared");
    Ok(compared)
}
