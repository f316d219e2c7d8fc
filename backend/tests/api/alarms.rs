//! Alarms from a device's value to a nurse who owns them.

use std::time::Duration;

use fleetward::alarms::vigil;
use fleetward_common::{
    alarms::{
        Alarm, Bound, Condition, Level, LimitRule, Presence, Priority, Side,
        lane::{AlarmEvent, AlarmNews, PatientLimits, WardAlarms},
    },
    care::WardBoard,
    live::{ClientMessage, LiveMessage, Topic},
    metric::codes,
    time::Instant,
    unit::Decimal,
};
use serde_json::json;

use crate::{
    care::board_of,
    devices::{Monitor, until},
    emergency::standing_still,
    on_both_engines,
    support::{Delay, Person, Portal, portal::Options, tab::Tab},
};

const HR_HIGH: Condition = Condition::Limit {
    metric: codes::HEART_RATE,
    side: Side::Above,
};
const HR_VERY_HIGH: Condition = Condition::FarLimit {
    metric: codes::HEART_RATE,
    side: Side::Above,
};

async fn alarms(person: &Person<'_>, board: &WardBoard) -> WardAlarms {
    person
        .read(&format!("/api/v1/wards/{}/alarms", board.ward.id))
        .await
}

async fn open(person: &Person<'_>, board: &WardBoard, condition: &Condition) -> Option<Alarm> {
    let open = alarms(person, board).await.alarms;
    open.into_iter().find(|alarm| alarm.condition == *condition)
}

/// One value a second for the last `seconds`, as a monitor on a slow line sends them.
async fn heart_rate(portal: &Portal, monitor: &Monitor, rate: i64, seconds: i64) -> Instant {
    let now = portal.app.clock.now();
    for second in (0..seconds).rev() {
        monitor.measure(now.shifted(-second * 1_000_000), rate).await;
    }
    monitor.agent.settled().await;
    now
}

async fn acknowledge(person: &Person<'_>, alarm: &Alarm) -> u16 {
    let path = format!(
        "/api/v1/patients/{}/alarms/{}/acknowledgement",
        alarm.patient, alarm.id
    );
    person.post(&path, &json!({})).await.status
}

async fn subscribed(portal: &Portal, person: &Person<'_>, topic: Topic, after: u64) -> Tab {
    let mut tab = Tab::open(portal, person).await;
    tab.say(&ClientMessage::Subscribe {
        topic,
        waves: false,
        after: Some(after),
    })
    .await;
    tab.until(|message| matches!(message, LiveMessage::Subscribed { .. }))
        .await;
    tab
}

/// The next changes on the lane.
async fn news(tab: &mut Tab) -> Vec<AlarmNews> {
    let heard = tab
        .until(|message| matches!(message, LiveMessage::Alarms { .. }))
        .await;
    let LiveMessage::Alarms { news, .. } = heard else {
        panic!("{heard:?}")
    };
    news
}

on_both_engines! {
    async fn a_racing_heart_alarms_on_rashidas_board_and_she_owns_it(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let topic = Topic::Alarms(board.ward.id);
        let before = alarms(&rashida, &board).await;
        let mut tab = subscribed(&portal, &rashida, topic, before.number).await;

        let sent = Delay::begins();
        heart_rate(&portal, &monitor, 131, 12).await;
        let raised = loop {
            let told = news(&mut tab).await;
            if let Some(news) = told.into_iter().find(|news| news.event == AlarmEvent::Raised) {
                break news;
            }
        };
        sent.told("an alarm reached an open board");
        let alarm = raised.alarm.expect("the alarm itself");
        assert_eq!((alarm.condition.clone(), alarm.priority), (HR_HIGH, Priority::Medium));
        assert_eq!((alarm.bed, alarm.device), (monitor.bed, monitor.device));
        assert_eq!(alarm.value.map(|value| value.to_string()).as_deref(), Some("131"));
        assert_eq!(open(&rashida, &board, &HR_HIGH).await, Some(alarm.clone()));

        // She acknowledges it, and a second time is no error.
        for _ in 0..2 {
            assert_eq!(acknowledge(&rashida, &alarm).await, 204);
        }
        let owned = open(&rashida, &board, &HR_HIGH).await.expect("still open");
        assert_eq!(owned.acknowledged.map(|deed| deed.name).as_deref(), Some("Rashida Amadi"));
        let events = portal.events_about(alarm.patient).await;
        assert_eq!(events.iter().filter(|event| *event == "alarm_acknowledged").count(), 1);

        // Calm again: it is over.
        heart_rate(&portal, &monitor, 80, 2).await;
        until("the alarm is over", async || open(&rashida, &board, &HR_HIGH).await.is_none()).await;
    }

    async fn the_lane_tells_every_change_once_and_in_order_also_to_who_was_away(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        let before = alarms(&rashida, &board).await.number;
        heart_rate(&portal, &monitor, 150, 12).await;
        until("very high", async || open(&rashida, &board, &HR_VERY_HIGH).await.is_some()).await;
        let very_high = open(&rashida, &board, &HR_VERY_HIGH).await.unwrap();
        heart_rate(&portal, &monitor, 80, 2).await;
        until("it waits for somebody", async || {
            let alarm = open(&rashida, &board, &HR_VERY_HIGH).await;
            alarm.is_some_and(|alarm| matches!(alarm.presence, Presence::Latched { .. }))
        })
        .await;
        assert_eq!(acknowledge(&rashida, &very_high).await, 204);
        assert!(open(&rashida, &board, &HR_VERY_HIGH).await.is_none());

        // A tab that slept through all of it asks for what came after the last it heard.
        let topic = Topic::Alarms(board.ward.id);
        let mut tab = subscribed(&portal, &rashida, topic, before).await;
        let told = news(&mut tab).await;
        let mine: Vec<AlarmEvent> = told
            .iter()
            .filter(|news| news.alarm.as_ref().is_some_and(|alarm| alarm.id == very_high.id))
            .map(|news| news.event)
            .collect();
        use AlarmEvent::{Acknowledged, Ended, Latched, Raised};
        assert_eq!(mine, [Raised, Latched, Acknowledged, Ended]);
        assert!(told.windows(2).all(|pair| pair[0].number < pair[1].number));
    }

    async fn a_restart_forgets_no_alarm_and_raises_none_twice(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let number = {
            let rashida = portal.sign_in("rashida.amadi").await;
            let board = board_of(&rashida).await;
            heart_rate(&portal, &monitor, 131, 12).await;
            until("high", async || open(&rashida, &board, &HR_HIGH).await.is_some()).await;
            open(&rashida, &board, &HR_HIGH).await.unwrap().id
        };
        let portal = portal.restarted(Options::default());
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        monitor.connect(&portal);
        heart_rate(&portal, &monitor, 132, 12).await;
        vigil::round(&portal.app).await.unwrap();
        let again = open(&rashida, &board, &HR_HIGH).await.expect("still open");
        assert_eq!(again.id, number);
        heart_rate(&portal, &monitor, 80, 2).await;
        until("over", async || open(&rashida, &board, &HR_HIGH).await.is_none()).await;
    }

    async fn when_nobody_comes_the_charge_nurse_is_asked_and_then_the_physician_also_after_a_restart(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        heart_rate(&portal, &monitor, 150, 12).await;
        until("very high", async || open(&rashida, &board, &HR_VERY_HIGH).await.is_some()).await;
        let asked = async |person: &Person<'_>| {
            let alarm = open(person, &board, &HR_VERY_HIGH).await;
            alarm.expect("still open").asked
        };
        assert_eq!(asked(&rashida).await, Level::Nurse);
        clock.advance(Duration::from_secs(61));
        until("the charge nurse is asked", async || asked(&rashida).await == Level::ChargeNurse).await;

        let options = Options { clock: clock.clone(), ..Options::default() };
        let portal = portal.restarted(options);
        let rashida = portal.sign_in("rashida.amadi").await;
        assert_eq!(asked(&rashida).await, Level::ChargeNurse);
        clock.advance(Duration::from_secs(61));
        until("the physician is asked", async || asked(&rashida).await == Level::PhysicianOnCall).await;

        // Whoever comes stops it.
        let alarm = open(&rashida, &board, &HR_VERY_HIGH).await.unwrap();
        assert_eq!(acknowledge(&rashida, &alarm).await, 204);
        let alarm = open(&rashida, &board, &HR_VERY_HIGH).await.expect("owned, and still high");
        assert_eq!(alarm.acknowledged.map(|deed| deed.name).as_deref(), Some("Rashida Amadi"));
    }

    async fn rashida_sets_a_patients_own_limit_and_every_board_says_what_is_usual_and_who_changed_it(portal: Portal) {
        let (portal, clock) = standing_still(portal);
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        heart_rate(&portal, &monitor, 131, 12).await;
        until("high", async || open(&rashida, &board, &HR_HIGH).await.is_some()).await;
        let patient = open(&rashida, &board, &HR_HIGH).await.unwrap().patient;
        let path = format!("/api/v1/patients/{patient}/alarm-limits");
        let before: PatientLimits = rashida.read(&path).await;
        assert_eq!((before.version, before.own.len(), before.changed.is_none()), (0, 0, true));

        let usual = before.unit.iter().find(|rule| rule.metric == codes::HEART_RATE).unwrap();
        let mut own = usual.clone();
        own.high = own.high.map(|high| Bound { limit: Decimal::whole(135), ..high });
        let senseless = LimitRule { low: own.high, ..own.clone() };
        let refused = rashida.post(&path, &json!({ "own": [senseless], "version": 0 })).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        let set = rashida.post(&path, &json!({ "own": [own], "version": 0 })).await;
        assert_eq!(set.status, 200, "{}", set.text);
        // Louise read version 0 too, and does not write over it unseen.
        let louise = portal.sign_in("louise.brandt").await;
        assert_eq!(louise.post(&path, &json!({ "own": [], "version": 0 })).await.status, 400);

        // 131 is inside now: with the next value it is over, and the board says why it is quieter than usual.
        clock.advance(Duration::from_secs(3));
        heart_rate(&portal, &monitor, 131, 2).await;
        until("the alarm is over", async || open(&rashida, &board, &HR_HIGH).await.is_none()).await;
        let beds = alarms(&louise, &board).await.beds;
        let state = beds.iter().find(|state| state.bed == monitor.bed).unwrap();
        let [limit] = state.limits.as_slice() else { panic!("{:?}", state.limits) };
        assert_eq!((limit.side, limit.usual, limit.own), (Side::Above, Some(Decimal::whole(120)), Some(Decimal::whole(135))));
        assert_eq!(limit.by, "Rashida Amadi");
        clock.advance(Duration::from_secs(13));
        heart_rate(&portal, &monitor, 137, 12).await;
        until("above the new limit", async || open(&rashida, &board, &HR_HIGH).await.is_some()).await;

        // Back to the unit's: a new version, and nothing on the board differs.
        assert_eq!(louise.post(&path, &json!({ "own": [], "version": 1 })).await.status, 200);
        let after: PatientLimits = louise.read(&path).await;
        assert_eq!((after.version, after.own.len()), (2, 0));
        assert_eq!(after.changed.map(|deed| deed.name).as_deref(), Some("Louise Brandt"));
        assert!(alarms(&louise, &board).await.beds.is_empty());
        // An engineer of the same house sees neither.
        let daniel = portal.sign_in("daniel.brooks").await;
        assert_eq!(daniel.get(&path).await.status, 404);
    }

    async fn a_pause_is_on_every_screen_and_off_needs_who_may_and_an_end(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let louise = portal.sign_in("louise.brandt").await;
        let board = board_of(&rashida).await;
        let (pause, off) = (
            format!("/api/v1/beds/{}/alarms/pause", monitor.bed),
            format!("/api/v1/beds/{}/alarms/off", monitor.bed),
        );
        assert_eq!(rashida.post(&pause, &json!({})).await.status, 400, "nothing sounds");
        heart_rate(&portal, &monitor, 131, 12).await;
        until("high", async || open(&rashida, &board, &HR_HIGH).await.is_some()).await;
        assert_eq!(rashida.post(&pause, &json!({})).await.status, 204);
        let beds = alarms(&louise, &board).await.beds;
        let paused = beds.iter().find(|state| state.bed == monitor.bed).unwrap();
        let paused = paused.pause.as_ref().unwrap();
        assert_eq!((paused.by.as_str(), paused.of.len()), ("Rashida Amadi", 1));

        let now = portal.app.clock.now();
        let until_when = |seconds: u64| json!({ "reason": "procedure", "until": now + Duration::from_secs(seconds) });
        let refused = rashida.post(&off, &until_when(600)).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_permitted"));
        assert_eq!(louise.post(&off, &until_when(13 * 3_600)).await.status, 400);
        assert_eq!(louise.post(&off, &until_when(600)).await.status, 204);
        let beds = alarms(&rashida, &board).await.beds;
        assert!(beds.iter().any(|state| state.off.as_ref().is_some_and(|off| off.by == "Louise Brandt")));
        assert_eq!(louise.delete(&off).await.status, 204);
        assert_eq!(rashida.delete(&pause).await.status, 204);
        assert!(alarms(&rashida, &board).await.beds.is_empty());
    }

    async fn a_nurse_of_another_hospital_and_an_engineer_see_what_is_theirs_and_acknowledge_nothing(portal: Portal) {
        let monitor = Monitor::at_bed_7(&portal).await;
        let rashida = portal.sign_in("rashida.amadi").await;
        let board = board_of(&rashida).await;
        heart_rate(&portal, &monitor, 131, 12).await;
        until("high", async || open(&rashida, &board, &HR_HIGH).await.is_some()).await;
        let alarm = open(&rashida, &board, &HR_HIGH).await.unwrap();
        let ivo = portal.sign_in("ivo.lang").await;
        let path = format!("/api/v1/wards/{}/alarms", board.ward.id);
        assert_eq!(ivo.get(&path).await.status, 404);
        assert_eq!(acknowledge(&ivo, &alarm).await, 404);
        // The engineer hears of devices, never of what they measure.
        let daniel = portal.sign_in("daniel.brooks").await;
        assert!(open(&daniel, &board, &HR_HIGH).await.is_none());
        assert_eq!(acknowledge(&daniel, &alarm).await, 404);
        // Another patient's alarm is no alarm of this one.
        let other = board.beds.iter().find_map(|bed| match bed.occupancy {
            fleetward_common::care::Occupancy::Occupied { patient: Some(patient), .. } if patient != alarm.patient => Some(patient),
            _ => None,
        });
        let elsewhere = Alarm { patient: other.unwrap(), ..alarm };
        assert_eq!(acknowledge(&rashida, &elsewhere).await, 404);
    }
}
