//! The load generator. It lives in the bench's own process, so that its CPU is not the server's; it
//! shares the machine's cores with the server all the same, and so it does with every ruler.
//!
//! Two paces. *Saturated*: each line keeps a few frames on their way and sends the next when one is
//! final, so the server is never idle and never flooded. *Steady*: an open loop; every frame has the
//! moment at which it should leave, fixed beforehand, and its delay counts from there. A server that
//! stalls therefore pays for every frame that should have left meanwhile (no coordinated omission).

pub mod frames;
pub mod line;
pub mod schedule;

use fleetward_common::time::Instant as Moment;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{net::SocketAddr, time::Duration};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    failure::{Failure, Step},
    quantiles::Delays,
    world::Device,
};
use frames::{Content, Vitals};
use line::{Line, Peer};
use schedule::Schedule;

/// Handshakes that run at the same time while a fleet connects.
const CONNECTING: usize = 64;
/// How long answers may take after the last frame left.
const DRAIN: Duration = Duration::from_secs(30);

pub fn now() -> Moment {
    fleetward::platform::clock::Clock::system().now()
}

/// Open lines, ready for one run.
pub struct Fleet {
    lines: Vec<Line>,
}

/// The measured part of a run: what is final inside it counts, before it the system warms up.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub from: Instant,
    pub until: Instant,
}

impl Window {
    fn after(warm_up: Duration, length: Duration) -> Self {
        let from = Instant::now() + warm_up;
        Self {
            from,
            until: from + length,
        }
    }

    fn contains(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

#[derive(Default)]
pub struct Tally {
    /// Frames that became final inside the window.
    pub answered: u64,
    /// From the intended moment to the answer, of frames intended inside the window.
    pub from_intended: Delays,
    /// The same from the moment the frame really left: without the generator's own lateness.
    pub from_leaving: Delays,
    pub refused: u64,
}

pub struct Run<T> {
    pub tally: Tally,
    pub length: Duration,
    /// What the probe saw at the window's start and end.
    pub before: T,
    pub after: T,
}

impl<T> Run<T> {
    pub fn per_second(&self) -> f64 {
        self.tally.answered as f64 / self.length.as_secs_f64()
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Pace {
    Saturated { in_flight: usize },
    Steady(Schedule),
}

impl Fleet {
    /// Opens a line for each device, in their order.
    pub async fn connect(
        peer: Peer,
        address: SocketAddr,
        devices: &[Device],
        content: Content,
    ) -> Result<Self, Failure> {
        // A greater epoch than any before, so that sequence numbers start at 0.
        let epoch = now().micros().unsigned_abs();
        let connecting = devices.iter().zip(1..).map(|(device, seed)| {
            let vitals = Vitals::new(epoch, content, seed);
            Line::connect(peer, address, &device.serial, &device.credentials, vitals)
        });
        let lines = stream::iter(connecting)
            .buffered(CONNECTING)
            .try_collect()
            .await?;
        Ok(Self { lines })
    }

    pub fn lines(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// Sends at `pace` for `warm_up` and then `length`, then says goodbye; `probe` is read at the
    /// window's two ends.
    pub async fn run<T>(
        self,
        pace: Pace,
        warm_up: Duration,
        length: Duration,
        probe: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<Run<T>, Failure> {
        let window = Window::after(warm_up, length);
        let tasks: Vec<_> = (0u32..)
            .zip(self.lines)
            .map(|(index, line)| match pace {
                Pace::Saturated { in_flight } => tokio::spawn(saturated(line, in_flight, window)),
                Pace::Steady(schedule) => tokio::spawn(steady(line, index, schedule, window)),
            })
            .collect();
        sleep_until(window.from).await;
        let before = probe().await?;
        sleep_until(window.until).await;
        let after = probe().await?;
        let mut tally = Tally::default();
        for task in tasks {
            let part = task.await.step("run a device")??;
            tally.answered += part.answered;
            tally.refused += part.refused;
            tally.from_intended.append(part.from_intended);
            tally.from_leaving.append(part.from_leaving);
        }
        Ok(Run {
            tally,
            length,
            before,
            after,
        })
    }
}

impl Tally {
    fn count(&mut self, window: Window, answer: &line::Answered) {
        if window.contains(answer.answered) {
            self.answered += 1;
        }
        if window.contains(answer.intended) {
            self.from_intended.push(answer.answered - answer.intended);
            self.from_leaving.push(answer.answered - answer.left);
        }
    }
}

async fn saturated(mut line: Line, in_flight: usize, window: Window) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    while Instant::now() < window.until {
        if let Some(until) = line.paused_until.take() {
            sleep_until(until).await;
        }
        while line.in_flight() < in_flight {
            let message = line.vitals.next_message(now());
            line.feed(Instant::now(), message).await?;
        }
        line.flush().await?;
        line.hear(|answer| tally.count(window, &answer)).await?;
    }
    finish(line, window, tally).await
}

async fn steady(mut line: Line, index: u32, schedule: Schedule, window: Window) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut frame = 0;
    loop {
        let intended = schedule.moment(index, frame);
        if intended >= window.until {
            break;
        }
        let leaves = line.paused_until.map_or(intended, |until| until.max(intended));
        tokio::select! {
            biased;
            () = sleep_until(leaves) => {
                line.paused_until = None;
                let message = line.vitals.next_message(now());
                line.feed(intended, message).await?;
                line.flush().await?;
                frame += 1;
            }
            heard = line.hear(|answer| tally.count(window, &answer)) => heard?,
        }
    }
    finish(line, window, tally).await
}

async fn finish(mut line: Line, window: Window, mut tally: Tally) -> Result<Tally, Failure> {
    let draining = async {
        while line.in_flight() > 0 {
            line.hear(|answer| tally.count(window, &answer)).await?;
        }
        Ok::<_, Failure>(())
    };
    timeout(DRAIN, draining).await.step("hear of the last frames")??;
    tally.refused = line.refused;
    line.leave().await;
    Ok(tally)
}
