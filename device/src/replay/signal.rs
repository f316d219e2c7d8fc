//! Which column header means which metric, and in which unit its numbers are.

use fleetward_common::{
    devices::{DeviceType, link::NoValue},
    metric::{METRICS, Metric},
};

/// What a zero in a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zero {
    Zero,
    /// Monitors write 0 where nothing is connected. A heart at 0 is never an artefact to show.
    Means(NoValue),
}

#[derive(Debug, Clone, Copy)]
pub struct Signal {
    pub metric: &'static Metric,
    pub zero: Zero,
}

/// Header, metric, zero. The header's last part names the unit that the metric has anyway.
const SIGNALS: &[(&str, &str, Zero)] = &[
    // Bedside waveforms
    ("ecg_mV", "ecg", Zero::Zero),
    ("ecg_i_mV", "ecg-i", Zero::Zero),
    ("ecg_ii_mV", "ecg-ii", Zero::Zero),
    ("ecg_mlii_mV", "ecg-ii", Zero::Zero), // modified lead II of an ambulatory recorder
    ("ecg_iii_mV", "ecg-iii", Zero::Zero),
    ("pleth_au", "pleth", Zero::Zero),
    ("ppg_adc", "pleth", Zero::Zero),
    ("abp_mmHg", "arterial-pressure", Zero::Zero),
    // Monitor numerics
    ("hr_bpm", "heart-rate", DISCONNECTED),
    ("pulse_bpm", "pulse-rate", DISCONNECTED),
    ("resp_bpm", "respiration-rate", DISCONNECTED),
    ("spo2_pct", "spo2", DISCONNECTED),
    ("nbp_sys_mmHg", "nibp-systolic", Zero::Zero),
    ("nbp_dia_mmHg", "nibp-diastolic", Zero::Zero),
    ("nbp_mean_mmHg", "nibp-mean", Zero::Zero),
    ("temp_C", "temperature", Zero::Zero),
    ("etco2_mmHg", "etco2", Zero::Zero),
    // Airway
    ("flow_L_min", "airway-flow", Zero::Zero),
    ("pressure_cmH2O", "airway-pressure", Zero::Zero),
    ("paw_cmH2O", "airway-pressure", Zero::Zero),
    ("mask_pressure_cmH2O", "therapy-pressure", Zero::Zero),
    ("set_pressure_cmH2O", "set-pressure", Zero::Zero),
    ("leak_L_min", "leak", Zero::Zero),
    ("resp_rate_bpm", "respiration-rate", Zero::Zero),
    ("tidal_volume_mL", "tidal-volume", Zero::Zero),
    ("minute_vent_L_min", "minute-volume", Zero::Zero),
    ("flow_limit_0to1", "flow-limitation", Zero::Zero),
    ("snore_au", "snore", Zero::Zero),
    // At home
    ("glucose_mg_dL", "glucose", Zero::Zero),
    ("sys_mmHg", "nibp-systolic", Zero::Zero),
    ("dia_mmHg", "nibp-diastolic", Zero::Zero),
    ("body_weight_kg", "body-weight", Zero::Zero),
];

const DISCONNECTED: Zero = Zero::Means(NoValue::Disconnected);

/// A header of the table, or a metric's own key.
pub fn of_header(header: &str, device_type: Option<DeviceType>) -> Option<Signal> {
    let (key, zero) = SIGNALS
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(header))
        .map_or((header, Zero::Zero), |(_, key, zero)| (*key, *zero));
    let key = match (key, device_type) {
        // A cuff feels the pulse in the arm, not in the finger.
        ("pulse-rate", Some(DeviceType::BloodPressureCuff)) => "pulse-rate-cuff",
        (key, _) => key,
    };
    Metric::by_key(key).map(|metric| Signal { metric, zero })
}

/// For a message: the headers there are.
pub fn known_headers() -> String {
    let headers: Vec<&str> = SIGNALS.iter().map(|(header, _, _)| *header).collect();
    headers.join(", ")
}

/// For a message: the metrics there are.
pub fn known_metrics() -> String {
    let keys: Vec<&str> = METRICS.iter().map(|metric| metric.key).collect();
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(header: &str, device_type: Option<DeviceType>) -> Option<&'static str> {
        of_header(header, device_type).map(|signal| signal.metric.key)
    }

    #[test]
    fn every_header_of_the_table_means_a_metric_that_exists() {
        for (header, key, _) in SIGNALS {
            assert!(Metric::by_key(key).is_some(), "{header} → {key}");
        }
    }

    #[test]
    fn every_header_of_the_table_is_on_the_page_about_replay() {
        let page = include_str!("../../../docs/replay.md");
        for (header, key, _) in SIGNALS {
            assert!(page.contains(&format!("`{header}`")), "{header}");
            assert!(page.contains(&format!("`{key}`")), "{key}");
        }
    }

    #[test]
    fn a_pulse_is_felt_in_the_finger_at_a_bed_and_in_the_arm_at_home() {
        assert_eq!(
            key("pulse_bpm", Some(DeviceType::PatientMonitor)),
            Some("pulse-rate")
        );
        assert_eq!(
            key("pulse_bpm", Some(DeviceType::BloodPressureCuff)),
            Some("pulse-rate-cuff")
        );
    }

    #[test]
    fn a_metrics_own_key_is_a_header_too_and_anything_else_is_not() {
        assert_eq!(key("perfusion-index", None), Some("perfusion-index"));
        assert_eq!(key("mood_au", None), None);
    }
}
