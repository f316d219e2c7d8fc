//! The patient's own page: last night or the last measurement in one sentence.

use std::time::Duration;

use fleetward_common::{
    access::DataClass,
    care::{Measurement, OwnPage, Sentence, Tone},
    devices::{DeviceType, Value},
    id::DeviceId,
    metric::{MetricCode, codes},
    time::{Instant, Span},
};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    home,
    night::{self, Heard, MinuteReading, Whose},
    store::{homes, identity, summaries as minutes},
};
use crate::{
    access::{Actor, Device, HistoryPermit, Listing, Read},
    app::App,
    devices::{
        store::summaries::{self, DeviceRow},
        twin::TwinView,
    },
    platform::http::Failure,
    privacy::consents::patient_of,
};

const NIGHTS: usize = 30;
const LOOK_BACK: Duration = Duration::from_secs(32 * 24 * 3_600);
/// Per device, as many as a phone scrolls through.
const MOST_MEASUREMENTS: i64 = 100;
const NIGHTLY: [MetricCode; 3] = [codes::CPAP_USAGE, codes::CPAP_AHI, codes::CPAP_LEAK_P95];
const MEASURED: [MetricCode; 6] = [
    codes::GLUCOSE,
    codes::NIBP_SYSTOLIC,
    codes::NIBP_DIASTOLIC,
    codes::PULSE_RATE_CUFF,
    codes::SPO2,
    codes::BODY_WEIGHT,
];

/// Of the patient's own record, or of the one they act for.
pub async fn own_page(app: &App, actor: &Actor) -> Result<OwnPage, Failure> {
    let patient = patient_of(actor)?;
    let permit = app.access.patient(patient).permit::<Read>(actor).await?;
    let of_devices: Listing<Device, Read> = app.access.listing(actor);
    let keys = app.keys.clone();
    let (time_zone, known, rows, clinical, held) = app
        .db
        .read(move |connection| {
            let time_zone = homes::time_zone(connection, &permit)?;
            let known = identity::of_patient(connection, &keys, &permit)?;
            let on = homes::devices_on(connection, &[patient], &of_devices)?;
            let listed: Vec<DeviceId> = on.devices.into_values().flatten().collect();
            let rows = summaries::of_devices(connection, &listed, &of_devices)?;
            let held = homes::held_by(connection, &permit, &listed)?;
            Ok::<_, Failure>((time_zone, known, rows, on.clinical, held))
        })
        .await?;
    let zone = TimeZone::get(&time_zone).unwrap_or(TimeZone::UTC);
    let listed: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    let twins = app.twins.views(&listed).await?;
    let now = app.clock.now();

    let (mut nightly, mut measured) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| clinical.contains(&row.id)) {
        let (metrics, readings) = match row.model.device_type {
            DeviceType::Cpap | DeviceType::Ventilator => (NIGHTLY.to_vec(), &mut nightly),
            _ => (MEASURED.to_vec(), &mut measured),
        };
        let live = twins.get(&row.id).map(|twin| live_readings(twin, &metrics));
        let span = Span {
            from: now - LOOK_BACK,
            until: now,
        };
        let permit = app
            .access
            .device(row.id)
            .history(actor, DataClass::Clinical, span)
            .await?
            // Who reads may see more than one patient's time with the device; the page is of one.
            .within(held.get(&row.id).map_or(&[], Vec::as_slice));
        readings.extend(readings_of(app, permit, metrics, live.unwrap_or_default()).await?);
    }
    let given_name = known.map(|known| known.given_name).unwrap_or_default();
    let whose = if actor.own_records.contains(&patient) {
        Whose::Yours
    } else {
        Whose::Of(&given_name)
    };
    let has_nights = rows
        .iter()
        .any(|row| matches!(row.model.device_type, DeviceType::Cpap | DeviceType::Ventilator));
    let nights = if has_nights {
        night::nights(&nightly, now, &zone, NIGHTS)
    } else {
        Vec::new()
    };
    let heard = Heard {
        data: nightly.iter().chain(&measured).map(|reading| reading.at).max(),
        line: twins.values().filter_map(|twin| twin.technical.last_seen).max(),
    };
    measured.sort_by_key(|reading| std::cmp::Reverse(reading.at));
    let sentence = if has_nights {
        night::sentence(&nights, heard, &zone, whose)
    } else {
        newest_measurement(&rows, &measured, now, &zone, whose)
            .unwrap_or_else(|| night::no_data(heard, &zone))
    };
    Ok(OwnPage {
        patient,
        sentence,
        given_name,
        time_zone,
        nights,
        measurements: measured.iter().filter_map(measurement).collect(),
        devices: rows
            .iter()
            .map(|row| {
                let twin = twins.get(&row.id).map(AsRef::as_ref);
                home::in_one_line(row, twin, clinical.contains(&row.id))
            })
            .collect(),
        server_time: now,
    })
}

async fn readings_of(
    app: &App,
    permit: HistoryPermit,
    metrics: Vec<MetricCode>,
    mut live: Vec<MinuteReading>,
) -> Result<Vec<MinuteReading>, Failure> {
    // A twin doesn't know who had the device when it measured; the permit's spans do.
    live.retain(|reading| permit.spans().iter().any(|span| span.contains(reading.at)));
    let stored = app.db.read(move |connection| {
        Ok::<_, Failure>(minutes::newest(connection, &permit, &metrics, MOST_MEASUREMENTS)?)
    });
    Ok(with_the_newest(stored.await?, live))
}

/// What the twin shows now, which is on the provider's page too. Roll-ups have it once its minute is over.
fn live_readings(twin: &TwinView, metrics: &[MetricCode]) -> Vec<MinuteReading> {
    twin.channels
        .iter()
        .filter(|channel| metrics.contains(&channel.metric))
        .flat_map(|channel| {
            let shown = [channel.latest, channel.last_known].into_iter().flatten();
            shown.filter_map(|reading| match reading.value {
                Value::Known(value) => Some(MinuteReading {
                    metric: channel.metric,
                    at: reading.at,
                    value,
                }),
                Value::Implausible(_) | Value::Absent(_) => None,
            })
        })
        .collect()
}

/// Of a minute that both know, the live one counts: it is the later.
fn with_the_newest(stored: Vec<MinuteReading>, live: Vec<MinuteReading>) -> Vec<MinuteReading> {
    let of_one_minute = |one: &MinuteReading, other: &MinuteReading| {
        one.metric == other.metric && one.at.minute() == other.at.minute()
    };
    let mut readings: Vec<MinuteReading> = stored
        .into_iter()
        .filter(|stored| !live.iter().any(|live| of_one_minute(stored, live)))
        .collect();
    readings.extend(live);
    readings
}

fn measurement(reading: &MinuteReading) -> Option<Measurement> {
    Some(Measurement {
        metric: reading.metric,
        unit: reading.metric.metric()?.unit,
        value: reading.value,
        at: reading.at,
    })
}

/// The newest of the measurements that matter, unless it is older than its device's habit.
fn newest_measurement(
    rows: &[DeviceRow],
    measured: &[MinuteReading],
    now: Instant,
    zone: &TimeZone,
    whose: Whose<'_>,
) -> Option<Sentence> {
    let of = |metric: MetricCode| measured.iter().find(|reading| reading.metric == metric);
    let habit = |kind: DeviceType| {
        rows.iter()
            .find(|row| row.model.device_type == kind)
            .map(|row| Duration::from_secs(u64::from(row.model.expected_interval_s)))
    };
    let fresh = |reading: &&MinuteReading, kind: DeviceType| {
        habit(kind).is_some_and(|habit| now.since(reading.at) <= habit * 2)
    };
    let glucose = of(codes::GLUCOSE).filter(|reading| fresh(reading, DeviceType::ContinuousGlucoseMonitor));
    let systolic = of(codes::NIBP_SYSTOLIC).filter(|reading| fresh(reading, DeviceType::BloodPressureCuff));
    let diastolic = of(codes::NIBP_DIASTOLIC);
    let pressure = systolic.zip(diastolic).map(|(systolic, diastolic)| {
        let (text, at) = (
            format!("{}/{} mmHg", systolic.value, diastolic.value),
            systolic.at,
        );
        (format!("blood pressure was {text}"), at)
    });
    let glucose = glucose.map(|reading| (format!("glucose was {} mg/dL", reading.value), reading.at));
    let saturation = of(codes::SPO2)
        .filter(|reading| fresh(reading, DeviceType::PulseOximeter))
        .map(|reading| (format!("oxygen saturation was {} %", reading.value), reading.at));
    let (what, at) = glucose.clone().or(saturation).or_else(|| pressure.clone())?;
    let detail = glucose
        .and(pressure)
        .map(|(what, at)| format!("{} {what}, {}.", whose.possessive(), moment(at, now, zone)));
    Some(Sentence {
        text: format!("{} {what}, {}.", whose.possessive(), moment(at, now, zone)),
        detail,
        tone: Tone::Plain,
    })
}

/// `at 13:55` today, `on Tuesday at 13:55` before.
fn moment(at: Instant, now: Instant, zone: &TimeZone) -> String {
    let local = |at: Instant| {
        Timestamp::from_microsecond(at.micros())
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned_datetime(zone.clone())
    };
    let (at, now) = (local(at), local(now));
    if at.date() == now.date() {
        at.strftime("at %H:%M").to_string()
    } else {
        at.strftime("on %A at %H:%M").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::{ChannelState, Reading, Signal},
        metric::FreshnessBudget,
        unit::Decimal,
    };

    fn second(at: i64) -> Instant {
        Instant::from_millis(at * 1_000)
    }

    fn usage(at: i64, minutes: i64) -> MinuteReading {
        MinuteReading {
            metric: codes::CPAP_USAGE,
            at: second(at),
            value: Decimal::whole(minutes),
        }
    }

    #[test]
    fn alan_sees_last_night_as_soon_as_his_provider_does() {
        let reading = Reading {
            at: second(605),
            value: Value::Known(Decimal::whole(412)),
            unrecorded: false,
        };
        let mut twin = TwinView::never_seen();
        twin.channels.push(ChannelState {
            metric: codes::CPAP_USAGE,
            unit: None,
            signal: Signal::Numeric {
                budget: FreshnessBudget { interval_ms: 60_000 },
            },
            latest: Some(reading),
            last_known: None,
        });
        let live = live_readings(&twin, &NIGHTLY);
        assert_eq!(live, [usage(605, 412)]);
        // The roll-up of the minute before is kept, the one of the same minute is older.
        let readings = with_the_newest(vec![usage(540, 400), usage(600, 411)], live);
        assert_eq!(readings, [usage(540, 400), usage(605, 412)]);
    }

    #[test]
    fn what_is_not_of_the_night_is_not_taken_from_the_twin() {
        let mut twin = TwinView::never_seen();
        twin.channels.push(ChannelState {
            metric: codes::BATTERY_CHARGE,
            unit: None,
            signal: Signal::Numeric {
                budget: FreshnessBudget { interval_ms: 60_000 },
            },
            latest: Some(Reading {
                at: second(605),
                value: Value::Known(Decimal::whole(80)),
                unrecorded: false,
            }),
            last_known: None,
        });
        assert!(live_readings(&twin, &NIGHTLY).is_empty());
    }
}
