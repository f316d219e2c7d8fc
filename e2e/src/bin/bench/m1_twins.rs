//! M1: what a live twin costs in memory.
//!
//! Measured: resident memory that 100,000 more twins add to a process which already holds 50,000, so
//! that the database's caches, which are bounded, are full before and count for none of them. Each twin
//! is the server's own: joined by a line through the registry, four channels declared, a frame taken
//! in, stored and acknowledged, its view shown, its end of the line open. The line itself (socket, TLS,
//! buffers) is not in it; that is M2.

use fleetward::{
    devices::{
        metrics::LinkMetrics,
        twin::{
            actor::{FrameArrived, LineEnded},
            event::Publication,
            outbox::Inbox,
            registry::{Audience, Joined, Twins},
            watchdog,
        },
    },
    platform::clock::Clock,
};
use fleetward_common::{
    devices::link::{ClockState, DeviceMessage, Hello, PROTOCOL_VERSION, decode},
    id::DeviceId,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

use crate::{
    child::Child,
    failure::{Failure, Step},
    hospital::Monitor,
    load::{
        frames::{Content, Vitals, channels},
        now,
    },
    plan::TWINS,
    process::resident_bytes,
    report::{Figure, Outcome, Report},
    rulers::bare_actor,
    world,
};

pub const COMMAND: &str = "live-twins";

const KIB: f64 = 1_024.0;
const AT_MOST: f64 = 1.5 * KIB;
/// As the promise states it.
const BARE_ACTOR: f64 = 975.0;
/// Twins that join before the next group waits for its commits: queues stay as short as in service.
const TOGETHER: usize = 500;
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Each look of the watchdog asks every twin for something: the next one waits until most have done it.
const LOOKS_APART: u32 = 4_000;

pub async fn measure(report: &mut Report) -> Result<(), Failure> {
    let bare = figure_of_child(bare_actor::COMMAND).await?;
    let twin = figure_of_child(COMMAND).await?;
    report.add(Figure {
        promise: "M1",
        what: format!("memory of a live twin, {TWINS} of them"),
        goal: "≤ 1.5 KiB".into(),
        measured: format!("{:.2} KiB", twin / KIB),
        ruler: format!("bare actor {bare:.0} B (stated: {BARE_ACTOR} B)"),
        ratio: format!("{:.2}×", twin / bare),
        outcome: Outcome::when(twin <= AT_MOST),
    });
    report.add(Figure {
        promise: "M1",
        what: "twins left once every device is away".into(),
        goal: "0 B each".into(),
        measured: "0 twins".into(),
        ruler: "–".into(),
        ratio: "–".into(),
        outcome: Outcome::Met,
    });
    report.note(format!(
        "M1: growth of anonymous resident memory from {} to {} twins, divided by {TWINS}; glibc's allocator and its \
         fragments included. A device that is away has no twin, no slot and no entry: after all lines ended the registry \
         was empty, or this would be an error.",
        TWINS / 2,
        TWINS + TWINS / 2,
    ));
    Ok(())
}

/// In a process of its own, which has held nothing else before.
async fn figure_of_child(command: &str) -> Result<f64, Failure> {
    let program = std::env::current_exe().step("find this program")?;
    let mut child = Child::start(&program, &[command.into(), TWINS.to_string().into()], None)?;
    let bytes = child.next_line().await?.trim().parse();
    child.stop().await?;
    bytes.step("read a child's figure")
}

struct Nobody;

impl Audience for Nobody {
    fn publish(&self, _: DeviceId, _: &Publication) {}
}

/// Bytes each. Runs in the child.
pub fn live_twins(count: usize) -> Result<f64, Failure> {
    actix::System::new().block_on(async move {
        let folder = tempfile::TempDir::new().step("make a folder for data")?;
        let warm_up = count / 2;
        let (db, devices) = world::register(folder.path(), warm_up + count).await?;
        // Stands still until the devices are to be long gone.
        let clock = Clock::manual(now());
        let metrics = LinkMetrics::registered(&prometheus::Registry::new()).step("count")?;
        let twins = Twins::new(db, clock.clone(), Arc::new(Nobody), metrics);
        let (first, rest) = devices.split_at(warm_up);
        let mut lines = Vec::with_capacity(devices.len());
        wake(&twins, first, &mut lines).await?;
        let before = resident_bytes();
        wake(&twins, rest, &mut lines).await?;
        let after = resident_bytes();
        put_to_sleep(&twins, &clock, lines).await?;
        Ok(after.saturating_sub(before) as f64 / count as f64)
    })
}

/// A twin with a line, and the line's end of it.
type Awake = (Joined, Inbox);

async fn wake(twins: &Twins, devices: &[Monitor], awake: &mut Vec<Awake>) -> Result<(), Failure> {
    for together in devices.chunks(TOGETHER) {
        for (seed, monitor) in (1..).zip(together) {
            awake.push(wake_one(twins, monitor, seed).await?);
        }
        let stored = awake.len() as u64;
        until("frames are stored", || {
            twins.metrics().stored_frames.get() >= stored
        })
        .await?;
        for (_, line) in awake.iter().rev().take(together.len()) {
            // As a line does: welcome and acknowledgement go out.
            while line.take().is_some() {}
        }
    }
    Ok(())
}

async fn wake_one(twins: &Twins, monitor: &Monitor, seed: u64) -> Result<Awake, Failure> {
    let at = now();
    let hello = Hello {
        protocol: PROTOCOL_VERSION,
        serial: monitor.serial.clone(),
        software: "4.2.1".to_owned().try_into().step("name a software version")?,
        epoch: 1,
        next_seq: 0,
        device_time: at,
        clock: ClockState::Synchronised,
        channels: channels(),
    };
    let (joined, line) = twins.join(monitor.device, hello).await.step("join a twin")?;
    let mut vitals = Vitals::new(1, Content::Marked, seed);
    let DeviceMessage::Frame(frame) = decode(&vitals.next_message(at)).step("make a frame")? else {
        return Err(Failure::new("a frame is no frame"));
    };
    joined
        .twin
        .send(FrameArrived { frame, at })
        .await
        .step("hand over a frame")?;
    Ok((joined, line))
}

/// All devices go; none may leave anything behind.
async fn put_to_sleep(twins: &Twins, clock: &Clock, lines: Vec<Awake>) -> Result<(), Failure> {
    for (joined, line) in lines {
        let ended = LineEnded {
            number: joined.line,
            said_bye: true,
        };
        joined.twin.send(ended).await.step("end a line")?;
        drop(line);
    }
    // Hours pass and nobody comes back. One look closes open minutes, a later one lets the twin sleep.
    let mut looks = 0u32;
    until("twins fall asleep", || {
        if looks.is_multiple_of(LOOKS_APART) {
            clock.advance(Duration::from_secs(3_600));
            watchdog::look(twins, clock.now());
        }
        looks += 1;
        twins.metrics().twins.get() == 0
    })
    .await
}

async fn until(what: &str, mut done: impl FnMut() -> bool) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        if Instant::now() > deadline {
            return Err(Failure::new(format!("waited in vain until {what}")));
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
