//! What the operations port tells about the device link.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Counters without any device or patient in them. Cloneable; all clones count together.
#[derive(Clone)]
pub struct LinkMetrics {
    pub lines: IntGauge,
    pub frames: IntCounter,
    pub readings: IntCounter,
    pub samples: IntCounter,
    pub stored_frames: IntCounter,
    pub failed_frames: IntCounter,
    pub acks: IntCounter,
    /// By code.
    pub refused: IntCounterVec,
    /// By reason: lines that were closed, or never opened.
    pub turned_away: IntCounterVec,
    pub slowed_down: IntCounter,
    pub unrecorded: IntCounter,
    pub quarantined: IntCounter,
    pub waves_removed: IntCounter,
    pub twins: IntGauge,
}

impl LinkMetrics {
    pub fn registered(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let counter = IntCounter::with_opts(Opts::new(name, help))?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let by = |name: &str, help: &str, label: &str| -> Result<IntCounterVec, prometheus::Error> {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::with_opts(Opts::new(name, help))?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            lines: gauge("fleetward_device_lines", "Open device lines")?,
            frames: counter("fleetward_device_frames_total", "Frames that devices sent")?,
            readings: counter("fleetward_device_readings_total", "Readings in accepted frames")?,
            samples: counter(
                "fleetward_device_samples_total",
                "Waveform samples in accepted frames",
            )?,
            stored_frames: counter("fleetward_device_frames_stored_total", "Frames committed")?,
            failed_frames: counter(
                "fleetward_device_frames_failed_total",
                "Frames whose commit failed",
            )?,
            acks: counter("fleetward_device_acks_total", "Acknowledgements sent")?,
            refused: by(
                "fleetward_device_refused_total",
                "Messages refused for good",
                "code",
            )?,
            turned_away: by(
                "fleetward_device_turned_away_total",
                "Lines refused or closed",
                "reason",
            )?,
            slowed_down: counter(
                "fleetward_device_slow_down_total",
                "Times a device was asked to pause",
            )?,
            unrecorded: counter(
                "fleetward_device_unrecorded_total",
                "Times values were shown before their commit because the writer was behind",
            )?,
            quarantined: counter(
                "fleetward_telemetry_quarantined_total",
                "Stored rows found corrupt",
            )?,
            waves_removed: counter(
                "fleetward_telemetry_waves_removed_total",
                "Wave rows past their retention",
            )?,
            twins: gauge("fleetward_device_twins", "Twins in memory")?,
        })
    }
}
