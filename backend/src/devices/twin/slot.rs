//! A device's place in the registry: who its actor is, what people see of it, when it was heard.

use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use actix::Addr;
use fleetward_common::{id::DeviceId, time::Instant};

use super::{TwinView, actor::TwinActor};

pub struct Slot {
    pub device: DeviceId,
    /// Held while a line joins, so that two lines of one device take turns.
    pub joining: tokio::sync::Mutex<()>,
    actor: Mutex<Option<(u64, Addr<TwinActor>)>>,
    view: RwLock<Option<Arc<TwinView>>>,
    pub presence: Presence,
}

/// Read by the watchdog without asking the actor. Times are microseconds; 0 is "never" or "nothing".
#[derive(Default)]
pub struct Presence {
    heard: AtomicI64,
    /// Arrival of the oldest frame that people haven't seen yet.
    waiting_since: AtomicI64,
    /// Last look at an idle actor.
    pub(super) looked_at: AtomicI64,
    connected: AtomicBool,
    open_minutes: AtomicBool,
    line: AtomicBool,
}

impl Slot {
    pub fn new(device: DeviceId) -> Self {
        Self {
            device,
            joining: tokio::sync::Mutex::new(()),
            actor: Mutex::new(None),
            view: RwLock::new(None),
            presence: Presence::default(),
        }
    }

    pub fn actor(&self) -> Option<Addr<TwinActor>> {
        let actor = self.actor.lock().unwrap_or_else(PoisonError::into_inner);
        actor.as_ref().map(|(_, addr)| addr.clone())
    }

    pub fn install(&self, addr: Addr<TwinActor>) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let generation = NEXT.fetch_add(1, Ordering::Relaxed);
        *self.actor.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, addr));
        generation
    }

    pub fn take_actor(&self) -> Option<Addr<TwinActor>> {
        let mut actor = self.actor.lock().unwrap_or_else(PoisonError::into_inner);
        actor.take().map(|(_, addr)| addr)
    }

    pub fn view(&self) -> Option<Arc<TwinView>> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn show(&self, view: TwinView) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(view));
    }
}

impl Presence {
    pub fn hear(&self, now: Instant) {
        self.heard.store(now.micros(), Ordering::Relaxed);
    }

    pub fn heard(&self) -> Option<Instant> {
        at(&self.heard)
    }

    pub fn waits_since(&self, since: Option<Instant>) {
        let micros = since.map_or(0, Instant::micros);
        self.waiting_since.store(micros, Ordering::Relaxed);
    }

    pub fn waiting_since(&self) -> Option<Instant> {
        at(&self.waiting_since)
    }

    pub fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }

    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    pub fn set_line(&self, open: bool) {
        self.line.store(open, Ordering::Relaxed);
    }

    pub fn has_line(&self) -> bool {
        self.line.load(Ordering::Relaxed)
    }

    pub fn set_open_minutes(&self, open: bool) {
        self.open_minutes.store(open, Ordering::Relaxed);
    }

    pub fn has_open_minutes(&self) -> bool {
        self.open_minutes.load(Ordering::Relaxed)
    }
}

fn at(micros: &AtomicI64) -> Option<Instant> {
    match micros.load(Ordering::Relaxed) {
        0 => None,
        micros => Some(Instant::from_micros(micros)),
    }
}
