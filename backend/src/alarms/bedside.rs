//! All alarms of one patient at one bed, and how loudly they are said. Pure: events, the time and fresh
//! ids go in, changes come out; a change is what is written down and told.
//!
//! What must hold, and is held against a hundred thousand random lives of a bed in `tests/simulation.rs`:
//! - one cause has at most one open alarm;
//! - a High alarm never ends because its cause is over before somebody has acknowledged it;
//! - whoever acknowledges first owns it; a second time is no error and changes nothing;
//! - a pause is for the alarms that were there when it began, for at most two minutes: what begins later
//!   sounds;
//! - "off" ends by itself, and is said for as long as it lasts;
//! - a clock that jumps can shorten a pause, never prolong it.

use std::time::Duration;

use fleetward_common::{
    alarms::{
        Condition, Ending, LONGEST_OFF_S, LONGEST_PAUSE_S, Level, OffReason, Presence, Priority, Signal,
    },
    id::{AlarmId, DeviceId, PersonId},
    time::Instant,
    unit::Decimal,
};

use super::{
    device_watch::Finding,
    mutation::{Mutation, planted},
};

const LONGEST_PAUSE: Duration = Duration::from_secs(LONGEST_PAUSE_S);
const LONGEST_OFF: Duration = Duration::from_secs(LONGEST_OFF_S);

/// One alarm, from its first moment to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    pub id: AlarmId,
    pub device: DeviceId,
    pub condition: Condition,
    pub priority: Priority,
    pub since: Instant,
    pub raised_at: Instant,
    pub value: Option<Decimal>,
    pub limit: Option<Decimal>,
    pub presence: Presence,
    pub acknowledged: Option<Acknowledged>,
    pub asked: Asked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    pub by: PersonId,
    pub at: Instant,
}

/// Who is asked to come, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub level: Level,
    pub at: Instant,
}

/// The sound of the alarms that were there is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    pub by: PersonId,
    pub from: Instant,
    pub until: Instant,
    pub of: Vec<AlarmId>,
}

/// Nothing at this bed flashes or sounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    pub by: PersonId,
    pub reason: OffReason,
    pub from: Instant,
    pub until: Instant,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bedside {
    /// Open ones only, in the order in which they were raised.
    pub open: Vec<Episode>,
    pub pause: Option<Pause>,
    pub off: Option<Off>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Found {
        device: DeviceId,
        finding: Finding,
    },
    Acknowledge {
        alarm: AlarmId,
        by: PersonId,
    },
    PauseSound {
        by: PersonId,
    },
    ResumeSound {
        by: PersonId,
    },
    SwitchOff {
        by: PersonId,
        reason: OffReason,
        until: Instant,
    },
    SwitchOn {
        by: PersonId,
    },
    /// Nobody came in time: the next level is asked.
    Ask {
        alarm: AlarmId,
        level: Level,
    },
    /// The device was taken off the patient.
    DeviceLeft {
        device: DeviceId,
    },
    /// The patient left the bed.
    PatientLeft,
    /// Limits of the patient's own are others now.
    LimitsChanged {
        by: PersonId,
    },
    Tick,
}

/// What came of it. Each is written down with who and when, and told to every screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Raised(Episode),
    /// The cause is over and the alarm waits for somebody.
    Latched {
        alarm: AlarmId,
        over_at: Instant,
    },
    /// A latched alarm's cause is back before anybody came.
    Returned {
        alarm: AlarmId,
        since: Instant,
    },
    Acknowledged {
        alarm: AlarmId,
        by: PersonId,
    },
    Asked {
        alarm: AlarmId,
        level: Level,
    },
    Ended {
        alarm: AlarmId,
        at: Instant,
        because: Ending,
    },
    SoundPaused(Pause),
    /// `by` is nobody when its time was over.
    SoundResumed {
        by: Option<PersonId>,
    },
    SwitchedOff(Off),
    SwitchedOn {
        by: Option<PersonId>,
    },
    LimitsChanged {
        by: PersonId,
    },
}

/// Why a deed was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such open alarm at this bed.
    NoSuchAlarm,
    /// There is nothing that sounds.
    NothingSounds,
    /// "Off" needs an end in the future, at most [`LONGEST_OFF_S`] away.
    NoEnd,
}

impl Bedside {
    pub fn apply(
        &mut self,
        event: Event,
        now: Instant,
        fresh_id: &mut impl FnMut(Instant) -> AlarmId,
    ) -> Result<Vec<Change>, Refused> {
        let mut changes = self.time_is_up(now);
        match event {
            Event::Found { device, finding } => {
                changes.extend(self.found(device, finding, now, fresh_id));
            }
            Event::Acknowledge { alarm, by } => changes.extend(self.acknowledge(alarm, by, now)?),
            Event::PauseSound { by } => changes.push(self.pause(by, now)?),
            Event::ResumeSound { by } => {
                changes.extend(self.pause.take().map(|_| Change::SoundResumed { by: Some(by) }));
            }
            Event::SwitchOff { by, reason, until } => {
                changes.push(self.switch_off(by, reason, until, now)?);
            }
            Event::SwitchOn { by } => {
                changes.extend(self.off.take().map(|_| Change::SwitchedOn { by: Some(by) }));
            }
            Event::Ask { alarm, level } => changes.extend(self.ask(alarm, level, now)),
            Event::DeviceLeft { device } => {
                changes.extend(self.end(now, Ending::DeviceLeft, |episode| episode.device == device));
            }
            Event::PatientLeft => {
                changes.extend(self.end(now, Ending::PatientLeft, |_| {
                    !planted(Mutation::AlarmsOutstayThePatient)
                }));
                // Whoever lies here next begins with a bed that alarms.
                changes.extend(self.pause.take().map(|_| Change::SoundResumed { by: None }));
                changes.extend(self.off.take().map(|_| Change::SwitchedOn { by: None }));
            }
            Event::LimitsChanged { by } => changes.push(Change::LimitsChanged { by }),
            Event::Tick => {}
        }
        Ok(changes)
    }

    pub fn episode(&self, alarm: AlarmId) -> Option<&Episode> {
        self.open.iter().find(|episode| episode.id == alarm)
    }

    /// How an open alarm is said now.
    pub fn signal(&self, episode: &Episode, now: Instant) -> Signal {
        if let Some(off) = self.off.as_ref().filter(|off| lasts(off.from, off.until, now)) {
            return Signal::Off { until: off.until };
        }
        if episode.acknowledged.is_some() {
            return Signal::Acknowledged;
        }
        let pause = self
            .pause
            .as_ref()
            .filter(|pause| lasts(pause.from, pause.until, now));
        let hushes = |pause: &&Pause| pause.of.contains(&episode.id) || planted(Mutation::PauseHushesLater);
        match pause.filter(hushes) {
            Some(pause) => Signal::Paused { until: pause.until },
            None => Signal::Sounding,
        }
    }

    fn found(
        &mut self,
        device: DeviceId,
        finding: Finding,
        now: Instant,
        fresh_id: &mut impl FnMut(Instant) -> AlarmId,
    ) -> Vec<Change> {
        match finding {
            Finding::Begun {
                condition,
                priority,
                since,
                value,
                limit,
            } => {
                if !planted(Mutation::SecondAlarmOfOneCause)
                    && let Some(known) = self.of_cause(device, &condition)
                {
                    return known.returned(since).into_iter().collect();
                }
                let episode = Episode {
                    id: fresh_id(now),
                    device,
                    condition,
                    priority,
                    since,
                    raised_at: now,
                    value,
                    limit,
                    presence: Presence::Active,
                    acknowledged: None,
                    asked: Asked {
                        level: Level::Nurse,
                        at: now,
                    },
                };
                self.open.push(episode.clone());
                vec![Change::Raised(episode)]
            }
            Finding::Over { condition, at } => {
                let Some(episode) = self.of_cause(device, &condition) else {
                    return Vec::new();
                };
                let alarm = episode.id;
                let waits = episode.priority.latches() && episode.acknowledged.is_none();
                if waits && !planted(Mutation::HighEndsUnseen) {
                    if episode.presence != Presence::Active {
                        return Vec::new();
                    }
                    episode.presence = Presence::Latched { over_at: at };
                    return vec![Change::Latched { alarm, over_at: at }];
                }
                self.end(at, Ending::CauseOver, |episode| episode.id == alarm)
            }
        }
    }

    fn of_cause(&mut self, device: DeviceId, condition: &Condition) -> Option<&mut Episode> {
        self.open
            .iter_mut()
            .find(|episode| episode.device == device && episode.condition == *condition)
    }

    fn acknowledge(&mut self, alarm: AlarmId, by: PersonId, now: Instant) -> Result<Vec<Change>, Refused> {
        let episode = self
            .open
            .iter_mut()
            .find(|episode| episode.id == alarm)
            .ok_or(Refused::NoSuchAlarm)?;
        if episode.acknowledged.is_some() && !planted(Mutation::LastAcknowledgementOwns) {
            return Ok(Vec::new());
        }
        episode.acknowledged = Some(Acknowledged { by, at: now });
        let mut changes = vec![Change::Acknowledged { alarm, by }];
        if matches!(episode.presence, Presence::Latched { .. }) {
            changes.extend(self.end(now, Ending::CauseOver, |episode| episode.id == alarm));
        }
        Ok(changes)
    }

    fn pause(&mut self, by: PersonId, now: Instant) -> Result<Change, Refused> {
        let of: Vec<AlarmId> = self
            .open
            .iter()
            .filter(|episode| episode.acknowledged.is_none())
            .map(|episode| episode.id)
            .collect();
        if of.is_empty() {
            return Err(Refused::NothingSounds);
        }
        let pause = Pause {
            by,
            from: now,
            until: now + LONGEST_PAUSE,
            of,
        };
        self.pause = Some(pause.clone());
        Ok(Change::SoundPaused(pause))
    }

    fn switch_off(
        &mut self,
        by: PersonId,
        reason: OffReason,
        until: Instant,
        now: Instant,
    ) -> Result<Change, Refused> {
        let bounded = now < until && until.since(now) <= LONGEST_OFF;
        if !bounded && !planted(Mutation::OffWithoutEnd) {
            return Err(Refused::NoEnd);
        }
        let off = Off {
            by,
            reason,
            from: now,
            until,
        };
        self.off = Some(off.clone());
        Ok(Change::SwitchedOff(off))
    }

    /// An alarm that ended meanwhile asks for nobody.
    fn ask(&mut self, alarm: AlarmId, level: Level, now: Instant) -> Option<Change> {
        let episode = self.open.iter_mut().find(|episode| episode.id == alarm)?;
        let owned = episode.acknowledged.is_some() && !planted(Mutation::AcknowledgedStillAsks);
        if owned || level <= episode.asked.level {
            return None;
        }
        episode.asked = Asked { level, at: now };
        Some(Change::Asked { alarm, level })
    }

    fn end(&mut self, at: Instant, because: Ending, which: impl Fn(&Episode) -> bool) -> Vec<Change> {
        let (ended, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|episode| which(episode));
        self.open = open;
        let ended: Vec<Episode> = ended;
        ended
            .into_iter()
            .map(|episode| Change::Ended {
                alarm: episode.id,
                at,
                because,
            })
            .collect()
    }

    /// Pauses and offs end by themselves.
    fn time_is_up(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        if self
            .pause
            .take_if(|pause| !lasts(pause.from, pause.until, now))
            .is_some()
        {
            changes.push(Change::SoundResumed { by: None });
        }
        if self.off.take_if(|off| !lasts(off.from, off.until, now)).is_some() {
            changes.push(Change::SwitchedOn { by: None });
        }
        changes
    }
}

impl Episode {
    /// The cause is back while the alarm still waits for somebody.
    fn returned(&mut self, since: Instant) -> Option<Change> {
        let latched = matches!(self.presence, Presence::Latched { .. });
        latched.then(|| {
            self.presence = Presence::Active;
            Change::Returned {
                alarm: self.id,
                since,
            }
        })
    }
}

/// A clock that was set back before the beginning ends it too.
fn lasts(from: Instant, until: Instant, now: Instant) -> bool {
    (from <= now || planted(Mutation::ClockProlongsPause))
        && (now < until || planted(Mutation::NothingEndsByItself))
}
