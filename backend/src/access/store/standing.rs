//! Loads whose a row is: the input of the relations' predicates.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    id::{BedId, DeviceId, MembershipId, OrganisationId, PatientId, UnitId},
    time::{Instant, Span},
};

use crate::{
    access::{
        permit::{Bed, Device, Patient, Subject, Unit},
        relations::Standing,
    },
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::{bed_stays, beds, care_teams, device_assignments, device_custody, devices, patients, units},
};

/// A kind of which one row's standing can be loaded.
pub trait Stands: Subject {
    /// `None` when there is no such row.
    fn standing(
        connection: &mut DbConnection,
        id: Self::Id,
        now: Instant,
    ) -> Result<Option<Standing>, DbError>;
}

macro_rules! open_at {
    ($table:ident, $now:expr) => {
        $table::valid_from.le(micros($now)).and(
            $table::valid_until
                .is_null()
                .or($table::valid_until.assume_not_null().gt(micros($now))),
        )
    };
}

impl Stands for Unit {
    fn standing(connection: &mut DbConnection, id: UnitId, _: Instant) -> Result<Option<Standing>, DbError> {
        let row: Option<Vec<u8>> = units::table
            .find(id.stored())
            .select(units::organisation_id)
            .first(connection)
            .optional()?;
        let Some(organisation) = row else {
            return Ok(None);
        };
        Ok(Some(Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: Some(id),
            ..Standing::default()
        }))
    }
}

impl Stands for Bed {
    fn standing(connection: &mut DbConnection, id: BedId, now: Instant) -> Result<Option<Standing>, DbError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = beds::table
            .find(id.stored())
            .select((beds::organisation_id, beds::unit_id))
            .first(connection)
            .optional()?;
        let Some((organisation, unit)) = row else {
            return Ok(None);
        };
        let patient: Option<Vec<u8>> = bed_stays::table
            .filter(bed_stays::bed_id.eq(id.stored()))
            .filter(open_at!(bed_stays, now))
            .select(bed_stays::patient_id)
            .first(connection)
            .optional()?;
        let standing = Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: Some(UnitId::restored(&unit)?),
            patient: patient.map(|id| PatientId::restored(&id)).transpose()?,
            ..Standing::default()
        };
        with_care_team(connection, standing, now).map(Some)
    }
}

impl Stands for Patient {
    fn standing(
        connection: &mut DbConnection,
        id: PatientId,
        now: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let row: Option<Vec<u8>> = patients::table
            .find(id.stored())
            .select(patients::organisation_id)
            .first(connection)
            .optional()?;
        let Some(organisation) = row else {
            return Ok(None);
        };
        let unit: Option<Vec<u8>> = bed_stays::table
            .inner_join(beds::table)
            .filter(bed_stays::patient_id.eq(id.stored()))
            .filter(open_at!(bed_stays, now))
            .select(beds::unit_id)
            .first(connection)
            .optional()?;
        let standing = Standing {
            organisation: Some(OrganisationId::restored(&organisation)?),
            unit: unit.map(|id| UnitId::restored(&id)).transpose()?,
            patient: Some(id),
            ..Standing::default()
        };
        with_care_team(connection, standing, now).map(Some)
    }
}

impl Stands for Device {
    fn standing(
        connection: &mut DbConnection,
        id: DeviceId,
        now: Instant,
    ) -> Result<Option<Standing>, DbError> {
        let span = Span {
            from: now,
            until: now.shifted(1),
        };
        Ok(device_standings(connection, id, span, now)?
            .pop()
            .map(|(_, standing)| standing))
    }
}

struct Interval<T> {
    span: Span,
    row: T,
}

/// Whose the device was in each part of `span`, oldest first. Custody and assignment are those of the
/// part; who cares for the patient is as of now, because a new colleague must see what came before.
/// Empty when there is no such device.
pub fn device_standings(
    connection: &mut DbConnection,
    id: DeviceId,
    span: Span,
    now: Instant,
) -> Result<Vec<(Span, Standing)>, DbError> {
    let maker: Option<Vec<u8>> = devices::table
        .find(id.stored())
        .select(devices::maker_id)
        .first(connection)
        .optional()?;
    let Some(maker) = maker else {
        return Ok(Vec::new());
    };
    let maker = OrganisationId::restored(&maker)?;
    let custody = custody_in(connection, id, span)?;
    let assignments = assignments_in(connection, id, span)?;

    let mut cuts: Vec<Instant> = [span.from, span.until].into();
    for part in custody
        .iter()
        .map(|interval| interval.span)
        .chain(assignments.iter().map(|interval| interval.span))
    {
        cuts.extend([part.from, part.until]);
    }
    cuts.retain(|cut| span.from <= *cut && *cut <= span.until);
    cuts.sort_unstable();
    cuts.dedup();

    let mut parts = Vec::new();
    for (from, until) in cuts.iter().zip(cuts.iter().skip(1)) {
        let holder = custody.iter().find(|interval| interval.span.contains(*from));
        let assigned = assignments
            .iter()
            .find(|interval| interval.span.contains(*from))
            .map(|interval| &interval.row);
        let custodian = holder.map(|interval| interval.row);
        let standing = Standing {
            organisation: custodian,
            custodian,
            maker: Some(maker),
            unit: assigned.and_then(|row| row.unit),
            patient: assigned.and_then(|row| row.patient),
            ..Standing::default()
        };
        let part = Span {
            from: *from,
            until: *until,
        };
        parts.push((part, with_care_team(connection, standing, now)?));
    }
    Ok(parts)
}

fn custody_in(
    connection: &mut DbConnection,
    device: DeviceId,
    span: Span,
) -> Result<Vec<Interval<OrganisationId>>, DbError> {
    let rows: Vec<(i64, Option<i64>, Vec<u8>)> = device_custody::table
        .filter(device_custody::device_id.eq(device.stored()))
        .filter(device_custody::valid_from.lt(micros(span.until)))
        .filter(
            device_custody::valid_until
                .is_null()
                .or(device_custody::valid_until
                    .assume_not_null()
                    .gt(micros(span.from))),
        )
        .select((
            device_custody::valid_from,
            device_custody::valid_until,
            device_custody::organisation_id,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(from, until, organisation)| {
            Ok(Interval {
                span: between(from, until),
                row: OrganisationId::restored(&organisation)?,
            })
        })
        .collect()
}

struct Assigned {
    patient: Option<PatientId>,
    unit: Option<UnitId>,
}

type AssignmentRow = (i64, Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>);

fn assignments_in(
    connection: &mut DbConnection,
    device: DeviceId,
    span: Span,
) -> Result<Vec<Interval<Assigned>>, DbError> {
    let rows: Vec<AssignmentRow> = device_assignments::table
        .filter(device_assignments::device_id.eq(device.stored()))
        .filter(device_assignments::valid_from.lt(micros(span.until)))
        .filter(
            device_assignments::valid_until
                .is_null()
                .or(device_assignments::valid_until
                    .assume_not_null()
                    .gt(micros(span.from))),
        )
        .select((
            device_assignments::valid_from,
            device_assignments::valid_until,
            device_assignments::patient_id,
            device_assignments::unit_id,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(from, until, patient, unit)| {
            Ok(Interval {
                span: between(from, until),
                row: Assigned {
                    patient: patient.map(|id| PatientId::restored(&id)).transpose()?,
                    unit: unit.map(|id| UnitId::restored(&id)).transpose()?,
                },
            })
        })
        .collect()
}

const fn between(from: i64, until: Option<i64>) -> Span {
    Span {
        from: instant(from),
        until: match until {
            Some(until) => instant(until),
            None => instant(i64::MAX),
        },
    }
}

/// A unit or a member.
type CarerRow = (Option<Vec<u8>>, Option<Vec<u8>>);

fn with_care_team(
    connection: &mut DbConnection,
    mut standing: Standing,
    now: Instant,
) -> Result<Standing, DbError> {
    let Some(patient) = standing.patient else {
        return Ok(standing);
    };
    let rows: Vec<CarerRow> = care_teams::table
        .filter(care_teams::patient_id.eq(patient.stored()))
        .filter(open_at!(care_teams, now))
        .select((care_teams::unit_id, care_teams::membership_id))
        .load(connection)?;
    for (unit, membership) in rows {
        if let Some(unit) = unit {
            standing.care_units.push(UnitId::restored(&unit)?);
        }
        if let Some(membership) = membership {
            standing.care_members.push(MembershipId::restored(&membership)?);
        }
    }
    Ok(standing)
}
