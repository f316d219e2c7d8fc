//! What alarms at a bedside monitor, and what does not.

use std::time::Duration;

use fleetward_common::{
    alarms::{Bound, Condition, Priority, RuleSet, Side},
    devices::{Connection, Reading, Value, link::NoValue},
    live::TechnicalUpdate,
    metric::{MetricCode, codes},
    text::FaultCode,
    time::Instant,
    unit::Decimal,
};

use crate::alarms::device_watch::{DeviceWatch, Finding, Observation};

const SPO2_LOW: Condition = Condition::Limit {
    metric: codes::SPO2,
    side: Side::Below,
};
const SPO2_VERY_LOW: Condition = Condition::FarLimit {
    metric: codes::SPO2,
    side: Side::Below,
};

fn at(second: i64) -> Instant {
    Instant::from_millis(1_764_000_000_000 + second * 1_000)
}

/// Mr Ito's monitor, under the ward's own rules.
struct Bedside {
    watch: DeviceWatch,
    rules: RuleSet,
    found: Vec<(Instant, Finding)>,
}

impl Bedside {
    fn connected() -> Self {
        let mut bedside = Self {
            watch: DeviceWatch::default(),
            rules: RuleSet::adult(),
            found: Vec::new(),
        };
        bedside.line(0, Connection::Connected { since: at(0) });
        bedside
    }

    fn see(&mut self, observation: &Observation, now: Instant) {
        let found = self.watch.observe(observation, &self.rules, now);
        self.found.extend(found.into_iter().map(|finding| (now, finding)));
    }

    fn tick(&mut self, second: i64) {
        self.see(&Observation::Tick, at(second));
    }

    fn arrives(&mut self, metric: MetricCode, measured: i64, value: Value, arrived: i64) {
        let reading = Reading {
            at: at(measured),
            value,
            unrecorded: false,
        };
        let observation = Observation::Measured {
            metric,
            interval_ms: 1_000,
            reading,
        };
        self.see(&observation, at(arrived));
    }

    fn spo2(&mut self, seconds: std::ops::Range<i64>, value: i64) {
        for second in seconds {
            self.arrives(codes::SPO2, second, Value::Known(Decimal::whole(value)), second);
            self.tick(second);
        }
    }

    fn off(&mut self, metric: MetricCode, seconds: std::ops::Range<i64>) {
        for second in seconds {
            self.arrives(metric, second, Value::Absent(NoValue::SensorOff), second);
            self.tick(second);
        }
    }

    fn technical(&mut self, second: i64, battery: Option<i64>, faults: &[&str]) {
        let update = TechnicalUpdate {
            connection: Connection::Connected { since: at(0) },
            last_seen: Some(at(second)),
            battery_percent: battery.map(Decimal::whole),
            faults: faults
                .iter()
                .map(|code| FaultCode::parse(code).unwrap())
                .collect(),
        };
        self.see(&Observation::Technical(update), at(second));
    }

    fn line(&mut self, second: i64, connection: Connection) {
        let update = TechnicalUpdate {
            connection,
            last_seen: None,
            battery_percent: None,
            faults: Vec::new(),
        };
        self.see(&Observation::Technical(update), at(second));
    }

    /// `+below:spo2 since 3` and `-below:spo2 at 20`, in the order in which they were found.
    fn told(&self) -> Vec<String> {
        let second = |instant: Instant| (instant.millis() - at(0).millis()) / 1_000;
        self.found
            .iter()
            .map(|(_, finding)| match finding {
                Finding::Begun { condition, since, .. } => format!("+{condition} since {}", second(*since)),
                Finding::Over { condition, at } => format!("-{condition} at {}", second(*at)),
            })
            .collect()
    }
}

#[test]
fn a_saturation_that_falls_alarms_as_medium_then_very_low_as_high_and_each_is_over_on_its_own() {
    let mut ito = Bedside::connected();
    ito.spo2(0..20, 96);
    ito.spo2(20..40, 88);
    ito.spo2(40..60, 78);
    ito.spo2(60..62, 85);
    ito.spo2(62..64, 95);
    assert_eq!(
        ito.told(),
        [
            "+below:spo2 since 20",
            "+far-below:spo2 since 40",
            "-far-below:spo2 at 60",
            "-below:spo2 at 62",
        ]
    );
    let priorities: Vec<Priority> = ito
        .found
        .iter()
        .filter_map(|(_, finding)| match finding {
            Finding::Begun { priority, .. } => Some(*priority),
            Finding::Over { .. } => None,
        })
        .collect();
    assert_eq!(priorities, [Priority::Medium, Priority::High]);
}

#[test]
fn what_arrives_sixteen_seconds_late_never_alarms() {
    let mut ito = Bedside::connected();
    for second in 0..60 {
        ito.arrives(codes::SPO2, second, Value::Known(Decimal::whole(70)), second + 16);
    }
    assert_eq!(ito.told(), Vec::<String>::new());
}

#[test]
fn what_was_measured_before_what_is_known_already_changes_nothing() {
    let mut ito = Bedside::connected();
    ito.spo2(0..15, 88);
    assert_eq!(ito.told(), ["+below:spo2 since 0"]);
    ito.arrives(codes::SPO2, 5, Value::Known(Decimal::whole(97)), 15);
    assert_eq!(ito.told().len(), 1);
}

#[test]
fn a_value_that_grows_old_does_not_end_its_alarm() {
    let mut ito = Bedside::connected();
    ito.spo2(0..15, 70);
    ito.line(20, Connection::Gone { since: at(15) });
    for second in 20..4_000 {
        ito.tick(second);
    }
    assert!(ito.watch.standing().contains(&SPO2_LOW));
    assert!(ito.watch.standing().contains(&SPO2_VERY_LOW));
}

#[test]
fn an_implausible_value_neither_begins_nor_ends_an_alarm() {
    let mut ito = Bedside::connected();
    for second in 0..30 {
        ito.arrives(codes::SPO2, second, Value::Implausible(Decimal::whole(0)), second);
    }
    assert!(!ito.watch.standing().contains(&SPO2_LOW));
}

#[test]
fn a_probe_that_slips_for_a_moment_is_nothing_and_one_that_stays_off_is_a_technical_alarm() {
    let mut ito = Bedside::connected();
    ito.spo2(0..5, 96);
    ito.off(codes::SPO2, 5..9);
    ito.spo2(9..12, 96);
    assert_eq!(ito.told(), Vec::<String>::new());
    ito.off(codes::SPO2, 12..30);
    ito.spo2(30..31, 96);
    assert_eq!(
        ito.told(),
        ["+sensor-off:spo2 since 12", "-sensor-off:spo2 at 30"]
    );
}

#[test]
fn a_channel_that_falls_silent_on_a_living_line_alarms_since_its_last_value() {
    let mut ito = Bedside::connected();
    ito.spo2(0..10, 96);
    for second in 10..30 {
        ito.tick(second);
    }
    ito.spo2(30..31, 96);
    assert_eq!(ito.told(), ["+no-data:spo2 since 9", "-no-data:spo2 at 30"]);
}

#[test]
fn a_signal_that_can_not_be_read_is_no_data_after_a_while() {
    let mut ito = Bedside::connected();
    ito.spo2(0..10, 96);
    for second in 10..40 {
        ito.arrives(codes::SPO2, second, Value::Absent(NoValue::Unreadable), second);
        ito.tick(second);
    }
    assert_eq!(ito.told(), ["+no-data:spo2 since 9"]);
}

#[test]
fn a_cuff_between_two_measurements_is_no_alarm() {
    let mut ito = Bedside::connected();
    let reading = Reading {
        at: at(0),
        value: Value::Known(Decimal::whole(120)),
        unrecorded: false,
    };
    let cuff = Observation::Measured {
        metric: codes::NIBP_SYSTOLIC,
        interval_ms: 300_000,
        reading,
    };
    ito.see(&cuff, at(0));
    for second in 0..1_200 {
        ito.tick(second);
    }
    assert_eq!(ito.told(), Vec::<String>::new());
}

#[test]
fn a_pulled_plug_is_one_alarm_since_the_device_was_last_heard() {
    let mut ito = Bedside::connected();
    ito.spo2(0..10, 96);
    ito.line(16, Connection::Gone { since: at(9) });
    for second in 16..120 {
        ito.tick(second);
    }
    ito.line(120, Connection::Connected { since: at(120) });
    ito.spo2(121..123, 96);
    assert_eq!(ito.told(), ["+device-gone since 9", "-device-gone at 120"]);
}

#[test]
fn a_battery_at_its_limit_does_not_flicker() {
    let mut ito = Bedside::connected();
    for (second, percent) in (0..).zip([25, 20, 21, 20, 21, 22, 23]) {
        ito.technical(second, Some(percent), &[]);
    }
    assert_eq!(ito.told(), ["+battery-low since 1", "-battery-low at 5"]);
}

#[test]
fn what_the_device_itself_reports_is_taken_as_it_is() {
    let mut ito = Bedside::connected();
    ito.technical(1, None, &["F-311"]);
    ito.technical(2, None, &["F-311", "F-400"]);
    ito.technical(3, None, &["F-400"]);
    assert_eq!(
        ito.told(),
        [
            "+reported:F-311 since 1",
            "+reported:F-400 since 2",
            "-reported:F-311 at 3"
        ]
    );
}

#[test]
fn an_alarm_that_a_restart_finds_open_is_not_raised_again_and_ends_when_its_cause_is_over() {
    let mut ito = Bedside::connected();
    ito.watch = DeviceWatch::resumed([SPO2_LOW]);
    ito.spo2(0..20, 88);
    assert_eq!(ito.told(), Vec::<String>::new());
    ito.spo2(20..21, 96);
    assert_eq!(ito.told(), ["-below:spo2 at 20"]);
}

#[test]
fn a_limit_that_is_taken_away_ends_its_alarm_and_one_that_is_moved_waits_for_the_next_value() {
    let mut ito = Bedside::connected();
    ito.spo2(0..15, 85);
    let mut own = ito.rules.limit(codes::SPO2).unwrap().clone();
    own.low = Some(Bound {
        limit: Decimal::whole(80),
        priority: Priority::Medium,
        far: None,
    });
    ito.rules = ito.rules.with(&[own]);
    assert_eq!(ito.watch.rules_changed(&ito.rules, at(15)), []);
    ito.spo2(16..17, 85);
    assert_eq!(ito.told(), ["+below:spo2 since 0", "-below:spo2 at 16"]);

    let mut ito = Bedside::connected();
    ito.spo2(0..15, 85);
    ito.rules.limits.retain(|rule| rule.metric != codes::SPO2);
    let over = Finding::Over {
        condition: SPO2_LOW,
        at: at(15),
    };
    assert_eq!(ito.watch.rules_changed(&ito.rules, at(15)), [over]);
}

#[test]
fn a_device_that_sends_ten_seconds_at_once_alarms_as_if_each_value_had_come_alone() {
    let mut ito = Bedside::connected();
    for burst in 0..4 {
        for second in burst * 10..burst * 10 + 10 {
            ito.arrives(
                codes::SPO2,
                second,
                Value::Known(Decimal::whole(85)),
                burst * 10 + 10,
            );
        }
        ito.see(
            &Observation::Tick,
            at(burst * 10 + 10) + Duration::from_millis(500),
        );
    }
    assert_eq!(ito.told(), ["+below:spo2 since 0"]);
}

#[test]
fn a_server_whose_clock_is_set_back_by_a_day_still_alarms() {
    let mut ito = Bedside::connected();
    ito.spo2(86_400..86_405, 96);
    ito.spo2(0..15, 85);
    assert_eq!(ito.told(), ["+below:spo2 since 0"]);
}
