//! Numbers for Prometheus. No label ever holds a person, a patient or a serial number.

use prometheus::{Encoder, IntGauge, Registry, TextEncoder};

use crate::app::App;

/// The registry that `/metrics` shows. Domains that count add their collectors to it.
#[derive(Default)]
pub struct Metrics {
    pub registry: Registry,
}

impl Metrics {
    /// The text format, with what is read off at the moment of asking.
    pub fn text(&self, app: &App) -> Result<Vec<u8>, prometheus::Error> {
        let now = Registry::new();
        let backlog = app.db.backlog();
        let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let total = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for (name, help, value) in [
            (
                "fleetward_live_tabs",
                "Live sockets open now.",
                count(app.live.listeners()),
            ),
            (
                "fleetward_live_waves_shed",
                "Wave blocks dropped because a tab was slow, since start.",
                total(app.live.shed_waves()),
            ),
            (
                "fleetward_alarm_observations_lost",
                "Observations thrown away because judging alarms was too far behind, since start.",
                total(app.vigil.overrun()),
            ),
            (
                "fleetward_writer_waiting_jobs",
                "Jobs that wait for the writer.",
                count(backlog.jobs),
            ),
            (
                "fleetward_writer_waiting_bytes",
                "Bytes that wait for the writer.",
                count(backlog.bytes),
            ),
            (
                "fleetward_access_decisions",
                "Decisions of the policy about single rows, since start.",
                total(app.access.decisions()),
            ),
            (
                "fleetward_writer_commits",
                "Group commits since start.",
                total(backlog.commits),
            ),
        ] {
            let gauge = IntGauge::new(name, help)?;
            gauge.set(value);
            now.register(Box::new(gauge))?;
        }
        let mut families = self.registry.gather();
        families.extend(now.gather());
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(text)
    }
}
