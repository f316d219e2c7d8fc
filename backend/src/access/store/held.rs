//! Since when each device has been on whom it is on now. What it measured before is somebody else's.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use fleetward_common::{id::DeviceId, time::Instant};

use crate::{
    platform::db::{DbConnection, DbError, StoredId, instant, micros},
    schema::device_assignments,
};

/// Moves from bed to bed with one patient are one hold. A device that is on nobody is held by nobody since
/// the last one's end; one that never was on anybody is not in the answer.
pub fn held_since(
    connection: &mut DbConnection,
    devices: &[DeviceId],
    now: Instant,
) -> Result<HashMap<DeviceId, Instant>, DbError> {
    // SQLite binds at most 32,766 values a statement.
    const MOST: usize = 10_000;
    type Row = (Vec<u8>, Option<Vec<u8>>, i64, Option<i64>);
    let mut since = HashMap::new();
    for some in devices.chunks(MOST) {
        let ids: Vec<Vec<u8>> = some.iter().map(StoredId::stored).collect();
        let rows: Vec<Row> = device_assignments::table
            .filter(device_assignments::device_id.eq_any(ids))
            .filter(device_assignments::valid_from.le(micros(now)))
            .order((device_assignments::device_id, device_assignments::valid_from))
            .select((
                device_assignments::device_id,
                device_assignments::patient_id,
                device_assignments::valid_from,
                device_assignments::valid_until,
            ))
            .load(connection)?;
        for of_device in rows.chunk_by(|one, next| one.0 == next.0) {
            let holds = of_device.iter().map(|(_, patient, from, until)| Hold {
                patient: patient.as_deref(),
                from: instant(*from),
                until: until.map(instant),
            });
            if let (Some((device, ..)), Some(from)) = (of_device.first(), present_hold(holds, now)) {
                since.insert(DeviceId::restored(device)?, from);
            }
        }
    }
    Ok(since)
}

#[derive(Clone, Copy)]
struct Hold<'a> {
    patient: Option<&'a [u8]>,
    from: Instant,
    until: Option<Instant>,
}

/// When the hold that is in force now began. `holds` are in the order of time and do not overlap.
fn present_hold<'a>(holds: impl Iterator<Item = Hold<'a>>, now: Instant) -> Option<Instant> {
    let last = holds.reduce(|before, next| {
        let goes_on = before.patient == next.patient && before.until == Some(next.from);
        Hold {
            from: if goes_on { before.from } else { next.from },
            ..next
        }
    })?;
    Some(match last.until {
        Some(until) if until <= now => until,
        _ => last.from,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::from_millis(minute * 60_000)
    }

    type Minutes<'a> = (Option<&'a [u8]>, i64, Option<i64>);

    fn since(holds: &[Minutes<'_>]) -> Option<Instant> {
        let holds = holds.iter().map(|(patient, from, until)| Hold {
            patient: *patient,
            from: at(*from),
            until: until.map(at),
        });
        present_hold(holds, at(100))
    }

    const ITO: Option<&[u8]> = Some(b"ito");
    const OKORO: Option<&[u8]> = Some(b"okoro");

    #[test]
    fn a_monitor_that_moves_to_another_bed_with_mr_ito_stays_his() {
        assert_eq!(since(&[(ITO, 10, Some(20)), (ITO, 20, None)]), Some(at(10)));
    }

    #[test]
    fn a_monitor_that_is_passed_on_is_mrs_okoros_from_then_on() {
        assert_eq!(since(&[(ITO, 10, Some(20)), (OKORO, 20, None)]), Some(at(20)));
    }

    #[test]
    fn a_monitor_that_mr_ito_gets_back_does_not_bring_what_was_between() {
        let holds = [(ITO, 10, Some(20)), (OKORO, 20, Some(30)), (ITO, 30, None)];
        assert_eq!(since(&holds), Some(at(30)));
        assert_eq!(since(&[(ITO, 10, Some(20)), (ITO, 25, None)]), Some(at(25)));
    }

    #[test]
    fn a_monitor_on_nobody_shows_nothing_of_whom_it_was_on() {
        assert_eq!(since(&[(ITO, 10, Some(20))]), Some(at(20)));
        assert_eq!(since(&[]), None);
    }
}
