//! Everything a device can measure, one line per metric in `registry.rs`.
//!
//! A metric is known by its 11073 code on every wire and in the database. What a code means (unit,
//! accepted range, data class) is looked up here and nowhere else.

mod freshness;
mod registry;

pub use freshness::{Freshness, FreshnessBudget};
pub use registry::{METRICS, known};

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt};

use crate::{
    access::DataClass,
    unit::{Decimal, Unit},
};

/// ISO/IEEE 11073-10101 context-free code: `partition * 65536 + term`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricCode(#[n(0)] pub u32);

impl fmt::Debug for MetricCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.metric() {
            Some(metric) => f.write_str(metric.reference_id),
            None => write!(f, "MetricCode({})", self.0),
        }
    }
}

impl MetricCode {
    pub fn metric(self) -> Option<&'static Metric> {
        known(self)
    }

    /// Two nomenclature families name the same thing (airway and ventilator, old and new names):
    /// the code everything else in Fleetward uses.
    pub fn normalised(self) -> Self {
        registry::ALIASES
            .iter()
            .find_map(|(alias, code)| (*alias == self).then_some(*code))
            .unwrap_or(self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Single values, each with its own time.
    Numeric,
    /// Samples at a fixed rate.
    Wave,
}

#[derive(Debug)]
pub struct Metric {
    pub code: MetricCode,
    /// 11073 reference id, upper case.
    pub reference_id: &'static str,
    /// In URLs and CSV files: `heart-rate`.
    pub key: &'static str,
    pub name: &'static str,
    /// As short as on a monitor: `HR`. The portal sets the 2 of SpO2 low.
    pub label: &'static str,
    pub loinc: Option<&'static str>,
    pub unit: Unit,
    pub shape: Shape,
    /// Whole units. A value outside is kept as `implausible` and never shown as valid.
    pub accept: Accept,
    pub class: DataClass,
}

/// Inclusive bounds in whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accept {
    pub low: i64,
    pub high: i64,
}

impl Accept {
    pub fn contains(&self, value: Decimal) -> bool {
        value.compare(Decimal::whole(self.low)) != Ordering::Less
            && value.compare(Decimal::whole(self.high)) != Ordering::Greater
    }
}

impl Metric {
    pub fn by_key(key: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.key == key)
    }
}

/// Shorthands for the metrics that pages and simulators name.
pub mod codes {
    use super::MetricCode;

    pub const HEART_RATE: MetricCode = MetricCode(147_842);
    pub const PULSE_RATE_OXIMETER: MetricCode = MetricCode(149_530);
    pub const PULSE_RATE_CUFF: MetricCode = MetricCode(149_546);
    pub const SPO2: MetricCode = MetricCode(150_456);
    pub const PERFUSION_INDEX: MetricCode = MetricCode(150_448);
    pub const RESPIRATION_RATE: MetricCode = MetricCode(151_562);
    pub const NIBP_SYSTOLIC: MetricCode = MetricCode(150_021);
    pub const NIBP_DIASTOLIC: MetricCode = MetricCode(150_022);
    pub const NIBP_MEAN: MetricCode = MetricCode(150_023);
    pub const TEMPERATURE: MetricCode = MetricCode(150_364);
    pub const ECG_LEAD_II: MetricCode = MetricCode(131_330);
    pub const ECG: MetricCode = MetricCode(131_328);
    pub const PLETH: MetricCode = MetricCode(150_452);
    pub const ARTERIAL_PRESSURE: MetricCode = MetricCode(150_032);
    pub const PUMP_RATE: MetricCode = MetricCode(157_784);
    pub const PUMP_VOLUME_DELIVERED: MetricCode = MetricCode(157_864);
    pub const PUMP_VOLUME_REMAINING: MetricCode = MetricCode(157_872);
    pub const PUMP_TIME_REMAINING: MetricCode = MetricCode(157_916);
    pub const BATTERY_CHARGE: MetricCode = MetricCode(67_996);
    pub const CPAP_USAGE: MetricCode = MetricCode(8_410_712);
    pub const CPAP_AHI: MetricCode = MetricCode(8_410_788);
    pub const CPAP_PRESSURE: MetricCode = MetricCode(8_410_948);
    pub const CPAP_PRESSURE_P95: MetricCode = MetricCode(8_410_958);
    pub const CPAP_SET_PRESSURE: MetricCode = MetricCode(8_410_972);
    pub const CPAP_LEAK: MetricCode = MetricCode(8_411_088);
    pub const CPAP_LEAK_P95: MetricCode = MetricCode(8_411_098);
    pub const GLUCOSE: MetricCode = MetricCode(160_212);
    pub const BODY_WEIGHT: MetricCode = MetricCode(188_736);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_codes_are_unique() {
        for (i, a) in METRICS.iter().enumerate() {
            for b in &METRICS[i + 1..] {
                assert!(
                    a.key != b.key && a.code != b.code,
                    "{} and {}",
                    a.reference_id,
                    b.reference_id
                );
            }
        }
    }

    #[test]
    fn a_saturation_of_100_is_accepted_and_of_101_is_not() {
        let spo2 = codes::SPO2.metric().unwrap();
        assert!(spo2.accept.contains("100.0".parse().unwrap()));
        assert!(!spo2.accept.contains("100.1".parse().unwrap()));
    }

    #[test]
    fn the_old_name_of_a_metric_means_the_same_metric() {
        assert_eq!(MetricCode(151_976).normalised(), MetricCode(151_804));
        assert_eq!(MetricCode(4_711).normalised(), MetricCode(4_711));
    }
}
