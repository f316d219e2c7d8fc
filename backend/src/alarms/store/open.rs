//! The tables `alarms` and `bed_silences`: what is open now, read back after a restart, and each change of it.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{
    alarms::{Condition, Ending, Level, OffReason, Presence, Priority},
    id::{AlarmId, BedId, DeviceId, OrganisationId, PatientId, PersonId, UnitId},
    time::Instant,
    unit::Decimal,
};

use crate::{
    alarms::{
        bedside::{Acknowledged, Asked, Bedside, Change, Episode, Off, Pause},
        place::Place,
    },
    platform::db::{CorruptRow, DbConnection, DbError, QueryResult, StoredId, instant, micros},
    schema::{alarms, bed_silences as silences},
};

const CORRUPT: CorruptRow = CorruptRow { what: "alarm" };

type Where = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);
type What = (String, String, i64, i64, Option<String>, Option<String>);
type State = (Option<i64>, Option<Vec<u8>>, Option<i64>, String, i64);
type Silence = (
    Vec<u8>,
    (Option<Vec<u8>>, Option<i64>, Option<i64>, Option<String>),
    (Option<Vec<u8>>, Option<String>, Option<i64>, Option<i64>),
);

/// Every one of these places, and every other at which an alarm is still open, as it is now.
pub fn bedsides(
    connection: &mut DbConnection,
    places: impl IntoIterator<Item = Place>,
) -> Result<HashMap<Place, Bedside>, DbError> {
    let rows: Vec<(Where, What, State)> = alarms::table
        .filter(alarms::ended_at.is_null())
        .order((alarms::raised_at, alarms::id))
        .select((
            (
                alarms::id,
                alarms::organisation_id,
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
                alarms::asked_at,
            ),
        ))
        .load(connection)?;
    let mut found: HashMap<Place, Bedside> = places
        .into_iter()
        .map(|place| (place, Bedside::default()))
        .collect();
    for (place, what, state) in rows {
        let (id, organisation, unit, bed, patient, device) = place;
        let place = Place {
            organisation: OrganisationId::restored(&organisation)?,
            unit: UnitId::restored(&unit)?,
            bed: BedId::restored(&bed)?,
            patient: PatientId::restored(&patient)?,
        };
        let episode = episode(AlarmId::restored(&id)?, DeviceId::restored(&device)?, what, state)?;
        found.entry(place).or_default().open.push(episode);
    }
    let silent: Vec<Silence> = silences::table
        .select((
            silences::bed_id,
            (
                silences::paused_by,
                silences::paused_from,
                silences::paused_until,
                silences::paused_alarms,
            ),
            (
                silences::off_by,
                silences::off_reason,
                silences::off_from,
                silences::off_until,
            ),
        ))
        .load(connection)?;
    let mut by_bed: HashMap<BedId, (Option<Pause>, Option<Off>)> = HashMap::new();
    for (bed, pause, off) in silent {
        by_bed.insert(BedId::restored(&bed)?, (paused(pause)?, switched_off(off)?));
    }
    for (place, bedside) in &mut found {
        if let Some((pause, off)) = by_bed.remove(&place.bed) {
            (bedside.pause, bedside.off) = (pause, off);
        }
    }
    Ok(found)
}

fn episode(id: AlarmId, device: DeviceId, what: What, state: State) -> Result<Episode, DbError> {
    let (condition, priority, since, raised_at, value, limit) = what;
    let (over_at, acknowledged_by, acknowledged_at, asked_level, asked_at) = state;
    let number = |text: Option<String>| -> Result<Option<Decimal>, DbError> {
        Ok(text.map(|text| text.parse().or(Err(CORRUPT))).transpose()?)
    };
    let condition: Condition = condition.parse().or(Err(CORRUPT))?;
    let acknowledged = match (acknowledged_by, acknowledged_at) {
        (Some(by), Some(at)) => Some(Acknowledged {
            by: PersonId::restored(&by)?,
            at: instant(at),
        }),
        _ => None,
    };
    Ok(Episode {
        id,
        device,
        condition,
        priority: Priority::parse(&priority).ok_or(CORRUPT)?,
        since: instant(since),
        raised_at: instant(raised_at),
        value: number(value)?,
        limit: number(limit)?,
        presence: over_at.map_or(Presence::Active, |at| Presence::Latched { over_at: instant(at) }),
        acknowledged,
        asked: Asked {
            level: Level::parse(&asked_level).ok_or(CORRUPT)?,
            at: instant(asked_at),
        },
    })
}

fn paused(
    (by, from, until, of): (Option<Vec<u8>>, Option<i64>, Option<i64>, Option<String>),
) -> Result<Option<Pause>, DbError> {
    let (Some(by), Some(from), Some(until), Some(of)) = (by, from, until, of) else {
        return Ok(None);
    };
    Ok(Some(Pause {
        by: PersonId::restored(&by)?,
        from: instant(from),
        until: instant(until),
        of: serde_json::from_str(&of).or(Err(CORRUPT))?,
    }))
}

fn switched_off(
    (by, reason, from, until): (Option<Vec<u8>>, Option<String>, Option<i64>, Option<i64>),
) -> Result<Option<Off>, DbError> {
    let (Some(by), Some(reason), Some(from), Some(until)) = (by, reason, from, until) else {
        return Ok(None);
    };
    Ok(Some(Off {
        by: PersonId::restored(&by)?,
        reason: OffReason::parse(&reason).ok_or(CORRUPT)?,
        from: instant(from),
        until: instant(until),
    }))
}

/// Makes one change true.
pub fn write(connection: &mut DbConnection, place: &Place, change: &Change, now: Instant) -> QueryResult<()> {
    match change {
        // Written beside it, with what they are now.
        Change::LimitsChanged { .. } => Ok(()),
        Change::Raised(episode) => raise(connection, place, episode),
        Change::Latched { alarm, over_at } => set_over(connection, *alarm, Some(*over_at)),
        Change::Returned { alarm, .. } => set_over(connection, *alarm, None),
        Change::Acknowledged { alarm, by } => diesel::update(alarms::table.find(alarm.stored()))
            .set((
                alarms::acknowledged_by.eq(Some(by.stored())),
                alarms::acknowledged_at.eq(Some(micros(now))),
            ))
            .execute(connection)
            .map(drop),
        Change::Asked { alarm, level } => diesel::update(alarms::table.find(alarm.stored()))
            .set((
                alarms::asked_level.eq(level.as_str()),
                alarms::asked_at.eq(micros(now)),
            ))
            .execute(connection)
            .map(drop),
        Change::Ended { alarm, at, because } => end(connection, *alarm, *at, *because),
        Change::SoundPaused(pause) => {
            silence_row(connection, place)?;
            diesel::update(silences::table.find(place.bed.stored()))
                .set((
                    silences::paused_by.eq(Some(pause.by.stored())),
                    silences::paused_from.eq(Some(micros(pause.from))),
                    silences::paused_until.eq(Some(micros(pause.until))),
                    silences::paused_alarms.eq(serde_json::to_string(&pause.of).ok()),
                ))
                .execute(connection)
                .map(drop)
        }
        Change::SoundResumed { .. } => diesel::update(silences::table.find(place.bed.stored()))
            .set((
                silences::paused_by.eq(None::<Vec<u8>>),
                silences::paused_from.eq(None::<i64>),
                silences::paused_until.eq(None::<i64>),
                silences::paused_alarms.eq(None::<String>),
            ))
            .execute(connection)
            .map(drop),
        Change::SwitchedOff(off) => {
            silence_row(connection, place)?;
            diesel::update(silences::table.find(place.bed.stored()))
                .set((
                    silences::off_by.eq(Some(off.by.stored())),
                    silences::off_reason.eq(Some(off.reason.as_str())),
                    silences::off_from.eq(Some(micros(off.from))),
                    silences::off_until.eq(Some(micros(off.until))),
                ))
                .execute(connection)
                .map(drop)
        }
        Change::SwitchedOn { .. } => diesel::update(silences::table.find(place.bed.stored()))
            .set((
                silences::off_by.eq(None::<Vec<u8>>),
                silences::off_reason.eq(None::<String>),
                silences::off_from.eq(None::<i64>),
                silences::off_until.eq(None::<i64>),
            ))
            .execute(connection)
            .map(drop),
    }
}

fn raise(connection: &mut DbConnection, place: &Place, episode: &Episode) -> QueryResult<()> {
    diesel::insert_into(alarms::table)
        .values((
            (
                alarms::id.eq(episode.id.stored()),
                alarms::organisation_id.eq(place.organisation.stored()),
                alarms::unit_id.eq(place.unit.stored()),
                alarms::bed_id.eq(place.bed.stored()),
                alarms::patient_id.eq(place.patient.stored()),
                alarms::device_id.eq(episode.device.stored()),
            ),
            (
                alarms::condition.eq(episode.condition.to_string()),
                alarms::priority.eq(episode.priority.as_str()),
                alarms::since.eq(micros(episode.since)),
                alarms::raised_at.eq(micros(episode.raised_at)),
                alarms::value.eq(episode.value.map(|value| value.to_string())),
                alarms::limit_value.eq(episode.limit.map(|limit| limit.to_string())),
                alarms::asked_level.eq(episode.asked.level.as_str()),
                alarms::asked_at.eq(micros(episode.asked.at)),
            ),
        ))
        .execute(connection)
        .map(drop)
}

fn set_over(connection: &mut DbConnection, alarm: AlarmId, over_at: Option<Instant>) -> QueryResult<()> {
    diesel::update(alarms::table.find(alarm.stored()))
        .set(alarms::over_at.eq(over_at.map(micros)))
        .execute(connection)
        .map(drop)
}

fn end(connection: &mut DbConnection, alarm: AlarmId, at: Instant, because: Ending) -> QueryResult<()> {
    diesel::update(alarms::table.find(alarm.stored()))
        .set((
            alarms::ended_at.eq(Some(micros(at))),
            alarms::ended_because.eq(Some(because.as_str())),
        ))
        .execute(connection)
        .map(drop)
}

fn silence_row(connection: &mut DbConnection, place: &Place) -> QueryResult<()> {
    let known: i64 = silences::table
        .filter(silences::bed_id.eq(place.bed.stored()))
        .count()
        .get_result(connection)?;
    if known > 0 {
        return Ok(());
    }
    diesel::insert_into(silences::table)
        .values((
            silences::bed_id.eq(place.bed.stored()),
            silences::organisation_id.eq(place.organisation.stored()),
        ))
        .execute(connection)
        .map(drop)
}
