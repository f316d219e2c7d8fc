//! What the routes were asked, and what their answers cost. Labels are patterns, never paths.

use prometheus::{IntCounterVec, Opts, Registry};

pub struct HttpCounters {
    requests: IntCounterVec,
    statements: IntCounterVec,
}

impl HttpCounters {
    pub fn registered(registry: &Registry) -> Result<Self, prometheus::Error> {
        let labels = ["method", "route", "status"];
        let vector = |name, help| {
            let counters = IntCounterVec::new(Opts::new(name, help), &labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        Ok(Self {
            requests: vector("fleetward_http_requests", "Requests answered.")?,
            statements: vector(
                "fleetward_http_statements",
                "Statements that the database ran to answer them.",
            )?,
        })
    }

    pub(super) fn answered(&self, method: &str, route: &str, status: u16, statements: u64) {
        let status = status.to_string();
        let labels = [method, route, status.as_str()];
        self.requests.with_label_values(&labels).inc();
        self.statements.with_label_values(&labels).inc_by(statements);
    }

    /// Requests, and statements run for them.
    pub fn so_far(&self, method: &str, route: &str, status: u16) -> (u64, u64) {
        let status = status.to_string();
        let labels = [method, route, status.as_str()];
        (
            self.requests.with_label_values(&labels).get(),
            self.statements.with_label_values(&labels).get(),
        )
    }
}
