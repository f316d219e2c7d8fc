//! The registry. Codes, LOINC, UCUM: IEEE 11073-10101, LOINC, UCUM as published; "accept" bounds are
//! engineering plausibility, not from a standard. Codes above 67108864 (partition 1024) are private
//! to Fleetward: the field has no verified public code for them.

use super::{Accept, Metric, MetricCode, Shape};
use crate::{
    access::DataClass::{self, Clinical, Technical, Usage},
    unit::Unit::{self, *},
};

pub fn known(code: MetricCode) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.code == code)
}

pub(super) const ALIASES: &[(MetricCode, MetricCode)] = &[
    (MetricCode(151_578), MetricCode(151_562)), // impedance respiration rate
    (MetricCode(151_570), MetricCode(151_562)), // airway respiration rate
    (MetricCode(151_594), MetricCode(151_562)), // CO2 respiration rate
    (MetricCode(151_976), MetricCode(151_804)), // ventilator PEEP
    (MetricCode(151_957), MetricCode(151_817)), // ventilator PIP
    (MetricCode(151_980), MetricCode(151_868)), // ventilator tidal volume
    (MetricCode(152_004), MetricCode(151_880)), // ventilator minute volume
];

#[expect(
    clippy::too_many_arguments,
    reason = "one line of the table below, read as columns"
)]
const fn metric(
    code: u32,
    reference_id: &'static str,
    key: &'static str,
    name: &'static str,
    label: &'static str,
    loinc: Option<&'static str>,
    unit: Unit,
    low: i64,
    high: i64,
    class: DataClass,
) -> Metric {
    let (code, accept) = (MetricCode(code), Accept { low, high });
    Metric {
        code,
        reference_id,
        key,
        name,
        label,
        loinc,
        unit,
        shape: Shape::Numeric,
        accept,
        class,
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one line of the table below, read as columns"
)]
const fn wave(
    code: u32,
    reference_id: &'static str,
    key: &'static str,
    name: &'static str,
    label: &'static str,
    unit: Unit,
    low: i64,
    high: i64,
) -> Metric {
    let (code, accept) = (MetricCode(code), Accept { low, high });
    let (shape, loinc, class) = (Shape::Wave, None, Clinical);
    Metric {
        code,
        reference_id,
        key,
        name,
        label,
        loinc,
        unit,
        shape,
        accept,
        class,
    }
}

const PRIVATE: u32 = 67_108_864;

#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    // Bedside monitor
    metric(147_842, "MDC_ECG_HEART_RATE", "heart-rate", "Heart rate", "HR", Some("8867-4"), BeatPerMinute, 0, 350, Clinical),
    metric(149_530, "MDC_PULS_OXIM_PULS_RATE", "pulse-rate", "Pulse rate, oximeter", "PR", Some("8867-4"), BeatPerMinute, 20, 350, Clinical),
    metric(149_546, "MDC_PULS_RATE_NON_INV", "pulse-rate-cuff", "Pulse rate, cuff", "PR", Some("8867-4"), BeatPerMinute, 20, 350, Clinical),
    metric(150_456, "MDC_PULS_OXIM_SAT_O2", "spo2", "Oxygen saturation", "SpO2", Some("59408-5"), Percent, 0, 100, Clinical),
    metric(150_448, "MDC_PULS_OXIM_PERF_REL", "perfusion-index", "Perfusion index", "PI", None, Percent, 0, 30, Clinical),
    metric(151_562, "MDC_RESP_RATE", "respiration-rate", "Respiration rate", "RR", Some("9279-1"), BreathPerMinute, 0, 150, Clinical),
    metric(150_021, "MDC_PRESS_BLD_NONINV_SYS", "nibp-systolic", "Blood pressure, systolic", "SYS", Some("8480-6"), MillimetreOfMercury, 30, 300, Clinical),
    metric(150_022, "MDC_PRESS_BLD_NONINV_DIA", "nibp-diastolic", "Blood pressure, diastolic", "DIA", Some("8462-4"), MillimetreOfMercury, 10, 220, Clinical),
    metric(150_023, "MDC_PRESS_BLD_NONINV_MEAN", "nibp-mean", "Blood pressure, mean", "MAP", Some("8478-0"), MillimetreOfMercury, 20, 250, Clinical),
    metric(150_364, "MDC_TEMP_BODY", "temperature", "Body temperature", "Temp", Some("8310-5"), DegreeCelsius, 20, 45, Clinical),
    metric(151_708, "MDC_AWAY_CO2_ET", "etco2", "End-tidal CO2", "EtCO2", Some("19891-1"), MillimetreOfMercury, 0, 150, Clinical),
    wave(131_328, "MDC_ECG_ELEC_POTL", "ecg", "ECG", "ECG", Millivolt, -10, 10),
    wave(131_329, "MDC_ECG_ELEC_POTL_I", "ecg-i", "ECG lead I", "I", Millivolt, -10, 10),
    wave(131_330, "MDC_ECG_ELEC_POTL_II", "ecg-ii", "ECG lead II", "II", Millivolt, -10, 10),
    wave(131_389, "MDC_ECG_ELEC_POTL_III", "ecg-iii", "ECG lead III", "III", Millivolt, -10, 10),
    wave(150_452, "MDC_PULS_OXIM_PLETH", "pleth", "Plethysmogram", "Pleth", One, -100_000, 100_000),
    wave(150_032, "MDC_PRESS_BLD_ART", "arterial-pressure", "Arterial pressure", "ABP", MillimetreOfMercury, -50, 300),
    // Infusion pump
    metric(157_784, "MDC_FLOW_FLUID_PUMP", "infusion-rate", "Infusion rate", "Rate", None, MillilitrePerHour, 0, 1_200, Clinical),
    metric(157_864, "MDC_VOL_FLUID_DELIV", "volume-infused", "Volume infused", "Infused", None, Millilitre, 0, 9_999, Clinical),
    metric(157_872, "MDC_VOL_FLUID_TBI_REMAIN", "volume-remaining", "Volume remaining", "Left", None, Millilitre, 0, 9_999, Clinical),
    metric(157_916, "MDC_TIME_PD_REMAIN", "time-remaining", "Time remaining", "Time left", None, Minute, 0, 99_999, Clinical),
    // Ventilator
    metric(151_804, "MDC_PRESS_AWAY_END_EXP_POS", "peep", "PEEP", "PEEP", Some("76248-4"), CentimetreOfWater, -5, 50, Clinical),
    metric(151_817, "MDC_PRESS_AWAY_INSP_PEAK", "pip", "Peak inspiratory pressure", "PIP", Some("76531-3"), CentimetreOfWater, 0, 120, Clinical),
    metric(151_868, "MDC_VOL_AWAY_TIDAL", "tidal-volume", "Tidal volume", "VT", Some("76222-9"), Millilitre, 0, 3_000, Clinical),
    metric(151_880, "MDC_VOL_MINUTE_AWAY", "minute-volume", "Minute volume", "MV", Some("76009-0"), LitrePerMinute, 0, 60, Clinical),
    // Sleep therapy
    metric(8_410_712, "MDC_SABTE_TIME_PD_USAGE_TOTAL", "therapy-usage", "Therapy usage", "Usage", None, Minute, 0, 1_440, Clinical),
    metric(8_410_788, "MDC_SABTE_AHI", "ahi", "Apnoea-hypopnoea index", "AHI", Some("69990-0"), EventPerHour, 0, 200, Clinical),
    metric(8_410_948, "MDC_SABTE_PRESS", "therapy-pressure", "Mask pressure", "Pressure", None, CentimetreOfWater, 0, 40, Clinical),
    metric(8_410_958, "MDC_SABTE_PRESS_P95", "therapy-pressure-p95", "Mask pressure, 95th percentile", "Pressure 95", None, CentimetreOfWater, 0, 40, Clinical),
    metric(8_410_972, "MDC_SABTE_CPAP_SET", "set-pressure", "Set pressure", "Set", None, CentimetreOfWater, 0, 40, Clinical),
    metric(8_411_088, "MDC_SABTE_VOL_LEAK", "leak", "Leak", "Leak", None, LitrePerMinute, 0, 150, Clinical),
    metric(8_411_098, "MDC_SABTE_VOL_LEAK_P95", "leak-p95", "Leak, 95th percentile", "Leak 95", None, LitrePerMinute, 0, 150, Clinical),
    metric(PRIVATE + 101, "FLEETWARD_FLOW_LIMITATION", "flow-limitation", "Flow limitation", "FL", None, One, 0, 1, Clinical),
    metric(PRIVATE + 102, "FLEETWARD_SNORE", "snore", "Snore index", "Snore", None, One, 0, 100, Clinical),
    wave(PRIVATE + 103, "FLEETWARD_AIRWAY_FLOW", "airway-flow", "Airway flow", "Flow", LitrePerMinute, -300, 300),
    wave(PRIVATE + 104, "FLEETWARD_AIRWAY_PRESSURE", "airway-pressure", "Airway pressure", "Paw", CentimetreOfWater, -20, 120),
    // Home devices
    metric(160_212, "MDC_CONC_GLU_ISF", "glucose", "Glucose, interstitial", "Glucose", Some("99504-3"), MilligramPerDecilitre, 20, 600, Clinical),
    metric(188_736, "MDC_MASS_BODY_ACTUAL", "body-weight", "Body weight", "Weight", Some("29463-7"), Kilogram, 1, 400, Clinical),
    // What the device says of itself
    metric(67_996, "MDC_ATTR_VAL_BATT_CHARGE", "battery", "Battery charge", "Battery", None, Percent, 0, 100, Technical),
    metric(PRIVATE + 201, "FLEETWARD_OPERATING_HOURS", "operating-hours", "Operating hours", "Hours", None, Hour, 0, 200_000, Usage),
];
