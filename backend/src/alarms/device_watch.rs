//! Everything that can alarm at one device on one patient. Pure: what was measured, what the line says
//! and the time go in; what begins and what is over come out, each once.
//!
//! Late data never alarms: what arrives more than [`LATE`] after it was measured is history, and what was
//! measured before something already seen is too. Silence ends nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fleetward_common::{
    alarms::{Condition, Priority, RuleSet, Side},
    devices::{Connection, Reading, Value, link::NoValue},
    live::TechnicalUpdate,
    metric::{FreshnessBudget, MetricCode},
    text::FaultCode,
    time::Instant,
    unit::Decimal,
};

pub use crate::devices::twin::ALARMS_LATE as LATE;

use super::{
    limit_watch::{Crossing, LimitWatch, Line},
    mutation::{Mutation, planted},
};

/// A battery on its charger must not flicker around its limit.
const BATTERY_HYSTERESIS: i64 = 2;

#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    Measured {
        metric: MetricCode,
        /// The channel's own.
        interval_ms: u32,
        reading: Reading,
    },
    /// The line, the battery, the device's own faults.
    Technical(TechnicalUpdate),
    /// Time passed.
    Tick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Begun {
        condition: Condition,
        priority: Priority,
        /// When it began, as it was measured.
        since: Instant,
        value: Option<Decimal>,
        limit: Option<Decimal>,
    },
    Over {
        condition: Condition,
        at: Instant,
    },
}

#[derive(Debug, Clone, Default)]
pub struct DeviceWatch {
    channels: BTreeMap<MetricCode, Channel>,
    limits: BTreeMap<Condition, LimitWatch>,
    connected_since: Option<Instant>,
    /// What has begun and is not over.
    standing: BTreeSet<Condition>,
}

#[derive(Debug, Clone)]
struct Channel {
    budget: FreshnessBudget,
    newest: Instant,
    /// The last reading that said anything: a value, or why there is none. An unreadable signal says nothing.
    told: Instant,
    off_since: Option<Instant>,
}

impl DeviceWatch {
    /// After a restart: what was begun before and is not over.
    pub fn resumed(standing: impl IntoIterator<Item = Condition>) -> Self {
        if planted(Mutation::RestartForgets) {
            return Self::default();
        }
        let standing: BTreeSet<Condition> = standing.into_iter().collect();
        let limits = standing
            .iter()
            .filter(|condition| is_limit(condition))
            .map(|condition| (condition.clone(), LimitWatch::Alarming))
            .collect();
        Self {
            limits,
            standing,
            ..Self::default()
        }
    }

    pub fn standing(&self) -> &BTreeSet<Condition> {
        &self.standing
    }

    pub fn observe(&mut self, observation: &Observation, rules: &RuleSet, now: Instant) -> Vec<Finding> {
        let mut found = Vec::new();
        match observation {
            Observation::Measured {
                metric,
                interval_ms,
                reading,
            } => self.measured(*metric, *interval_ms, reading, rules, now, &mut found),
            Observation::Technical(update) => self.technical(update, rules, now, &mut found),
            Observation::Tick => self.tick(rules, now, &mut found),
        }
        found
    }

    /// Other rules are in force: what they know no more is over. What they only moved ends or begins with
    /// the next value.
    pub fn rules_changed(&mut self, rules: &RuleSet, now: Instant) -> Vec<Finding> {
        let gone: Vec<Condition> = self
            .limits
            .keys()
            .filter(|condition| line(condition, rules).is_none())
            .cloned()
            .collect();
        let mut found = Vec::new();
        for condition in gone {
            self.limits.remove(&condition);
            self.over(condition, now, &mut found);
        }
        found
    }

    fn measured(
        &mut self,
        metric: MetricCode,
        interval_ms: u32,
        reading: &Reading,
        rules: &RuleSet,
        now: Instant,
        found: &mut Vec<Finding>,
    ) {
        let at = reading.at;
        // What lies in the future was measured before the server's clock was set back.
        self.channels.retain(|_, channel| channel.newest <= now);
        let known = self.channels.get(&metric);
        let late = now.since(at) > LATE && !planted(Mutation::LateDataAlarms);
        if late || known.is_some_and(|channel| at <= channel.newest) {
            return;
        }
        let channel = self.channels.entry(metric).or_insert(Channel {
            budget: FreshnessBudget { interval_ms },
            newest: at,
            told: at,
            off_since: None,
        });
        channel.budget = FreshnessBudget { interval_ms };
        channel.newest = at;
        match reading.value {
            Value::Known(value) => {
                channel.told = at;
                channel.off_since = None;
                let hold = channel.budget.stale_after();
                self.over(Condition::SensorOff(metric), at, found);
                self.over(Condition::NoData(metric), at, found);
                self.held_against_limits(metric, at, value, hold, rules, found);
            }
            Value::Absent(NoValue::SensorOff | NoValue::Disconnected) => {
                channel.told = at;
                channel.off_since.get_or_insert(at);
                self.over(Condition::NoData(metric), at, found);
                self.sensors(rules, at, found);
            }
            Value::Absent(NoValue::NotMeasuring) => {
                channel.told = at;
                channel.off_since = None;
                self.over(Condition::NoData(metric), at, found);
            }
            Value::Absent(NoValue::Unreadable) | Value::Implausible(_) => {}
        }
    }

    fn held_against_limits(
        &mut self,
        metric: MetricCode,
        at: Instant,
        value: Decimal,
        hold: Duration,
        rules: &RuleSet,
        found: &mut Vec<Finding>,
    ) {
        for condition in limits_of(metric) {
            let Some((line, priority)) = line(&condition, rules) else {
                continue;
            };
            let watch = self.limits.entry(condition.clone()).or_default();
            for crossing in watch.measured(&line, at, value, hold) {
                self.crossed(&condition, &line, priority, crossing, found);
            }
        }
    }

    fn crossed(
        &mut self,
        condition: &Condition,
        line: &Line,
        priority: Priority,
        crossing: Crossing,
        found: &mut Vec<Finding>,
    ) {
        match crossing {
            Crossing::Begun { since, value, .. } => self.begun(
                Finding::Begun {
                    condition: condition.clone(),
                    priority,
                    since,
                    value: Some(value),
                    limit: Some(line.limit),
                },
                found,
            ),
            Crossing::Over { at } => self.over(condition.clone(), at, found),
        }
    }

    fn technical(
        &mut self,
        update: &TechnicalUpdate,
        rules: &RuleSet,
        now: Instant,
        found: &mut Vec<Finding>,
    ) {
        match update.connection {
            Connection::NeverSeen => {}
            Connection::Connected { since } => {
                self.connected_since = Some(since);
                self.over(Condition::DeviceGone, since, found);
            }
            Connection::Gone { since } => {
                self.connected_since = None;
                self.technical_begun(Condition::DeviceGone, rules.technical.device_gone, since, found);
            }
        }
        if let Some(percent) = update.battery_percent {
            let levels = [
                (
                    Condition::BatteryLow,
                    Priority::Low,
                    rules.technical.battery_low_percent,
                ),
                (
                    Condition::BatteryVeryLow,
                    Priority::Medium,
                    rules.technical.battery_very_low_percent,
                ),
            ];
            for (condition, priority, level) in levels {
                let level = i64::from(level);
                if percent.compare(Decimal::whole(level)).is_le() {
                    self.technical_begun(condition, priority, now, found);
                } else if percent
                    .compare(Decimal::whole(level + BATTERY_HYSTERESIS))
                    .is_ge()
                {
                    self.over(condition, now, found);
                }
            }
        }
        self.faults(&update.faults, rules, now, found);
    }

    fn faults(&mut self, faults: &[FaultCode], rules: &RuleSet, now: Instant, found: &mut Vec<Finding>) {
        let repaired: Vec<Condition> = self
            .standing
            .iter()
            .filter(|condition| matches!(condition, Condition::Reported(code) if !faults.contains(code)))
            .cloned()
            .collect();
        for condition in repaired {
            self.over(condition, now, found);
        }
        for code in faults {
            self.technical_begun(
                Condition::Reported(code.clone()),
                rules.technical.reported,
                now,
                found,
            );
        }
    }

    fn tick(&mut self, rules: &RuleSet, now: Instant, found: &mut Vec<Finding>) {
        let crossings: Vec<_> = self
            .limits
            .iter_mut()
            .filter_map(|(condition, watch)| {
                let (line, priority) = line(condition, rules)?;
                let hold = self.channels.get(&condition.metric()?)?.budget.stale_after();
                let crossing = watch.waited(&line, now, hold)?;
                Some((condition.clone(), line, priority, crossing))
            })
            .collect();
        for (condition, line, priority, crossing) in crossings {
            self.crossed(&condition, &line, priority, crossing, found);
        }
        self.sensors(rules, now, found);
        self.silences(rules, now, found);
        if planted(Mutation::SilenceEnds) {
            let old: Vec<Condition> = self
                .standing
                .iter()
                .filter(|known| is_limit(known))
                .cloned()
                .collect();
            for condition in old {
                self.over(condition, now, found);
            }
        }
    }

    /// Probes that are off for long enough.
    fn sensors(&mut self, rules: &RuleSet, now: Instant, found: &mut Vec<Finding>) {
        let delay = Duration::from_secs(u64::from(rules.technical.sensor_off_delay_s));
        let off: Vec<(MetricCode, Instant)> = self
            .channels
            .iter()
            .filter_map(|(metric, channel)| Some((*metric, channel.off_since?)))
            .filter(|(_, since)| now.since(*since) >= delay)
            .collect();
        for (metric, since) in off {
            self.technical_begun(
                Condition::SensorOff(metric),
                rules.technical.sensor_off,
                since,
                found,
            );
        }
    }

    /// Channels that say nothing though their device is on the line. A spot value is measured when
    /// somebody wants it: its silence is no alarm. A device that is gone is one alarm, not one for each channel.
    fn silences(&mut self, rules: &RuleSet, now: Instant, found: &mut Vec<Finding>) {
        let Some(connected_since) = self.connected_since else {
            return;
        };
        let silent: Vec<(MetricCode, Instant)> = self
            .channels
            .iter()
            .filter(|(_, channel)| !channel.budget.is_spot())
            .filter(|(_, channel)| {
                now.since(channel.told.max(connected_since)) >= channel.budget.void_after()
            })
            .map(|(metric, channel)| (*metric, channel.told))
            .collect();
        for (metric, since) in silent {
            self.technical_begun(Condition::NoData(metric), rules.technical.no_data, since, found);
        }
    }

    fn technical_begun(
        &mut self,
        condition: Condition,
        priority: Priority,
        since: Instant,
        found: &mut Vec<Finding>,
    ) {
        let finding = Finding::Begun {
            condition,
            priority,
            since,
            value: None,
            limit: None,
        };
        self.begun(finding, found);
    }

    fn begun(&mut self, finding: Finding, found: &mut Vec<Finding>) {
        if let Finding::Begun { condition, .. } = &finding
            && self.standing.insert(condition.clone())
        {
            found.push(finding);
        }
    }

    fn over(&mut self, condition: Condition, at: Instant, found: &mut Vec<Finding>) {
        if self.standing.remove(&condition) {
            found.push(Finding::Over { condition, at });
        }
    }
}

const fn is_limit(condition: &Condition) -> bool {
    matches!(condition, Condition::Limit { .. } | Condition::FarLimit { .. })
}

fn limits_of(metric: MetricCode) -> impl Iterator<Item = Condition> {
    [Side::Below, Side::Above].into_iter().flat_map(move |side| {
        [
            Condition::Limit { metric, side },
            Condition::FarLimit { metric, side },
        ]
    })
}

/// The limit that a condition is about, in these rules.
fn line(condition: &Condition, rules: &RuleSet) -> Option<(Line, Priority)> {
    let (metric, side, far) = match condition {
        Condition::Limit { metric, side } => (*metric, *side, false),
        Condition::FarLimit { metric, side } => (*metric, *side, true),
        _ => return None,
    };
    let rule = rules.limit(metric)?;
    let bound = rule.bound(side)?;
    let (limit, priority) = match far {
        true => (bound.far?, Priority::High),
        false => (bound.limit, bound.priority),
    };
    let line = Line {
        side,
        limit,
        delay: rule.delay(),
        hysteresis: rule.hysteresis,
    };
    Some((line, priority))
}
