//! The table `alarm_events`: what happened, in the order in which it was written down.

use std::collections::{HashMap, HashSet};

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, dsl::max,
};
use fleetward_common::{
    alarms::{
        Alarm, Condition, Deed, Ending, Level, OffReason, Presence, Priority,
        lane::{AlarmEvent, AlarmNews, AlarmsOff, BedState, SoundPause},
    },
    id::{AlarmId, BedId, DeviceId, PatientId, PersonId, UnitId},
    time::Instant,
};

use super::limits;
use crate::{
    access::{Acknowledge, Patient, Permit},
    alarms::{bedside::Change, place::Place},
    platform::db::{CorruptRow, DbConnection, DbError, QueryResult, StoredId, instant, micros},
    schema::{alarm_events as events, alarms, bed_silences as silences, people},
};

const CORRUPT: CorruptRow = CorruptRow { what: "alarm event" };

/// Writes one change down. Called by the one thread that writes, so numbers have no holes.
pub fn append(
    connection: &mut DbConnection,
    place: &Place,
    change: &Change,
    now: Instant,
) -> QueryResult<()> {
    let last: Option<i64> = events::table.select(max(events::number)).first(connection)?;
    let (event, alarm, person) = told(change);
    diesel::insert_into(events::table)
        .values((
            events::number.eq(last.unwrap_or(0) + 1),
            events::organisation_id.eq(place.organisation.stored()),
            events::unit_id.eq(place.unit.stored()),
            events::bed_id.eq(place.bed.stored()),
            events::alarm_id.eq(alarm.map(|id| id.stored())),
            events::happened_at.eq(micros(now)),
            events::event.eq(event.as_str()),
            events::person_id.eq(person.map(|id| id.stored())),
        ))
        .execute(connection)
        .map(drop)
}

fn told(change: &Change) -> (AlarmEvent, Option<AlarmId>, Option<PersonId>) {
    match change {
        Change::Raised(episode) => (AlarmEvent::Raised, Some(episode.id), None),
        Change::Latched { alarm, .. } => (AlarmEvent::Latched, Some(*alarm), None),
        Change::Returned { alarm, .. } => (AlarmEvent::Returned, Some(*alarm), None),
        Change::Acknowledged { alarm, by } => (AlarmEvent::Acknowledged, Some(*alarm), Some(*by)),
        Change::Asked { alarm, .. } => (AlarmEvent::Asked, Some(*alarm), None),
        Change::Ended { alarm, .. } => (AlarmEvent::Ended, Some(*alarm), None),
        Change::SoundPaused(pause) => (AlarmEvent::SoundPaused, None, Some(pause.by)),
        Change::SoundResumed { by } => (AlarmEvent::SoundResumed, None, *by),
        Change::SwitchedOff(off) => (AlarmEvent::SwitchedOff, None, Some(off.by)),
        Change::SwitchedOn { by } => (AlarmEvent::SwitchedOn, None, *by),
        Change::LimitsChanged { by } => (AlarmEvent::LimitsChanged, None, Some(*by)),
    }
}

/// The number of the last change of all.
pub fn last_number(connection: &mut DbConnection) -> QueryResult<u64> {
    let last: Option<i64> = events::table.select(max(events::number)).first(connection)?;
    Ok(last.unwrap_or(0).unsigned_abs())
}

/// At most so many changes of this unit after that number, in order.
pub fn after(
    connection: &mut DbConnection,
    unit: UnitId,
    number: u64,
    most: i64,
    now: Instant,
) -> Result<Vec<AlarmNews>, DbError> {
    type Row = (i64, Vec<u8>, Option<Vec<u8>>, i64, String);
    let rows: Vec<Row> = events::table
        .filter(events::unit_id.eq(unit.stored()))
        .filter(events::number.gt(i64::try_from(number).unwrap_or(i64::MAX)))
        .order(events::number)
        .limit(most)
        .select((
            events::number,
            events::bed_id,
            events::alarm_id,
            events::happened_at,
            events::event,
        ))
        .load(connection)?;
    let ids: HashSet<Vec<u8>> = rows.iter().filter_map(|row| row.2.clone()).collect();
    let known: HashMap<AlarmId, Alarm> = by_ids(connection, ids.into_iter().collect())?
        .into_iter()
        .map(|alarm| (alarm.id, alarm))
        .collect();
    let beds: HashSet<Vec<u8>> = rows.iter().map(|row| row.1.clone()).collect();
    let states: HashMap<BedId, BedState> = states_of(connection, beds.into_iter().collect(), now)?
        .into_iter()
        .map(|state| (state.bed, state))
        .collect();
    rows.into_iter()
        .map(|(number, bed, alarm, at, event)| {
            let bed = BedId::restored(&bed)?;
            let alarm = alarm.map(|id| AlarmId::restored(&id)).transpose()?;
            Ok(AlarmNews {
                number: number.unsigned_abs(),
                at: instant(at),
                event: AlarmEvent::parse(&event).ok_or(CORRUPT)?,
                alarm: alarm.and_then(|id| known.get(&id).cloned()),
                state: states.get(&bed).cloned().unwrap_or_else(|| BedState::plain(bed)),
            })
        })
        .collect()
}

/// Open alarms of a unit, oldest first.
pub fn open_in(connection: &mut DbConnection, unit: UnitId) -> Result<Vec<Alarm>, DbError> {
    let ids: Vec<Vec<u8>> = alarms::table
        .filter(alarms::unit_id.eq(unit.stored()))
        .filter(alarms::ended_at.is_null())
        .select(alarms::id)
        .load(connection)?;
    by_ids(connection, ids)
}

/// At which bed this alarm of the patient's was raised, if there is such a one.
pub fn bed_of(
    connection: &mut DbConnection,
    patient: &Permit<Patient, Acknowledge>,
    alarm: AlarmId,
) -> Result<Option<BedId>, DbError> {
    let bed: Option<Vec<u8>> = alarms::table
        .find(alarm.stored())
        .filter(alarms::patient_id.eq(patient.id().stored()))
        .select(alarms::bed_id)
        .first(connection)
        .optional()?;
    Ok(bed.map(|bed| BedId::restored(&bed)).transpose()?)
}

type Ids = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);
type What = (String, String, i64, i64, Option<String>, Option<String>);
type State = (
    Option<i64>,
    Option<Vec<u8>>,
    Option<i64>,
    String,
    Option<i64>,
    Option<String>,
    Option<String>,
);

fn by_ids(connection: &mut DbConnection, ids: Vec<Vec<u8>>) -> Result<Vec<Alarm>, DbError> {
    let rows: Vec<(Ids, What, State)> = alarms::table
        .left_join(people::table)
        .filter(alarms::id.eq_any(ids))
        .order((alarms::raised_at, alarms::id))
        .select((
            (
                alarms::id,
                alarms::unit_id,
                alarms::bed_id,
                alarms::patient_id,
                alarms::device_id,
            ),
            (
                alarms::condition,
                alarms::priority,
                alarms::since,
                alarms::raised_at,
                alarms::value,
                alarms::limit_value,
            ),
            (
                alarms::over_at,
                alarms::acknowledged_by,
                alarms::acknowledged_at,
                alarms::asked_level,
                alarms::ended_at,
                alarms::ended_because,
                people::name.nullable(),
            ),
        ))
        .load(connection)?;
    rows.into_iter().map(alarm).collect()
}

fn alarm((ids, what, state): (Ids, What, State)) -> Result<Alarm, DbError> {
    let (id, unit, bed, patient, device) = ids;
    let (condition, priority, since, raised_at, value, limit) = what;
    let (over_at, by, at, asked, ended_at, because, name) = state;
    let condition: Condition = condition.parse().or(Err(CORRUPT))?;
    let number = |text: Option<String>| text.map(|text| text.parse().or(Err(CORRUPT))).transpose();
    let presence = match (ended_at, because, over_at) {
        (Some(at), Some(because), _) => Presence::Ended {
            at: instant(at),
            because: Ending::parse(&because).ok_or(CORRUPT)?,
        },
        (_, _, Some(over_at)) => Presence::Latched {
            over_at: instant(over_at),
        },
        _ => Presence::Active,
    };
    let acknowledged = match (by, at) {
        (Some(by), Some(at)) => Some(Deed {
            by: PersonId::restored(&by)?,
            name: name.unwrap_or_default(),
            at: instant(at),
        }),
        _ => None,
    };
    Ok(Alarm {
        id: AlarmId::restored(&id)?,
        unit: UnitId::restored(&unit)?,
        bed: BedId::restored(&bed)?,
        patient: PatientId::restored(&patient)?,
        device: DeviceId::restored(&device)?,
        kind: condition.kind(),
        condition,
        priority: Priority::parse(&priority).ok_or(CORRUPT)?,
        since: instant(since),
        raised_at: instant(raised_at),
        value: number(value)?,
        limit: number(limit)?,
        presence,
        acknowledged,
        asked: Level::parse(&asked).ok_or(CORRUPT)?,
    })
}

/// What is silent or changed at these beds.
pub fn states_of(
    connection: &mut DbConnection,
    beds: Vec<Vec<u8>>,
    now: Instant,
) -> Result<Vec<BedState>, DbError> {
    let mut changed = limits::changed_at(connection, &beds, now)?;
    type Row = (
        Vec<u8>,
        (Option<Vec<u8>>, Option<i64>, Option<String>),
        (Option<Vec<u8>>, Option<String>, Option<i64>),
    );
    let rows: Vec<Row> = silences::table
        .filter(silences::bed_id.eq_any(beds))
        .select((
            silences::bed_id,
            (
                silences::paused_by,
                silences::paused_until,
                silences::paused_alarms,
            ),
            (silences::off_by, silences::off_reason, silences::off_until),
        ))
        .load(connection)?;
    let by: Vec<Vec<u8>> = rows
        .iter()
        .flat_map(|(_, pause, off)| [pause.0.clone(), off.0.clone()])
        .flatten()
        .collect();
    let names: HashMap<Vec<u8>, String> = people::table
        .filter(people::id.eq_any(by))
        .select((people::id, people::name))
        .load::<(Vec<u8>, String)>(connection)?
        .into_iter()
        .collect();
    let name = |id: &Vec<u8>| names.get(id).cloned().unwrap_or_default();
    let mut states: Vec<BedState> = rows
        .into_iter()
        .map(|(bed, pause, off)| {
            let bed = BedId::restored(&bed)?;
            Ok(BedState {
                bed,
                limits: changed.remove(&bed).unwrap_or_default(),
                pause: match pause {
                    (Some(by), Some(until), Some(of)) => Some(SoundPause {
                        by: name(&by),
                        until: instant(until),
                        of: serde_json::from_str(&of).or(Err(CORRUPT))?,
                    }),
                    _ => None,
                },
                off: match off {
                    (Some(by), Some(reason), Some(until)) => Some(AlarmsOff {
                        by: name(&by),
                        reason: OffReason::parse(&reason).ok_or(CORRUPT)?,
                        until: instant(until),
                    }),
                    _ => None,
                },
            })
        })
        .collect::<Result<_, DbError>>()?;
    // Beds of which nothing was ever silent have no row.
    states.extend(changed.into_iter().map(|(bed, limits)| BedState {
        limits,
        ..BedState::plain(bed)
    }));
    Ok(states)
}

/// Beds of a unit.
pub fn beds_of(connection: &mut DbConnection, unit: UnitId) -> QueryResult<Vec<Vec<u8>>> {
    use crate::schema::beds;
    beds::table
        .filter(beds::unit_id.eq(unit.stored()))
        .select(beds::id)
        .load(connection)
}
