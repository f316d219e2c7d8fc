//! The server's own counters, from its operations port.

use std::{collections::HashMap, net::SocketAddr};

use crate::failure::{Failure, Step};

pub struct Metrics(HashMap<String, f64>);

impl Metrics {
    pub async fn read(ops: SocketAddr) -> Result<Self, Failure> {
        let answer = reqwest::get(format!("http://{ops}/metrics")).await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let text = answer.step("read the server's metrics")?.text().await;
        Ok(Self::parse(&text.step("read the server's metrics")?))
    }

    /// Sums a family over its labels.
    fn parse(text: &str) -> Self {
        let mut families = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let family = series.split_once('{').map_or(series, |(family, _)| family);
            if let Ok(value) = value.parse::<f64>() {
                *families.entry(family.to_owned()).or_insert(0.0) += value;
            }
        }
        Self(families)
    }

    pub fn get(&self, family: &str) -> Result<f64, Failure> {
        let value = self.0.get(family).copied();
        value.ok_or_else(|| Failure::new(format!("the server counts no {family}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_the_sum_of_its_series_and_an_absent_one_is_named() {
        let metrics = Metrics::parse(
            "# TYPE frames counter\nframes{lane=\"numeric\"} 40\nframes{lane=\"wave\"} 2\ncommits 7\n",
        );
        assert_eq!(metrics.get("frames").unwrap(), 42.0);
        assert_eq!(metrics.get("commits").unwrap(), 7.0);
        let missing = metrics.get("readings").unwrap_err().to_string();
        assert!(missing.contains("readings"), "{missing}");
    }
}
