//! A page that does nothing but ask for the next animation frame, in the same window of the same
//! browser, while server and devices go on: what the machine lets a browser draw at all.

use fleetward_e2e::browser::Browser;
use std::time::Duration;

use crate::{
    failure::{Failure, Step},
    frames_drawn::FramesDrawn,
    quantiles::Summary,
};

pub async fn measure(browser: &Browser, length: Duration) -> Result<Summary, Failure> {
    browser.goto("about:blank").await.step("open an empty page")?;
    let mut frames = FramesDrawn::watch(browser).await?;
    frames.watch_for(length).await?;
    frames.summary()
}
