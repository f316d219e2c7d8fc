//! The live state of one device. Pure: events and the time go in, effects come out.
//!
//! What must hold, and is tested below: a frame is stored once and acknowledged after its commit; what
//! people see follows the commit, unless the writer is more than a second behind, then it goes on
//! marked as not recorded; late data and wrong clocks never become the latest value; nothing but a
//! malformed frame is refused.

use std::{collections::VecDeque, time::Duration};

use fleetward_common::{
    devices::{
        Connection, Reading, Value,
        link::{Channel, ChannelSignal, Hello, MAX_CHANNELS, ServerMessage, Welcome},
    },
    id::DeviceId,
    live::{ChannelUpdate, TechnicalUpdate, WavePacket},
    metric::codes,
    text::{FaultCode, SoftwareVersion},
    time::Instant,
    unit::Decimal,
};

use super::{
    Minutes,
    clock::DeviceClock,
    declared::Declared,
    event::{Effects, Event, Publication, Saved},
    metric::MetricTwin,
    view::{Technical, TwinView},
};

/// A writer that is further behind makes values go on as NOT RECORDED.
pub const COMMIT_LAG: Duration = Duration::from_secs(1);
/// Measured less than this before it arrived.
const LIVE: Duration = Duration::from_secs(60);
/// How much of one device may wait for the writer before we stop reading its line.
const WINDOW_FRAMES: usize = 64;
const WINDOW_BYTES: usize = 512 * 1024;
/// An idle twin keeps no more than this for frames to come.
const IDLE_PENDING: usize = 4;
/// A minute is closed this long after its end, when no later reading has closed it.
const MINUTE_GRACE: Duration = Duration::from_secs(30);
/// A line that brings nothing younger than this only hands over history.
const HISTORY: Duration = Duration::from_secs(24 * 3_600);
/// No frame for this long: nothing more is to be expected of what was measured before.
const QUIET: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub struct TwinState {
    pub(super) device: DeviceId,
    pub(super) connection: Connection,
    pub(super) last_heard: Option<Instant>,
    pub(super) visit: Visit,
    pub(super) run: Option<Run>,
    pub(super) clock: Option<DeviceClock>,
    pub(super) declared: Box<[Declared]>,
    pub(super) metrics: Vec<MetricTwin>,
    pub(super) faults: Vec<FaultCode>,
    pub(super) software: Option<SoftwareVersion>,
    /// The latest moment that anything was measured at, as far as its clock is trusted.
    pub(super) newest_measured: Option<Instant>,
    pub(super) pending: VecDeque<Box<Pending>>,
    pub(super) pending_bytes: usize,
    pub(super) saved_at: Option<Instant>,
}

/// What the present line has brought so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Visit {
    /// When the device was last heard before it.
    before: Option<Instant>,
    newest_measured: Option<Instant>,
}

impl Visit {
    fn beginning(before: Option<Instant>) -> Self {
        Self {
            before,
            newest_measured: None,
        }
    }

    pub(super) fn brought(&mut self, measured: Option<Instant>) {
        self.newest_measured = self.newest_measured.max(measured);
    }

    /// Somebody who hands over last week's measurements and leaves says nothing of how the device fares
    /// today: it was last heard when it last measured.
    fn last_heard_after(self, leaves: Instant) -> Instant {
        match self.newest_measured {
            Some(newest) if leaves.since(newest) > HISTORY => {
                self.before.map_or(newest, |before| before.max(newest))
            }
            _ => leaves,
        }
    }
}

/// One run of sequence numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub epoch: u64,
    /// All before it were taken in, refused or jumped over.
    pub next: u64,
    /// All before it are final: stored, refused or jumped over.
    pub stored: u64,
    /// Jumped over, newest last; a frame that comes after all is stored. Bounded.
    pub missing: Vec<(u64, u64)>,
}

/// A frame between the twin and its commit.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub seq: u64,
    pub received: Instant,
    pub bytes: usize,
    /// Already seen by people, as NOT RECORDED.
    pub shown: bool,
    /// Slot and newest reading of each channel that this frame moves on.
    pub readings: Vec<(u16, Reading)>,
    /// Every reading that arrived while it was live, for the alarms.
    pub measured: Vec<ChannelUpdate>,
    pub waves: Vec<WavePacket>,
    pub faults: Option<Vec<FaultCode>>,
}

impl Pending {
    /// Whether anyone waits for it. What a device had buffered is history: it is seen when it is stored.
    fn is_live(&self) -> bool {
        let is_fresh = |reading: &Reading| self.received.since(reading.at) < LIVE;
        !self.waves.is_empty() || self.readings.iter().any(|(_, reading)| is_fresh(reading))
    }
}

impl TwinState {
    pub fn never_seen(device: DeviceId) -> Self {
        Self {
            device,
            connection: Connection::NeverSeen,
            last_heard: None,
            visit: Visit::default(),
            run: None,
            clock: None,
            declared: Box::default(),
            metrics: Vec::new(),
            faults: Vec::new(),
            software: None,
            newest_measured: None,
            pending: VecDeque::new(),
            pending_bytes: 0,
            saved_at: None,
        }
    }

    pub fn apply(&mut self, event: Event, now: Instant) -> Effects {
        match event {
            Event::Connected { hello, stored } => self.connected(*hello, stored, now),
            Event::Frame(frame) => {
                self.last_heard = Some(now);
                self.frame(frame, now)
            }
            Event::Stored { frames } => self.stored(frames),
            Event::Tick => self.tick(now),
            Event::SaidBye => {
                let since = self.visit.last_heard_after(now);
                self.last_heard = Some(since);
                self.gone(since)
            }
            Event::FellSilent { last_heard } => self.gone(last_heard),
            Event::Passivating => Effects {
                save: self.save_all(now),
                ..Effects::default()
            },
        }
    }

    /// Whether the line should go on reading, or wait for commits first.
    pub fn has_room(&self) -> bool {
        self.pending.len() < WINDOW_FRAMES && self.pending_bytes < WINDOW_BYTES
    }

    pub fn frames_waiting(&self) -> usize {
        self.pending.len()
    }

    /// When the oldest frame arrived that people wait for and that waits for its commit.
    pub fn waiting_since(&self) -> Option<Instant> {
        let mut waiting = self.pending.iter();
        let waited_for = waiting.find(|pending| !pending.shown && pending.is_live());
        waited_for.map(|pending| pending.received)
    }

    pub fn has_open_minutes(&self) -> bool {
        self.metrics
            .iter()
            .any(|metric| metric.minutes.open_minute().is_some())
    }

    pub const fn device(&self) -> DeviceId {
        self.device
    }

    /// Takes all sequence numbers before `next` as stored.
    pub fn skip_to(&mut self, next: u64) {
        if let Some(run) = &mut self.run {
            run.next = run.next.max(next);
            run.stored = run.stored.max(run.next);
        }
    }

    pub fn epoch(&self) -> Option<u64> {
        self.run.as_ref().map(|run| run.epoch)
    }

    fn connected(&mut self, hello: Hello, stored: Option<u64>, now: Instant) -> Effects {
        let clock = DeviceClock::measured_at_hello(hello.device_time, hello.clock, self.clock, now);
        self.clock = Some(clock);
        self.visit = Visit::beginning(self.last_heard);
        self.last_heard = Some(now);
        self.connection = Connection::Connected { since: now };
        let changed = self.software.as_ref() != Some(&hello.software);
        self.software = Some(hello.software.clone());
        if self.epoch() != Some(hello.epoch) {
            let next = stored.unwrap_or(0);
            self.run = Some(Run {
                epoch: hello.epoch,
                next,
                stored: next,
                missing: Vec::new(),
            });
        }
        let mut minutes = Vec::new();
        self.declare(&hello.channels, &mut minutes);
        let unknown = self
            .declared
            .iter()
            .filter_map(|channel| {
                let metric = self.metrics.get(usize::from(channel.slot))?;
                metric.known.is_none().then_some((metric.code, channel.unit))
            })
            .collect();
        let next_seq = self.run.as_ref().map_or(0, |run| run.stored);
        let mut effects = Effects::default();
        effects.replies.push(ServerMessage::Welcome(Welcome {
            server_time: now,
            next_seq,
        }));
        effects.save = Some(Box::new(Saved {
            minutes,
            snapshot: self.snapshot_row(now),
            software: changed.then_some(hello.software),
            unknown,
            gap: None,
        }));
        effects.publication.technical = Some(self.technical_update());
        effects
    }

    /// Takes over what `Hello` declared. A metric that is no longer declared is hidden; it is let go
    /// once nothing waits for the writer any more.
    fn declare(&mut self, channels: &[Channel], minutes: &mut Minutes) {
        for metric in &mut self.metrics {
            metric.declared = false;
        }
        if self.pending.is_empty() {
            let wanted: Vec<_> = channels
                .iter()
                .map(|channel| channel.metric.normalised())
                .collect();
            for metric in &mut self.metrics {
                if !wanted.contains(&metric.code) {
                    minutes.extend(metric.minutes.close().map(|closed| (metric.code, closed)));
                }
            }
            self.metrics.retain(|metric| wanted.contains(&metric.code));
        }
        self.declared = channels
            .iter()
            .take(MAX_CHANNELS)
            .map(|channel| Declared::resolve(channel, self.slot(channel)))
            .collect();
    }

    /// Two channels of one metric (its airway and its ventilator name) share a slot.
    fn slot(&mut self, channel: &Channel) -> u16 {
        let code = channel.metric.normalised();
        let known = self
            .metrics
            .iter_mut()
            .enumerate()
            .find(|(_, metric)| metric.code == code);
        let slot = match known {
            Some((slot, metric)) => {
                metric.declared = true;
                metric.signal = channel.signal;
                slot
            }
            None => {
                self.metrics.push(MetricTwin::declared(code, channel.signal));
                self.metrics.len() - 1
            }
        };
        u16::try_from(slot).unwrap_or(u16::MAX)
    }

    fn stored(&mut self, frames: usize) -> Effects {
        let mut effects = Effects::default();
        let mut moved = Vec::new();
        let mut technical = false;
        for _ in 0..frames {
            let Some(pending) = self.pending.pop_front() else {
                break;
            };
            self.pending_bytes = self.pending_bytes.saturating_sub(pending.bytes);
            if let Some(run) = &mut self.run {
                run.stored = run.stored.max(pending.seq.saturating_add(1));
            }
            technical |= self.show(&pending, false, &mut moved);
            if !pending.shown {
                effects.publication.waves.extend(pending.waves);
                effects.publication.measured.extend(pending.measured);
            }
        }
        if self.pending.is_empty() && self.pending.capacity() > IDLE_PENDING {
            self.pending = VecDeque::new();
        }
        if let Some(run) = self.run.as_ref().filter(|run| run.stored > 0) {
            effects.replies.push(ServerMessage::Ack {
                epoch: run.epoch,
                through: run.stored - 1,
            });
        }
        self.publish(moved, technical, &mut effects.publication);
        effects
    }

    fn tick(&mut self, now: Instant) -> Effects {
        let mut effects = Effects::default();
        let mut moved = Vec::new();
        let mut technical = false;
        let mut pending = std::mem::take(&mut self.pending);
        for late in pending
            .iter_mut()
            .filter(|pending| !pending.shown && pending.is_live())
            .filter(|pending| now.since(pending.received) > COMMIT_LAG)
        {
            late.shown = true;
            technical |= self.show(late, true, &mut moved);
            effects.publication.waves.append(&mut late.waves);
            effects.publication.measured.append(&mut late.measured);
        }
        self.pending = pending;
        self.publish(moved, technical, &mut effects.publication);
        effects.save = self.close_ended_minutes(now);
        effects
    }

    /// A minute is over when the device has measured on beyond it, or sends nothing any more. What
    /// time it is says nothing of a device that sends last week as fast as it can.
    fn close_ended_minutes(&mut self, now: Instant) -> Option<Box<Saved>> {
        let is_quiet = self.last_heard.is_none_or(|heard| now.since(heard) >= QUIET);
        let reached = if is_quiet { Some(now) } else { self.newest_measured };
        let over = (reached? - MINUTE_GRACE).minute();
        let mut minutes = Vec::new();
        for metric in &mut self.metrics {
            if metric.minutes.open_minute().is_some_and(|open| open < over) {
                minutes.extend(metric.minutes.close().map(|closed| (metric.code, closed)));
            }
        }
        (!minutes.is_empty()).then(|| {
            Box::new(Saved {
                minutes,
                snapshot: self.snapshot_row(now),
                ..Saved::default()
            })
        })
    }

    fn gone(&mut self, since: Instant) -> Effects {
        let mut effects = Effects::default();
        if matches!(self.connection, Connection::Connected { .. }) {
            self.connection = Connection::Gone { since };
            effects.publication.technical = Some(self.technical_update());
        }
        effects
    }

    fn save_all(&mut self, now: Instant) -> Option<Box<Saved>> {
        let mut minutes = Vec::new();
        for metric in &mut self.metrics {
            minutes.extend(metric.minutes.close().map(|closed| (metric.code, closed)));
        }
        Some(Box::new(Saved {
            minutes,
            snapshot: self.snapshot_row(now),
            ..Saved::default()
        }))
    }

    /// Makes a frame's readings the ones people see. Answers whether the technical slice changed.
    fn show(&mut self, pending: &Pending, unrecorded: bool, moved: &mut Vec<u16>) -> bool {
        let mut technical = false;
        for (slot, reading) in &pending.readings {
            let Some(metric) = self.metrics.get_mut(usize::from(*slot)) else {
                continue;
            };
            // A newer reading may already be seen, as NOT RECORDED; it isn't taken back.
            if metric.latest.is_some_and(|latest| latest.at > reading.at) {
                continue;
            }
            metric.show(Reading {
                unrecorded,
                ..*reading
            });
            technical |= metric.code == codes::BATTERY_CHARGE;
            if !moved.contains(slot) {
                moved.push(*slot);
            }
        }
        if let Some(faults) = pending.faults.as_ref().filter(|faults| **faults != self.faults) {
            self.faults.clone_from(faults);
            technical = true;
        }
        technical
    }

    fn publish(&self, moved: Vec<u16>, technical: bool, publication: &mut Publication) {
        publication.clinical = moved
            .into_iter()
            .filter_map(|slot| self.metrics.get(usize::from(slot)))
            .filter(|metric| metric.is_clinical())
            .filter_map(MetricTwin::update)
            .collect();
        publication.technical = technical.then(|| self.technical_update());
    }

    fn battery(&self) -> Option<Decimal> {
        let metric = self
            .metrics
            .iter()
            .find(|metric| metric.code == codes::BATTERY_CHARGE)?;
        match metric.latest?.value {
            Value::Known(percent) => Some(percent),
            _ => None,
        }
    }

    pub fn technical_update(&self) -> TechnicalUpdate {
        TechnicalUpdate {
            connection: self.connection,
            last_seen: self.last_heard,
            battery_percent: self.battery(),
            faults: self.faults.clone(),
        }
    }

    pub fn view(&self) -> TwinView {
        TwinView {
            channels: self
                .metrics
                .iter()
                .filter(|metric| metric.declared && metric.is_clinical())
                .map(MetricTwin::state)
                .collect(),
            technical: Technical {
                connection: self.connection,
                last_seen: self.last_heard,
                software: self.software.clone(),
                battery_percent: self.battery(),
                faults: self.faults.clone(),
                clock_offset_ms: self.clock.map(|clock| clock.offset_ms()),
                clock_trusted: self.clock.is_none_or(|clock| clock.trusted),
            },
        }
    }
}

/// What kind of channel a stored numeric block came from.
pub(super) const fn numeric(interval_ms: u32) -> ChannelSignal {
    ChannelSignal::Numeric { interval_ms }
}
