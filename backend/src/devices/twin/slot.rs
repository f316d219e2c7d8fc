//! A device's place in the registry: its state, who works on it, when it was heard.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use actix::Addr;
use fleetward_common::{id::DeviceId, time::Instant};

use super::{TwinState, TwinView, actor::TwinActor};

pub struct Slot {
    pub device: DeviceId,
    /// Held while a line joins, so that two lines of one device take turns.
    pub joining: tokio::sync::Mutex<()>,
    actor: Mutex<Option<Addr<TwinActor>>>,
    /// Changed by the actor alone; whoever looks at the device reads it. Absent until it was read back.
    state: Mutex<Option<TwinState>>,
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
            state: Mutex::new(None),
            presence: Presence::default(),
        }
    }

    pub fn actor(&self) -> Option<Addr<TwinActor>> {
        self.actor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn install(&self, addr: Addr<TwinActor>) {
        *self.actor.lock().unwrap_or_else(PoisonError::into_inner) = Some(addr);
    }

    pub fn take_actor(&self) -> Option<Addr<TwinActor>> {
        self.actor.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Held for one step at a time, never while anything is waited for.
    pub(super) fn state(&self) -> MutexGuard<'_, Option<TwinState>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As people see the device now.
    pub fn view(&self) -> Option<TwinView> {
        self.state().as_ref().map(TwinState::view)
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
