//! Whose a device is, now and in each part of a span of time.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl,
};
use fleetward_common::{
    id::{DeviceId, OrganisationId, PatientId, PersonId, UnitId},
    time::{Instant, Span},
};

use super::standing::{Stands, carers_of, consents_of};
use crate::{
    access::{permit::Device, relations::Standing},
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::{device_assignments, device_custody, devices, support_grants},
};

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
    let custody = custody_in(connection, id, span)?;
    let assignments = assignments_in(connection, id, span)?;
    let patients: Vec<PatientId> = assignments
        .iter()
        .filter_map(|interval| interval.row.patient)
        .collect();
    let carers = carers_of(connection, &patients, now)?;
    let consents = consents_of(connection, &patients, now)?;
    let opened_to = opened_to(connection, id, now)?;
    let Some(maker) = maker else {
        return Ok(Vec::new());
    };
    let maker = OrganisationId::restored(&maker)?;

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
            opened_to: opened_to.clone(),
            ..Standing::default()
        };
        let part = Span {
            from: *from,
            until: *until,
        };
        parts.push((part, consents.join(carers.join(standing))));
    }
    Ok(parts)
}

/// To whom the device is opened for support now.
fn opened_to(
    connection: &mut DbConnection,
    device: DeviceId,
    now: Instant,
) -> Result<Vec<PersonId>, DbError> {
    let people: Vec<Vec<u8>> = support_grants::table
        .filter(support_grants::device_id.eq(device.stored()))
        .filter(support_grants::valid_from.le(micros(now)))
        .filter(support_grants::valid_until.gt(micros(now)))
        .select(support_grants::person_id)
        .load(connection)?;
    people
        .iter()
        .map(|id| PersonId::restored(id).map_err(DbError::from))
        .collect()
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
