//! When the browser drew: intervals between animation frames, noted by a script on the page.

use fleetward_e2e::browser::Browser;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::{
    failure::{Failure, Step},
    quantiles::{Delays, Summary},
};

/// Notes intervals in an array made beforehand, so that watching leaves no garbage.
const WATCH: &str = r"
    const intervals = new Float64Array(65536);
    let count = 0;
    let last = 0;
    const drawn = (now) => {
        if (last > 0 && count < intervals.length) {
            intervals[count++] = now - last;
        }
        last = now;
        requestAnimationFrame(drawn);
    };
    requestAnimationFrame(drawn);
    window.takeFrameIntervals = () => {
        const taken = Array.from(intervals.subarray(0, count));
        count = 0;
        return taken;
    };
";
const TAKE: &str = "return window.takeFrameIntervals();";
/// Far less than the array holds.
const TAKE_EVERY: Duration = Duration::from_secs(15);

pub struct FramesDrawn<'a> {
    browser: &'a Browser,
    intervals: Delays,
}

impl<'a> FramesDrawn<'a> {
    pub async fn watch(browser: &'a Browser) -> Result<Self, Failure> {
        browser
            .run(WATCH, Vec::new())
            .await
            .step("watch animation frames")?;
        Ok(Self {
            browser,
            intervals: Delays::default(),
        })
    }

    pub async fn watch_for(&mut self, length: Duration) -> Result<(), Failure> {
        let until = Instant::now() + length;
        while Instant::now() < until {
            sleep(TAKE_EVERY.min(until - Instant::now())).await;
            self.take().await?;
        }
        Ok(())
    }

    /// Throws away what was drawn since the last look.
    pub async fn forget_last(&mut self) -> Result<(), Failure> {
        self.browser
            .run(TAKE, Vec::new())
            .await
            .step("read animation frames")
            .map(drop)
    }

    async fn take(&mut self) -> Result<(), Failure> {
        let taken = self
            .browser
            .run(TAKE, Vec::new())
            .await
            .step("read animation frames")?;
        let millis: Vec<f64> = serde_json::from_value(taken).step("read animation frames")?;
        for interval in millis {
            self.intervals
                .push(Duration::from_secs_f64(interval.max(0.0) / 1_000.0));
        }
        Ok(())
    }

    pub fn summary(self) -> Result<Summary, Failure> {
        let summary = self.intervals.summary();
        summary.ok_or_else(|| Failure::new("the browser drew no frame"))
    }
}
