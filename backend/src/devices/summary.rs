//! The technical slice of a device as a page shows it: row, place and twin put together.

use fleetward_common::{
    devices::{Connection, DeviceSummary},
    id::OrganisationId,
    time::Instant,
};

use super::{
    store::summaries::{DeviceRow, Place},
    twin::TwinView,
};
use crate::access::Actor;

/// `None` for a device that was never heard.
pub fn summarise(
    row: &DeviceRow,
    place: Option<&Place>,
    twin: Option<&TwinView>,
    reader: &Actor,
) -> DeviceSummary {
    let never = TwinView::never_seen();
    let technical = &twin.unwrap_or(&never).technical;
    DeviceSummary {
        id: row.id,
        serial: row.serial.clone(),
        model: row.model.clone(),
        software: technical.software.clone().or_else(|| row.software.clone()),
        site: place.and_then(|place| told(place, row.maker, reader)),
        connection: technical.connection,
        last_seen: technical.last_seen,
        battery_percent: technical.battery_percent,
        faults: technical.faults.clone(),
        clock_offset_ms: technical.clock_offset_ms,
        clock_trusted: technical.clock_trusted,
    }
}

/// The custodian reads where it stands; the maker reads a code, because a ward and a bed point at a person.
fn told(place: &Place, maker: OrganisationId, reader: &Actor) -> Option<String> {
    if place.custodian == reader.organisation {
        place.name.clone()
    } else if maker == reader.organisation {
        place.code.clone()
    } else {
        None
    }
}

/// Silent for longer than its model allows. Connected devices never are.
pub fn is_not_seen(summary: &DeviceSummary, now: Instant) -> bool {
    match summary.connection {
        Connection::Connected { .. } => false,
        Connection::NeverSeen => true,
        Connection::Gone { since } => {
            let heard = summary.last_seen.unwrap_or(since);
            now.since(heard).as_secs() > u64::from(summary.model.expected_interval_s)
        }
    }
}
