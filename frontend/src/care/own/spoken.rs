//! Moments in the words of home.

use fleetward_common::time::Instant;

use crate::ui::zone::Zone;

const DAY: u64 = 86_400;

/// `today, 07:12`; `Saturday, 07:12` within the week; the date before.
pub fn spoken_moment(at: Instant, zone: &Zone, now: Instant) -> String {
    let day = if zone.date(at) == zone.date(now) {
        "today".to_owned()
    } else if now.since(at).as_secs() < 6 * DAY {
        zone.weekday(at)
    } else {
        zone.spoken_date(at)
    };
    format!("{day}, {}", zone.minute(at))
}

/// `Today`, or `Saturday 21 November`.
pub fn spoken_day(at: Instant, zone: &Zone, now: Instant) -> String {
    if zone.date(at) == zone.date(now) {
        "Today".to_owned()
    } else {
        zone.spoken_date(at)
    }
}
