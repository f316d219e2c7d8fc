//! What P1, P3 and P4 share: one server, 2,000 device lines, and J1's frames.
//!
//! A line here sends more often than one J1 device, so its frames carry what the device has buffered:
//! ten seconds of readings each, in order, measured hours ago. They take the whole way of a live frame
//! (twin, store, roll-ups, acknowledgement, the hub without a listener), because lateness counts
//! against what the same device measured before.

use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::time::Instant;

use crate::{
    failure::Failure,
    load::{
        Fleet, Pace, Run,
        frames::{Content, Vitals},
        line::Peer,
        now,
        schedule::Schedule,
    },
    plan::{IN_FLIGHT, LINES, Plan},
    rulers::echo::Identity,
    server::{Server, Snapshot},
    world::World,
};

/// Ten seconds of four vital signs.
const FRAME_SECONDS: i64 = 10;
/// What the first run's devices measured last lies this far back. Each later run goes on after the
/// one before, and none catches up with the present.
const BUFFERED_FOR: Duration = Duration::from_secs(20 * 86_400);
/// More device time than a line can send in one run.
const RUN_COVERS: Duration = Duration::from_secs(12 * 3_600);

pub struct Ingest {
    server: Server,
    world: World,
    pub folder: PathBuf,
    runs: u32,
    /// Acknowledged frames a second at saturation, once measured.
    saturation: Option<f64>,
}

impl Ingest {
    pub async fn start(folder: PathBuf) -> Result<Self, Failure> {
        let data = folder.join("ingest");
        let world = World::create(&data, LINES, 1).await?;
        let server = Server::start(&data, &[]).await?;
        Ok(Self {
            server,
            world,
            folder,
            runs: 0,
            saturation: None,
        })
    }

    pub fn device_port_identity(&self) -> Identity {
        self.world.device_port_identity()
    }

    /// Opens the same number of lines to the ruler.
    pub async fn connect_to_echo(&self, address: SocketAddr) -> Result<Fleet, Failure> {
        Fleet::connect(Peer::Echo, address, &self.world.devices, self.buffered()).await
    }

    pub async fn saturate(&mut self, plan: &Plan) -> Result<Run<Snapshot>, Failure> {
        let pace = |_| Pace::Saturated { in_flight: IN_FLIGHT };
        let run = self.run(pace, plan.warm_up, plan.saturated).await?;
        self.saturation = Some(run.per_second());
        Ok(run)
    }

    /// An open loop at a fixed rate.
    pub async fn at(&mut self, frames_per_second: f64, plan: &Plan) -> Result<Run<Snapshot>, Failure> {
        let pace = |lines| Pace::Steady(Schedule::spread(Instant::now(), lines, frames_per_second));
        self.run(pace, plan.warm_up, plan.steady).await
    }

    /// What the server takes at most, measured now if nobody has.
    pub async fn saturation(&mut self, plan: &Plan) -> Result<f64, Failure> {
        match self.saturation {
            Some(known) => Ok(known),
            None => Ok(self.saturate(plan).await?.per_second()),
        }
    }

    /// Messages of many devices, as the rulers replay them.
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        let mut devices: Vec<Vitals> = (1..=100)
            .map(|seed| Vitals::new(1, self.buffered(), seed))
            .collect();
        let mut each = || {
            devices
                .iter_mut()
                .map(|device| device.next_message(now()))
                .collect::<Vec<_>>()
        };
        (0..100).flat_map(|_| each()).collect()
    }

    pub async fn stop(self) -> Result<(), Failure> {
        self.server.stop().await
    }

    async fn run(
        &mut self,
        pace: impl FnOnce(u32) -> Pace,
        warm_up: Duration,
        length: Duration,
    ) -> Result<Run<Snapshot>, Failure> {
        let server = &self.server;
        let address = server.listening.device;
        let fleet = Fleet::connect(Peer::Server, address, &self.world.devices, self.buffered()).await?;
        self.runs += 1;
        let pace = pace(fleet.lines());
        let run = fleet
            .run(pace, warm_up, length, async || server.snapshot().await)
            .await?;
        if run.tally.refused > 0 {
            return Err(Failure::new(format!(
                "the server refused {} frames; a figure without them would be wrong",
                run.tally.refused
            )));
        }
        Ok(run)
    }

    fn buffered(&self) -> Content {
        Content::Buffered {
            from: now() - BUFFERED_FOR + RUN_COVERS * self.runs,
            seconds: FRAME_SECONDS,
        }
    }
}
