//! A home patient's device in one line: when it last gave a measurement, and the one worth reading. Pure.

use fleetward_common::{
    care::{HomeDevice, Measurement},
    devices::{ChannelState, DeviceType, Reading, Value},
    metric::{MetricCode, codes},
    time::Instant,
};

use crate::devices::{store::summaries::DeviceRow, twin::TwinView};

/// What of this kind of device fits a line, in reading order.
const fn headline_of(device_type: DeviceType) -> &'static [MetricCode] {
    match device_type {
        DeviceType::Cpap | DeviceType::Ventilator => {
            &[codes::CPAP_USAGE, codes::CPAP_AHI, codes::CPAP_LEAK_P95]
        }
        DeviceType::BloodPressureCuff => &[
            codes::NIBP_SYSTOLIC,
            codes::NIBP_DIASTOLIC,
            codes::PULSE_RATE_CUFF,
        ],
        DeviceType::PulseOximeter => &[codes::SPO2, codes::PULSE_RATE_OXIMETER],
        DeviceType::ContinuousGlucoseMonitor => &[codes::GLUCOSE],
        DeviceType::Scale => &[codes::BODY_WEIGHT],
        DeviceType::PatientMonitor => &[codes::HEART_RATE, codes::SPO2],
        DeviceType::InfusionPump => &[codes::PUMP_RATE],
    }
}

/// `clinical: false` leaves the values out for a reader who may only know that the device is there.
pub fn in_one_line(row: &DeviceRow, twin: Option<&TwinView>, clinical: bool) -> HomeDevice {
    let never = TwinView::never_seen();
    let twin = twin.unwrap_or(&never);
    let channels = row.channels(twin);
    let headline = headline_of(row.model.device_type)
        .iter()
        .filter(|_| clinical)
        .filter_map(|metric| measurement(&channels, *metric))
        .collect();
    HomeDevice {
        device: row.id,
        device_type: row.model.device_type,
        model: row.model.name.clone(),
        connection: twin.technical.connection,
        last_data: last_data(&channels),
        expected_interval_s: row.model.expected_interval_s,
        headline,
    }
}

fn measurement(channels: &[ChannelState], metric: MetricCode) -> Option<Measurement> {
    let channel = channels.iter().find(|channel| channel.metric == metric)?;
    let known = |reading: Option<Reading>| match reading {
        Some(Reading {
            at,
            value: Value::Known(value),
            ..
        }) => Some((at, value)),
        _ => None,
    };
    let (at, value) = known(channel.latest).or_else(|| known(channel.last_known))?;
    Some(Measurement {
        metric,
        unit: channel.unit?,
        value,
        at,
    })
}

/// When the newest measurement was made; a line that is open without any says nothing of therapy.
fn last_data(channels: &[ChannelState]) -> Option<Instant> {
    channels
        .iter()
        .flat_map(|channel| [channel.latest, channel.last_known])
        .flatten()
        .filter(|reading| matches!(reading.value, Value::Known(_)))
        .map(|reading| reading.at)
        .max()
}
