//! Mr Ito's bed: what is said aloud, what is not, and who owns it.

use std::time::Duration;

use fleetward_common::{
    alarms::{Condition, Ending, Level, OffReason, Presence, Priority, Side, Signal},
    id::{AlarmId, DeviceId, PersonId},
    metric::codes,
    time::Instant,
};

use crate::alarms::{
    bedside::{Bedside, Change, Event, Refused},
    device_watch::Finding,
};

fn at(second: i64) -> Instant {
    Instant::from_millis(1_764_000_000_000 + second * 1_000)
}

fn rashida() -> PersonId {
    PersonId::new(at(0), [1; 10])
}

fn tom() -> PersonId {
    PersonId::new(at(0), [2; 10])
}

fn monitor() -> DeviceId {
    DeviceId::new(at(0), [3; 10])
}

const SPO2_LOW: Condition = Condition::Limit {
    metric: codes::SPO2,
    side: Side::Below,
};
const SPO2_VERY_LOW: Condition = Condition::FarLimit {
    metric: codes::SPO2,
    side: Side::Below,
};
const HR_HIGH: Condition = Condition::Limit {
    metric: codes::HEART_RATE,
    side: Side::Above,
};

#[derive(Default)]
struct Bed {
    bedside: Bedside,
    ids: u8,
}

impl Bed {
    fn apply(&mut self, second: i64, event: Event) -> Result<Vec<Change>, Refused> {
        let ids = &mut self.ids;
        self.bedside.apply(event, at(second), &mut |now| {
            *ids += 1;
            AlarmId::new(now, [*ids; 10])
        })
    }

    fn begins(&mut self, second: i64, condition: Condition, priority: Priority) -> AlarmId {
        let finding = Finding::Begun {
            condition: condition.clone(),
            priority,
            since: at(second),
            value: None,
            limit: None,
        };
        self.apply(
            second,
            Event::Found {
                device: monitor(),
                finding,
            },
        )
        .unwrap();
        let open = self
            .bedside
            .open
            .iter()
            .find(|episode| episode.condition == condition);
        open.unwrap().id
    }

    fn is_over(&mut self, second: i64, condition: Condition) -> Vec<Change> {
        let finding = Finding::Over {
            condition,
            at: at(second),
        };
        self.apply(
            second,
            Event::Found {
                device: monitor(),
                finding,
            },
        )
        .unwrap()
    }

    fn acknowledge(&mut self, second: i64, alarm: AlarmId, by: PersonId) -> Result<Vec<Change>, Refused> {
        self.apply(second, Event::Acknowledge { alarm, by })
    }

    fn signal(&self, alarm: AlarmId, second: i64) -> Signal {
        self.bedside
            .signal(self.bedside.episode(alarm).unwrap(), at(second))
    }
}

#[test]
fn a_medium_alarm_ends_with_its_cause() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    let ended = Change::Ended {
        alarm,
        at: at(30),
        because: Ending::CauseOver,
    };
    assert_eq!(bed.is_over(30, SPO2_LOW), [ended]);
    assert!(bed.bedside.open.is_empty());
}

#[test]
fn a_high_alarm_waits_for_somebody_after_its_cause_is_over() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_VERY_LOW, Priority::High);
    assert_eq!(
        bed.is_over(30, SPO2_VERY_LOW),
        [Change::Latched {
            alarm,
            over_at: at(30)
        }]
    );
    assert_eq!(bed.signal(alarm, 31), Signal::Sounding);
    let seen = bed.acknowledge(40, alarm, rashida()).unwrap();
    let ended = Change::Ended {
        alarm,
        at: at(40),
        because: Ending::CauseOver,
    };
    assert_eq!(seen, [Change::Acknowledged { alarm, by: rashida() }, ended]);
}

#[test]
fn a_cause_that_is_back_before_anybody_came_is_the_same_alarm() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_VERY_LOW, Priority::High);
    bed.is_over(30, SPO2_VERY_LOW);
    assert_eq!(bed.begins(35, SPO2_VERY_LOW, Priority::High), alarm);
    assert_eq!(bed.bedside.episode(alarm).unwrap().presence, Presence::Active);
}

#[test]
fn an_acknowledged_alarm_that_ends_and_comes_back_rings_again_as_another_one() {
    let mut bed = Bed::default();
    let first = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.acknowledge(5, first, rashida()).unwrap();
    assert_eq!(bed.signal(first, 6), Signal::Acknowledged);
    bed.is_over(30, SPO2_LOW);
    let second = bed.begins(60, SPO2_LOW, Priority::Medium);
    assert_ne!(first, second);
    assert_eq!(bed.signal(second, 61), Signal::Sounding);
}

#[test]
fn two_nurses_who_press_together_are_no_error_and_the_first_owns_it() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.acknowledge(5, alarm, rashida()).unwrap();
    assert_eq!(bed.acknowledge(5, alarm, tom()), Ok(Vec::new()));
    assert_eq!(
        bed.bedside.episode(alarm).unwrap().acknowledged.unwrap().by,
        rashida()
    );
}

#[test]
fn an_alarm_of_another_bed_can_not_be_acknowledged_here() {
    let mut bed = Bed::default();
    let elsewhere = AlarmId::new(at(0), [99; 10]);
    assert_eq!(
        bed.acknowledge(5, elsewhere, rashida()),
        Err(Refused::NoSuchAlarm)
    );
}

#[test]
fn a_pause_hushes_what_is_there_for_two_minutes_and_what_begins_later_sounds() {
    let mut bed = Bed::default();
    let there = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.apply(10, Event::PauseSound { by: rashida() }).unwrap();
    assert_eq!(bed.signal(there, 129), Signal::Paused { until: at(130) });
    let later = bed.begins(20, HR_HIGH, Priority::Medium);
    assert_eq!(bed.signal(later, 21), Signal::Sounding);
    assert_eq!(bed.signal(there, 130), Signal::Sounding);
    assert_eq!(
        bed.apply(131, Event::Tick),
        Ok(vec![Change::SoundResumed { by: None }])
    );
}

#[test]
fn a_saturation_that_gets_worse_breaks_through_its_own_pause() {
    let mut bed = Bed::default();
    let low = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.apply(10, Event::PauseSound { by: rashida() }).unwrap();
    let very_low = bed.begins(20, SPO2_VERY_LOW, Priority::High);
    assert_eq!(bed.signal(very_low, 20), Signal::Sounding);
    assert_eq!(bed.signal(low, 20), Signal::Paused { until: at(130) });
}

#[test]
fn where_nothing_sounds_there_is_nothing_to_pause() {
    let mut bed = Bed::default();
    let pause = Event::PauseSound { by: rashida() };
    assert_eq!(bed.apply(0, pause.clone()), Err(Refused::NothingSounds));
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.acknowledge(1, alarm, rashida()).unwrap();
    assert_eq!(bed.apply(2, pause), Err(Refused::NothingSounds));
}

#[test]
fn a_clock_that_is_set_back_ends_a_pause() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    bed.apply(10, Event::PauseSound { by: rashida() }).unwrap();
    assert_eq!(bed.signal(alarm, -86_400), Signal::Sounding);
}

#[test]
fn off_needs_an_end_and_ends_by_itself() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    let off = |until: Instant| Event::SwitchOff {
        by: rashida(),
        reason: OffReason::Procedure,
        until,
    };
    assert_eq!(bed.apply(0, off(at(0))), Err(Refused::NoEnd));
    assert_eq!(
        bed.apply(0, off(at(0) + Duration::from_secs(12 * 3_600 + 1))),
        Err(Refused::NoEnd)
    );
    bed.apply(0, off(at(600))).unwrap();
    assert_eq!(bed.signal(alarm, 599), Signal::Off { until: at(600) });
    assert_eq!(
        bed.apply(600, Event::Tick),
        Ok(vec![Change::SwitchedOn { by: None }])
    );
    assert_eq!(bed.signal(alarm, 600), Signal::Sounding);
}

#[test]
fn a_patient_who_leaves_takes_alarms_pause_and_off_along() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_VERY_LOW, Priority::High);
    bed.apply(1, Event::PauseSound { by: rashida() }).unwrap();
    let off = Event::SwitchOff {
        by: rashida(),
        reason: OffReason::Away,
        until: at(600),
    };
    bed.apply(1, off).unwrap();
    let changes = bed.apply(2, Event::PatientLeft).unwrap();
    let ended = Change::Ended {
        alarm,
        at: at(2),
        because: Ending::PatientLeft,
    };
    let sound = Change::SoundResumed { by: None };
    assert_eq!(changes, [ended, sound, Change::SwitchedOn { by: None }]);
    assert_eq!(bed.bedside, Bedside::default());
}

#[test]
fn a_device_that_is_taken_away_takes_only_its_own_alarms_along() {
    let mut bed = Bed::default();
    bed.begins(0, SPO2_LOW, Priority::Medium);
    let pump = DeviceId::new(at(0), [9; 10]);
    let finding = Finding::Begun {
        condition: Condition::BatteryLow,
        priority: Priority::Low,
        since: at(1),
        value: None,
        limit: None,
    };
    bed.apply(
        1,
        Event::Found {
            device: pump,
            finding,
        },
    )
    .unwrap();
    bed.apply(2, Event::DeviceLeft { device: monitor() }).unwrap();
    let left: Vec<DeviceId> = bed.bedside.open.iter().map(|episode| episode.device).collect();
    assert_eq!(left, [pump]);
}

#[test]
fn an_acknowledged_alarm_asks_nobody_else() {
    let mut bed = Bed::default();
    let alarm = bed.begins(0, SPO2_LOW, Priority::Medium);
    let ask = |level| Event::Ask { alarm, level };
    let asked = Change::Asked {
        alarm,
        level: Level::ChargeNurse,
    };
    assert_eq!(bed.apply(60, ask(Level::ChargeNurse)), Ok(vec![asked]));
    assert_eq!(bed.apply(61, ask(Level::ChargeNurse)), Ok(Vec::new()));
    bed.acknowledge(62, alarm, tom()).unwrap();
    assert_eq!(bed.apply(180, ask(Level::PhysicianOnCall)), Ok(Vec::new()));
}
