//! The alarms of a ward as this screen knows them: the state that was fetched, and every change since.
//! Pure; `parts/alarm_block.rs` draws them.

use fleetward_common::{
    alarms::{
        Alarm, AlarmKind, Condition, Level, Priority, Side, Signal,
        lane::{AlarmNews, AlarmsOff, BedState, ChangedLimit, SoundPause, WardAlarms},
    },
    id::{AlarmId, BedId},
    metric::MetricCode,
    time::Instant,
};
use std::{cmp::Reverse, collections::HashMap};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alarms {
    /// The last change that is in here.
    heard: u64,
    /// Open ones, highest and oldest first.
    open: Vec<Alarm>,
    /// Of beds of which something is silent or changed.
    beds: HashMap<BedId, BedState>,
}

/// One alarm, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub id: AlarmId,
    pub bed: BedId,
    pub priority: Priority,
    pub technical: bool,
    /// `SpO2 84 %`
    pub what: String,
    /// `below limit 90`; of a technical alarm nothing.
    pub limit: Option<String>,
    /// `< 90`
    pub short_limit: Option<String>,
    pub metric: Option<MetricCode>,
    pub since: Instant,
    /// Whoever has seen it, as printed: `L. Brandt`.
    pub owner: Option<String>,
    /// `LB`
    pub owner_initials: Option<String>,
    pub latched: bool,
    /// Who is asked to come now.
    pub asked: Level,
    pub signal: Signal,
}

impl Shown {
    /// Nobody owns it, and it is not switched off.
    pub const fn calls(&self) -> bool {
        matches!(self.signal, Signal::Sounding | Signal::Paused { .. })
    }
}

/// All that a tile says of its bed's alarms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BedAlarms {
    /// What the tile shows: the loudest.
    pub first: Option<Shown>,
    pub pause: Option<Instant>,
    pub off: Option<Instant>,
    /// Limits that are not the unit's.
    pub limits: Vec<ChangedLimit>,
}

impl BedAlarms {
    /// Of these values.
    pub fn changed<'a>(&'a self, metrics: &'a [MetricCode]) -> impl Iterator<Item = &'a ChangedLimit> {
        self.limits.iter().filter(|limit| metrics.contains(&limit.metric))
    }
}

impl Alarms {
    pub fn fetched(ward: WardAlarms) -> Self {
        let mut alarms = Self {
            heard: ward.number,
            open: ward.alarms,
            beds: ward.beds.into_iter().map(|state| (state.bed, state)).collect(),
        };
        alarms.rank();
        alarms
    }

    pub const fn heard(&self) -> u64 {
        self.heard
    }

    /// Takes each change once, in order. What is in the fetched state already is not told twice.
    pub fn hear(&mut self, news: &[AlarmNews]) {
        for news in news.iter().filter(|news| news.number > self.heard) {
            if let Some(alarm) = &news.alarm {
                self.open.retain(|known| known.id != alarm.id);
                if alarm.presence.is_open() {
                    self.open.push(alarm.clone());
                }
            }
            self.beds.insert(news.state.bed, news.state.clone());
        }
        if let Some(last) = news.last() {
            self.heard = self.heard.max(last.number);
        }
        self.rank();
    }

    fn rank(&mut self) {
        self.open
            .sort_by_key(|alarm| (Reverse(alarm.priority), alarm.since, alarm.id));
    }

    /// Every open alarm of the ward, highest and oldest first. Nothing is left out for its age.
    pub fn all(&self, now: Instant) -> Vec<Shown> {
        self.open.iter().map(|alarm| self.shown(alarm, now)).collect()
    }

    pub fn of_bed(&self, bed: BedId, now: Instant) -> Vec<Shown> {
        let of_bed = self.open.iter().filter(|alarm| alarm.bed == bed);
        of_bed.map(|alarm| self.shown(alarm, now)).collect()
    }

    /// What calls comes before what somebody owns.
    pub fn on_tile(&self, bed: BedId, now: Instant) -> BedAlarms {
        let mut of_bed = self.of_bed(bed, now);
        of_bed.sort_by_key(|alarm| !alarm.calls());
        BedAlarms {
            first: of_bed.into_iter().next(),
            pause: self.pause(bed, now).map(|pause| pause.until),
            off: self.off(bed, now).map(|off| off.until),
            limits: self
                .beds
                .get(&bed)
                .map(|state| state.limits.clone())
                .unwrap_or_default(),
        }
    }

    pub fn alarm(&self, id: AlarmId) -> Option<&Alarm> {
        self.open.iter().find(|alarm| alarm.id == id)
    }

    pub fn pause(&self, bed: BedId, now: Instant) -> Option<&SoundPause> {
        let pause = self.beds.get(&bed)?.pause.as_ref();
        pause.filter(|pause| now < pause.until)
    }

    pub fn off(&self, bed: BedId, now: Instant) -> Option<&AlarmsOff> {
        let off = self.beds.get(&bed)?.off.as_ref();
        off.filter(|off| now < off.until)
    }

    fn signal(&self, alarm: &Alarm, now: Instant) -> Signal {
        if let Some(off) = self.off(alarm.bed, now) {
            return Signal::Off { until: off.until };
        }
        if alarm.acknowledged.is_some() {
            return Signal::Acknowledged;
        }
        match self.pause(alarm.bed, now) {
            Some(pause) if pause.of.contains(&alarm.id) => Signal::Paused { until: pause.until },
            _ => Signal::Sounding,
        }
    }

    fn shown(&self, alarm: &Alarm, now: Instant) -> Shown {
        let owner = alarm.acknowledged.as_ref().map(|deed| deed.name.as_str());
        let (what, limit, short_limit) = words(alarm);
        Shown {
            id: alarm.id,
            bed: alarm.bed,
            priority: alarm.priority,
            technical: alarm.kind == AlarmKind::Technical,
            what,
            limit,
            short_limit,
            metric: alarm.condition.metric(),
            since: alarm.since,
            owner: owner.map(printed),
            owner_initials: owner.map(initials),
            latched: matches!(alarm.presence, fleetward_common::alarms::Presence::Latched { .. }),
            asked: alarm.asked,
            signal: self.signal(alarm, now),
        }
    }
}

fn words(alarm: &Alarm) -> (String, Option<String>, Option<String>) {
    let (Condition::Limit { metric, side } | Condition::FarLimit { metric, side }) = &alarm.condition else {
        return (alarm.condition.words(), None, None);
    };
    let (Some(value), Some(limit)) = (alarm.value, alarm.limit) else {
        return (alarm.condition.words(), None, None);
    };
    let what = metric.metric().map_or_else(
        || format!("Value {value}"),
        |metric| format!("{} {value} {}", metric.label, metric.unit.printed()),
    );
    let (word, sign) = match side {
        Side::Below => ("below", '<'),
        Side::Above => ("above", '>'),
    };
    (
        what,
        Some(format!("{word} limit {limit}")),
        Some(format!("{sign} {limit}")),
    )
}

/// `Louise Brandt`, as printed on a board: `L. Brandt`.
fn printed(name: &str) -> String {
    match name.split_once(' ') {
        Some((first, rest)) => format!("{}. {rest}", first.chars().next().unwrap_or('?')),
        None => name.to_owned(),
    }
}

fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        alarms::{Deed, Presence, lane::AlarmEvent},
        id::{DeviceId, PatientId, PersonId, UnitId},
        metric::codes,
    };
    use std::time::Duration;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOON: Instant = Instant::from_millis(1_796_119_200_000);

    fn bed(number: u8) -> BedId {
        BedId::from_bytes([number; 16])
    }

    fn alarm(number: u8, at: u8, priority: Priority, age: u64) -> Alarm {
        Alarm {
            id: AlarmId::from_bytes([number; 16]),
            unit: UnitId::from_bytes([1; 16]),
            bed: bed(at),
            patient: PatientId::from_bytes([at; 16]),
            device: DeviceId::from_bytes([at; 16]),
            condition: Condition::Limit {
                metric: codes::SPO2,
                side: Side::Below,
            },
            kind: AlarmKind::Physiological,
            priority,
            since: NOON - Duration::from_secs(age),
            raised_at: NOON - Duration::from_secs(age),
            value: "84".parse().ok(),
            limit: "90".parse().ok(),
            presence: Presence::Active,
            acknowledged: None,
            asked: Level::Nurse,
        }
    }

    fn ward(number: u64, alarms: Vec<Alarm>) -> Alarms {
        Alarms::fetched(WardAlarms {
            number,
            alarms,
            beds: Vec::new(),
            server_time: NOON,
        })
    }

    fn news(number: u64, event: AlarmEvent, alarm: Alarm) -> AlarmNews {
        AlarmNews {
            number,
            at: NOON,
            event,
            state: BedState::plain(alarm.bed),
            alarm: Some(alarm),
        }
    }

    fn ids(alarms: &Alarms) -> Vec<u8> {
        alarms
            .all(NOON)
            .iter()
            .map(|alarm| alarm.id.as_bytes()[0])
            .collect()
    }

    #[test]
    fn the_strip_has_the_highest_first_and_of_those_the_oldest() {
        let alarms = ward(
            3,
            vec![
                alarm(1, 1, Priority::Low, 500),
                alarm(2, 2, Priority::High, 5),
                alarm(3, 3, Priority::High, 60),
                alarm(4, 4, Priority::Medium, 900),
            ],
        );
        assert_eq!(ids(&alarms), [3, 2, 4, 1]);
    }

    #[test]
    fn a_change_counts_once_also_when_it_was_in_what_was_fetched() {
        let mut alarms = ward(5, vec![alarm(1, 1, Priority::High, 5)]);
        // Number 5 ended it before it was raised anew as 6 under another id.
        let mut ended = alarm(1, 1, Priority::High, 5);
        ended.presence = Presence::Ended {
            at: NOON,
            because: fleetward_common::alarms::Ending::CauseOver,
        };
        alarms.hear(&[news(5, AlarmEvent::Ended, ended.clone())]);
        assert_eq!(ids(&alarms), [1]);
        alarms.hear(&[
            news(6, AlarmEvent::Ended, ended),
            news(7, AlarmEvent::Raised, alarm(2, 1, Priority::Low, 0)),
        ]);
        assert_eq!((ids(&alarms), alarms.heard()), (vec![2], 7));
    }

    #[test]
    fn what_calls_is_on_the_tile_before_what_somebody_owns() {
        let mut owned = alarm(1, 1, Priority::High, 60);
        owned.acknowledged = Some(Deed {
            by: PersonId::from_bytes([9; 16]),
            name: "Louise Brandt".to_owned(),
            at: NOON,
        });
        let alarms = ward(1, vec![owned, alarm(2, 1, Priority::Medium, 5)]);
        let first = alarms.on_tile(bed(1), NOON).first.unwrap();
        assert_eq!((first.id.as_bytes()[0], first.calls()), (2, true));
        let all = alarms.of_bed(bed(1), NOON);
        assert_eq!(all[0].owner.as_deref(), Some("L. Brandt"));
        assert_eq!(all[0].owner_initials.as_deref(), Some("LB"));
        assert_eq!(
            (first.what.as_str(), first.limit.as_deref()),
            ("SpO2 84 %", Some("below limit 90"))
        );
    }

    #[test]
    fn a_pause_is_for_what_was_there_and_ends_with_its_time() {
        let mut alarms = ward(1, vec![alarm(1, 1, Priority::High, 60)]);
        let mut paused = news(2, AlarmEvent::SoundPaused, alarm(1, 1, Priority::High, 60));
        paused.state.pause = Some(SoundPause {
            by: "Rashida Amadi".to_owned(),
            until: NOON + Duration::from_secs(120),
            of: vec![AlarmId::from_bytes([1; 16])],
        });
        let mut later = news(3, AlarmEvent::Raised, alarm(2, 1, Priority::Medium, 0));
        later.state = paused.state.clone();
        alarms.hear(&[paused, later]);
        let signals = |now| {
            alarms
                .of_bed(bed(1), now)
                .iter()
                .map(|alarm| alarm.signal)
                .collect::<Vec<_>>()
        };
        let until = NOON + Duration::from_secs(120);
        assert_eq!(signals(NOON), [Signal::Paused { until }, Signal::Sounding]);
        assert_eq!(signals(until), [Signal::Sounding, Signal::Sounding]);
    }
}
