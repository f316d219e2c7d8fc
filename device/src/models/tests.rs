use super::*;
use fleetward_common::{
    devices::link::{NoValue, RawValue},
    metric::{MetricCode, Shape, codes},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn start() -> Instant {
    Instant::from_millis(1_764_072_000_000)
}

fn minutes(count: u64) -> Span {
    Span {
        from: start(),
        until: start() + Duration::from_secs(60 * count),
    }
}

fn monitor(seed: u64, scenario: Scenario) -> Box<dyn DeviceModel> {
    model(DeviceType::PatientMonitor, Character { seed, scenario }).unwrap()
}

fn simulated() -> impl Iterator<Item = DeviceType> {
    let all = DeviceType::ALL.iter().copied();
    all.filter(|kind| !matches!(kind, DeviceType::Ventilator | DeviceType::Scale))
}

type Readings = BTreeMap<MetricCode, Vec<(Instant, RawValue)>>;
type Waves = BTreeMap<MetricCode, Vec<(Instant, i32)>>;

/// By metric, as someone who knows the declared channels would read the frames.
fn unpacked(model: &dyn DeviceModel, frames: &[FrameDraft]) -> (Readings, Waves) {
    let channels: BTreeMap<u16, MetricCode> = model
        .channels()
        .into_iter()
        .map(|channel| (channel.id, channel.metric))
        .collect();
    let (mut readings, mut waves) = (Readings::new(), Waves::new());
    for frame in frames {
        for block in &frame.numerics {
            let list = readings.entry(channels[&block.channel]).or_default();
            list.extend(
                block
                    .readings
                    .iter()
                    .map(|reading| (frame.base.shifted(reading.at), reading.value)),
            );
        }
        for block in &frame.waves {
            let list = waves.entry(channels[&block.channel]).or_default();
            let first = frame.base.shifted(block.start);
            let at = |n: usize| first.shifted(n as i64 * 4_000);
            list.extend(
                block
                    .samples
                    .iter()
                    .enumerate()
                    .map(|(n, sample)| (at(n), sample)),
            );
        }
    }
    (readings, waves)
}

fn values(readings: &[(Instant, RawValue)]) -> Vec<f64> {
    let known = |(_, value): &(Instant, RawValue)| match value {
        RawValue::Known(value) => Some(value.to_f64()),
        RawValue::Absent(_) => None,
    };
    readings.iter().filter_map(known).collect()
}

/// Moments where a wave stands higher than `level` and than its neighbours within `reach` samples.
fn peaks(wave: &[(Instant, i32)], level: i32, reach: usize) -> Vec<Instant> {
    let is_peak = |n: usize| {
        let around = &wave[n.saturating_sub(reach)..(n + reach + 1).min(wave.len())];
        wave[n].1 > level && around.iter().all(|(_, other)| *other <= wave[n].1)
    };
    let mut found: Vec<Instant> = (0..wave.len())
        .filter(|n| is_peak(*n))
        .map(|n| wave[n].0)
        .collect();
    found.dedup_by(|b, a| b.since(*a) < Duration::from_millis(60));
    found
}

#[test]
fn the_same_seed_gives_the_same_frames_and_another_gives_others() {
    for kind in simulated() {
        let frames = |seed| {
            let character = Character {
                seed,
                scenario: Scenario::Stable,
            };
            model(kind, character).unwrap().recalled(minutes(3 * 24 * 60))
        };
        assert_eq!(frames(7), frames(7), "{kind:?}");
        assert_ne!(frames(7), frames(8), "{kind:?}");
    }
}

#[test]
fn a_span_in_two_halves_measures_the_same_as_in_one() {
    for kind in simulated() {
        let model = model(
            kind,
            Character {
                seed: 3,
                scenario: Scenario::Stable,
            },
        )
        .unwrap();
        let whole = minutes(16 * 60);
        let (whole, middle) = match kind {
            DeviceType::PatientMonitor => (minutes(2), start() + Duration::from_millis(61_250)),
            _ => (whole, start() + Duration::from_secs(9 * 3_600 + 7)),
        };
        let mut halves = model.measured(Span {
            until: middle,
            ..whole
        });
        halves.extend(model.measured(Span {
            from: middle,
            ..whole
        }));
        assert_eq!(
            unpacked(&*model, &halves),
            unpacked(&*model, &model.measured(whole)),
            "{kind:?}"
        );
    }
}

#[test]
fn every_value_of_every_device_and_scenario_is_one_that_the_server_accepts() {
    for kind in simulated() {
        for &scenario in Scenario::ALL {
            for seed in 0..4 {
                let model = model(kind, Character { seed, scenario }).unwrap();
                let mut frames = model.recalled(minutes(24 * 60));
                frames.extend(model.measured(minutes(1)));
                let (readings, waves) = unpacked(&*model, &frames);
                for (metric, readings) in readings {
                    let metric = metric.metric().expect("known metric");
                    assert_eq!(metric.shape, Shape::Numeric);
                    for (at, value) in readings {
                        if let RawValue::Known(value) = value {
                            assert!(
                                metric.accept.contains(value),
                                "{kind:?} {scenario} {} {value} at {at:?}",
                                metric.key
                            );
                        }
                    }
                }
                for (metric, samples) in waves {
                    let metric = metric.metric().expect("known metric");
                    assert_eq!(metric.shape, Shape::Wave);
                    let limit = i32::try_from(metric.accept.high * 1_000).unwrap();
                    assert!(
                        samples.iter().all(|(_, sample)| sample.abs() <= limit),
                        "{}",
                        metric.key
                    );
                }
            }
        }
    }
}

#[test]
fn units_and_shapes_are_those_of_the_metrics() {
    for kind in simulated() {
        let model = model(
            kind,
            Character {
                seed: 1,
                scenario: Scenario::Stable,
            },
        )
        .unwrap();
        for channel in model.channels() {
            assert_eq!(channel.unit, channel.metric.metric().unwrap().unit.mdc());
        }
    }
}

#[test]
fn a_quarter_second_of_monitor_is_one_frame_of_two_waves() {
    let span = Span {
        from: start(),
        until: start() + Duration::from_millis(250),
    };
    let frames = monitor(4, Scenario::Stable).measured(span);
    let waves: Vec<_> = frames.iter().filter(|frame| !frame.waves.is_empty()).collect();
    assert_eq!(waves.len(), 1);
    assert_eq!(waves[0].waves.len(), 2);
    assert!(
        waves[0]
            .waves
            .iter()
            .all(|block| (62..=63).contains(&block.samples.len()))
    );
}

#[test]
fn the_pleth_follows_each_beat_of_the_ecg_and_the_heart_rate_counts_them() {
    for (seed, scenario) in [
        (1, Scenario::Stable),
        (2, Scenario::Stable),
        (5, Scenario::Tachycardia),
        (9, Scenario::Desaturation),
    ] {
        let model = monitor(seed, scenario);
        let (readings, waves) = unpacked(&*model, &model.measured(minutes(3)));
        let beats = peaks(&waves[&codes::ECG_LEAD_II], 500, 40);
        let pulses = peaks(&waves[&codes::PLETH], 550, 40);
        assert!(beats.len() > 120, "{} beats", beats.len());

        let delays: Vec<i64> = beats
            .iter()
            .filter_map(|beat| {
                pulses
                    .iter()
                    .find(|pulse| **pulse > *beat)
                    .map(|pulse| pulse.offset_from(*beat) / 1_000)
            })
            .collect();
        assert!(delays.len() + 1 >= beats.len());
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!(
            *least > 200 && *most < 460 && most - least < 90,
            "{least} to {most} ms"
        );
        assert!(beats.len().abs_diff(pulses.len()) <= 1);

        for (at, value) in &readings[&codes::HEART_RATE] {
            let RawValue::Known(rate) = value else {
                panic!("{value:?}")
            };
            let window: Vec<&Instant> = beats
                .iter()
                .filter(|beat| **beat <= *at && at.since(**beat) <= Duration::from_secs(10))
                .collect();
            if at.since(start()) < Duration::from_secs(11) {
                continue;
            }
            let span = window.last().unwrap().since(*window[0]).as_secs_f64();
            let counted = (window.len() - 1) as f64 * 60.0 / span;
            assert!(
                (rate.to_f64() - counted).abs() < 6.0,
                "{rate} shown, {counted} counted"
            );
        }
    }
}

#[test]
fn the_breath_moves_the_heart() {
    let model = monitor(6, Scenario::Stable);
    let (_, waves) = unpacked(&*model, &model.measured(minutes(2)));
    let beats = peaks(&waves[&codes::ECG_LEAD_II], 500, 40);
    let intervals: Vec<f64> = beats
        .windows(2)
        .map(|pair| pair[1].since(pair[0]).as_secs_f64())
        .collect();
    let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let turns = intervals
        .windows(2)
        .filter(|pair| (pair[0] - mean).signum() != (pair[1] - mean).signum())
        .count();
    // Some 14 breaths a minute cross the mean twice each.
    assert!((30..110).contains(&turns), "{turns}");
}

#[test]
fn a_monitor_with_its_leads_off_gives_no_ecg_and_says_why_while_the_finger_probe_goes_on() {
    let model = monitor(3, Scenario::LeadOff);
    let (readings, waves) = unpacked(&*model, &model.measured(minutes(20)));
    let off: Vec<Instant> = readings[&codes::HEART_RATE]
        .iter()
        .filter(|(_, value)| *value == RawValue::Absent(NoValue::SensorOff))
        .map(|(at, _)| *at)
        .collect();
    assert!(off.len() > 600, "{}", off.len());
    for at in &off {
        // At the seam one frame may still hold samples of before.
        let during = |sample: &Instant| sample.offset_from(*at).abs() < 1_000;
        let neighbours_off = off.contains(&at.shifted(-1_000_000)) && off.contains(&at.shifted(1_000_000));
        if neighbours_off {
            assert!(
                !waves[&codes::ECG_LEAD_II]
                    .iter()
                    .any(|(sample, _)| during(sample))
            );
            assert!(
                waves[&codes::PLETH].iter().any(|(sample, _)| during(sample)) || at.micros() % 4_000 != 0
            );
        }
    }
    assert_eq!(
        values(&readings[&codes::SPO2]).len(),
        readings[&codes::SPO2].len()
    );
    assert!(waves[&codes::PLETH].len() == 20 * 60 * 250);
}

#[test]
fn saturation_falls_below_90_in_the_desaturation_scenario_and_never_in_the_stable_one() {
    let lowest = |scenario| {
        let model = monitor(11, scenario);
        let (readings, _) = unpacked(&*model, &model.recalled(minutes(30)));
        values(&readings[&codes::SPO2]).into_iter().fold(100.0, f64::min)
    };
    assert!(lowest(Scenario::Desaturation) < 90.0);
    assert!(lowest(Scenario::Stable) >= 93.0);
}

#[test]
fn the_heart_passes_110_in_the_tachycardia_scenario_and_comes_back() {
    let model = monitor(12, Scenario::Tachycardia);
    let (readings, _) = unpacked(&*model, &model.recalled(minutes(60)));
    let rates = values(&readings[&codes::HEART_RATE]);
    assert!(rates.iter().any(|rate| *rate > 110.0));
    assert!(rates.iter().any(|rate| *rate < 100.0));
}

#[test]
fn a_low_battery_is_a_value_and_a_fault() {
    for kind in simulated().filter(|kind| *kind != DeviceType::Cpap) {
        let low = model(
            kind,
            Character {
                seed: 2,
                scenario: Scenario::BatteryLow,
            },
        )
        .unwrap();
        assert_eq!(low.faults(start()).len(), 1, "{kind:?}");
        let (readings, _) = unpacked(&*low, &low.recalled(minutes(24 * 60)));
        let charges = values(&readings[&codes::BATTERY_CHARGE]);
        assert!(
            !charges.is_empty() && charges.iter().all(|charge| *charge < 15.0),
            "{kind:?}"
        );
        let full = model(
            kind,
            Character {
                seed: 2,
                scenario: Scenario::Stable,
            },
        )
        .unwrap();
        assert!(full.faults(start()).is_empty(), "{kind:?}");
    }
}

#[test]
fn a_device_that_loses_its_network_has_it_most_of_the_time() {
    let model = monitor(5, Scenario::NetworkLoss);
    let connected = (0..1_000)
        .filter(|second| model.has_network(start() + Duration::from_secs(*second)))
        .count();
    assert!((800..1_000).contains(&connected), "{connected}");
}

#[test]
fn twenty_four_beds_look_different() {
    let rates: std::collections::BTreeSet<Vec<i64>> = (1..=24)
        .map(|bed| {
            let model = monitor(bed, Scenario::Stable);
            let (readings, _) = unpacked(&*model, &model.recalled(minutes(1)));
            [codes::HEART_RATE, codes::SPO2, codes::RESPIRATION_RATE]
                .iter()
                .map(|metric| values(&readings[metric])[0] as i64)
                .collect()
        })
        .collect();
    assert!(rates.len() >= 23, "{}", rates.len());
}

#[test]
fn thirty_nights_of_cpap_end_with_one_summary_each_and_keep_the_last_in_detail() {
    let cpap = model(
        DeviceType::Cpap,
        Character {
            seed: 21,
            scenario: Scenario::Stable,
        },
    )
    .unwrap();
    let frames = cpap.recalled(minutes(30 * 24 * 60));
    let (readings, _) = unpacked(&*cpap, &frames);
    let nights = readings[&codes::CPAP_USAGE].len();
    assert!((24..=30).contains(&nights), "{nights}");
    assert_eq!(readings[&codes::CPAP_AHI].len(), nights);
    let detail = &readings[&codes::CPAP_PRESSURE];
    assert!(detail.len() > 2_000);
    assert!(frames.len() < 100, "{} frames", frames.len());
}

#[test]
fn a_pump_never_has_more_left_than_its_bag_and_counts_down() {
    let pump = model(
        DeviceType::InfusionPump,
        Character {
            seed: 8,
            scenario: Scenario::Stable,
        },
    )
    .unwrap();
    let (readings, _) = unpacked(&*pump, &pump.measured(minutes(60)));
    let left = values(&readings[&codes::PUMP_VOLUME_REMAINING]);
    let refills = left.windows(2).filter(|pair| pair[1] > pair[0]).count();
    assert!(refills <= 1);
    assert_eq!(left.len(), 120);
}

#[test]
fn a_month_of_a_home_cuff_is_about_four_readings_a_day() {
    let cuff = model(
        DeviceType::BloodPressureCuff,
        Character {
            seed: 2,
            scenario: Scenario::Stable,
        },
    )
    .unwrap();
    let (readings, _) = unpacked(&*cuff, &cuff.recalled(minutes(30 * 24 * 60)));
    let count = readings[&codes::NIBP_SYSTOLIC].len();
    assert!((100..=120).contains(&count), "{count}");
}

#[test]
fn what_has_no_simulator_says_so() {
    assert!(
        model(
            DeviceType::Ventilator,
            Character {
                seed: 1,
                scenario: Scenario::Stable
            }
        )
        .is_none()
    );
    let unknown = "asleep".parse::<Scenario>().unwrap_err().to_string();
    assert!(unknown.contains("lead_off"), "{unknown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_seed_at_any_time_gives_plausible_vital_signs(seed: u64, hours in 0u64..200_000, scenario in 0usize..6) {
        let model = monitor(seed, Scenario::ALL[scenario]);
        let from = Instant::EPOCH + Duration::from_secs(3_600 * (400_000 + hours));
        let frames = model.measured(Span { from, until: from + Duration::from_secs(4) });
        let (readings, _) = unpacked(&*model, &frames);
        for (metric, list) in readings {
            let accept = metric.metric().unwrap().accept;
            for (_, value) in list {
                if let RawValue::Known(value) = value {
                    prop_assert!(accept.contains(value), "{:?} {}", metric, value);
                }
            }
        }
    }
}
