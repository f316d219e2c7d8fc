//! What can be wrong at a bed.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use super::AlarmKind;
use crate::{
    metric::{Metric, MetricCode},
    text::FaultCode,
};

/// As text, on the wire and in the database: `below:spo2`, `device-gone`, `reported:F-311`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Condition {
    /// A value is beyond its limit.
    Limit {
        metric: MetricCode,
        side: Side,
    },
    /// A value is beyond the far limit: life may be in danger.
    FarLimit {
        metric: MetricCode,
        side: Side,
    },
    /// An electrode or a probe is off, or the device says that nothing is connected.
    SensorOff(MetricCode),
    /// The device is on the line and sends no value of this channel.
    NoData(MetricCode),
    /// The device is not heard any more.
    DeviceGone,
    BatteryLow,
    BatteryVeryLow,
    /// What the device itself reports, taken as it is.
    Reported(FaultCode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Side {
    Below,
    Above,
}

impl Condition {
    pub const fn kind(&self) -> AlarmKind {
        match self {
            Condition::Limit { .. } | Condition::FarLimit { .. } => AlarmKind::Physiological,
            _ => AlarmKind::Technical,
        }
    }

    pub const fn metric(&self) -> Option<MetricCode> {
        match self {
            Condition::Limit { metric, .. } | Condition::FarLimit { metric, .. } => Some(*metric),
            Condition::SensorOff(metric) | Condition::NoData(metric) => Some(*metric),
            _ => None,
        }
    }

    /// As short as on a monitor, without the value: `SpO2 low`.
    pub fn words(&self) -> String {
        let label = |metric: &MetricCode| metric.metric().map_or("Value", |metric| metric.label);
        let side = |side: &Side| match side {
            Side::Below => "low",
            Side::Above => "high",
        };
        match self {
            Condition::Limit { metric, side: at } => format!("{} {}", label(metric), side(at)),
            Condition::FarLimit { metric, side: at } => format!("{} very {}", label(metric), side(at)),
            Condition::SensorOff(metric) => format!("{} sensor off", label(metric)),
            Condition::NoData(metric) => format!("{} no data", label(metric)),
            Condition::DeviceGone => "No signal".to_owned(),
            Condition::BatteryLow => "Battery low".to_owned(),
            Condition::BatteryVeryLow => "Battery very low".to_owned(),
            Condition::Reported(code) => format!("Fault {code}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |metric: &MetricCode| {
            metric
                .metric()
                .map_or_else(|| metric.0.to_string(), |metric| metric.key.to_owned())
        };
        let side = |side: &Side| match side {
            Side::Below => "below",
            Side::Above => "above",
        };
        match self {
            Condition::Limit { metric, side: at } => write!(f, "{}:{}", side(at), key(metric)),
            Condition::FarLimit { metric, side: at } => write!(f, "far-{}:{}", side(at), key(metric)),
            Condition::SensorOff(metric) => write!(f, "sensor-off:{}", key(metric)),
            Condition::NoData(metric) => write!(f, "no-data:{}", key(metric)),
            Condition::DeviceGone => f.write_str("device-gone"),
            Condition::BatteryLow => f.write_str("battery-low"),
            Condition::BatteryVeryLow => f.write_str("battery-very-low"),
            Condition::Reported(code) => write!(f, "reported:{code}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCondition;

impl fmt::Display for BadCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such alarm condition")
    }
}

impl std::error::Error for BadCondition {}

impl FromStr for Condition {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let (word, of) = text.split_once(':').unwrap_or((text, ""));
        let metric = || {
            Metric::by_key(of)
                .map(|metric| metric.code)
                .or_else(|| of.parse().ok().map(MetricCode))
                .ok_or(BadCondition)
        };
        let limit = |side| {
            Ok(Condition::Limit {
                metric: metric()?,
                side,
            })
        };
        let far = |side| {
            Ok(Condition::FarLimit {
                metric: metric()?,
                side,
            })
        };
        match word {
            "below" => limit(Side::Below),
            "above" => limit(Side::Above),
            "far-below" => far(Side::Below),
            "far-above" => far(Side::Above),
            "sensor-off" => metric().map(Condition::SensorOff),
            "no-data" => metric().map(Condition::NoData),
            "reported" => FaultCode::parse(of)
                .map(Condition::Reported)
                .or(Err(BadCondition)),
            "device-gone" if of.is_empty() => Ok(Condition::DeviceGone),
            "battery-low" if of.is_empty() => Ok(Condition::BatteryLow),
            "battery-very-low" if of.is_empty() => Ok(Condition::BatteryVeryLow),
            _ => Err(BadCondition),
        }
    }
}

impl TryFrom<String> for Condition {
    type Error = BadCondition;

    fn try_from(text: String) -> Result<Self, BadCondition> {
        text.parse()
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> String {
        condition.to_string()
    }
}

#[cfg(feature = "openapi")]
crate::openapi::written_as_text!(Condition, "What is wrong, e.g. `below:spo2` or `device-gone`");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::codes;

    #[test]
    fn every_condition_reads_back_as_written() {
        let metric = codes::SPO2;
        for condition in [
            Condition::Limit {
                metric,
                side: Side::Below,
            },
            Condition::FarLimit {
                metric,
                side: Side::Above,
            },
            Condition::SensorOff(metric),
            Condition::NoData(metric),
            Condition::DeviceGone,
            Condition::BatteryLow,
            Condition::BatteryVeryLow,
            Condition::Reported(FaultCode::parse("F-311").unwrap()),
        ] {
            assert_eq!(
                condition.to_string().parse(),
                Ok(condition.clone()),
                "{condition}"
            );
        }
    }

    #[test]
    fn a_limit_is_about_the_patient_and_a_battery_is_not() {
        let limit = Condition::Limit {
            metric: codes::SPO2,
            side: Side::Below,
        };
        assert_eq!(limit.kind(), AlarmKind::Physiological);
        assert_eq!(Condition::BatteryLow.kind(), AlarmKind::Technical);
        assert_eq!(limit.words(), "SpO2 low");
    }

    #[test]
    fn a_condition_nobody_knows_is_refused() {
        for text in ["", "below:", "below:happiness", "device-gone:spo2", "loud"] {
            assert_eq!(text.parse::<Condition>(), Err(BadCondition), "{text}");
        }
    }
}
