//! The rules that raise alarms, as data: one set per unit, and limits of a patient's own on top.
//!
//! The defaults are the adult limits of `standards.md` 2.3, examples from device manuals. Priorities,
//! delays and hysteresis are engineering choices that a hospital reviews before it relies on them.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, time::Duration};

use super::{Priority, Side};
use crate::{
    metric::{Metric, MetricCode, Shape, codes},
    unit::Decimal,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleSet {
    /// At most one for each metric.
    pub limits: Vec<LimitRule>,
    pub technical: Technical,
    /// Who is asked, in turn, while nobody acknowledges. Never empty.
    pub ladder: Vec<Step>,
}

/// Limits of one metric. A side without a bound has no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitRule {
    pub metric: MetricCode,
    pub low: Option<Bound>,
    pub high: Option<Bound>,
    /// Beyond the limit for this long, as measured, before it alarms.
    pub delay_s: u32,
    /// Back inside by this much before it counts as over.
    pub hysteresis: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bound {
    /// The last value that is still inside.
    pub limit: Decimal,
    pub priority: Priority,
    /// Beyond this it alarms as High, whatever the priority of the limit.
    pub far: Option<Decimal>,
}

/// What watches the devices themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Technical {
    pub sensor_off: Priority,
    /// A probe that slips for less than this is not worth a walk.
    pub sensor_off_delay_s: u32,
    pub no_data: Priority,
    /// The loss of a display or of the network is never below Medium (IEC 60601-1-8).
    pub device_gone: Priority,
    pub battery_low_percent: u8,
    pub battery_very_low_percent: u8,
    pub reported: Priority,
}

/// Who is asked to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Level {
    /// Who has the bed.
    Nurse,
    ChargeNurse,
    PhysicianOnCall,
}

impl Level {
    pub const ALL: [Level; 3] = [Level::Nurse, Level::ChargeNurse, Level::PhysicianOnCall];

    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Nurse => "nurse",
            Level::ChargeNurse => "charge_nurse",
            Level::PhysicianOnCall => "physician_on_call",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }
}

/// One rung: who is asked, and how long they have before the next one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EscalationStep))]
pub struct Step {
    pub level: Level,
    pub high_s: u32,
    pub medium_s: u32,
}

impl Step {
    /// A Low alarm asks nobody else.
    pub fn patience(&self, priority: Priority) -> Option<Duration> {
        match priority {
            Priority::High => Some(Duration::from_secs(u64::from(self.high_s))),
            Priority::Medium => Some(Duration::from_secs(u64::from(self.medium_s))),
            Priority::Low => None,
        }
    }
}

impl LimitRule {
    pub const fn bound(&self, side: Side) -> Option<Bound> {
        match side {
            Side::Below => self.low,
            Side::Above => self.high,
        }
    }

    pub fn delay(&self) -> Duration {
        Duration::from_secs(u64::from(self.delay_s))
    }
}

impl RuleSet {
    pub fn limit(&self, metric: MetricCode) -> Option<&LimitRule> {
        self.limits.iter().find(|rule| rule.metric == metric)
    }

    /// These rules with a patient's own limits in the place of the unit's.
    pub fn with(&self, own: &[LimitRule]) -> Self {
        let mut limits = own.to_vec();
        let others = |rule: &&LimitRule| own.iter().all(|mine| mine.metric != rule.metric);
        limits.extend(self.limits.iter().filter(others).cloned());
        Self {
            limits,
            technical: self.technical,
            ladder: self.ladder.clone(),
        }
    }

    /// Every limit that is another one in `own`, with both.
    pub fn changed_by(&self, own: &[LimitRule]) -> Vec<(MetricCode, Side, Option<Decimal>, Option<Decimal>)> {
        let mut changed = Vec::new();
        for rule in own {
            for side in [Side::Below, Side::Above] {
                let usual = self.limit(rule.metric).and_then(|usual| usual.bound(side));
                let (usual, mine) = (
                    usual.map(|bound| bound.limit),
                    rule.bound(side).map(|bound| bound.limit),
                );
                if usual != mine {
                    changed.push((rule.metric, side, usual, mine));
                }
            }
        }
        changed
    }

    pub fn adult() -> Self {
        let bound = |limit: &str, far: Option<&str>| {
            Some(Bound {
                limit: decimal(limit),
                priority: Priority::Medium,
                far: far.map(decimal),
            })
        };
        let rule = |metric, low, high, delay_s, hysteresis| LimitRule {
            metric,
            low,
            high,
            delay_s,
            hysteresis: decimal(hysteresis),
        };
        let step = |level, high_s, medium_s| Step {
            level,
            high_s,
            medium_s,
        };
        Self {
            limits: vec![
                rule(
                    codes::HEART_RATE,
                    bound("50", Some("40")),
                    bound("120", Some("140")),
                    5,
                    "2",
                ),
                rule(codes::SPO2, bound("90", Some("80")), None, 10, "1"),
                rule(
                    codes::RESPIRATION_RATE,
                    bound("8", Some("5")),
                    bound("30", Some("40")),
                    10,
                    "1",
                ),
                rule(
                    codes::NIBP_SYSTOLIC,
                    bound("90", Some("70")),
                    bound("160", Some("200")),
                    0,
                    "0",
                ),
                rule(
                    codes::NIBP_DIASTOLIC,
                    bound("50", None),
                    bound("90", None),
                    0,
                    "0",
                ),
                rule(
                    codes::NIBP_MEAN,
                    bound("60", Some("50")),
                    bound("110", None),
                    0,
                    "0",
                ),
                rule(
                    codes::TEMPERATURE,
                    bound("36.0", Some("35.0")),
                    bound("38.5", Some("39.5")),
                    30,
                    "0.2",
                ),
            ],
            technical: Technical {
                sensor_off: Priority::Medium,
                sensor_off_delay_s: 5,
                no_data: Priority::Medium,
                device_gone: Priority::Medium,
                battery_low_percent: 20,
                battery_very_low_percent: 10,
                reported: Priority::Medium,
            },
            ladder: vec![
                step(Level::Nurse, 60, 180),
                step(Level::ChargeNurse, 60, 180),
                step(Level::PhysicianOnCall, 120, 300),
            ],
        }
    }

    /// Whether these rules can be put in force.
    pub fn check(&self) -> Result<(), BadRules> {
        for (at, rule) in self.limits.iter().enumerate() {
            let earlier = self.limits.iter().take(at);
            if earlier.clone().any(|other| other.metric == rule.metric) {
                return Err(BadRules::Twice(rule.metric));
            }
            rule.check()?;
        }
        if self.technical.device_gone < Priority::Medium {
            return Err(BadRules::LossIsQuiet);
        }
        let battery = (
            self.technical.battery_very_low_percent,
            self.technical.battery_low_percent,
        );
        if battery.0 >= battery.1 || battery.1 > 50 {
            return Err(BadRules::Battery);
        }
        let climbs = self.ladder.is_sorted_by(|below, above| below.level < above.level);
        let waits = |step: &Step| (15..=900).contains(&step.high_s) && (15..=1_800).contains(&step.medium_s);
        if self.ladder.is_empty() || !climbs || !self.ladder.iter().all(waits) {
            return Err(BadRules::Ladder);
        }
        Ok(())
    }
}

impl LimitRule {
    pub fn check(&self) -> Result<(), BadRules> {
        let metric = self
            .metric
            .metric()
            .filter(|metric| metric.shape == Shape::Numeric)
            .ok_or(BadRules::NoSuchMetric(self.metric))?;
        let numbers = [self.low, self.high]
            .into_iter()
            .flatten()
            .flat_map(|bound| [Some(bound.limit), bound.far])
            .flatten();
        if !numbers.clone().all(|number| metric.accept.contains(number)) {
            return Err(BadRules::OutOfRange(self.metric));
        }
        let less = |a: Decimal, b: Decimal| a.compare(b) == Ordering::Less;
        let order: Vec<Decimal> = [
            self.low.and_then(|low| low.far),
            self.low.map(|low| low.limit),
            self.high.map(|high| high.limit),
            self.high.and_then(|high| high.far),
        ]
        .into_iter()
        .flatten()
        .collect();
        if order.is_empty() || !order.is_sorted_by(|a, b| less(*a, *b)) {
            return Err(BadRules::Order(self.metric));
        }
        let zero = Decimal::whole(0);
        let band = self.low.zip(self.high).map(|(low, high)| (low.limit, high.limit));
        let too_wide =
            band.is_some_and(|(low, high)| self.hysteresis.to_f64() * 2.0 >= high.to_f64() - low.to_f64());
        if less(self.hysteresis, zero) || too_wide || self.delay_s > 60 {
            return Err(BadRules::Patience(self.metric));
        }
        Ok(())
    }
}

/// Why a set of rules can't be put in force. As text: a sentence for the person who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRules {
    NoSuchMetric(MetricCode),
    Twice(MetricCode),
    OutOfRange(MetricCode),
    Order(MetricCode),
    Patience(MetricCode),
    LossIsQuiet,
    Battery,
    Ladder,
}

impl fmt::Display for BadRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |code: &MetricCode| code.metric().map_or("this", |metric: &Metric| metric.label);
        match self {
            BadRules::NoSuchMetric(_) => f.write_str("There is no such value to set a limit for."),
            BadRules::Twice(metric) => write!(f, "{} has limits twice.", name(metric)),
            BadRules::OutOfRange(metric) => {
                write!(f, "A limit of {} is outside what can be measured.", name(metric))
            }
            BadRules::Order(metric) => write!(
                f,
                "The limits of {} have to rise: very low, low, high, very high; at least one is needed.",
                name(metric)
            ),
            BadRules::Patience(metric) => write!(
                f,
                "{} may wait at most 60 s, and what counts as back inside has to lie between its limits.",
                name(metric)
            ),
            BadRules::LossIsQuiet => f.write_str("The loss of a device is at least Medium."),
            BadRules::Battery => {
                f.write_str("The battery's levels have to be below 50 %, the very low one below the low one.")
            }
            BadRules::Ladder => f.write_str(
                "Who is asked has to climb from nurse to physician, each with 15 s to 15 min (High) or 30 min (Medium).",
            ),
        }
    }
}

impl std::error::Error for BadRules {}

/// Of this file's own literals.
fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or(Decimal::whole(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spo2(low: &str, far: &str) -> LimitRule {
        LimitRule {
            metric: codes::SPO2,
            low: Some(Bound {
                limit: decimal(low),
                priority: Priority::Medium,
                far: Some(decimal(far)),
            }),
            high: None,
            delay_s: 10,
            hysteresis: decimal("1"),
        }
    }

    #[test]
    fn the_rules_a_ward_begins_with_can_be_put_in_force() {
        assert_eq!(RuleSet::adult().check(), Ok(()));
    }

    #[test]
    fn a_patients_own_limit_takes_the_place_of_the_units() {
        let rules = RuleSet::adult().with(&[spo2("85", "75")]);
        assert_eq!(
            rules.limit(codes::SPO2).unwrap().low.unwrap().limit,
            decimal("85")
        );
        assert_eq!(rules.limits.len(), RuleSet::adult().limits.len());
        assert_eq!(rules.check(), Ok(()));
    }

    #[test]
    fn what_a_patients_own_limits_change_is_told_with_the_units() {
        let adult = RuleSet::adult();
        assert_eq!(
            adult.changed_by(&[spo2("85", "75")]),
            [(codes::SPO2, Side::Below, Some(decimal("90")), Some(decimal("85")))]
        );
        assert_eq!(adult.changed_by(&[spo2("90", "75")]), []);
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        let with = |rule: LimitRule| RuleSet::adult().with(&[rule]).check();
        assert_eq!(with(spo2("85", "90")), Err(BadRules::Order(codes::SPO2)));
        assert_eq!(with(spo2("101", "90")), Err(BadRules::OutOfRange(codes::SPO2)));
        let slow = LimitRule {
            delay_s: 61,
            ..spo2("90", "80")
        };
        assert_eq!(with(slow), Err(BadRules::Patience(codes::SPO2)));
        let wave = LimitRule {
            metric: codes::PLETH,
            ..spo2("90", "80")
        };
        assert_eq!(with(wave), Err(BadRules::NoSuchMetric(codes::PLETH)));
        let mut twice = RuleSet::adult();
        twice.limits.push(spo2("85", "75"));
        assert_eq!(twice.check(), Err(BadRules::Twice(codes::SPO2)));
    }

    #[test]
    fn the_loss_of_a_device_can_not_be_made_quiet() {
        let mut rules = RuleSet::adult();
        rules.technical.device_gone = Priority::Low;
        assert_eq!(rules.check(), Err(BadRules::LossIsQuiet));
    }

    #[test]
    fn a_ladder_that_goes_down_or_asks_nobody_is_refused() {
        let mut rules = RuleSet::adult();
        rules.ladder.reverse();
        assert_eq!(rules.check(), Err(BadRules::Ladder));
        rules.ladder.clear();
        assert_eq!(rules.check(), Err(BadRules::Ladder));
    }
}
