//! Many simulated devices in one process.
//!
//! Each is an [`Agent`](crate::agent::Agent) with its own folder, key and line, and a
//! [model](crate::models) that says what it measured. Nothing is shared between them but the process.
//! Start with [`register`], which says what there is; [`simulated`] drives one device.

mod back_fill;
pub mod register;
mod simulated;

pub use back_fill::BackFillError;
pub use simulated::{SimulatedDevice, SimulationError};

use std::{collections::BTreeSet, path::PathBuf, time::Duration};
use tokio::{sync::mpsc, sync::watch, time::timeout};

use fleetward_common::text::SerialNumber;
use register::DeviceEntry;

#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// The data folder; each device's own lies in `devices/<serial>`.
    pub data: PathBuf,
    /// `host:port` of the device port.
    pub server: String,
    /// First send what the devices measured before, once per device.
    pub back_fill: bool,
    /// These only send their history: someone else speaks for them now.
    pub not_live: BTreeSet<SerialNumber>,
    pub ack_log: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetEvent {
    /// One more device's history is stored.
    BackFilling {
        device: usize,
        of: usize,
    },
    BackFilled,
    /// So many devices are on the line, and what the bedside ones measure now is stored.
    Live {
        devices: usize,
    },
}

/// What one device tells the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    HistoryStored,
    Live,
    /// Nothing more will come of it.
    Ended,
}

/// A device that can't get a line must not keep the others from being called live.
const STRAGGLERS: Duration = Duration::from_secs(20);

/// Runs until `stop` becomes true, and says `Bye` for each device then. Fails only when a device
/// can't be started or its history can't be kept; a missing network is no failure.
pub async fn run(
    devices: Vec<DeviceEntry>,
    options: FleetOptions,
    stop: watch::Receiver<bool>,
    mut tell: impl FnMut(FleetEvent),
) -> Result<(), SimulationError> {
    let (reports, mut reported) = mpsc::unbounded_channel();
    let mut tasks = tokio::task::JoinSet::new();
    let of = devices.len();
    for entry in devices {
        let goes_live = entry.live && !options.not_live.contains(&entry.serial);
        let device = SimulatedDevice::open(entry, &options)?;
        let (server, back_fill) = (options.server.clone(), options.back_fill);
        let (reports, stop) = (reports.clone(), stop.clone());
        tasks.spawn(async move {
            let done = device.run(&server, back_fill, goes_live, stop, &reports).await;
            // Nobody listens any more when the fleet is stopping.
            let _ = reports.send(Report::Ended);
            done
        });
    }
    drop(reports);
    let progress = async {
        let mut count = Count {
            of,
            ..Count::default()
        };
        loop {
            let report = if count.history_told {
                timeout(STRAGGLERS, reported.recv()).await
            } else {
                Ok(reported.recv().await)
            };
            match report {
                Ok(Some(report)) => count.take(report, &mut tell),
                Ok(None) => return,
                Err(_) => count.tell_live(&mut tell),
            }
            if count.live_told {
                return;
            }
        }
    };
    let finish = async {
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(done) => done?,
                Err(error) => return Err(SimulationError::Panicked(error)),
            }
        }
        Ok(())
    };
    tokio::pin!(finish);
    tokio::select! {
        done = &mut finish => return done,
        () = progress => {}
    }
    finish.await
}

#[derive(Default)]
struct Count {
    of: usize,
    history: usize,
    live: usize,
    ended: usize,
    history_told: bool,
    live_told: bool,
}

impl Count {
    fn take(&mut self, report: Report, tell: &mut impl FnMut(FleetEvent)) {
        match report {
            Report::HistoryStored => {
                self.history += 1;
                tell(FleetEvent::BackFilling {
                    device: self.history,
                    of: self.of,
                });
            }
            Report::Live => self.live += 1,
            Report::Ended => self.ended += 1,
        }
        if self.history >= self.of && !self.history_told {
            self.history_told = true;
            tell(FleetEvent::BackFilled);
        }
        if self.history_told && self.live + self.ended >= self.of {
            self.tell_live(tell);
        }
    }

    fn tell_live(&mut self, tell: &mut impl FnMut(FleetEvent)) {
        if !self.live_told {
            self.live_told = true;
            tell(FleetEvent::Live { devices: self.live });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(of: usize, reports: &[Report]) -> Vec<FleetEvent> {
        let mut events = Vec::new();
        let mut count = Count {
            of,
            ..Count::default()
        };
        for report in reports {
            count.take(*report, &mut |event| events.push(event));
        }
        events
    }

    #[test]
    fn the_fleet_is_live_when_each_device_is_live_or_has_only_history() {
        use Report::{Ended, HistoryStored, Live};
        assert_eq!(
            told(2, &[HistoryStored, Live, HistoryStored, Ended]),
            [
                FleetEvent::BackFilling { device: 1, of: 2 },
                FleetEvent::BackFilling { device: 2, of: 2 },
                FleetEvent::BackFilled,
                FleetEvent::Live { devices: 1 },
            ]
        );
    }

    #[test]
    fn a_fleet_whose_history_is_not_stored_is_not_live() {
        let events = told(2, &[Report::HistoryStored, Report::Live]);
        assert_eq!(events, [FleetEvent::BackFilling { device: 1, of: 2 }]);
    }
}
