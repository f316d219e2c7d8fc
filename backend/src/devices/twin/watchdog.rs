//! Notices silence, from outside the data path: when a worker hangs, its devices are still told to be gone.

use std::{sync::atomic::Ordering, time::Duration};

use fleetward_common::{devices::Connection, live::TechnicalUpdate, time::Instant};

use super::{TwinView, actor::Nudge, event::Publication, registry::Twins, slot::Slot, state::COMMIT_LAG};

/// A device answers pings every few seconds. Nothing for this long: it counts as gone.
pub const GONE_AFTER: Duration = Duration::from_secs(15);
/// A twin without a line sleeps after this.
const IDLE_AFTER: Duration = Duration::from_secs(60);
/// A minute stays open at most about this long after its last reading.
const QUIET: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Looks at every twin for as long as the server runs.
pub async fn watch(twins: Twins) {
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        interval.tick().await;
        look(&twins, twins.now());
    }
}

/// One look at every twin.
pub fn look(twins: &Twins, now: Instant) {
    for slot in twins.all() {
        look_at(twins, &slot, now);
    }
}

fn look_at(twins: &Twins, slot: &Slot, now: Instant) {
    let presence = &slot.presence;
    let heard = presence.heard().unwrap_or(now);
    let silent_for = now.since(heard);
    if presence.is_connected() && silent_for >= GONE_AFTER {
        presence.set_connected(false);
        tell_gone(twins, slot, heard);
        nudge(slot, Nudge::FellSilent { last_heard: heard });
    }
    let commit_is_late = presence
        .waiting_since()
        .is_some_and(|since| now.since(since) > COMMIT_LAG);
    let minute_is_over = || presence.has_open_minutes() && silent_for >= QUIET && due(slot, now);
    if commit_is_late || minute_is_over() {
        nudge(slot, Nudge::Tick);
    } else if !presence.has_line() && silent_for >= IDLE_AFTER && due(slot, now) {
        nudge(slot, Nudge::Passivate);
    }
}

/// Not more than once in a while for each twin.
fn due(slot: &Slot, now: Instant) -> bool {
    let last = Instant::from_micros(slot.presence.looked_at.load(Ordering::Relaxed));
    let due = now.since(last) >= IDLE_AFTER;
    if due {
        slot.presence.looked_at.store(now.micros(), Ordering::Relaxed);
    }
    due
}

fn tell_gone(twins: &Twins, slot: &Slot, since: Instant) {
    let Some(view) = slot.view() else { return };
    let mut view = TwinView::clone(&view);
    view.technical.connection = Connection::Gone { since };
    view.technical.last_seen = Some(since);
    let technical = TechnicalUpdate {
        connection: view.technical.connection,
        last_seen: view.technical.last_seen,
        battery_percent: view.technical.battery_percent,
        faults: view.technical.faults.clone(),
    };
    slot.show(view);
    twins.publish(
        slot.device,
        Publication {
            technical: Some(technical),
            ..Publication::default()
        },
    );
}

fn nudge(slot: &Slot, nudge: Nudge) {
    // A full mailbox means that the twin is busy; the next look is soon.
    if let Some(actor) = slot.actor() {
        let _ = actor.try_send(nudge);
    }
}
