//! Finds twins, starts them, puts them to sleep. The one place that knows who owns a device.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    Minutes, TwinState, TwinView,
    actor::{HandOver, Line, Nudge, TwinActor},
    event::{Event, Publication, Saved},
    outbox::{Inbox, outbox},
    slot::Slot,
};
use crate::{
    devices::{
        metrics::LinkMetrics,
        store::{frames, measured, snapshots},
        telemetry::append::TwinAppend,
    },
    platform::{
        clock::Clock,
        db::{Db, DbConnection, DbError, QueryResult},
    },
};
use actix::{Actor, Addr};
use fleetward_common::{
    devices::link::{Frame, Hello},
    id::DeviceId,
    time::Instant,
};

/// Who hears what changed. Must be quick and must not wait.
pub trait Audience: Send + Sync {
    fn publish(&self, device: DeviceId, publication: &Publication);
}

/// Several who hear the same.
pub struct Everyone(pub Vec<Arc<dyn Audience>>);

impl Audience for Everyone {
    fn publish(&self, device: DeviceId, publication: &Publication) {
        for audience in &self.0 {
            audience.publish(device, publication);
        }
    }
}

/// Cloneable; all clones are one registry.
#[derive(Clone)]
pub struct Twins {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Clock,
    audience: Arc<dyn Audience>,
    metrics: LinkMetrics,
    slots: RwLock<HashMap<DeviceId, Arc<Slot>>>,
    lines: AtomicU64,
    closing: AtomicBool,
}

/// A line that belongs to a twin now.
pub struct Joined {
    pub twin: Addr<TwinActor>,
    pub slot: Arc<Slot>,
    pub line: u64,
}

impl Twins {
    pub fn new(db: Db, clock: Clock, audience: Arc<dyn Audience>, metrics: LinkMetrics) -> Self {
        Self {
            inner: Arc::new(Inner {
                db,
                clock,
                audience,
                metrics,
                slots: RwLock::default(),
                lines: AtomicU64::new(1),
                closing: AtomicBool::new(false),
            }),
        }
    }

    /// Gives a device's twin to the line that just said `hello`, on the thread that calls. An older line
    /// of the device is told that it is superseded. The first message for the line is the welcome.
    pub async fn join(&self, device: DeviceId, hello: Hello) -> Result<(Joined, Inbox), DbError> {
        let slot = self.slot(device);
        let _alone = slot.joining.lock().await;
        if let Some(older) = slot.take_actor() {
            // Whether it answers or has died: nothing of it works on the state after this.
            let _ = older.send(HandOver).await;
        }
        let known = slot.state().as_ref().map(TwinState::epoch);
        let epoch = match known {
            Some(epoch) => epoch,
            None => {
                let state = self.read_back(device).await?;
                let epoch = state.epoch();
                *slot.state() = Some(state);
                epoch
            }
        };
        let stored = if epoch == Some(hello.epoch) {
            None
        } else {
            let epoch = hello.epoch;
            let next = self
                .inner
                .db
                .read(move |connection| frames::next_seq(connection, device, epoch).map_err(DbError::Query));
            next.await?
        };
        let now = self.now();
        let number = self.inner.lines.fetch_add(1, Ordering::Relaxed);
        let (outbox, inbox) = outbox();
        let mut actor = TwinActor::new(Line { number, outbox }, slot.clone(), self.clone());
        slot.presence.hear(now);
        slot.presence.set_connected(true);
        slot.presence.set_line(true);
        let hello = Box::new(hello);
        actor.apply(Event::Connected { hello, stored }, now);
        let twin = actor.start();
        slot.install(twin.clone());
        self.keep(&slot);
        let joined = Joined {
            twin,
            slot: slot.clone(),
            line: number,
        };
        Ok((joined, inbox))
    }

    /// Says goodbye on every line and leaves nothing open. No line is taken after this.
    pub async fn close(&self) {
        self.inner.closing.store(true, Ordering::Relaxed);
        for slot in self.all() {
            if let Some(actor) = slot.actor() {
                // An actor that is gone has nothing left to say.
                let _ = actor.send(Nudge::Close).await;
            }
        }
    }

    pub fn is_closing(&self) -> bool {
        self.inner.closing.load(Ordering::Relaxed)
    }

    /// What people see of a device whose twin is awake. For those that sleep, ask [`Self::views`].
    pub fn latest(&self, device: DeviceId) -> Option<Arc<TwinView>> {
        let slots = self.inner.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(&device).and_then(|slot| slot.view()).map(Arc::new)
    }

    /// What people see of each of these devices, from its twin or from what it stored last. A device
    /// that was never heard is not in the answer.
    pub async fn views(&self, devices: &[DeviceId]) -> Result<HashMap<DeviceId, Arc<TwinView>>, DbError> {
        let mut views = HashMap::with_capacity(devices.len());
        let mut asleep = Vec::new();
        for device in devices {
            match self.latest(*device) {
                Some(view) => drop(views.insert(*device, view)),
                None => asleep.push(*device),
            }
        }
        if !asleep.is_empty() {
            let stored = self.inner.db.read(move |connection| {
                asleep
                    .into_iter()
                    .filter_map(|device| restored(connection, device).transpose())
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(DbError::Query)
            });
            for (state, _) in stored.await? {
                views.insert(state.device(), Arc::new(state.view()));
            }
        }
        Ok(views)
    }

    async fn read_back(&self, device: DeviceId) -> Result<TwinState, DbError> {
        let found = self
            .inner
            .db
            .read(move |connection| restored(connection, device).map_err(DbError::Query));
        let Some((state, minutes)) = found.await? else {
            return Ok(TwinState::never_seen(device));
        };
        if !minutes.is_empty() {
            let saved = Box::new(Saved {
                minutes,
                ..Saved::default()
            });
            let now = self.now();
            self.inner.db.append(Box::new(TwinAppend { device, saved, now }));
        }
        Ok(state)
    }

    fn slot(&self, device: DeviceId) -> Arc<Slot> {
        let slots = self.inner.slots.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&device) {
            return slot.clone();
        }
        drop(slots);
        let mut slots = self.inner.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(device).or_insert_with(|| Arc::new(Slot::new(device)));
        slot.clone()
    }

    /// A twin that fell asleep while a line was joining took the slot away; this puts it back.
    fn keep(&self, slot: &Arc<Slot>) {
        let mut slots = self.inner.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.insert(slot.device, slot.clone());
    }

    /// Lets a device go. Answers `false` when a line is just joining it.
    pub(super) fn forget(&self, slot: &Arc<Slot>) -> bool {
        let Ok(_alone) = slot.joining.try_lock() else {
            return false;
        };
        slot.take_actor();
        let mut slots = self.inner.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.remove(&slot.device);
        true
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        let slots = self.inner.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.values().cloned().collect()
    }

    pub(super) fn publish(&self, device: DeviceId, publication: Publication) {
        self.inner.audience.publish(device, &publication);
    }

    pub(super) fn count(&self, frame: &Frame) {
        let metrics = &self.inner.metrics;
        metrics.frames.inc();
        let readings: usize = frame.numerics.iter().map(|block| block.readings.len()).sum();
        metrics.readings.inc_by(readings as u64);
        let samples: usize = frame.waves.iter().map(|block| block.samples.len()).sum();
        metrics.samples.inc_by(samples as u64);
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn metrics(&self) -> &LinkMetrics {
        &self.inner.metrics
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }
}

/// The twin as its snapshot and the rows since then have it, with the minutes that those rows closed.
fn restored(connection: &mut DbConnection, device: DeviceId) -> QueryResult<Option<(TwinState, Minutes)>> {
    let Some(snapshot) = snapshots::load(connection, device)? else {
        return Ok(None);
    };
    let run = snapshot.run.clone();
    let mut state = TwinState::restored(device, snapshot);
    let mut minutes = Minutes::new();
    if let Some(run) = run {
        let found = measured::numerics_since(connection, device, run.epoch, run.next)?;
        for row in &found.rows {
            minutes.extend(state.replay(
                row.epoch,
                row.seq,
                row.received,
                row.clock_untrusted,
                Some(&row.numerics),
            ));
        }
        // Frames of samples only leave no numeric row; their numbers are taken all the same.
        if let Some(next) = frames::next_seq(connection, device, run.epoch)? {
            state.skip_to(next);
        }
    }
    Ok(Some((state, minutes)))
}
