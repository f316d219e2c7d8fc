//! How long and how many.

use std::time::Duration;

/// J1 is 10,000 devices with a frame every 10 s. Here its frame rate comes over fewer lines, each of
/// which sends as often as five such devices.
pub const J1_FRAMES_PER_SECOND: f64 = 1_000.0;
pub const LINES: usize = 2_000;
/// Not acknowledged yet, per line, at saturation: the server always has work and its queues stay bounded.
pub const IN_FLIGHT: usize = 4;

pub const LIVE_MESSAGES_PER_SECOND: f64 = 1_000.0;
pub const LIVE_SUBSCRIBERS: usize = 1_000;

pub const TWINS: usize = 100_000;

pub struct Plan {
    /// Each round measures the rulers and the server anew; the median ratio counts.
    pub rounds: usize,
    pub warm_up: Duration,
    pub saturated: Duration,
    pub ruler: Duration,
    pub steady: Duration,
    pub live: Duration,
    pub board: Duration,
    pub empty_page: Duration,
    pub syncs: usize,
    /// Different questions that the policy is timed with, and random ones that Casbin is asked too.
    pub questions: usize,
    pub compared: usize,
    /// Devices that a page is cut out of, and how many pages.
    pub listed: usize,
    pub pages: usize,
    /// Tabs that a change has to reach.
    pub listeners: usize,
}

impl Plan {
    pub fn full() -> Self {
        Self {
            rounds: 3,
            warm_up: Duration::from_secs(5),
            saturated: Duration::from_secs(20),
            ruler: Duration::from_secs(8),
            steady: Duration::from_secs(60),
            live: Duration::from_secs(60),
            board: Duration::from_secs(600),
            empty_page: Duration::from_secs(60),
            syncs: 2_000,
            questions: 20_000,
            compared: 1_000_000,
            listed: 1_000_000,
            pages: 200,
            listeners: 1_000,
        }
    }

    /// Short enough to try things; its figures scatter more.
    pub fn quick() -> Self {
        Self {
            rounds: 1,
            warm_up: Duration::from_secs(3),
            saturated: Duration::from_secs(8),
            ruler: Duration::from_secs(4),
            steady: Duration::from_secs(15),
            live: Duration::from_secs(15),
            board: Duration::from_secs(60),
            empty_page: Duration::from_secs(15),
            syncs: 500,
            questions: 5_000,
            compared: 20_000,
            listed: 100_000,
            pages: 50,
            listeners: 200,
        }
    }
}
