//! One random life of a bed, and the judge who watches it.

use std::{collections::HashMap, time::Duration};

use fleetward_common::{
    alarms::{Condition, Ending, Level, OffReason, Presence, Priority, RuleSet, Side, Signal},
    devices::{Connection, Reading, Value, link::NoValue},
    id::{AlarmId, DeviceId, PersonId},
    live::TechnicalUpdate,
    metric::codes,
    time::Instant,
    unit::Decimal,
};

use crate::alarms::{
    bedside::{Bedside, Change, Event, Refused},
    device_watch::{DeviceWatch, Finding, Observation},
};

const STEPS: u32 = 30;

/// Chance that is the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

/// What the judge remembers of an alarm.
struct Record {
    condition: Condition,
    priority: Priority,
    raised_at: Instant,
    owner: Option<PersonId>,
    /// It was there when the sound was paused last.
    paused: bool,
}

pub(super) struct Life {
    dice: Dice,
    rules: RuleSet,
    watch: DeviceWatch,
    bed: Bedside,
    now: Instant,
    ids: u64,
    records: HashMap<AlarmId, Record>,
    /// When the pause in force began.
    paused_at: Option<Instant>,
    off_until: Option<Instant>,
    /// The step that is being judged measured this value in time.
    measured: Option<i64>,
    last_sent: Instant,
}

pub(super) type Verdict = Result<(), String>;

impl Life {
    pub(super) fn new(seed: u64) -> Self {
        let now = Instant::from_millis(1_764_000_000_000);
        Self {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            rules: RuleSet::adult(),
            watch: DeviceWatch::default(),
            bed: Bedside::default(),
            now,
            ids: 0,
            records: HashMap::new(),
            paused_at: None,
            off_until: None,
            measured: None,
            last_sent: now,
        }
    }

    fn monitor(&self) -> DeviceId {
        DeviceId::new(Instant::EPOCH, [7; 10])
    }

    fn nurse(&mut self) -> PersonId {
        let which = u8::try_from(self.dice.roll(3)).unwrap();
        PersonId::new(Instant::EPOCH, [which; 10])
    }

    pub(super) fn live(&mut self) -> Verdict {
        for _ in 0..STEPS {
            self.measured = None;
            self.step()?;
            self.judge()?;
        }
        self.last_day()
    }

    fn step(&mut self) -> Verdict {
        match self.dice.roll(20) {
            0..=6 => {
                let (spo2, times) = (
                    self.dice.pick(&[97, 92, 90, 89, 85, 79, 60]),
                    self.dice.pick(&[1, 3, 12, 14]),
                );
                self.spo2(spo2, times)
            }
            7 => self.late_value(),
            8 => self.same_again(),
            9 => self.probe_off(),
            10 => self.pulled_plug(),
            11 => {
                let seconds = self.dice.pick(&[1, 4, 20, 130, 4_000]);
                self.wait(seconds)
            }
            12 => self.clock_jumps(),
            13 => self.restart(),
            14 | 15 => self.acknowledge(),
            16 => {
                let by = self.nurse();
                match self.dice.roll(4) {
                    0 => self.deed(Event::ResumeSound { by }),
                    _ => self.deed(Event::PauseSound { by }),
                }
            }
            17 => self.off(),
            18 => self.ask(),
            _ => match self.dice.roll(6) {
                0 => self.leave(),
                _ => self.other_limits(),
            },
        }
    }

    /// The same saturation once a second.
    fn spo2(&mut self, value: i64, times: u32) -> Verdict {
        for _ in 0..times {
            self.now = self.now + Duration::from_secs(1);
            self.last_sent = self.now;
            self.measured = Some(value);
            self.value(Value::Known(Decimal::whole(value)), self.now)?;
        }
        Ok(())
    }

    fn value(&mut self, value: Value, at: Instant) -> Verdict {
        let reading = Reading {
            at,
            value,
            unrecorded: false,
        };
        self.observe(&Observation::Measured {
            metric: codes::SPO2,
            interval_ms: 1_000,
            reading,
        })?;
        self.observe(&Observation::Tick)
    }

    /// A minute that the device had buffered, measured a while ago.
    fn late_value(&mut self) -> Verdict {
        let from = self.now;
        self.now = self.now + Duration::from_secs(80);
        let alarms = self.records.len();
        for second in 0..60 {
            let reading = Reading {
                at: from + Duration::from_secs(second),
                value: Value::Known(Decimal::whole(50)),
                unrecorded: false,
            };
            self.observe(&Observation::Measured {
                metric: codes::SPO2,
                interval_ms: 1_000,
                reading,
            })?;
        }
        let limits = |record: &Record| {
            matches!(
                record.condition,
                Condition::Limit { .. } | Condition::FarLimit { .. }
            )
        };
        let raised = self
            .records
            .values()
            .filter(|record| record.raised_at == self.now && limits(record))
            .count();
        fails_if(self.records.len() > alarms && raised > 0, "late data alarmed")
    }

    /// What was seen before comes once more.
    fn same_again(&mut self) -> Verdict {
        let value = self.dice.pick(&[97, 60]);
        let reading = Reading {
            at: self.last_sent,
            value: Value::Known(Decimal::whole(value)),
            unrecorded: false,
        };
        // A server that was restarted takes it for news, if it is not late.
        self.measured = (self.now.since(self.last_sent) <= Duration::from_secs(15)).then_some(value);
        self.observe(&Observation::Measured {
            metric: codes::SPO2,
            interval_ms: 1_000,
            reading,
        })
    }

    fn probe_off(&mut self) -> Verdict {
        for _ in 0..self.dice.pick(&[2, 8]) {
            self.now = self.now + Duration::from_secs(1);
            self.last_sent = self.now;
            self.value(Value::Absent(NoValue::SensorOff), self.now)?;
        }
        Ok(())
    }

    fn pulled_plug(&mut self) -> Verdict {
        let since = self.now;
        self.now = self.now + Duration::from_secs(6);
        self.line(Connection::Gone { since })?;
        let pulled = self.dice.pick(&[3, 40, 600]);
        self.wait(pulled)?;
        self.line(Connection::Connected { since: self.now })
    }

    fn line(&mut self, connection: Connection) -> Verdict {
        self.observe(&Observation::Technical(TechnicalUpdate {
            connection,
            last_seen: None,
            battery_percent: None,
            faults: Vec::new(),
        }))
    }

    fn wait(&mut self, seconds: u64) -> Verdict {
        self.now = self.now + Duration::from_secs(seconds);
        self.observe(&Observation::Tick)?;
        self.deed(Event::Tick)
    }

    fn clock_jumps(&mut self) -> Verdict {
        let by = self.dice.pick(&[-86_400i64, -90, 90, 86_400]);
        self.now = self.now.shifted(by * 1_000_000);
        self.deed(Event::Tick)
    }

    /// The server stops and comes back: what was written down is all it knows.
    fn restart(&mut self) -> Verdict {
        let active = self
            .bed
            .open
            .iter()
            .filter(|episode| episode.presence == Presence::Active);
        self.watch = DeviceWatch::resumed(active.map(|episode| episode.condition.clone()));
        Ok(())
    }

    fn acknowledge(&mut self) -> Verdict {
        let open: Vec<AlarmId> = self.bed.open.iter().map(|episode| episode.id).collect();
        if open.is_empty() {
            return Ok(());
        }
        let (alarm, by) = (self.dice.pick(&open), self.nurse());
        self.deed(Event::Acknowledge { alarm, by })
    }

    fn off(&mut self) -> Verdict {
        let by = self.nurse();
        let seconds = self.dice.pick(&[0u64, 60, 600, 43_200, 43_201, 900_000]);
        let until = self.now + Duration::from_secs(seconds);
        match self.dice.roll(3) {
            0 => self.deed(Event::SwitchOn { by }),
            _ => self.deed(Event::SwitchOff {
                by,
                reason: OffReason::Care,
                until,
            }),
        }
    }

    fn ask(&mut self) -> Verdict {
        let open: Vec<AlarmId> = self.bed.open.iter().map(|episode| episode.id).collect();
        if open.is_empty() {
            return Ok(());
        }
        let (alarm, level) = (self.dice.pick(&open), self.dice.pick(&Level::ALL));
        self.deed(Event::Ask { alarm, level })
    }

    fn leave(&mut self) -> Verdict {
        self.deed(Event::PatientLeft)?;
        self.watch = DeviceWatch::default();
        fails_if(!self.bed.open.is_empty(), "an alarm outstayed its patient")
    }

    fn other_limits(&mut self) -> Verdict {
        let keep = self.dice.roll(2) == 0;
        self.rules = RuleSet::adult();
        if !keep {
            self.rules.limits.retain(|rule| rule.metric != codes::SPO2);
        }
        let found = self.watch.rules_changed(&self.rules, self.now);
        self.measured = Some(100);
        self.carry_out(found)
    }

    fn observe(&mut self, observation: &Observation) -> Verdict {
        let found = self.watch.observe(observation, &self.rules, self.now);
        self.carry_out(found)
    }

    fn carry_out(&mut self, found: Vec<Finding>) -> Verdict {
        for finding in found {
            let device = self.monitor();
            self.deed(Event::Found { device, finding })?;
        }
        Ok(())
    }

    fn deed(&mut self, event: Event) -> Verdict {
        let ids = &mut self.ids;
        let applied = self.bed.apply(event.clone(), self.now, &mut |now| {
            *ids += 1;
            let mut entropy = [0; 10];
            entropy[..8].copy_from_slice(&ids.to_le_bytes());
            AlarmId::new(now, entropy)
        });
        match applied {
            Ok(changes) => changes
                .into_iter()
                .try_for_each(|change| self.note(&event, change)),
            Err(Refused::NoSuchAlarm) => Err("an open alarm was not found".to_owned()),
            Err(Refused::NothingSounds | Refused::NoEnd) => Ok(()),
        }
    }

    /// Each change, as it happens.
    fn note(&mut self, event: &Event, change: Change) -> Verdict {
        match change {
            Change::Raised(episode) => {
                let record = Record {
                    condition: episode.condition,
                    priority: episode.priority,
                    raised_at: episode.raised_at,
                    owner: None,
                    paused: false,
                };
                let twice = self.records.insert(episode.id, record).is_some();
                fails_if(twice, "two alarms of one id")
            }
            Change::Acknowledged { alarm, by } => {
                let record = self
                    .records
                    .get_mut(&alarm)
                    .ok_or("an unknown alarm was acknowledged")?;
                fails_if(record.owner.is_some(), "an alarm changed its owner")?;
                record.owner = Some(by);
                Ok(())
            }
            Change::Ended { alarm, because, .. } => {
                let record = self.records.remove(&alarm).ok_or("an alarm ended twice")?;
                let unseen = record.priority == Priority::High && record.owner.is_none();
                fails_if(
                    because == Ending::CauseOver && unseen,
                    "a High alarm ended unseen",
                )?;
                let limit = matches!(
                    record.condition,
                    Condition::Limit { .. } | Condition::FarLimit { .. }
                );
                let by_value = matches!(event, Event::Found { .. });
                fails_if(
                    limit && by_value && self.measured.is_none_or(|value| value < 81),
                    "a limit alarm ended without a value",
                )
            }
            Change::Asked { alarm, .. } => {
                let record = self.records.get(&alarm).ok_or("an ended alarm asked")?;
                fails_if(record.owner.is_some(), "an owned alarm asked somebody else")
            }
            Change::SoundPaused(pause) => {
                self.paused_at = Some(self.now);
                self.records.values_mut().for_each(|record| record.paused = true);
                fails_if(
                    pause.until.since(self.now) > Duration::from_secs(120),
                    "a pause of more than two minutes",
                )
            }
            Change::SoundResumed { .. } => {
                self.paused_at = None;
                Ok(())
            }
            Change::SwitchedOff(off) => {
                self.off_until = Some(off.until);
                let hours = off.until.since(self.now) > Duration::from_secs(12 * 3_600);
                fails_if(hours || off.until <= self.now, "an off without a sensible end")
            }
            Change::SwitchedOn { .. } => {
                self.off_until = None;
                Ok(())
            }
            Change::Latched { .. } | Change::Returned { .. } | Change::LimitsChanged { .. } => Ok(()),
        }
    }

    /// What must be true at any moment.
    fn judge(&self) -> Verdict {
        let mut causes: Vec<&Condition> = self.bed.open.iter().map(|episode| &episode.condition).collect();
        causes.sort();
        fails_if(
            causes.windows(2).any(|pair| pair[0] == pair[1]),
            "two open alarms of one cause",
        )?;
        fails_if(
            self.bed.open.len() != self.records.len(),
            "an alarm was lost or made up",
        )?;
        for episode in &self.bed.open {
            let record = self.records.get(&episode.id).ok_or("an alarm nobody raised")?;
            fails_if(
                episode.acknowledged.map(|seen| seen.by) != record.owner,
                "an alarm changed its owner",
            )?;
            let signal = self.bed.signal(episode, self.now);
            let may_be_paused = self.paused_at.is_some_and(|from| {
                record.paused && from <= self.now && self.now.since(from) < Duration::from_secs(120)
            });
            let may_be_off = self.off_until.is_some_and(|until| self.now < until);
            match signal {
                Signal::Sounding => {}
                Signal::Acknowledged => fails_if(record.owner.is_none(), "silent, and nobody owns it")?,
                Signal::Paused { .. } => fails_if(!may_be_paused, "hushed by a pause that is not for it")?,
                Signal::Off { .. } => fails_if(!may_be_off, "off without anybody's word")?,
            }
        }
        Ok(())
    }

    /// Whatever happened: a patient who gets worse now alarms, and a patient who is well, with somebody who
    /// looks, leaves no alarm behind.
    fn last_day(&mut self) -> Verdict {
        self.rules = RuleSet::adult();
        self.wait(86_400 * 3)?;
        self.line(Connection::Connected { since: self.now })?;
        self.spo2(70, 20)?;
        self.judge()?;
        let metric = codes::SPO2;
        for condition in [
            Condition::Limit {
                metric,
                side: Side::Below,
            },
            Condition::FarLimit {
                metric,
                side: Side::Below,
            },
        ] {
            let open = self.bed.open.iter().any(|episode| episode.condition == condition);
            fails_if(!open, "a patient got worse and nothing alarmed")?;
        }
        self.spo2(97, 20)?;
        while let Some(episode) = self
            .bed
            .open
            .iter()
            .find(|episode| episode.acknowledged.is_none())
        {
            let (alarm, by) = (episode.id, self.nurse());
            self.deed(Event::Acknowledge { alarm, by })?;
        }
        self.judge()?;
        fails_if(!self.bed.open.is_empty(), "an alarm that nothing ends")
    }
}

fn fails_if(failed: bool, why: &str) -> Verdict {
    if failed { Err(why.to_owned()) } else { Ok(()) }
}
