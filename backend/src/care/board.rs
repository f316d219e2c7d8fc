//! A ward's board: rows, twins and identities put together. Pure.

use std::collections::{HashMap, HashSet};

use fleetward_common::{
    care::{BedDevice, BoardBed, Occupancy, PatientIdentity},
    id::{DeviceId, PatientId},
};

use super::store::wards::BedRow;
use crate::devices::{store::summaries::DeviceRow, twin::TwinView};
use std::sync::Arc;

/// Everything that a board is made of, beside its beds.
pub struct Around {
    pub devices: HashMap<DeviceId, DeviceRow>,
    pub twins: HashMap<DeviceId, Arc<TwinView>>,
    /// Devices of which the reader may see the values.
    pub clinical: HashSet<DeviceId>,
    /// Patients whom the reader may know.
    pub identities: HashMap<PatientId, PatientIdentity>,
}

pub fn bed(row: &BedRow, around: &Around) -> BoardBed {
    let mut devices: Vec<&DeviceRow> = row
        .devices
        .iter()
        .filter_map(|device| around.devices.get(device))
        .collect();
    // The monitor first: device types are in the order in which a bedside reads them.
    devices.sort_by_key(|device| (device.model.device_type, device.serial.clone()));
    BoardBed {
        id: row.id,
        ward: row.unit,
        label: row.label.clone(),
        occupancy: match row.stay {
            None => Occupancy::Free,
            Some((patient, since)) => Occupancy::Occupied {
                patient: around.identities.contains_key(&patient).then_some(patient),
                since,
                identity: around.identities.get(&patient).cloned(),
                unmonitored_since: row
                    .devices
                    .is_empty()
                    .then(|| row.last_device_left.map_or(since, |left| left.max(since))),
            },
        },
        devices: devices.into_iter().map(|device| at_bed(device, around)).collect(),
    }
}

fn at_bed(row: &DeviceRow, around: &Around) -> BedDevice {
    let never = TwinView::never_seen();
    let twin = around.twins.get(&row.id).map_or(&never, AsRef::as_ref);
    BedDevice {
        device: row.id,
        serial: row.serial.clone(),
        device_type: row.model.device_type,
        model: short_name(&row.model.name).to_owned(),
        connection: twin.technical.connection,
        battery_percent: twin.technical.battery_percent,
        channels: if around.clinical.contains(&row.id) {
            row.channels(twin)
        } else {
            Vec::new()
        },
    }
}

/// `M40` of `Monitor M40`: a tile's foot has little room.
fn short_name(model: &str) -> &str {
    model.rsplit(' ').next().unwrap_or(model)
}
