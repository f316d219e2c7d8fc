//! A page's memory over time, as Chromium's own profiler reads it after a collection.

use fleetward_e2e::browser::Browser;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

use crate::failure::{Failure, Step};

pub struct Heap {
    started: Instant,
    /// Minutes since the start, bytes in use.
    samples: Vec<(f64, f64)>,
}

/// Objects of the script, of the document, and the buffers they own (the wasm's memory is one).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    used_size: f64,
    #[serde(default)]
    embedder_heap_used_size: f64,
    #[serde(default)]
    backing_storage_size: f64,
}

impl Heap {
    pub fn watch() -> Self {
        Self {
            started: Instant::now(),
            samples: Vec::new(),
        }
    }

    /// What is in use once garbage is gone.
    pub async fn sample(&mut self, browser: &Browser) -> Result<(), Failure> {
        let devtools = browser.driver().cdp();
        devtools
            .send_raw("HeapProfiler.collectGarbage", json!({}))
            .await
            .step("collect garbage")?;
        let usage = devtools
            .send_raw("Runtime.getHeapUsage", json!({}))
            .await
            .step("read the heap")?;
        let usage: Usage = serde_json::from_value(usage).step("read the heap")?;
        let bytes = usage.used_size + usage.embedder_heap_used_size + usage.backing_storage_size;
        self.samples
            .push((self.started.elapsed().as_secs_f64() / 60.0, bytes));
        Ok(())
    }

    pub fn last_bytes(&self) -> f64 {
        self.samples.last().map_or(f64::NAN, |(_, bytes)| *bytes)
    }

    /// Bytes a minute, by least squares over what was sampled after `warm_up`.
    pub fn slope(&self, warm_up: Duration) -> Option<f64> {
        let warm_up = warm_up.as_secs_f64() / 60.0;
        let samples: Vec<_> = self
            .samples
            .iter()
            .filter(|(minute, _)| *minute >= warm_up)
            .collect();
        let count = samples.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(|sample| of(sample)).sum::<f64>() / count;
        let (minute, bytes) = (mean(|sample| sample.0), mean(|sample| sample.1));
        let along: f64 = samples.iter().map(|(x, y)| (x - minute) * (y - bytes)).sum();
        let spread: f64 = samples.iter().map(|(x, _)| (x - minute).powi(2)).sum();
        (samples.len() > 2 && spread > 0.0).then(|| along / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_that_grows_only_while_it_warms_up_has_no_slope() {
        let mut heap = Heap {
            started: Instant::now(),
            samples: Vec::new(),
        };
        heap.samples = vec![(0.0, 1e6), (1.0, 9e6), (2.0, 9e6), (3.0, 9e6), (4.0, 9e6)];
        assert_eq!(heap.slope(Duration::from_secs(60)), Some(0.0));
        assert!(heap.slope(Duration::ZERO).unwrap() > 1e6);
    }

    #[test]
    fn two_samples_are_no_trend() {
        let mut heap = Heap {
            started: Instant::now(),
            samples: Vec::new(),
        };
        heap.samples = vec![(0.0, 1e6), (1.0, 9e6)];
        assert_eq!(heap.slope(Duration::ZERO), None);
    }
}
