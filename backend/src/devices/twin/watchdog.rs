//! Notices silence, from outside the data path: when a worker hangs, its devices are still told to be gone.

use std::{sync::atomic::Ordering, time::Duration};

use fleetward_common::time::Instant;

use super::{actor::Nudge, event::Event, registry::Twins, slot::Slot, state::COMMIT_LAG};

/// A device answers pings every few seconds. Nothing for this long: it counts as gone.
pub const GONE_AFTER: Duration = Duration::from_secs(15);
/// A twin without a line sleeps after this; one with open minutes is looked at this often.
const IDLE_AFTER: Duration = Duration::from_secs(60);
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
        tell_gone(twins, slot, heard, now);
        nudge(slot, Nudge::LetGo);
    }
    let commit_is_late = presence
        .waiting_since()
        .is_some_and(|since| now.since(since) > COMMIT_LAG);
    let minutes_may_be_over = || presence.has_open_minutes() && due(slot, now);
    if commit_is_late || minutes_may_be_over() {
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

/// The state itself is changed here, not by the actor: the actor's thread may be what hangs.
fn tell_gone(twins: &Twins, slot: &Slot, last_heard: Instant, now: Instant) {
    let effects = slot
        .state()
        .as_mut()
        .map(|twin| twin.apply(Event::FellSilent { last_heard }, now));
    if let Some(effects) = effects {
        twins.publish(slot.device, effects.publication);
    }
}

fn nudge(slot: &Slot, nudge: Nudge) {
    // A full mailbox means that the twin is busy; the next look is soon.
    if let Some(actor) = slot.actor() {
        let _ = actor.try_send(nudge);
    }
}
