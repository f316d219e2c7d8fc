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

    /// `method` is what the client wrote.
    pub(super) fn answered(&self, method: &str, route: &str, status: u16, statements: u64) {
        let status = status.to_string();
        let labels = [counted_as(method), route, status.as_str()];
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

/// HTTP takes any word as a method: a client that makes up new ones must not make new counters.
fn counted_as(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
    ];
    KNOWN
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_a_client_makes_up_share_one_counter() {
        let counters = HttpCounters::registered(&Registry::new()).unwrap();
        for method in ["GET", "MALLORY1", "MALLORY2", "get"] {
            counters.answered(method, "/wards", 405, 0);
        }
        assert_eq!(counters.so_far("GET", "/wards", 405), (1, 0));
        assert_eq!(counters.so_far("other", "/wards", 405), (3, 0));
        assert_eq!(counters.so_far("MALLORY1", "/wards", 405), (0, 0));
    }
}
