//! Who listens to which device, and what each listener has not been sent yet.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use actix_web::web::Bytes;
use fleetward_common::{
    access::DataClass,
    id::{DeviceId, SessionId},
    live::{ChannelUpdate, TechnicalUpdate, Topic},
    metric::MetricCode,
    time::Instant,
};
use tokio::sync::Notify;

use crate::access::permit::Classes;

/// What one frame changed at a device.
#[derive(Debug, Clone, Default)]
pub struct Update {
    pub clinical: Option<Arc<[ChannelUpdate]>>,
    pub technical: Option<Arc<TechnicalUpdate>>,
    pub waves: Vec<Arc<WaveBytes>>,
}

/// A wave block as it goes over the socket: `WavePacket::encode`.
#[derive(Debug, Clone)]
pub struct WaveBytes {
    pub metric: MetricCode,
    /// Its first sample.
    pub start: Instant,
    pub bytes: Bytes,
}

/// About 2 s of 24 beds with two waves each. Older blocks are shed: a sweep that lags is worse than a gap.
const MOST_WAVES: usize = 512;

/// Cloneable; all clones are one hub.
#[derive(Clone, Default)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    listeners: RwLock<HashMap<DeviceId, Vec<Arc<Listener>>>>,
    sessions: Mutex<HashMap<u64, Arc<Listener>>>,
    next: AtomicU64,
    shed: AtomicU64,
    stopping: AtomicBool,
}

/// What one tab is told about one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub classes: Classes,
    pub waves: bool,
    /// Nothing that was measured before this.
    pub since: Instant,
}

impl Default for View {
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            waves: false,
            since: Instant::EPOCH,
        }
    }
}

struct Listener {
    number: u64,
    session: SessionId,
    pending: Mutex<Pending>,
    /// Rung when the session must act at once: its topics changed, it has to end, or something moved
    /// after a while in which nothing did.
    bell: Notify,
}

#[derive(Default)]
struct Pending {
    views: HashMap<DeviceId, View>,
    topics: HashSet<Topic>,
    devices: BTreeMap<DeviceId, Dirty>,
    waves: VecDeque<(DeviceId, Bytes)>,
    changed: HashSet<Topic>,
    ended: Option<Ended>,
    /// The last flush found nothing: what comes next need not wait for a tick.
    quiet: bool,
}

impl Pending {
    fn holds_updates(&self) -> bool {
        !(self.devices.is_empty() && self.waves.is_empty())
    }
}

/// Why a socket has to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    SignedOut,
    Stopping,
}

/// The newest of each channel since the last flush, already as JSON.
#[derive(Default)]
struct Dirty {
    channels: BTreeMap<MetricCode, Arc<str>>,
    technical: Option<Arc<str>>,
}

/// What a flush sends.
#[derive(Debug, Default)]
pub struct Batch {
    /// One `updates` message, if anything changed.
    pub updates: Option<String>,
    pub waves: Vec<Bytes>,
    pub changed: Vec<Topic>,
    pub ended: Option<Ended>,
}

impl Hub {
    /// Hands an update to whoever may see it. Never waits; encodes once, however many listen.
    pub fn publish(&self, device: DeviceId, update: Update) {
        let listeners = self
            .inner
            .listeners
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(listeners) = listeners.get(&device).filter(|listeners| !listeners.is_empty()) else {
            return;
        };
        let channels: Vec<(MetricCode, Instant, Arc<str>)> = update
            .clinical
            .iter()
            .flat_map(|channels| channels.iter())
            .filter_map(|channel| Some((channel.metric, channel.reading.at, json(channel)?)))
            .collect();
        let technical = update.technical.as_deref().and_then(json);
        for listener in listeners {
            let mut pending = lock(&listener.pending);
            let Some(view) = pending.views.get(&device).copied() else {
                continue;
            };
            if view.classes.has(DataClass::Clinical) {
                let theirs = |measured: Instant| measured >= view.since;
                for (metric, _, text) in channels.iter().filter(|(_, at, _)| theirs(*at)) {
                    let dirty = pending.devices.entry(device).or_default();
                    dirty.channels.insert(*metric, Arc::clone(text));
                }
                if view.waves {
                    for wave in update.waves.iter().filter(|wave| theirs(wave.start)) {
                        pending.waves.push_back((device, wave.bytes.clone()));
                    }
                    while pending.waves.len() > MOST_WAVES {
                        pending.waves.pop_front();
                        self.inner.shed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            if view.classes.has(DataClass::Technical)
                && let Some(text) = &technical
            {
                pending.devices.entry(device).or_default().technical = Some(Arc::clone(text));
            }
            if pending.holds_updates() && std::mem::take(&mut pending.quiet) {
                listener.bell.notify_one();
            }
        }
    }

    /// Tells everyone who listens to `topic` to fetch it anew.
    pub fn changed(&self, topic: Topic) {
        for listener in self.all() {
            let mut pending = lock(&listener.pending);
            if pending.topics.contains(&topic) {
                pending.changed.insert(topic);
                listener.bell.notify_one();
            }
        }
    }

    /// Closes every socket: the server stops, and a browser that hears so comes back by itself.
    pub fn stop(&self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        for listener in self.all() {
            lock(&listener.pending).ended = Some(Ended::Stopping);
            listener.bell.notify_one();
        }
    }

    /// Closes every socket of a session that ended.
    pub fn end_session(&self, session: SessionId) {
        for listener in self.all() {
            if listener.session == session {
                lock(&listener.pending).ended = Some(Ended::SignedOut);
                listener.bell.notify_one();
            }
        }
    }

    pub fn subscribe(&self, session: SessionId) -> Subscription {
        let listener = Arc::new(Listener {
            number: self.inner.next.fetch_add(1, Ordering::Relaxed),
            session,
            pending: Mutex::default(),
            bell: Notify::new(),
        });
        lock(&self.inner.sessions).insert(listener.number, Arc::clone(&listener));
        // Looked at after the tab is on the list: it hears of the stop here or from there.
        if self.inner.stopping.load(Ordering::SeqCst) {
            lock(&listener.pending).ended = Some(Ended::Stopping);
            listener.bell.notify_one();
        }
        Subscription {
            hub: self.clone(),
            listener,
        }
    }

    pub fn listeners(&self) -> usize {
        lock(&self.inner.sessions).len()
    }

    /// Wave blocks dropped because a tab was slow, since start.
    pub fn shed_waves(&self) -> u64 {
        self.inner.shed.load(Ordering::Relaxed)
    }

    fn all(&self) -> Vec<Arc<Listener>> {
        lock(&self.inner.sessions).values().cloned().collect()
    }
}

/// One tab's place in the hub; leaving is dropping it.
pub struct Subscription {
    hub: Hub,
    listener: Arc<Listener>,
}

impl Subscription {
    /// From now on this tab hears exactly this. What waits for a device that is no longer in view, or is on
    /// somebody else now, is thrown away, waves too.
    pub fn look_at(&self, views: HashMap<DeviceId, View>, topics: HashSet<Topic>) {
        let mut listeners = self
            .hub
            .inner
            .listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut pending = lock(&self.listener.pending);
        for gone in pending.views.keys().filter(|device| !views.contains_key(device)) {
            if let Some(of_device) = listeners.get_mut(gone) {
                of_device.retain(|listener| listener.number != self.listener.number);
                if of_device.is_empty() {
                    listeners.remove(gone);
                }
            }
        }
        for new in views.keys().filter(|device| !pending.views.contains_key(device)) {
            listeners
                .entry(*new)
                .or_default()
                .push(Arc::clone(&self.listener));
        }
        let pending_views = std::mem::take(&mut pending.views);
        let passed_on = |device: &DeviceId, view: &View| {
            pending_views
                .get(device)
                .is_some_and(|before| before.since < view.since)
        };
        pending.devices.retain(|device, dirty| {
            let Some(view) = views.get(device) else {
                return false;
            };
            if !view.classes.has(DataClass::Clinical) || passed_on(device, view) {
                dirty.channels.clear();
            }
            if !view.classes.has(DataClass::Technical) {
                dirty.technical = None;
            }
            true
        });
        pending.waves.retain(|(device, _)| {
            views.get(device).is_some_and(|view| {
                view.waves && view.classes.has(DataClass::Clinical) && !passed_on(device, view)
            })
        });
        pending.views = views;
        pending.topics = topics;
    }

    /// Takes out everything that waits.
    pub fn take(&self) -> Batch {
        let (devices, waves, changed, ended) = {
            let mut pending = lock(&self.listener.pending);
            pending.quiet = !pending.holds_updates();
            (
                std::mem::take(&mut pending.devices),
                std::mem::take(&mut pending.waves),
                std::mem::take(&mut pending.changed),
                pending.ended,
            )
        };
        Batch {
            updates: updates_message(&devices),
            waves: waves.into_iter().map(|(_, bytes)| bytes).collect(),
            changed: changed.into_iter().collect(),
            ended,
        }
    }

    /// Waits until the session has to act before its next flush.
    pub async fn rung(&self) {
        self.listener.bell.notified().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.look_at(HashMap::new(), HashSet::new());
        lock(&self.hub.inner.sessions).remove(&self.listener.number);
    }
}

/// Puts the encoded parts together; equals `LiveMessage::Updates` as serde writes it.
fn updates_message(devices: &BTreeMap<DeviceId, Dirty>) -> Option<String> {
    let mut text = String::from(r#"{"type":"updates","updates":["#);
    let empty = text.len();
    for (device, dirty) in devices {
        if dirty.channels.is_empty() && dirty.technical.is_none() {
            continue;
        }
        if text.len() > empty {
            text.push(',');
        }
        text.push_str(&format!(r#"{{"device":"{device}""#));
        if !dirty.channels.is_empty() {
            text.push_str(r#","channels":["#);
            for (at, channel) in dirty.channels.values().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(channel);
            }
            text.push(']');
        }
        if let Some(technical) = &dirty.technical {
            text.push_str(r#","technical":"#);
            text.push_str(technical);
        }
        text.push('}');
    }
    if text.len() == empty {
        return None;
    }
    text.push_str("]}");
    Some(text)
}

fn json<T: serde::Serialize>(value: &T) -> Option<Arc<str>> {
    serde_json::to_string(value).ok().map(Arc::from)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::{Connection, Reading, Value},
        live::LiveMessage,
        metric::codes,
        time::Instant,
        unit::Decimal,
    };
    use futures_util::FutureExt;

    fn device(n: u8) -> DeviceId {
        DeviceId::new(Instant::EPOCH, [n; 10])
    }

    fn heart_rate(value: i64) -> Update {
        let update = ChannelUpdate {
            metric: codes::HEART_RATE,
            interval_ms: 1_000,
            reading: Reading {
                at: Instant::from_millis(value),
                value: Value::Known(Decimal::whole(value)),
                unrecorded: false,
            },
        };
        Update {
            clinical: Some(Arc::from([update])),
            technical: Some(Arc::new(TechnicalUpdate {
                connection: Connection::Connected {
                    since: Instant::EPOCH,
                },
                last_seen: None,
                battery_percent: None,
                faults: Vec::new(),
            })),
            waves: vec![Arc::new(WaveBytes {
                metric: codes::ECG_LEAD_II,
                start: Instant::from_millis(value),
                bytes: Bytes::from(value.to_string()),
            })],
        }
    }

    fn listening(hub: &Hub, device: DeviceId, classes: &[DataClass], waves: bool) -> Subscription {
        let subscription = hub.subscribe(SessionId::new(Instant::EPOCH, [1; 10]));
        let view = View {
            classes: classes.iter().copied().collect(),
            waves,
            since: Instant::EPOCH,
        };
        subscription.look_at(HashMap::from([(device, view)]), HashSet::new());
        subscription
    }

    #[test]
    fn a_slow_tab_gets_the_newest_value_and_not_the_ones_between() {
        let hub = Hub::default();
        let rashida = listening(
            &hub,
            device(1),
            &[DataClass::Clinical, DataClass::Technical],
            true,
        );
        for value in [70, 71, 72] {
            hub.publish(device(1), heart_rate(value));
        }
        let batch = rashida.take();
        let message: LiveMessage = serde_json::from_str(&batch.updates.unwrap()).unwrap();
        let LiveMessage::Updates { updates } = message else {
            panic!("{message:?}");
        };
        assert_eq!(updates.len(), 1);
        assert_eq!(updates[0].channels.len(), 1);
        assert_eq!(
            updates[0].channels[0].reading.value,
            Value::Known(Decimal::whole(72))
        );
        assert_eq!(batch.waves.len(), 3);
        assert!(rashida.take().updates.is_none());
    }

    #[test]
    fn a_quiet_tab_is_rung_at_once_and_a_busy_one_waits_for_its_tick() {
        let hub = Hub::default();
        let rashida = listening(&hub, device(1), &[DataClass::Clinical], true);
        let rung = || rashida.rung().now_or_never().is_some();
        assert!(rashida.take().updates.is_none());
        hub.publish(device(1), heart_rate(70));
        assert!(rung());
        hub.publish(device(1), heart_rate(71));
        assert!(!rung());
        assert!(rashida.take().updates.is_some());
        hub.publish(device(1), heart_rate(72));
        assert!(!rung());
    }

    #[test]
    fn a_support_agent_hears_of_the_battery_and_of_no_value_and_no_wave() {
        let hub = Hub::default();
        let ben = listening(&hub, device(1), &[DataClass::Technical], true);
        hub.publish(device(1), heart_rate(72));
        let batch = ben.take();
        let text = batch.updates.unwrap();
        assert!(text.contains("connected") && !text.contains("channels"), "{text}");
        assert!(batch.waves.is_empty());
    }

    #[test]
    fn what_was_measured_on_the_patient_before_is_not_sent_with_the_next_one() {
        let hub = Hub::default();
        let rashida = hub.subscribe(SessionId::new(Instant::EPOCH, [1; 10]));
        let view = View {
            classes: [DataClass::Clinical].into_iter().collect(),
            waves: true,
            since: Instant::from_millis(72),
        };
        rashida.look_at(HashMap::from([(device(1), view)]), HashSet::new());
        hub.publish(device(1), heart_rate(71));
        let batch = rashida.take();
        assert!(batch.updates.is_none() && batch.waves.is_empty());
        hub.publish(device(1), heart_rate(72));
        let batch = rashida.take();
        assert!(batch.updates.is_some());
        assert_eq!(batch.waves.len(), 1);
    }

    #[test]
    fn a_tab_that_never_reads_keeps_a_bounded_number_of_waves() {
        let hub = Hub::default();
        let asleep = listening(&hub, device(1), &[DataClass::Clinical], true);
        for value in 0..2_000 {
            hub.publish(device(1), heart_rate(value));
        }
        let waves = asleep.take().waves;
        assert_eq!(waves.len(), MOST_WAVES);
        assert_eq!(waves.last().unwrap(), "1999");
        assert_eq!(hub.shed_waves(), 2_000 - MOST_WAVES as u64);
    }

    #[test]
    fn what_waited_for_a_device_out_of_reach_is_never_sent() {
        let hub = Hub::default();
        let rashida = listening(&hub, device(1), &[DataClass::Clinical], true);
        hub.publish(device(1), heart_rate(72));
        rashida.look_at(HashMap::new(), HashSet::new());
        hub.publish(device(1), heart_rate(73));
        let batch = rashida.take();
        assert!(batch.updates.is_none() && batch.waves.is_empty());
    }

    #[test]
    fn a_closed_tab_leaves_nothing_behind() {
        let hub = Hub::default();
        drop(listening(&hub, device(1), &[DataClass::Clinical], true));
        assert_eq!(hub.listeners(), 0);
        assert!(hub.inner.listeners.read().unwrap().is_empty());
    }
}
